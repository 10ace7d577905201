"""From PgBouncer's totals at two samples to what happened between them. Its own averages are of whole minutes. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from console.pooler.records import Rates, Totals


def rates(before: Iterable[Totals], now: Iterable[Totals], seconds: float | None) -> tuple[Rates, ...]:
    """The rates of each database of `now`; without `seconds` between the samples, none is known.

    A database that is new has none either, nor has a counter that went down: the pooler has started anew, or a pool
    that nobody used was freed (pool_idle_timeout) and took its share along. The other counters keep their rates.
    """
    earlier = {totals.database: totals for totals in before}
    return tuple(_rates(earlier.get(totals.database), totals, seconds) for totals in now)


def _rates(old: Totals | None, new: Totals, seconds: float | None) -> Rates:
    if old is None or not seconds:
        return Rates(database=new.database)
    xacts, queries = _growth(old.xact_count, new.xact_count), _growth(old.query_count, new.query_count)
    received, sent = _growth(old.received, new.received), _growth(old.sent, new.sent)
    assigned = _growth(old.server_assignment_count, new.server_assignment_count)
    if assigned is None:
        assigned = xacts
    return Rates(
        database=new.database, xacts_per_s=_per(xacts, seconds), queries_per_s=_per(queries, seconds),
        received_bytes_per_s=_per(received, seconds), sent_bytes_per_s=_per(sent, seconds),
        xact_ms=_mean_ms(_growth(old.xact_time, new.xact_time), xacts),
        query_ms=_mean_ms(_growth(old.query_time, new.query_time), queries),
        wait_ms=_mean_ms(_growth(old.wait_time, new.wait_time), assigned))


def _growth(before: int | None, now: int | None) -> int | None:
    return None if before is None or now is None or now < before else now - before


def _per(amount: int | None, seconds: float) -> float | None:
    return None if amount is None else amount / seconds


def _mean_ms(time_us: int | None, times: int | None) -> float | None:
    return None if time_us is None or not times else time_us / times / 1000
