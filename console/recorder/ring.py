"""The last minutes in memory, as frames: compressed already, and dropped a key frame with its deltas at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from console.recorder.records import Extent, Frame

MOST_BYTES = 16 * 1024 * 1024
MOST_S = 30 * 60.0
FRAME_OVERHEAD_BYTES = 200
"""What Python takes for a frame beside its bytes."""


class Ring:
    """At most `most_bytes`, give or take a group of frames, and at least the last `most_s` seconds if they fit."""

    def __init__(self, most_bytes: int = MOST_BYTES, most_s: float = MOST_S) -> None:
        self._groups: deque[list[Frame]] = deque()
        self._most_bytes = most_bytes
        self._most_us = round(most_s * 1e6)
        self._bytes = 0

    def append(self, frame: Frame) -> None:
        """Frames before the first key frame are of no use and left out."""
        if frame.is_key:
            self._groups.append([])
        elif not self._groups:
            return
        self._groups[-1].append(frame)
        self._bytes += len(frame.data) + FRAME_OVERHEAD_BYTES
        while len(self._groups) > 1 and (
                self._bytes > self._most_bytes or self._groups[1][0].at_us < frame.at_us - self._most_us):
            self._bytes -= sum(len(frame.data) + FRAME_OVERHEAD_BYTES for frame in self._groups.popleft())

    def __iter__(self) -> Iterator[Frame]:
        for group in self._groups:
            yield from group

    @property
    def extent(self) -> Extent:
        if not self._groups:
            return Extent()
        seconds = (self._groups[-1][-1].at_us - self._groups[0][0].at_us) / 1e6
        return Extent(sum(map(len, self._groups)), self._bytes, seconds)
