"""How fast commands get on, from what they reported at earlier samples, and how long they still need. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from console.activity.records import CommandProgress

WINDOW_S = 60.0
"""The rate is that of the last minute: phases slow down and speed up."""

LEAST_S = 1.5
"""Over less than this nobody knows a rate."""


class Pace:
    """`sample` takes each sample of all commands; `seconds_left` is of the phase that one is in, None if unknown.

    Time is the server's own (`elapsed_s`), so that a late sample makes no difference.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[object, ...], deque[tuple[float, int]]] = {}

    def add_sample(self, commands: Iterable[CommandProgress]) -> None:
        now: dict[tuple[object, ...], deque[tuple[float, int]]] = {}
        for command in commands:
            if command.done is None or command.elapsed_s is None:
                continue
            points = self._seen.get(_key(command), deque())
            if points and (command.done < points[-1][1] or command.elapsed_s < points[-1][0]):
                points = deque()  # the phase, or an index of it, has begun again
            points.append((command.elapsed_s, command.done))
            while points[-1][0] - points[0][0] > WINDOW_S:
                points.popleft()
            now[_key(command)] = points
        self._seen = now

    def per_second(self, command: CommandProgress) -> float | None:
        """Units done per second, lately."""
        points = self._seen.get(_key(command))
        if not points or points[-1][0] - points[0][0] < LEAST_S:
            return None
        return (points[-1][1] - points[0][1]) / (points[-1][0] - points[0][0])

    def seconds_left(self, command: CommandProgress) -> float | None:
        rate = self.per_second(command)
        if not rate or command.total is None or command.done is None:
            return None
        return max(0.0, (command.total - command.done) / rate)


def _key(command: CommandProgress) -> tuple[object, ...]:
    return command.pid, command.backend_start, command.phase, command.total
