"""How full pools are, and what went through them."""

from __future__ import annotations

from console.pooler.rates import rates
from console.pooler.saturation import saturations
from tests.support.pooler import database, pool, totals, waiting


def test_a_pool_is_saturated_when_clients_wait_and_every_server_works() -> None:
    (full,) = saturations([waiting()], [database()])
    assert (full.active, full.size, full.percent, full.is_saturated) == (20, 20, 100.0, True)
    (busy,) = saturations([pool(sv_active=20)], [database()])
    assert not busy.is_saturated and busy.percent == 100.0


def test_the_reserve_counts_beyond_the_size() -> None:
    (found,) = saturations([pool(sv_active=23, cl_waiting=2)],
                           [database(reserve_pool_size=5)])
    assert (found.percent, found.reserve, found.is_saturated) == (115.0, 5, True)


def test_a_databases_own_limit_holds_its_pools_up() -> None:
    (found,) = saturations([pool(cl_waiting=3, sv_active=8)], [database(max_connections=30, current_connections=30)])
    assert found.is_saturated and found.limit == 30
    (free,) = saturations([pool(cl_waiting=3, sv_active=8)], [database(max_connections=30, current_connections=29)])
    assert not free.is_saturated and free.limit is None


def test_a_wait_below_a_second_is_a_wait() -> None:
    assert waiting(seconds=0.25).maxwait_s == 0.25


def test_the_worst_comes_first_and_the_console_not_at_all() -> None:
    found = saturations([pool("a"), pool("b", sv_active=19), waiting("c", seconds=0.5), waiting("d", seconds=4),
                         pool("pgbouncer", "pgbouncer")], [database(name) for name in "abcd"])
    assert [saturation.pool.database for saturation in found] == ["d", "c", "b", "a"]


def test_who_waits_comes_before_who_does_not_whatever_the_clock_says() -> None:
    """A client that began to wait this moment has waited 0 s."""
    found = saturations([pool("a", sv_active=20), waiting("b", seconds=0, clients=1)], [database("a"), database("b")])
    assert [saturation.pool.database for saturation in found] == ["b", "a"]


def test_a_database_that_is_not_listed_has_no_size() -> None:
    (found,) = saturations([waiting()], [])
    assert (found.size, found.percent, found.is_saturated, found.is_paused) == (None, None, False, False)


def test_a_counter_that_fell_has_no_rate_and_the_others_keep_theirs() -> None:
    """A pool that was freed takes its share of the sums along; the pooler has not started anew."""
    (found,) = rates([totals(xact_count=5000, query_count=100)], [totals(xact_count=4000, query_count=110)], 10.0)
    assert (found.xacts_per_s, found.queries_per_s) == (None, 1.0)
    (after,) = rates([totals(xact_count=4000)], [totals(xact_count=4020)], 10.0)
    assert after.xacts_per_s == 2.0, "and from the next interval on it has one again"


def test_rates_are_of_the_interval() -> None:
    (found,) = rates([totals()], [totals(xact_count=3480, query_count=10_440, received=30_000, sent=290_000,
                                         xact_time=9_960_000, query_time=19_624_000, wait_time=102_680_000)], 2.0)
    assert (found.xacts_per_s, found.queries_per_s) == (1240.0, 3720.0)
    assert (found.received_bytes_per_s, found.sent_bytes_per_s) == (10_000.0, 100_000.0)
    assert (found.xact_ms, found.query_ms, found.wait_ms) == (2.0, 2.1, 41.0)


def test_waits_are_per_time_that_a_server_was_given() -> None:
    (found,) = rates([totals(server_assignment_count=10)],
                     [totals(wait_time=1_100_000, server_assignment_count=20)], 2.0)
    assert found.wait_ms == 10.0 and found.query_ms is None


def test_no_rate_over_a_restart_or_without_two_looks() -> None:
    for before, seconds in (([totals(xact_count=5000)], 2.0), ([], 2.0), ([totals()], None)):
        (found,) = rates(before, [totals()], seconds)
        assert found.xacts_per_s is None


def test_where_nothing_happened_the_rate_is_nought_and_the_mean_unknown() -> None:
    (found,) = rates([totals()], [totals()], 2.0)
    assert (found.xacts_per_s, found.query_ms) == (0.0, None)
