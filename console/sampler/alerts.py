"""Alerts: raised when a check's threshold is crossed, listed until and after they end, acknowledged by a person."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from console.check.records import CheckResult, Status
from console.sampler.records import Alert

KEPT = 200
"""How many alerts that have ended are remembered."""

Kind = Literal["raised", "worsened", "ended"]


class Event(Struct, frozen=True):
    """What has happened to an alert."""

    kind: Kind
    alert: Alert


class Alerts:
    """The alerts of one target. `add_sample` is given every new set of results and says what is new.

    Who is bad at the first sample has crossed nothing under our eyes: it is listed, and is no event, unless
    `tells_first`, where no person sees the list.
    """

    def __init__(self, *, tells_first: bool = False) -> None:
        self._tells_first = tells_first
        self.ended: deque[Alert] = deque(maxlen=KEPT)
        """The last first."""
        self._active: dict[str, Alert] = {}
        self._seen: set[str] = set()

    @property
    def active(self) -> list[Alert]:
        """Those that go on, the worst first, then the oldest."""
        return sorted(self._active.values(), key=lambda alert: (-alert.result.status.badness, alert.since))

    @property
    def unacknowledged(self) -> int:
        return sum(alert.acknowledged is None for alert in self._active.values())

    @property
    def has_critical(self) -> bool:
        """Whether one of those that nobody has acknowledged is CRITICAL."""
        return any(alert.acknowledged is None and alert.result.status is Status.CRITICAL
                   for alert in self._active.values())

    def add_sample(self, results: Iterable[CheckResult], at: dt.datetime) -> list[Event]:
        """What these results change. UNKNOWN changes nothing: it doesn't say that anything is well again."""
        events: list[Event] = []
        for result in results:
            if result.status is Status.UNKNOWN:
                continue
            is_first = result.name not in self._seen
            self._seen.add(result.name)
            before = self._active.get(result.name)
            if result.status is Status.OK:
                if before is not None:
                    del self._active[result.name]
                    self.ended.appendleft(replace(before, ended_at=max(at, before.since)))
                    events.append(Event("ended", self.ended[0]))
            elif before is None:
                self._active[result.name] = alert = Alert(result, result, at)
                if self._tells_first or not is_first:
                    events.append(Event("raised", alert))
            else:
                worst = result if _is_worse(result, before.worst) else before.worst
                is_new = result.status.badness > before.worst.status.badness
                known = before.acknowledged
                if known is not None and result.status.badness > known.badness:
                    known = None
                self._active[result.name] = alert = replace(before, result=result, worst=worst, acknowledged=known)
                if is_new:
                    events.append(Event("worsened", alert))
        return events

    def acknowledge(self, name: str) -> None:
        """Somebody knows: it stays so until it gets worse or ends. Again: nobody does any more."""
        if (alert := self._active.get(name)) is not None:
            known = alert.worst.status if alert.acknowledged is None else None
            self._active[name] = replace(alert, acknowledged=known)

    def acknowledge_all(self) -> None:
        for name, alert in list(self._active.items()):
            self._active[name] = replace(alert, acknowledged=alert.acknowledged or alert.worst.status)


def _is_worse(new: CheckResult, old: CheckResult) -> bool:
    if new.status is not old.status:
        return new.status.badness > old.status.badness
    if new.value is None or old.value is None:
        return False
    return new.value < old.value if new.lower_is_worse else new.value > old.value
