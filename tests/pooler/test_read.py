"""PgBouncer's answers as records, by the names of their columns, of whatever version."""

from __future__ import annotations

from decimal import Decimal

import pytest

from console.errors import ServerError, Unreachable
from console.pooler.actions import OF_ALL, OF_DATABASE
from console.pooler.read import read_info, read_sample, records, totals
from console.pooler.records import PoolerDatabase, PoolUse, ShowTable
from console.server.admin_console import ShowResult
from console.sql.quoting import plain_literal, quoted
from console.ui.screens.pgbouncer.state import NEEDS
from tests.support.pooler import SAID, FakeConsole


def test_the_columns_of_every_version_are_found_by_name() -> None:
    """1.16 had cl_cancel_req and reserve_pool; 1.24 put load_balance_hosts in."""
    old = records(PoolUse, ShowResult(("database", "user", "cl_active", "cl_waiting", "cl_cancel_req", "maxwait"),
                                 (("app", "rw", 3, 1, 2, 4),)))
    assert (old[0].cl_active_cancel_req, old[0].maxwait_s, old[0].sv_active_cancel) == (2, 4.0, None)
    shown = ShowResult(("name", "reserve_pool"), (("app", 5),)), ShowResult(("name", "reserve_pool_size"),
                                                                            (("app", 5),))
    assert [records(PoolerDatabase, result)[0].reserve_pool_size for result in shown] == [5, 5]


def test_columns_that_nobody_knows_are_kept_under_their_names() -> None:
    (found,) = records(PoolUse, ShowResult(("mood", "user", "database", "cl_waiting"), (("sleepy", "rw", "app", 2),)))
    assert (found.database, found.user, found.cl_waiting, found.more) == ("app", "rw", 2, {"mood": "sleepy"})


def test_without_the_columns_that_name_a_row_there_is_no_record() -> None:
    with pytest.raises(ServerError, match="no column user"):
        records(PoolUse, ShowResult(("database",), (("app",),)), ["database", "user"])


def test_what_pgbouncer_leaves_empty_is_unknown() -> None:
    (found,) = records(PoolerDatabase, ShowResult(("name", "pool_mode", "paused"), (("app", None, None),)))
    assert (found.pool_mode, found.paused) == (None, None)


def test_totals_are_kept_and_averages_left_out() -> None:
    """1.23 put server_assignment_count before all others."""
    (found,) = totals(ShowResult(("database", "total_server_assignment_count", "total_xact_count", "avg_xact_count",
                             "total_wait_time", "total_wonders"),
                            (("app", Decimal(7), Decimal(9), Decimal(1), Decimal(100), Decimal(3)),)))
    assert (found.server_assignment_count, found.xact_count, found.wait_time) == (7, 9, 100)
    assert isinstance(found.xact_count, int) and found.more == {"wonders": 3}


async def test_who_administrates_it() -> None:
    assert (await read_info(FakeConsole(user="admin"))).is_admin is True
    assert (await read_info(FakeConsole(user="stats"))).is_admin is False
    unknown = FakeConsole({**SAID, "CONFIG": ShowResult(("key", "value"), (("pool_mode", "transaction"),))})
    info = await read_info(unknown)
    assert info.is_admin is None and info.max_client_conn is None
    local = FakeConsole(user="pgbouncer")
    local.is_local = True
    assert (await read_info(local)).is_admin is True


async def test_a_version_that_said_itself_in_a_notice() -> None:
    assert (await read_info(FakeConsole({**SAID, "VERSION": ShowResult(())}))).version == "PgBouncer before 1.12"


async def test_what_a_version_does_not_know_is_asked_for_once() -> None:
    console, unknown = FakeConsole(), {}  # type: tuple[FakeConsole, dict[str, str]]
    for _ in range(3):
        look = await read_sample(console, ["PEERS", "LISTS"], 0.0, unknown)
    assert console.asked.count("PEERS") == 1 and console.asked.count("LISTS") == 3
    assert look.unavailable == {"PEERS": "SHOW PEERS: this version of PgBouncer does not know it"}
    assert look.shown["LISTS"].rows[0] == ("databases", 3) and look.clients is None


async def test_a_pooler_that_goes_away_in_the_middle_is_no_missing_column() -> None:
    console = FakeConsole()
    console.error = Unreachable("gone")
    with pytest.raises(Unreachable):
        await read_sample(console, [], 0.0)


async def test_the_state_of_the_whole_pooler() -> None:
    said = {**SAID, "STATE": ShowResult(("key", "value"), (("active", "no"), ("paused", "yes"), ("suspended", "no")))}
    assert (await read_sample(FakeConsole(said), ["STATE"], 0.0)).stopped == "paused"
    running = {**SAID,
               "STATE": ShowResult(("key", "value"), (("active", "yes"), ("paused", "no"), ("suspended", "no")))}
    assert (await read_sample(FakeConsole(running), ["STATE"], 0.0)).stopped is None
    assert (await read_sample(FakeConsole(), ["STATE"], 0.0)).stopped is None


async def test_any_show_is_there_as_it_came() -> None:
    look = await read_sample(FakeConsole(), ["USERS"], 0.0)
    assert look.shown["USERS"] == ShowTable(("name", "pool_mode"), (("rw", None), ("billing", "session")))


def test_names_and_values_are_quoted() -> None:
    assert quoted('a"b c') == '"a""b c"'
    assert plain_literal("select 'x'") == "'select ''x'''"


async def test_an_answer_without_its_names_empties_its_own_place_alone() -> None:
    said = {**SAID, "POOLS": ShowResult(("shard",), (("x",),)), "DATABASES": ShowResult(("shard",), (("x",),))}
    look = await read_sample(FakeConsole(said), [], 0.0)
    assert look.unavailable == {"POOLS": "SHOW POOLS: PgBouncer's answer has no column database",
                                "DATABASES": "SHOW DATABASES: PgBouncer's answer has no column name"}
    assert look.pools == () and look.totals and look.shown["POOLS"].columns == ("shard",)


def test_a_column_that_has_become_something_else_is_shown_and_not_reckoned_with() -> None:
    (found,) = records(PoolUse, ShowResult(("database", "user", "cl_waiting"), (("app", "rw", "two"),)))
    assert (found.cl_waiting, found.more) == (0, {"cl_waiting": "two"})


STATS_26 = ("database", *(f"{kind}_{name}" for kind in ("total", "avg") for name in (
    "server_assignment_count", "xact_count", "query_count", "received", "sent", "xact_time", "query_time", "wait_time",
    "client_parse_count", "server_parse_count", "bind_count", "client_login_count")))
"""SHOW STATS of 1.26 by its release notes: a total in the middle, an average at the end."""


def test_what_1_26_put_in_the_middle_moves_nothing() -> None:
    (found,) = totals(ShowResult(STATS_26, (("app", *(Decimal(number) for number in range(1, 25))),)))
    assert (found.server_assignment_count, found.wait_time, found.bind_count) == (1, 8, 11)
    assert found.client_login_count == 12
    assert found.more == {}


def test_no_command_is_offered_that_a_version_does_not_have() -> None:
    """1.26 took SHOW FDS and SUSPEND out; neither is asked of an older one."""
    assert "SUSPEND" not in {*OF_ALL, *OF_DATABASE}
    assert "FDS" not in {name for names in NEEDS.values() for name in names}
