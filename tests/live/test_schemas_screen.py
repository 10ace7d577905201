"""Screen 2 on a real server: rows as one scrolls, whole values, DDL, exports, and reads that end when one moves on."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from textual.pilot import Pilot
from textual.widgets import Input

from console.clock import SystemClock
from console.config import Config, PoolConfig
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.target import Target
from console.ui.app import ConsoleApp
from console.ui.connection import ConnectionState, Sources
from console.ui.dialogs.export import ExportDialog
from console.ui.dialogs.row_dialog import RowDialog, ValueDialog
from console.ui.screens.schemas.data import DataTable
from console.ui.screens.schemas.screen import SchemasScreen
from console.ui.widgets.code_pane import CodePane
from tests.support.screen_text import screen_text
from tests.support.servers import Database
from tests.support.waiting import until

HOSTILE_SCHEMA = 'we[bold]ird "quotes" \'n\' %s \\ $$'


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@asynccontextmanager
async def schemas(conninfo: str) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], SchemasScreen]]:
    """The Schemas screen on a real database."""
    clock, config = SystemClock(), Config()

    @asynccontextmanager
    async def open_target(name: str, tell: Any) -> AsyncIterator[Target]:
        yield Target(name=name, conninfo=conninfo, pool=PoolConfig(min_size=1, max_size=4))

    app = ConsoleApp("live", Sources(
        config=config, clock=clock, names=lambda: ["live"], open_target=open_target, services_for=lambda _: (),
        pool_for=Pool, sampler_for=lambda pool, services, every_s: Sampler(pool, config, services, clock, every_s)),
        environment={"TERM": "xterm-256color", "LANG": "C.UTF-8"})
    try:
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await until(lambda: app.connection.info is not None, pilot)
            await pilot.press("2")
            await until(lambda: isinstance(app.screen, SchemasScreen)
                        and app.screen.state.tree.outline is not None, pilot)
            screen = app.screen
            assert isinstance(screen, SchemasScreen)
            yield app, pilot, screen
    finally:
        await app.connection.close()


async def go_to(pilot: Pilot[int], screen: SchemasScreen, name: str, tab: str) -> None:
    """Searches `name`, goes to it, and to its tab."""
    await pilot.press("slash")
    screen.query_one("NameInput", Input).value = name
    await until(lambda: screen.state.tree.found is not None and screen.side.node is not None
                and screen.side.node.name == name.rpartition(".")[2], pilot)
    await pilot.press("enter", "enter")
    detail = screen.state.detail
    await until(lambda: detail.node is screen.side.node and not detail.is_unread, pilot)
    assert screen.state.detail.subject is not None
    screen.detail.choose_tab([tab.title for tab in screen.state.detail.subject.tabs].index(tab))
    await pilot.pause()


async def rows_of(pilot: Pilot[int], screen: SchemasScreen, name: str) -> DataTable:
    await go_to(pilot, screen, name, "Data")
    data = screen.query_one(DataTable)
    await until(lambda: not data.reading and (data.preview is not None or data.error is not None), pilot)
    return data


async def test_rows_are_read_as_one_scrolls_and_never_kept_all(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE numbers AS SELECT i, 'row ' || i AS name FROM generate_series(1, 3000) i;"
                           "ALTER TABLE numbers ADD PRIMARY KEY (i)")
    async with schemas(database.conninfo) as (_, pilot, screen):
        data = await rows_of(pilot, screen, "public.numbers")
        assert [row.cells[0].text for row in data.table.rows[:2]] == ["1", "2"]
        for _ in range(12):
            await pilot.press("end")
            await until(lambda: not data.reading, pilot)
        assert len(data.table.rows) <= 500
        assert data.row is not None and int(data.row.cells[0].text) > 900
        numbers = [int(row.cells[0].text) for row in data.table.rows]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        for _ in range(8):
            await pilot.press("pageup", "pageup", "pageup")
            await until(lambda: not data.reading, pilot)
        assert data.row is not None and int(data.row.cells[0].text) < 900
        await pilot.press("home")
        await until(lambda: not data.reading and data.row is not None and data.row.cells[0].text == "1", pilot)


async def test_rows_without_a_key_hold_a_connection_only_while_they_are_looked_at(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE VIEW no_key AS SELECT i FROM generate_series(1, 1000) i")
    async with schemas(database.conninfo) as (app, pilot, screen):
        data = await rows_of(pilot, screen, "public.no_key")
        pool = app.connection.pool
        assert pool is not None
        open_cursors = ("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                        "AND state = 'idle in transaction'")
        with database.connect() as connection:
            assert connection.execute(open_cursors).fetchall() == [(1,)]
            await pilot.press("end")
            await until(lambda: not data.reading and len(data.table.rows) == 200, pilot)
            await pilot.press("left_square_bracket")
            await until(lambda: connection.execute(open_cursors).fetchall() == [(0,)], pilot)
            await pilot.press("right_square_bracket", "end")
            await until(lambda: not data.reading and len(data.table.rows) == 300, pilot)
        assert data.table.rows[-1].cells[0].text == "300"


async def test_odd_values_are_told_apart_and_shown_whole(database: Database) -> None:
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE odd (id int PRIMARY KEY, f float8, e text, n text, j jsonb, big text);"
            "INSERT INTO odd VALUES (1, 'NaN', '', NULL, '{\"a\": {\"b\": \"[/x]\"}}', repeat('x', 10 * 1024 * 1024)),"
            "(2, 'Infinity', E'\\x1b[31mred\\nline', 'NULL', NULL, NULL)")
    async with schemas(database.conninfo) as (app, pilot, screen):
        data = await rows_of(pilot, screen, "public.odd")
        assert [cell.text for cell in data.table.rows[0].cells[:4]] == ["1", "NaN", "''", "NULL"]
        assert data.table.rows[0].cells[5].text.endswith("… 10 MB")
        assert [cell.text for cell in data.table.rows[1].cells[3:]] == ["'NULL'", "NULL", "NULL"]
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RowDialog), pilot)
        await pilot.press("end", "enter")
        await until(lambda: isinstance(app.screen, ValueDialog) and app.screen.query_one(CodePane).text != "", pilot)
        assert "10 MB · only the first 1.0 M characters" in screen_text(app)
        await pilot.press("escape", "up", "enter")
        await until(lambda: isinstance(app.screen, ValueDialog) and app.screen.query_one(CodePane).text != "", pilot)
        assert '    "b": "[/x]"' in screen_text(app)


async def test_hostile_names_all_the_way(database: Database) -> None:
    name = 'a[/x] [red]%s "t"'
    with database.connect() as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(HOSTILE_SCHEMA)))
        connection.execute(sql.SQL("CREATE TABLE {} (\"new\nline\" int PRIMARY KEY, \"%%s\" text)").format(
            sql.Identifier(HOSTILE_SCHEMA, name)))
        connection.execute(sql.SQL("INSERT INTO {} VALUES (1, '[/x]')").format(sql.Identifier(HOSTILE_SCHEMA, name)))
    async with schemas(database.conninfo) as (app, pilot, screen):
        data = await rows_of(pilot, screen, name)
        assert [cell.text for cell in data.table.rows[0].cells] == ["1", "[/x]"]
        assert "new↵line" in screen_text(app) and "a[/x] [red]%s" in screen_text(app)
        await pilot.press("left_square_bracket")
        await until(lambda: "CREATE TABLE" in screen_text(app), pilot)
        await pilot.press("y")
        assert app.clipboard.startswith('CREATE TABLE "we[bold]ird ""quotes""')


@pytest.mark.parametrize("columns", [0, 1600])
async def test_tables_of_no_column_and_of_the_most(database: Database, columns: int) -> None:
    with database.connect() as connection:
        listed = ", ".join(f"c{number} int" for number in range(columns))
        connection.execute(f"CREATE TABLE extreme ({listed})")
        connection.execute("INSERT INTO extreme DEFAULT VALUES")
    async with schemas(database.conninfo) as (app, pilot, screen):
        data = await rows_of(pilot, screen, "public.extreme")
        assert data.error is None
        assert "1 row without columns" in screen_text(app) if not columns else len(data.table.columns) == 1600
        await pilot.press("right", "right", "left", "end")
        assert app.is_running


async def test_who_may_see_nothing_is_told_what_would_help(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE secret (id int PRIMARY KEY)")
    with database.server.role() as role:
        async with schemas(f"{database.conninfo} user={role}") as (app, pilot, screen):
            data = await rows_of(pilot, screen, "public.secret")
            assert data.error is not None
            shown = screen_text(app)
            assert "may not read public.secret" in shown and "GRANT SELECT ON" in shown


async def test_moving_on_cancels_the_statement(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE VIEW slow AS SELECT pg_sleep(60)::text AS slept;"
                           "CREATE TABLE slow_not (id int PRIMARY KEY)")
    running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'FETCH%dbconsole_rows'"
    async with schemas(database.conninfo) as (_, pilot, screen):
        await go_to(pilot, screen, "public.slow", "Data")
        with database.connect() as connection:
            await until(lambda: connection.execute(running).fetchall() == [(1,)], pilot)
            await pilot.press("left_square_bracket")
            await until(lambda: connection.execute(running).fetchall() == [(0,)], pilot, 4)


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_exports_what_is_shown(database: Database, tmp_path: Path, form: str) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE numbers AS SELECT i, CASE WHEN i > 1 THEN 'x, \"y\"' END AS name "
                           "FROM generate_series(1, 250) i")
    path = tmp_path / f"out.{form}"
    async with schemas(database.conninfo) as (app, pilot, screen):
        await rows_of(pilot, screen, "public.numbers")
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, ExportDialog), pilot)
        if form == "json":
            await pilot.press("ctrl+t")
        assert app.screen.query_one(Input).value == f"public.numbers.{form}"
        app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(lambda: not isinstance(app.screen, ExportDialog), pilot)
    if form == "csv":
        with path.open(newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) == 251 and rows[2] == ["2", 'x, "y"']
    else:
        found = json.loads(path.read_text())
        assert len(found) == 250 and found[0] == {"i": 1, "name": None}


async def test_a_backend_that_was_terminated_costs_one_key(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE VIEW no_key AS SELECT i FROM generate_series(1, 1000) i")
    async with schemas(database.conninfo) as (_, pilot, screen):
        data = await rows_of(pilot, screen, "public.no_key")
        with database.connect() as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                               "WHERE datname = current_database() AND pid <> pg_backend_pid()")
        await pilot.press("end")
        await until(lambda: not data.reading and data.error is not None, pilot)
        assert len(data.table.rows) == 100
        await until(lambda: screen.connection.state is ConnectionState.LIVE, pilot)
        await pilot.press("up", "down")
        await until(lambda: not data.reading and len(data.table.rows) == 200, pilot)


async def test_a_partition_leads_from_the_detail_into_the_tree(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE whole (id int) PARTITION BY RANGE (id);"
                           "CREATE TABLE whole_1 PARTITION OF whole FOR VALUES FROM (0) TO (10)")
    async with schemas(database.conninfo) as (_, pilot, screen):
        await go_to(pilot, screen, "public.whole", "Partitions")
        await until(lambda: screen.state.detail.is_ready and screen.focused is screen.query_one("#content"), pilot)
        await pilot.press("enter")
        await until(lambda: screen.state.detail.subject is not None
                    and screen.state.detail.subject.name == "public.whole_1", pilot)


async def test_more_partitions_than_a_page_are_said_to_be_more(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE TABLE whole (id int) PARTITION BY RANGE (id)")
        connection.execute("DO $$ BEGIN FOR i IN 1..201 LOOP EXECUTE format("
                           "'CREATE TABLE whole_%s PARTITION OF whole FOR VALUES FROM (%s) TO (%s)', i, i, i + 1);"
                           "END LOOP; END $$")
    async with schemas(database.conninfo) as (app, pilot, screen):
        await go_to(pilot, screen, "public.whole", "Partitions")
        await until(lambda: screen.state.detail.is_ready, pilot)
        assert "the first 200 partitions by name; the tree has them all" in screen_text(app)
