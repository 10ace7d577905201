"""The checks of PgBouncer: what they make of a look, and of a pooler that isn't there."""

from __future__ import annotations

import pytest

from console.check.evaluation import evaluate
from console.check.records import CheckContext, CheckResult, Status
from console.check.registry import configured
from console.config import Config
from console.errors import Unreachable
from console.pooler.records import PoolerReading, PoolUse
from console.server.target import Target
from tests.check.given import readings, server
from tests.support.pooler import database, look, pool, waiting

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN
CHECKS = [check for check in configured(Config()) if check.check.name.startswith("pooler_")]


def judged(reading: PoolerReading | None, conninfo: str | None = "port=6432") -> dict[str, CheckResult]:
    context = CheckContext(server(), Target(name="t", pgbouncer_conninfo=conninfo), (), reading)
    return {result.name: result for result in evaluate(CHECKS, readings(), context)}


def seen(*pools: PoolUse, **changes: object) -> dict[str, CheckResult]:
    databases = tuple(database(pool.database, **changes) for pool in pools)
    return judged(PoolerReading(look(*pools, databases=databases)))


def test_without_a_pooler_they_have_nothing_to_say() -> None:
    found = judged(None, None)
    assert set(found) == {"pooler_pools", "pooler_client_wait", "pooler_maxwait"}
    assert {(result.status, result.summary) for result in found.values()} == {(OK, "no pooler configured")}


def test_a_pooler_that_does_not_answer_is_critical_once() -> None:
    found = judged(PoolerReading(look(pool()), Unreachable("PgBouncer at db1:6432: no server answers there",
                                                           hint="check host and port")))
    assert (found["pooler_pools"].status, found["pooler_pools"].hint) == (CRITICAL, "check host and port")
    assert {found[name].status for name in ("pooler_client_wait", "pooler_maxwait")} == {UNKNOWN}


def test_a_pooler_that_was_not_asked_is_unknown() -> None:
    assert {result.status for result in judged(None).values()} == {UNKNOWN}
    assert {result.status for result in judged(PoolerReading(None)).values()} == {OK}


def test_a_calm_pooler() -> None:
    found = seen(pool(), pool("b", sv_active=10))
    assert {result.status for result in found.values()} == {OK}
    assert found["pooler_pools"].value == 50.0
    assert found["pooler_pools"].summary == "b/rw: 10 of 20 servers in use (50 %)"
    assert (found["pooler_client_wait"].value, found["pooler_maxwait"].value) == (0, 0.0)


def test_a_full_pool_is_a_warning_and_its_waiting_clients_are_worse() -> None:
    found = seen(waiting(clients=60, seconds=6.5), pool("b", cl_waiting=1, maxwait_us=400_000))
    assert found["pooler_pools"].status is WARNING and found["pooler_pools"].value == 100.0
    assert found["pooler_client_wait"].summary == "61 clients wait, most in app/rw (60)"
    assert found["pooler_client_wait"].status is CRITICAL
    assert (found["pooler_maxwait"].status, found["pooler_maxwait"].value) == (CRITICAL, 6.5)
    assert found["pooler_maxwait"].summary == "a client of app/rw has waited 6.5 s for a server"


@pytest.mark.parametrize(("seconds", "status"), [(0.9, OK), (1.5, WARNING), (5.5, CRITICAL)])
def test_waits_below_a_second_are_measured(seconds: float, status: Status) -> None:
    result = seen(waiting(seconds=seconds))["pooler_maxwait"]
    assert (result.status, result.value) == (status, pytest.approx(seconds))


def test_clients_of_a_paused_database_are_told_of() -> None:
    assert seen(waiting(), paused=1)["pooler_client_wait"].hint == "a database is paused: RESUME"


def test_the_consoles_own_pool_is_none() -> None:
    assert seen(pool("pgbouncer", "pgbouncer", cl_waiting=3))["pooler_pools"].summary == "no pool is in use"


def test_pools_of_unknown_size_have_no_percentage() -> None:
    found = judged(PoolerReading(look(waiting(), databases=(database("other"),))))
    assert found["pooler_pools"].summary == "the sizes of the pools are not known"
    assert found["pooler_pools"].value is None
