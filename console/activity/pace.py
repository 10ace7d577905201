"""How fast commands get on, from what they reported at earlier looks, and how long they still need. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from console.activity.records import Progress

WINDOW_S = 60.0
"""The rate is that of the last minute: phases slow down and speed up."""

LEAST_S = 1.5
"""Over less than this nobody knows a rate."""


class Pace:
    """`look` takes each sample of all commands; `seconds_left` is of the phase that one is in, None if unknown.

    Time is the server's own (`elapsed_s`), so that a late sample makes no difference.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[object, ...], deque[tuple[float, int]]] = {}

    def look(self, commands: Iterable[Progress]) -> None:
        now: dict[tuple[object, ...], deque[tuple[float, int]]] = {}
        for one in commands:
            if one.done is None or one.elapsed_s is None:
                continue
            points = self._seen.get(_key(one), deque())
            if points and (one.done < points[-1][1] or one.elapsed_s < points[-1][0]):
                points = deque()  # the phase, or an index of it, has begun again
            points.append((one.elapsed_s, one.done))
            while points[-1][0] - points[0][0] > WINDOW_S:
                points.popleft()
            now[_key(one)] = points
        self._seen = now

    def per_second(self, command: Progress) -> float | None:
        """Units done per second, lately."""
        points = self._seen.get(_key(command))
        if not points or points[-1][0] - points[0][0] < LEAST_S:
            return None
        return (points[-1][1] - points[0][1]) / (points[-1][0] - points[0][0])

    def seconds_left(self, command: Progress) -> float | None:
        rate = self.per_second(command)
        if not rate or command.total is None or command.done is None:
            return None
        return max(0.0, (command.total - command.done) / rate)


def _key(command: Progress) -> tuple[object, ...]:
    return command.pid, command.backend_start, command.phase, command.total
