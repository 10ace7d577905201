"""What was added to the counters from one sample to the next: the interval, a window of time, one statement's course.

Only entries that have changed are kept of a sample, so that an hour of ten thousand idle statements is as small as an
hour of none. Where nothing can be said there is a gap, and never a spike: a reset or a late sample begins anew, and an
entry that was evicted and came again loses its past.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import asdict

from console.statements import counters
from console.statements.records import Key, Span, StatementEntry, StatsInfo

LATE_S = 100.0
"""A sample so long after the one before forms no interval with it: its average would hide what happened when."""

KEPT_S = 600.0
MOST_KEPT = 40_000
"""How many changes are kept: about 15 MiB. The server must be busy with hundreds of statements a second to reach it."""


class _Held:
    """An entry's counters, as text until somebody wants the numbers."""

    __slots__ = ("_found", "key", "text")

    def __init__(self, key: Key, text: str) -> None:
        self.key = key
        self.text = text
        self._found: array[float] | None = None

    @property
    def found(self) -> array[float]:
        if self._found is None:
            rows = self.text.split("\n")
            self._found = counters.total(map(counters.parse, rows))
        return self._found


class _Sample(Struct):
    """From when to when (seconds of the server's clock), and the entries that changed as they were; None: not there."""

    from_s: float
    to_s: float
    before: dict[Key, array[float] | None]


class Window(Struct, frozen=True):
    """What was added in so many seconds, of the entries to which something was."""

    seconds: float
    added: Mapping[Key, array[float]]


class Journal:
    """Takes samples, tells differences."""

    def __init__(self) -> None:
        self.standing: StatsInfo | None = None
        self.why_anew: str | None = None
        """Why the last sample began anew; None where it formed an interval."""
        self._held: dict[Key, _Held] = {}
        self._samples: list[_Sample] = []

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: object) -> bool:
        return key in self._held

    @property
    def keys(self) -> Collection[Key]:
        return self._held.keys()

    @property
    def has_interval(self) -> bool:
        return bool(self._samples)

    def take(self, entries: Iterable[StatementEntry], standing: StatsInfo) -> None:
        """Another sample of everything; one that is of the same moment is the sample before, as in a recording."""
        if standing == self.standing:
            return
        before, held = self._held, dict[Key, _Held]()
        self.why_anew = self._why_anew(standing)
        changed: dict[Key, array[float] | None] = {}
        for entry in _merged(entries):
            old = before.get(entry.key)
            if old is not None and old.text == entry.counters:
                held[old.key] = old
                continue
            key = entry.key
            held[key] = found = _Held(key, entry.counters)
            if old is None:
                changed[key] = None
            elif self.why_anew is None:
                changed[key] = self._start(key, old.found, found.found)
        if self.why_anew is not None:
            self._samples.clear()
        else:
            assert self.standing is not None
            self._samples.append(_Sample(self.standing.now_s, standing.now_s, changed))
            for key in before.keys() - held.keys():
                self._forget(key)
        self._held, self.standing = held, standing
        self._thin(standing.now_s)

    def _why_anew(self, standing: StatsInfo) -> str | None:
        if self.standing is None:
            return "the first sample"
        if standing.stats_reset != self.standing.stats_reset:
            return "the statistics were reset"
        seconds = standing.now_s - self.standing.now_s
        if seconds <= 0:
            return "the server's clock went back"
        return "the sample before is too long ago" if seconds > LATE_S else None

    def _start(self, key: Key, old: array[float], now: array[float]) -> array[float] | None:
        """What is to be subtracted of an entry that changed."""
        if not counters.went_back(old, now):
            return old
        self._forget(key)
        # Of several entries that are hidden behind one key nobody knows which went: nothing is added. One that is new
        # has been counting since it was made, in this interval.
        return now if key.query_id is None else None

    def _forget(self, key: Key) -> None:
        for sample in self._samples:
            sample.before.pop(key, None)

    def _thin(self, now_s: float) -> None:
        while self._samples and self._samples[0].to_s < now_s - KEPT_S:
            del self._samples[0]
        while len(self._samples) > 1 and sum(len(sample.before) for sample in self._samples) > MOST_KEPT:
            del self._samples[0]

    # what is asked

    def since_reset(self) -> Mapping[Key, array[float]]:
        """All counters as they are."""
        return {key: held.found for key, held in self._held.items()}

    def total(self, key: Key) -> array[float]:
        """An entry's counters as they are. Raises KeyError where it isn't there."""
        return self._held[key].found

    def window(self, seconds: float | None = None) -> Window | None:
        """What was added in the last `seconds` (None: since the sample before the last); None where nobody knows."""
        if not self._samples:
            return None
        last = self._samples[-1].to_s
        samples = self._samples[-1:] if seconds is None else [
            sample for sample in self._samples if sample.from_s >= last - seconds - 1e-3] or self._samples[-1:]
        start: dict[Key, array[float] | None] = {}
        for sample in reversed(samples):
            start.update(sample.before)
        added = {}
        for key, old in start.items():
            now = self._held[key].found
            added[key] = now if old is None else counters.difference(old, now)
        return Window(last - samples[0].from_s, added)

    def time_series(self, keys: Sequence[Key]) -> list[Span]:
        """What those statements did together, sample by sample, oldest first."""
        spans: list[Span] = []
        after = {key: self._held[key].found for key in keys if key in self._held}
        for sample in reversed(self._samples):
            calls = exec_ms = 0.0
            for key, now in after.items():
                if key in sample.before:
                    old = sample.before[key]
                    calls += now[counters.CALLS] - (old[counters.CALLS] if old is not None else 0.0)
                    exec_ms += now[counters.EXEC_MS] - (old[counters.EXEC_MS] if old is not None else 0.0)
                    if old is not None:
                        after[key] = old
            spans.append(Span(sample.to_s, sample.to_s - sample.from_s, calls, exec_ms))
        return spans[::-1]


def _merged(entries: Iterable[StatementEntry]) -> Iterator[StatementEntry]:
    """The entries; those of others that are hidden from this role share a key, and come as one."""
    hidden: dict[Key, list[str]] = {}
    for entry in entries:
        if entry.query_id is None:
            hidden.setdefault(entry.key, []).append(entry.counters)
        else:
            yield entry
    for key, texts in hidden.items():
        yield StatementEntry(**asdict(key), counters="\n".join(sorted(texts)))
