"""What the sampler makes of what it reads, without a server."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from console.check.registry import configured
from console.config import Config
from console.metrics.local import LOCAL_FACTS
from console.metrics.reads.counters import DATABASE_COUNTERS, DATABASE_SIZE, SCHEMA_SIZES, SERVER_CLOCK, WAL_COUNTERS
from console.metrics.records.counters import DatabaseCounters, DatabaseSize, SchemaSize, ServerClock, WalCounters
from console.metrics.records.wal import Checkpoints
from console.sampler.observation import LOCAL_FACTS_NAME, Observation, footprints, seldom_read
from console.sampler.series import (
    OFTEN,
    SELDOM,
    SLOW_SERIES,
    TICK_SERIES,
    CounterSample,
    measured,
    of_the_database,
)
from console.server.query import Query
from console.server.session import Readings
from console.services import Service
from tests.check.given import NOW, context, readings
from tests.support import builders

DATABASE, WAL, SESSIONS = OFTEN


def look(after_s: float = 0.0, *, commits: int = 100, hit: int | None = None, **changed: Any) -> CounterSample:
    counters = DatabaseCounters(commits, 5, 10, 90 + commits if hit is None else hit, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                0.0, 0.0, changed.pop("reset", None))
    return CounterSample(NOW + dt.timedelta(seconds=after_s), changed.get("started_at", NOW), counters)


def wal(after_s: float = 0.0, written: int = 1000, *, is_replayed: bool = False) -> CounterSample:
    return CounterSample(NOW + dt.timedelta(seconds=after_s), NOW, WalCounters(written, is_replayed, 0, 0, 0, None))


def rates(before: CounterSample | None, now: CounterSample, every_s: float = 2.0) -> dict[str, float | None]:
    values = measured(DATABASE, before, now, every_s)
    return values | of_the_database(values, before, now, every_s)


def test_rates_of_an_interval() -> None:
    found = rates(look(), look(2.0, commits=300))
    assert (found["commits_per_s"], found["rollbacks_per_s"], found["transactions_per_s"]) == (100, 0, 100)
    assert found["cache_hit_percent"] == 100
    assert measured(WAL, wal(), wal(2.0, 5000), 2.0)["wal_bytes_per_s"] == 2000


@pytest.mark.parametrize("after", [
    look(60.0, commits=300), look(2.0, commits=99, hit=1), look(-1.0, commits=300), look(0.0, commits=300),
    look(2.0, commits=300, started_at=NOW + dt.timedelta(seconds=1)), look(2.0, commits=300, reset=NOW),
], ids=["late", "backwards", "clock set back", "no time", "restart", "reset"])
def test_no_rate_where_it_would_lie(after: CounterSample) -> None:
    found = rates(look(), after)
    assert [found[name] for name in ("commits_per_s", "transactions_per_s", "cache_hit_percent")] == [None] * 3


def test_the_first_look_has_gauges_and_no_rates() -> None:
    assert set(rates(None, look()).values()) == {None}
    sessions = CounterSample(NOW, NOW, builders.sessions())
    assert measured(SESSIONS, None, sessions, 2.0)["active"] == 9


def test_wal_of_a_standby_and_of_the_primary_that_it_became_are_two_counters() -> None:
    assert measured(WAL, wal(is_replayed=True), wal(2.0, 5000), 2.0)["wal_bytes_per_s"] is None


def test_every_series_has_one_name() -> None:
    assert len(set(TICK_SERIES) | set(SLOW_SERIES)) == len(TICK_SERIES) + len(SLOW_SERIES)


def test_the_background_writer_and_the_checkpointer_begin_anew_apart() -> None:
    def at(after_s: float, writer_reset: dt.datetime | None) -> CounterSample:
        row = Checkpoints(10 + int(after_s), 0, 0.0, 0.0, 0, 100 + int(after_s), 0, None, None, 0, 1.0, 300, 1, False,
                          None, writer_reset)
        return CounterSample(NOW + dt.timedelta(seconds=after_s), NOW, row)

    checkpoints, writer = SELDOM[:2]
    assert measured(checkpoints, at(0, None), at(30, NOW), 30.0)["checkpoints_timed_per_s"] == 1
    assert measured(writer, at(0, None), at(30, NOW), 30.0)["buffers_clean_per_s"] is None
    assert measured(writer, at(0, NOW), at(30, NOW), 30.0)["buffers_backend_per_s"] is None


def observed() -> Observation:
    return Observation(configured(Config()), ())


def test_slow_reads_are_asked_on_their_own_intervals_and_apart() -> None:
    observation, at = observed(), context()
    quick, sizes = observation.due(at, 100.0)
    assert {"metrics.database_size", "metrics.schema_sizes"} <= {query.name for query in sizes}
    assert {"metrics.freeze_ages", "metrics.server_clock"} <= {query.name for query in quick}
    observation.take([*quick, *sizes], Readings({}), at, 100.0)
    assert "metrics.freeze_ages" not in {query.name for query in observation.due(at, 129.9)[0]}
    assert "metrics.freeze_ages" in {query.name for query in observation.due(at, 130.0)[0]}
    assert observation.due(at, 399.0)[1] == [] and len(observation.due(at, 400.0)[1]) == len(sizes)


def test_a_check_has_no_result_before_its_reads_were_tried() -> None:
    observation, at = observed(), context()
    quick, sizes = observation.due(at, 0.0)
    observation.take(quick, Readings({}), at, 0.0)
    observation.judge(quick, at, 0.0)
    assert "database_size" not in {result.name for result in observation.snapshot(at, 0.0).results}
    observation.take(sizes, readings((DATABASE_SIZE, [DatabaseSize("app", 4096)])), at, 0.0)
    observation.judge(sizes, at, 0.0)
    snapshot = observation.snapshot(at, 0.0)
    assert snapshot.database_bytes == 4096 and snapshot.results[0].name == "connection"
    assert "database_size" in {result.name for result in snapshot.results}


def test_a_read_that_fails_loses_its_rows_and_gives_its_reason() -> None:
    observation, at = observed(), context()
    size = (DATABASE_SIZE, [DatabaseSize("app", 4096)])
    observation.take([DATABASE_SIZE], readings(size), at, 0.0)
    observation.take([DATABASE_SIZE], Readings({}, {DATABASE_SIZE.name: "too slow"}), at, 300.0)
    snapshot = observation.snapshot(at, 300.0)
    assert snapshot.database_bytes is None and snapshot.unavailable == {DATABASE_SIZE.name: "too slow"}


def test_round_trip_and_clock_are_the_servers() -> None:
    observation, at = observed(), context()
    clock = ServerClock(NOW, NOW + dt.timedelta(milliseconds=4))
    found = readings((SERVER_CLOCK, [clock]), rtt_ms=5.5)
    observation.take([SERVER_CLOCK], found, at, 0.0)
    observation.measure(found, at, 2.0)
    observation.judge([SERVER_CLOCK], at, 0.0)
    snapshot = observation.snapshot(at, 1.0)
    assert snapshot.rtt_ms == pytest.approx(1.5) and snapshot.taken_at == clock.taken_at
    assert snapshot.results[0].value == pytest.approx(1.5)


def test_services_add_up_their_schemas() -> None:
    both, gone = Service(name="a", schemas=("x", "y")), Service(name="b", schemas=("z",))
    sizes = [SchemaSize("x", 2, 100, False), SchemaSize("y", 1, 50, True), SchemaSize("other", 9, 9, False)]
    first, second = footprints((both, gone), sizes, {})
    assert (first.tables, first.total_bytes, first.is_estimate) == (3, 150, True)
    assert (second.tables, second.total_bytes) == (0, 0)
    assert footprints((both,), None, {})[0].tables is None


def test_own_reads_are_asked_without_any_check() -> None:
    quick, sizes = Observation((), ()).due(context(), 0.0)
    names: set[str] = {query.name for query in (*quick, *sizes)}
    own: tuple[Query[Any], ...] = (DATABASE_COUNTERS, WAL_COUNTERS, SERVER_CLOCK, SCHEMA_SIZES, DATABASE_SIZE)
    assert names == {query.name for query in own} | {"activity.session_counts"}


def test_what_nobody_waits_for_is_asked_after_the_first_tick() -> None:
    observation, at = Observation((), ()), context()
    clock = ServerClock(NOW, NOW)
    found = readings((SERVER_CLOCK, [clock]))
    observation.measure(found, at, 2.0)
    quick, _ = observation.due(at, 0.0)
    wanted = {f"metrics.{name}" for name in ("checkpoints", "io_totals", "archiver", "local_facts")}
    assert wanted <= {query.name for query in quick}


def test_the_name_of_what_is_imported_late_is_right() -> None:
    assert LOCAL_FACTS.name == LOCAL_FACTS_NAME and LOCAL_FACTS in seldom_read()
