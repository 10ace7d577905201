"""Writing frames to a file that can be read at any moment, whatever ends the recorder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from console import files
from console.errors import ConsoleError
from console.recorder.format import OPENING
from console.recorder.records import Extent, Frame


class RecordingWriter:
    """A recording that is being made: a new file for its owner alone, as texts of queries may hold secrets.

    Raises ConsoleError when the file is there already or can't be made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._descriptor = files.create(path)
        except FileExistsError:
            raise ConsoleError(f"{path} is there already", hint="choose another name, or remove it first") from None
        except (OSError, ValueError) as error:
            raise unwritable(path, error) from None
        self._bytes = self._samples = self._first_us = self._last_us = 0
        self.write_all(())

    def write(self, frame: Frame) -> None:
        """Appends a frame by a single write. Raises ConsoleError; what was written before stays readable."""
        self.write_all((frame,))

    def write_all(self, frames: Iterable[Frame]) -> None:
        try:
            if not self._bytes:
                self._put(OPENING)
            for frame in frames:
                self._put(frame.data)
                self._first_us = self._first_us if self._samples else frame.at_us
                self._last_us = frame.at_us
                self._samples += 1
        except OSError as error:
            raise unwritable(self.path, error) from None

    def _put(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            written = os.write(self._descriptor, rest)
            rest = rest[written:]
            self._bytes += written

    @property
    def extent(self) -> Extent:
        return Extent(self._samples, self._bytes, (self._last_us - self._first_us) / 1e6)

    def close(self) -> None:
        """Ends the file; one without a sample is removed. Raises nothing: every frame has been written before."""
        if self._descriptor < 0:
            return
        with contextlib.suppress(OSError):
            os.fsync(self._descriptor)
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        self._descriptor = -1
        if not self._samples:
            with contextlib.suppress(OSError):
                self.path.unlink()


def unwritable(path: Path, error: Exception) -> ConsoleError:
    words = error.strerror if isinstance(error, OSError) else None
    return ConsoleError(f"{path}: {words or error}", hint="choose a folder that can be written to and has room")
