"""What the sampler makes of what it reads, without a server."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from console.check.registry import configured
from console.config import Config
from console.metrics.read import DATABASE_COUNTERS, DATABASE_SIZE, SCHEMA_SIZES, SERVER_CLOCK, WAL_COUNTERS
from console.metrics.records import DatabaseCounters, DatabaseSize, SchemaSize, ServerClock, WalCounters
from console.sampler.observation import Observation, footprints
from console.sampler.series import Look, rates
from console.server.query import Query
from console.server.session import Readings
from console.services import Service
from tests.check.given import NOW, context, readings


def look(after_s: float = 0.0, *, commits: int = 100, wal: int | None = 1000, **changed: Any) -> Look:
    counters = DatabaseCounters(commits, 5, 10, 90 + commits, 0, 0, 0, 0, 0, 0, 0, 0, changed.pop("reset", None))
    return Look(NOW + dt.timedelta(seconds=after_s), changed.get("started_at", NOW), counters,
                WalCounters(wal, changed.get("is_replayed", False), None))


def test_rates_of_an_interval() -> None:
    found = rates(look(), look(2.0, commits=300, wal=5000), 2.0)
    assert (found.commits_per_s, found.rollbacks_per_s, found.transactions_per_s) == (100, 0, 100)
    assert (found.cache_hit_percent, found.wal_bytes_per_s) == (100, 2000)


@pytest.mark.parametrize("after", [
    look(60.0, commits=300), look(2.0, commits=99, wal=1), look(-1.0, commits=300), look(0.0, commits=300),
    look(2.0, commits=300, started_at=NOW + dt.timedelta(seconds=1)),
], ids=["late", "backwards", "clock set back", "no time", "restart"])
def test_no_rate_where_it_would_lie(after: Look) -> None:
    found = rates(look(), after, 2.0)
    assert (found.commits_per_s, found.transactions_per_s, found.wal_bytes_per_s) == (None, None, None)


def test_a_reset_of_one_view_is_a_gap_in_its_own_rates_only() -> None:
    found = rates(look(), look(2.0, commits=300, wal=5000, reset=NOW), 2.0)
    assert (found.commits_per_s, found.cache_hit_percent, found.wal_bytes_per_s) == (None, None, 2000)
    assert rates(None, look(), 2.0).transactions_per_s is None


def test_wal_of_a_standby_and_of_the_primary_that_it_became_are_two_counters() -> None:
    found = rates(look(is_replayed=True), look(2.0, commits=300, wal=5000), 2.0)
    assert (found.commits_per_s, found.wal_bytes_per_s) == (100, None)


def observed() -> Observation:
    return Observation(configured(Config()), ())


def test_slow_reads_are_asked_on_their_own_intervals_and_apart() -> None:
    observation, at = observed(), context()
    quick, sizes = observation.due(at, 100.0)
    assert {query.name for query in sizes} == {"database_size", "schema_sizes"}
    assert {"freeze_ages", "server_clock"} <= {query.name for query in quick}
    observation.take([*quick, *sizes], Readings({}), at, 100.0)
    assert "freeze_ages" not in {query.name for query in observation.due(at, 129.9)[0]}
    assert "freeze_ages" in {query.name for query in observation.due(at, 130.0)[0]}
    assert observation.due(at, 399.0)[1] == [] and len(observation.due(at, 400.0)[1]) == 2


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
    observation.take([DATABASE_SIZE], Readings({}, {"database_size": "too slow"}), at, 300.0)
    snapshot = observation.snapshot(at, 300.0)
    assert snapshot.database_bytes is None and snapshot.unavailable == {"database_size": "too slow"}


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
    assert names == {query.name for query in own} | {"session_counts"}
