"""What sessions have been waiting for, sampled: shares of wait events over the last minutes. Pure."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable

from console.activity.records import Backend, WaitShare

KEPT_S = 300.0
CPU = "CPU"

Place = tuple[str, str | None]


def waiting_at(backend: Backend) -> Place | None:
    """Where a working session is: its wait event, or a CPU; None for one that has nothing to do, or that we can't see.

    A background process's own idling (type Activity) is no work, nor is a client that says nothing.
    """
    if backend.wait_event_type == "Activity" or (backend.wait_event_type == "Client" and backend.state != "active"):
        return None
    if backend.state == "active" or (backend.state is None and backend.wait_event_type is not None):
        return (backend.wait_event_type, backend.wait_event) if backend.wait_event_type else (CPU, None)
    return None


class WaitProfile:
    """Samples of the last `KEPT_S` seconds, of the whole server and of each session."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, dict[int, Place]]] = deque()

    def __len__(self) -> int:
        return len(self._samples)

    def add_sample(self, at_s: float, backends: Iterable[Backend]) -> None:
        """One sample, taken at `at_s` of a monotonic clock."""
        self._samples.append((at_s, {backend.pid: place for backend in backends if (place := waiting_at(backend))}))
        while self._samples[0][0] <= at_s - KEPT_S:
            self._samples.popleft()

    @property
    def seconds(self) -> float:
        """From the first to the last sample that is kept."""
        return self._samples[-1][0] - self._samples[0][0] if self._samples else 0.0

    def shares(self, pid: int | None = None, parts: int = 30) -> list[WaitShare]:
        """The events by their share, most first, of one session or (None) of all; `parts` is the course's length."""
        if not self._samples:
            return []
        end_s = self._samples[-1][0]
        width_s = KEPT_S / parts
        counts: list[Counter[Place]] = [Counter() for _ in range(parts)]
        samples = [0] * parts
        for at_s, places in self._samples:
            part = min(parts - 1, parts - 1 - math.floor((end_s - at_s) / width_s))
            samples[part] += 1
            counts[part].update(places.values() if pid is None else [places[pid]] if pid in places else [])
        total: Counter[Place] = sum(counts, Counter())
        found = [
            WaitShare(place[0], place[1], number / len(self._samples), number / total.total(),
                      tuple(counts[part][place] / samples[part] if samples[part] else None for part in range(parts)))
            for place, number in total.items()]
        return sorted(found, key=lambda share: (-share.sessions, share.type, share.event or ""))
