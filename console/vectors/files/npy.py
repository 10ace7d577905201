"""NumPy's file format for one array (.npy, versions 1 to 3), without NumPy: matrices of floating point numbers. Pure.

The file begins with a magic, a version, and a Python literal that says type, order and shape; then come the numbers.
"""

from __future__ import annotations

import ast
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from console.errors import ConsoleError

_MAGIC = b"\x93NUMPY"
_CODES = {"f4": "f", "f8": "d", "f2": "e"}
_MOST_HEADER = 65_536


class NotNpy(ConsoleError):
    """The file is no matrix of floating point numbers in NumPy's format."""


def shape_of(file: BinaryIO, name: str) -> tuple[int, int, str]:
    """Rows, dimensions and the type ("<f4") of the matrix; the file stands at its first number after. Raises NotNpy."""
    if file.read(6) != _MAGIC:
        raise NotNpy(f"{name} is no .npy file")
    major = file.read(2)[:1]
    form, size = ("<H", 2) if major == b"\x01" else ("<I", 4)
    try:
        (length,) = struct.unpack(form, file.read(size))
        header = ast.literal_eval(file.read(min(length, _MOST_HEADER)).decode("utf-8"))
        shape, kind, is_columns = header["shape"], header["descr"], header["fortran_order"]
    except (struct.error, ValueError, SyntaxError, KeyError, TypeError, UnicodeDecodeError, RecursionError,
            MemoryError) as error:
        raise NotNpy(f"{name}: the header of the .npy file is damaged") from error
    if not isinstance(kind, str) or kind[1:] not in _CODES or kind[0] not in "<>":
        raise NotNpy(f"{name}: its numbers are {kind!r}; float16, float32 and float64 are read",
                     hint="numpy.save(file, matrix.astype('float32'))")
    if is_columns or not isinstance(shape, tuple) or len(shape) != 2 or shape[1] < 1:
        raise NotNpy(f"{name}: its shape is {shape}{' by columns' if is_columns else ''}; a matrix with a vector a row "
                     "is read", hint="numpy.save(file, numpy.ascontiguousarray(matrix))")
    return shape[0], shape[1], kind


def vectors(file: BinaryIO, name: str) -> Iterator[Sequence[float]]:
    """The matrix's rows. Raises NotNpy, also where the file ends too early."""
    rows, dimensions, kind = shape_of(file, name)
    order, code = kind[0], _CODES[kind[1:]]
    length = struct.calcsize(f"<{dimensions}{code}")
    for row in range(rows):
        data = file.read(length)
        if len(data) < length:
            raise NotNpy(f"{name} ends after {row} of {rows} vectors: it is cut off")
        if code == "e":
            yield list(struct.unpack(f"{order}{dimensions}e", data))
            continue
        numbers = array(code)
        numbers.frombytes(data)
        if (order == "<") != (sys.byteorder == "little"):
            numbers.byteswap()
        yield numbers.tolist()


def header(rows: int, dimensions: int, kind: str = "<f4") -> bytes:
    """What a file of such a matrix begins with: 128 bytes, whatever the numbers, so that it can be written last."""
    words = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({rows}, {dimensions}), }}"
    return _MAGIC + b"\x01\x00" + struct.pack("<H", 118) + words.ljust(117).encode() + b"\n"
