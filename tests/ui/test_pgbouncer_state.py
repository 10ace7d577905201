"""The state of the PgBouncer screen, without a terminal: its views, what rows are about, which keys are possible."""

from __future__ import annotations

import datetime as dt

import pytest

from console.errors import Unreachable
from console.pooler.actions import PoolerCommand
from console.pooler.records import Pending, PoolerConnection, PoolerInfo
from console.pooler.saturation import saturations
from console.sampler.pooler_watch import PoolerWatch
from console.server.target import Target
from console.ui.screens.pgbouncer import views
from console.ui.screens.pgbouncer.actions import offered
from console.ui.screens.pgbouncer.state import VIEWS, PgBouncerState, clients_of, database_of, pool_of
from console.view.table import plain
from tests.support import pooler as build
from tests.support.fake_clock import FakeClock


def new_watch() -> PoolerWatch:
    return PoolerWatch(Target(name="t", pgbouncer_conninfo="port=6432"), FakeClock())


def watch_of() -> PoolerWatch:
    """One that has looked once."""
    watch = new_watch()
    watch._take(build.look(build.waiting(), build.pool("billing", "billing"), servers=(build.server(4711),),
                           clients=(build.client(), build.client("c2", ""))))
    return watch


def test_the_same_view_again_goes_back_to_the_pools() -> None:
    state = PgBouncerState()
    state.choose_view("clients")
    assert state.view == "clients" and state.needs == ("CLIENTS", "SERVERS")
    state.choose_view("lists")
    assert state.needs == ("LISTS",)
    state.choose_view("lists")
    assert state.view == "pools" and state.needs == ()


def test_the_span_stops_at_its_ends() -> None:
    state = PgBouncerState()
    shortest = state.span_s
    state.change_span(-1)
    assert state.span_s == shortest
    seen = set()
    for _ in range(10):
        seen.add(state.span_s)
        state.change_span(1)
    assert len(seen) > 2 and state.span_s == max(seen)


def test_what_is_possible_follows_the_watch() -> None:
    state, watch = PgBouncerState(), new_watch()
    assert not any(state.can(action, watch) for action in ("retry_pooler", "give_up", "command", "back"))
    watch = watch_of()
    assert state.can("command", watch) and state.can("span", watch) and not state.can("retry_pooler", watch)
    watch.pending = Pending("PAUSE", 0.0)
    assert state.can("give_up", watch) and not state.can("command", watch)
    watch.pending, watch.info = None, PoolerInfo("1.18.0", "10.0.0.9:6432", "looker", is_admin=False)
    assert not state.can("command", watch)
    watch.error = Unreachable("gone")
    state.choose_view("users")
    assert state.can("retry_pooler", watch) and state.can("back", watch) and not state.can("span", watch)


def test_a_row_leads_to_its_database_its_pool_and_its_server_process() -> None:
    state, watch = PgBouncerState(), watch_of()
    look = watch.sample
    assert look is not None
    full = saturations(look.pools, look.databases)[0]
    assert (database_of(full), pool_of(full), clients_of(full)) == ("app", full.pool.key, "database:app user:rw")
    assert database_of(build.database("billing")) == database_of(build.totals("billing")) == "billing"
    assert database_of(None) is None and pool_of(build.database()) is None
    linked, alone = look.clients or ()
    assert isinstance(linked, PoolerConnection)
    assert state.server_pid(linked, look) == 4711 and state.server_pid(alone, look) is None
    assert state.server_pid(linked, None) is None
    state.choose_view("servers")
    assert state.server_pid(build.server(99), look) == 99 and state.server_pid(build.server(0), look) is None


def test_only_commands_that_make_sense_are_offered_the_rows_own_first() -> None:
    databases = [build.database("app", paused=1), build.database("billing"), build.database("pgbouncer")]
    found = list(offered(databases, "billing"))
    assert found[0] == 'PAUSE "billing"' and not any('"pgbouncer"' in command for command in found)
    assert 'RESUME "app"' in found and 'PAUSE "app"' not in found
    assert 'PAUSE "billing"' in found and 'RESUME "billing"' not in found
    assert offered(databases, None)['PAUSE "billing"'] == PoolerCommand("PAUSE", "billing")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_a_table_also_of_a_pooler_that_has_said_nothing(view: str) -> None:
    name = next(known for known in VIEWS if known == view)
    before = views.table(name, new_watch())
    assert not before.rows and (before.empty or before.columns)
    assert views.table(name, watch_of()).columns or views.table(name, watch_of()).empty


def test_a_chart_is_of_a_pool_or_of_all_of_them() -> None:
    watch = watch_of()

    def heading(pool: str | None, *, is_titled: bool) -> str:
        return plain(views.chart("waiting", watch, pool, is_titled=is_titled, span_s=300.0, buckets=30, now_s=1000.0,
                                 now=dt.datetime(2026, 3, 1, tzinfo=dt.UTC), results={}).heading)

    assert "app/rw" in heading("app/rw", is_titled=True) and "all pools" in heading(None, is_titled=True)
    assert "pools" not in heading(None, is_titled=False)
