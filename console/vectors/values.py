"""Vectors as a person writes them, and as each type's binary input takes them. Pure.

Dense: `[1, 2, 3]`, JSON, or numbers separated by commas or spaces. Sparse: `{1:0.5,7:2}/100`, indices from 1.
Bits: `0101`.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Sequence

from msgspec import Struct

from console.errors import ConsoleError
from console.sql.names import text_of
from console.vectors.metrics import Metric

MAX_DIMENSIONS = {"vector": 16_000, "halfvec": 16_000, "sparsevec": 1_000_000_000, "bit": 83_886_080}
MAX_NONZERO = 16_000
_HALF_MAX = 65504.0
_FLOAT_MAX = 3.4028234663852886e38
_SPARSE = re.compile(r"\{(.*)\}\s*/\s*(\d+)", re.DOTALL)
_BETWEEN_BITS = str.maketrans("[],", "   ")
_NUMBER = re.compile(r"[\s,]+")


class WrongVector(ConsoleError):
    """The vector can't be searched for: what is wrong with it."""


class QueryVector(Struct, frozen=True):
    """A vector of one of the four types. `text` is what the type's input takes, `wire` its binary form.

    `norm` is the Euclidean one, of bits the root of how many are set.
    """

    type_name: str
    dimensions: int
    text: str
    wire: bytes
    norm: float

    @property
    def short(self) -> str:
        """The vector in a few characters: `[0.12, -0.5, …] 384 d`, `{1:0.5, …}/1000, 40 nonzero`."""
        if len(self.text) <= 40:
            return self.text
        if self.type_name == "sparsevec":
            nonzero = self.text.count(":")
            return f"{self.text[:30].rpartition(',')[0]}, …}}/{self.dimensions}, {nonzero} nonzero"
        return f"{self.text[:30].rpartition(',')[0] or self.text[:30]}, …{self.text[-1]} {self.dimensions} d"


def parse(text: str, type_name: str) -> QueryVector:
    """The vector that `text` means, as `type_name`. Raises WrongVector."""
    text = text.strip()
    if not text:
        raise WrongVector("the vector is empty")
    if type_name == "bit":
        bits = text_of(text) if text[:2] in ("b'", "B'") else "".join(text.translate(_BETWEEN_BITS).split())
        if not bits or set(bits) - set("01"):
            raise WrongVector("a bit vector is written with 0 and 1 alone", hint="for example 0110")
        return of_bits(bits)
    if match := _SPARSE.fullmatch(text):
        pairs: dict[int, float] = {}
        for part in filter(None, (part.strip() for part in match[1].split(","))):
            index, separator, value = part.partition(":")
            if not separator or not index.strip().isdigit():
                raise WrongVector(f"{part[:40]!r} is no index:value of a sparse vector", hint="{1:0.5,7:2}/100")
            pairs[int(index)] = _number(value)
        return of_pairs(pairs, int(match[2]), type_name)
    inner = text[1:-1] if text[0] in "[({" and text[-1] in "])}" else text
    parts = [part for part in _NUMBER.split(inner.strip()) if part]
    return of_numbers([_number(part) for part in parts], type_name)


def of_numbers(values: Sequence[float], type_name: str) -> QueryVector:
    """A dense vector, or the sparse one of the same numbers. Raises WrongVector."""
    if type_name == "bit":
        if set(values) - {0, 1}:
            raise WrongVector("a bit vector is made of 0 and 1 alone")
        return of_bits("".join("1" if value else "0" for value in values))
    if type_name == "sparsevec":
        return of_pairs({i: value for i, value in enumerate(values, 1) if value}, len(values), type_name)
    count = len(values)
    _check_count(count, type_name)
    _check_range(values, type_name)
    letter = "e" if type_name == "halfvec" else "f"
    wire = struct.pack(f">HH{count}{letter}", count, 0, *values)
    return QueryVector(type_name, count, "[" + ",".join(map(_text, values)) + "]", wire, _norm(values))


def of_pairs(pairs: dict[int, float], dimensions: int, type_name: str) -> QueryVector:
    """A sparse vector of values by index from 1, or the dense one of the same numbers. Raises WrongVector."""
    wrong = next((pair for pair in pairs if not 1 <= pair <= dimensions), None)
    if wrong is not None:
        raise WrongVector(f"index {wrong} is outside 1 to {dimensions}")
    _check_count(dimensions, type_name)
    if type_name != "sparsevec":
        return of_numbers([pairs.get(i, 0.0) for i in range(1, dimensions + 1)], type_name)
    kept = sorted((index, value) for index, value in pairs.items() if value)
    if len(kept) > MAX_NONZERO:
        raise WrongVector(f"{len(kept)} values are not zero, a sparsevec has at most {MAX_NONZERO}")
    values = [value for _, value in kept]
    _check_range(values, type_name)
    wire = struct.pack(f">iii{len(kept)}i{len(kept)}f", dimensions, len(kept), 0, *(i - 1 for i, _ in kept), *values)
    text = "{" + ",".join(f"{index}:{_text(value)}" for index, value in kept) + f"}}/{dimensions}"
    return QueryVector(type_name, dimensions, text, wire, _norm(values))


def of_bits(bits: str) -> QueryVector:
    """A bit vector of the digits 0 and 1."""
    count = len(bits)
    packed = int(bits.ljust(-(-count // 8) * 8, "0"), 2).to_bytes(-(-count // 8), "big")
    return QueryVector("bit", count, bits, struct.pack(">I", count) + packed, math.sqrt(bits.count("1")))


def check(vector: QueryVector, dimensions: int | None, metric: Metric, where: str) -> None:
    """Raises WrongVector where the vector can't be compared: its dimensions, or a zero vector with cosine."""
    if dimensions is not None and vector.dimensions != dimensions:
        raise WrongVector(f"the vector has {vector.dimensions} dimensions, {where} has {dimensions}")
    if metric.name == "cosine" and vector.norm == 0:
        raise WrongVector("the vector is zero in every dimension: it has no cosine distance to anything",
                          hint="use another metric, such as L2, or another vector")


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise WrongVector(f"{text.strip()[:40]!r} in the vector is no number") from None
    return value


def _check_count(count: int, type_name: str) -> None:
    if count < 1:
        raise WrongVector("the vector is empty")
    if count > MAX_DIMENSIONS[type_name]:
        raise WrongVector(f"the vector has {count} dimensions, a {type_name} has at most {MAX_DIMENSIONS[type_name]}")


def _check_range(values: Sequence[float], type_name: str) -> None:
    most = _HALF_MAX if type_name == "halfvec" else _FLOAT_MAX
    for place, value in enumerate(values, 1):
        if not math.isfinite(value):
            raise WrongVector(f"element {place} of the vector is {value}: only finite numbers have a distance")
        if abs(value) > most:
            raise WrongVector(f"element {place} of the vector is {value:g}, outside what a {type_name} can hold")


def _norm(values: Sequence[float]) -> float:
    return math.hypot(*values) if values else 0.0


def _text(value: float) -> str:
    return f"{value:.9g}"
