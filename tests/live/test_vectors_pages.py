"""The tabs Hybrid and Load, and fixes, on a real server: what was found, what mends it, and what is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.ui.screens.vectors.hybrid_page import HybridPage
from console.ui.screens.vectors.hybrid_state import HybridSetup
from console.ui.screens.vectors.load_page import SearchLoadPage
from console.ui.screens.vectors.load_state import LoadSetup
from console.ui.screens.vectors.screen import VectorsScreen
from console.vectors.query_source import QuerySource
from tests.live.test_vectors import run
from tests.live.test_vectors_screen import choose, console, said
from tests.support.servers import Database, LiveServer
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def fill(database: Database) -> None:
    run(database, 'CREATE SCHEMA "odd ""x"', 'CREATE EXTENSION vector SCHEMA "odd ""x"',
        'CREATE TABLE notes (id int PRIMARY KEY, g int, "bo""dy" text, v "odd ""x".vector(4))',
        "INSERT INTO notes SELECT i, i % 500, 'note ' || i || repeat(' walrus', (i % 97 = 0)::int), "
        "ARRAY[i % 61, i % 47, i % 31, i % 7]::float4[]::\"odd \"\"x\".vector FROM generate_series(1, 9000) i",
        'CREATE INDEX notes_v ON notes USING hnsw (v "odd ""x".vector_l2_ops)',
        "CREATE INDEX notes_body ON notes USING gin (to_tsvector('english', \"bo\"\"dy\"))",
        'CREATE TABLE loose ("bo""dy" text, v "odd ""x".vector(4))',
        "INSERT INTO loose VALUES ('walrus', '[1,2,3,4]')", "VACUUM ANALYZE")


@pytest.fixture
def notes(embedded: LiveServer) -> Iterator[Database]:
    with embedded.database(embedded.template("vector-pages", fill)) as found:
        yield found


async def searched(pilot: Pilot[int], screen: VectorsScreen, question: QuerySource) -> None:
    screen.actions.search_for(question)
    await until(lambda: screen.state.result is not None and not screen.actions.is_searching, pilot)


async def test_the_fix_that_was_tried_brings_the_rows(notes: Database) -> None:
    """The planner takes the filter for a third of the rows: the index brings none of them, the fix all."""
    async with console(notes.conninfo) as (_, pilot, screen):
        await choose(pilot, screen, "public.notes.v")
        screen.actions.change(where="abs(g) < 2")
        await searched(pilot, screen, QuerySource("vector", "[1,2,3,4]"))
        assert screen.state.result is not None and len(screen.state.result.hits) < 10
        await until(lambda: bool(screen.state.fixes), pilot)
        assert all(fix.trial.state == "run" for fix in screen.state.fixes or () if fix.kind == "settings")
        before = screen.state.result
        await pilot.press("f")
        if len(screen.state.fixes or ()) > 1:
            await pilot.press("enter")
        await until(lambda: screen.state.result is not before and not screen.actions.is_searching, pilot)
        assert screen.state.result is not None and len(screen.state.result.hits) == 10
        assert screen.state.fixes is None and "10 of 10 rows" in said(screen.app)


async def test_hybrid_without_an_embedder(notes: Database) -> None:
    """It says what is missing; after a search the words are fused with its vector, without the row that it is of."""
    async with console(notes.conninfo) as (app, pilot, screen):
        await choose(pilot, screen, "public.notes.v")
        await screen.go_to("hybrid")
        page = screen.page
        assert isinstance(page, HybridPage)
        page._take(HybridSetup("walrus"))
        await until(lambda: "search by a row or a vector first" in said(app), pilot)
        await screen.go_to("results")
        await searched(pilot, screen, QuerySource("row", "97", ("97",)))
        await screen.go_to("hybrid")
        await pilot.press("R")
        await until(lambda: page.state.result is not None and not page.is_searching, pilot)
        result = page.state.result
        assert result is not None and result.vector_index == "notes_v"
        assert "the vector is the last search's" in said(app)
        assert len(result.rows) == 10 and any(row.text_rank for row in result.rows)
        assert all(row.key != ("97",) for row in result.rows)
        with notes.connect() as connection:
            shown = connection.execute(result.sql).fetchall()  # type: ignore[arg-type]
        assert [str(row[0]) for row in shown if str(row[0]) != "97"][:10] == [row.key[0] for row in result.rows]
        await choose(pilot, screen, "public.loose.v")
        page._take(HybridSetup("walrus"))
        await until(lambda: "has no key by which both ranks" in said(app), pilot)


async def test_a_hybrid_search_is_stopped_at_once(notes: Database) -> None:
    """The statement is cancelled on the server, and the next search runs."""
    async with console(notes.conninfo) as (app, pilot, screen):
        await choose(pilot, screen, "public.notes.v")
        await searched(pilot, screen, QuerySource("vector", "[1,2,3,4]"))
        await screen.go_to("hybrid")
        page = screen.page
        assert isinstance(page, HybridPage)
        screen.actions.change(where="pg_sleep(0.2) IS NOT NULL")
        await until(lambda: page.state.shown.setup.where is not None, pilot)
        page._take(HybridSetup("note"))
        with notes.connect() as connection:
            def running() -> int:
                return connection.execute(
                    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(0.2)%' "
                    "AND state = 'active' AND pid <> pg_backend_pid()").rowcount

            await until(lambda: running() > 0, pilot)
            await pilot.press("escape")
            await until(lambda: running() == 0 and "stopped: R searches again" in said(app), pilot)
        screen.actions.change(where=None)
        await until(lambda: page.state.shown.setup.where is None, pilot)
        await pilot.press("R")
        await until(lambda: page.state.result is not None and not page.is_searching, pilot)


async def test_a_load_to_its_end_and_one_whose_server_goes_away(notes: Database) -> None:
    """Its clients' connections are gone when it ends, and when it is stopped."""
    async with console(notes.conninfo) as (app, pilot, screen):
        await choose(pilot, screen, "public.notes.v")
        await screen.go_to("load")
        page = screen.page
        assert isinstance(page, SearchLoadPage)
        target = app.connection.target
        assert target is not None
        page.state.setup = LoadSetup(clients=(1, 3), seconds=0.3, queries=20)
        page._begin(target)
        await until(lambda: not page.is_measuring, pilot)
        assert page.state.error is None, page.state.error.lines()
        done = page.state.done
        assert done is not None and [point.clients for point in done.points] == [1, 3]
        assert done.index_used == "notes_v" and all(point.queries for point in done.points)
        assert "searches a second" in said(app)
        page.state.setup = LoadSetup(clients=(3,), seconds=60, queries=20)
        page._begin(target)
        await until(lambda: page.state.clients == 3, pilot)
        with notes.connect() as connection:
            def clients() -> int:
                found = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
                    "pg_backend_pid() AND query LIKE '%<->%' AND state <> 'idle'").fetchone()
                return int(found[0]) if found else 0

            await until(lambda: clients() > 0, pilot)
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
                               "current_database() AND pid <> pg_backend_pid() AND query LIKE '%<->%'")
            await until(lambda: not page.is_measuring, pilot)
            assert page.state.error is not None or (page.state.done is not None and any(
                words.startswith("3 clients: ") for words in page.state.done.warnings))
            page._begin(target)
            await until(lambda: clients() > 0, pilot)
            page.action_stop()
            await until(lambda: clients() == 0, pilot)
            assert "stopped" in said(app)
