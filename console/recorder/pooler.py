"""What a recording holds of PgBouncer: the answers of its console, as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.recorder.records import PoolerSeen
from console.server.query import Query

if TYPE_CHECKING:  # many records, and most targets have no pooler
    from console.pooler.records import PoolerInfo, PoolerSample
    from console.sampler.pooler_watch import PoolerWatch

POOLER = Query("pooler", PoolerSeen, ())
"""Not asked of the server; under a name like a read's."""


class PoolerNotes:
    """Tells what a watch has seen; the same object as before while it has not looked again."""

    def __init__(self, watch: PoolerWatch) -> None:
        self._watch = watch
        self._last: tuple[PoolerSample | None, PoolerInfo | None, object] | None = None
        self._rows: list[PoolerSeen] = []

    def rows(self) -> list[PoolerSeen]:
        """Those of the read POOLER: one, or none before the first sample."""
        watch = self._watch
        now = (watch.sample, watch.info, watch.error)
        if self._last is None or any(item is not other for item, other in zip(now, self._last, strict=True)):
            self._last = now
            self._rows = _seen(watch)
        return self._rows


def _seen(watch: PoolerWatch) -> list[PoolerSeen]:
    info, sample = watch.info, watch.sample
    if watch.error is not None:
        return [PoolerSeen(info.place if info else "", info.user if info else "", watch.error.summary, {})]
    if sample is None or info is None:
        return []
    answers = {name: [list(table.columns), [list(row) for row in table.rows]] for name, table in sample.shown.items()}
    answers["VERSION"] = [["version"], [[info.version]]]
    answers["CONFIG"] = [["key", "value", "default", "changeable"],
                         [[setting.key, setting.value, setting.default, setting.changeable]
                          for setting in info.settings.values()]]
    return [PoolerSeen(info.place, info.user, None, answers)]
