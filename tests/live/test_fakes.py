"""One story told to the fake of the UI tests and to the real pool on a real server: both answer the same."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import Struct
from psycopg.conninfo import make_conninfo

from console.errors import Missing, Unreachable
from console.server.breaker import BreakerState
from console.server.pool import Pool
from console.server.query import Query, Read, Variant
from console.server.target import Target
from tests.support.builders import info
from tests.support.fake_clock import FakeClock
from tests.support.fake_session import FakePool
from tests.support.servers import Database


class Number(Struct, frozen=True):
    x: Any


def query(name: str, text: str) -> Query[Number]:
    return Query(name, Number, (Variant(f"{name}.sql", 14, "Number", (), "tick", text),))


GIVEN = query("given", "SELECT %(n)s::int AS x")
ABSENT = query("absent", "SELECT x FROM no_such_table")


def target(conninfo: str) -> Target:
    return Target(name="", conninfo=conninfo)


@pytest.fixture(params=["fake", "real"])
async def pool(request: pytest.FixtureRequest, database: Database) -> Any:
    if request.param == "real":
        made: Any = Pool(target(database.conninfo), FakeClock())
    else:
        made = FakePool(target(database.conninfo), info(), {
            "given": lambda params: [Number(params["n"])], "absent": Missing("absent")}, FakeClock())
    yield made
    await made.close()


@pytest.fixture(params=["fake", "real"])
async def nobody_there(request: pytest.FixtureRequest) -> Any:
    nowhere = target(make_conninfo(host="127.0.0.1", port=1))
    if request.param == "real":
        made: Any = Pool(nowhere, FakeClock())
    else:
        made = FakePool(nowhere, info(), {}, FakeClock())
        made.fail(Unreachable("127.0.0.1:1: no server answers there"))
    yield made
    await made.close()


async def test_rows_are_records_and_what_is_missing_is_left_out_with_its_reason(pool: Any) -> None:
    assert pool.info is None and pool.error is None
    async with pool.session() as session:
        assert session.info is pool.info and session.target is pool.target
        assert await session.fetch(GIVEN, {"n": 5}) == [Number(5)]
        with pytest.raises(Missing):
            await session.fetch(ABSENT)
        readings = await session.refresh(Read(GIVEN, {"n": 7}), Read(ABSENT))
        assert readings.rows(GIVEN) == [Number(7)] and readings.rows(ABSENT) is None
        assert readings.why(ABSENT) and not readings.why(GIVEN) and readings.rtt_ms > 0
        assert (await session.renew()).version == session.info.version
        assert pool.statistics().in_use == 1
    assert pool.statistics().in_use == 0 and pool.breaker.state is BreakerState.CLOSED


async def test_a_failure_opens_the_breaker_and_is_the_answer_until_the_next_try_is_due(nobody_there: Any) -> None:
    pool = nobody_there
    errors = []
    for failures in (1, 1, 2):
        with pytest.raises(Unreachable) as caught:
            async with pool.session():
                pass
        errors.append(caught.value)
        assert pool.error is caught.value and pool.info is None
        assert (pool.breaker.state, pool.breaker.failures) == (BreakerState.OPEN, failures)
        if len(errors) == 2:
            pool.breaker.retry_now()
    assert errors[0] is errors[1] and errors[0].summary == "127.0.0.1:1: no server answers there"
