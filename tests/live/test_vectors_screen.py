"""Screen 6 on real servers: searches of every kind, what they say when too little comes, plans, and bad input."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from console.clock import SystemClock
from console.config import Config, EmbedderConfig, PoolConfig
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.target import Target
from console.ui.app import ConsoleApp
from console.ui.connection import Sources
from console.ui.dialogs.failure import DetailDialog
from console.ui.dialogs.row_dialog import RowDialog
from console.ui.screens.vectors.dialogs import PromptDialog
from console.ui.screens.vectors.plan_page import SearchPlanPage
from console.ui.screens.vectors.screen import VectorsScreen
from console.ui.widgets.code_pane import CodePane
from console.vectors.filters import Filter
from console.vectors.metrics import BY_NAME
from console.vectors.query_source import QuerySource
from console.vectors.search import SearchOptions
from tests.live.test_vectors import DIMENSIONS, fill
from tests.support.screen_text import screen_text
from tests.support.servers import Database, LiveServer
from tests.support.waiting import until

QUERY = "[" + ",".join(["0.1", "-0.2"] * (DIMENSIONS // 2)) + "]"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.fixture
def vectors(vector_server: LiveServer) -> Iterator[Database]:
    with vector_server.database(vector_server.template("vectors", fill)) as found:
        yield found


@asynccontextmanager
async def console(conninfo: str, *, embedders: Mapping[str, EmbedderConfig] | None = None,
                  size: tuple[int, int] = (120, 36)) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], VectorsScreen]]:
    """The Vectors screen on a real database, its columns read."""
    clock, config = SystemClock(), Config(embedders=dict(embedders or {}))

    @asynccontextmanager
    async def open_target(name: str, tell: Any) -> AsyncIterator[Target]:
        yield Target(name=name, conninfo=conninfo, pool=PoolConfig(min_size=1, max_size=4), lock_timeout_ms=1000)

    app = ConsoleApp("live", Sources(
        config=config, clock=clock, names=lambda: ["live"], open_target=open_target, services_for=lambda _: (),
        pool_for=Pool, sampler_for=lambda pool, services, every_s: Sampler(pool, config, services, clock, every_s)),
        environment={"TERM": "xterm-256color", "LANG": "C.UTF-8"})
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(lambda: app.connection.info is not None, pilot)
            await pilot.press("6")
            await until(lambda: isinstance(app.screen, VectorsScreen) and app.screen.actions.has_read, pilot)
            screen = app.screen
            assert isinstance(screen, VectorsScreen)
            yield app, pilot, screen
    finally:
        await app.connection.close()


async def choose(pilot: Pilot[int], screen: VectorsScreen, label: str) -> None:
    """Takes that column, by key and dialog."""
    await pilot.press("c")
    await until(lambda: bool(screen.app.screen.query(Input)), pilot)
    screen.app.screen.query_one(Input).value = label
    await pilot.pause()
    await pilot.press("enter")
    await until(lambda: screen.state.subject is not None and screen.state.subject.column.label == label, pilot)


async def done(pilot: Pilot[int], screen: VectorsScreen) -> None:
    """Waits until the search and its plan are there, or it has failed."""
    await until(lambda: not screen.actions.is_searching, pilot)


async def search(pilot: Pilot[int], screen: VectorsScreen, question: QuerySource, **changes: Any) -> str:
    """Searches and answers with what the screen says, its lines joined."""
    screen.actions.change(**changes)
    screen.actions.search_for(question)
    await done(pilot, screen)
    return said(screen.app)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def said(app: App[Any]) -> str:
    """What is on the screen, however it is wrapped."""
    return " ".join(screen_text(app).split())


def ids(screen: VectorsScreen) -> list[str]:
    return [row.record.key[0] for row in screen.results.table.table.rows]


async def test_enter_is_all_that_a_newcomer_presses(vectors: Database) -> None:
    async with console(vectors.conninfo) as (app, pilot, screen):
        assert screen.state.subject is not None and screen.state.subject.column.relation == "items"
        assert "enter searches" in said(app)
        await pilot.press("enter")
        await until(lambda: screen.state.result is not None, pilot)
        await done(pilot, screen)
        shown = said(app)
        assert "10 of 10 rows in" in shown and "through items_v (hnsw, ef_search 40)" in shown
        assert "took server" in shown and "transfer" in shown and "render" in shown
        asked = screen.state.request
        assert asked is not None and asked.exclude is not None and asked.exclude[0] not in ids(screen)


async def test_more_like_this_goes_on_from_a_result(vectors: Database) -> None:
    async with console(vectors.conninfo) as (app, pilot, screen):
        await search(pilot, screen, QuerySource("row", "17"))
        second = ids(screen)[1]
        await pilot.press("down", "m")
        await until(lambda: screen.state.request is not None and screen.state.request.exclude == (second,), pilot)
        await done(pilot, screen)
        assert second not in ids(screen) and f"like the row id = {second}" in said(app)


async def test_the_whole_row_on_enter_with_vectors_in_short(vectors: Database) -> None:
    async with console(vectors.conninfo) as (app, pilot, screen):
        await search(pilot, screen, QuerySource("row", "17"))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RowDialog), pilot)
        shown = said(app)
        assert f"{DIMENSIONS} d, norm" in shown and "tenant" in shown


async def test_by_a_pasted_vector_and_a_file(vectors: Database, tmp_path: Path) -> None:
    async with console(vectors.conninfo) as (app, pilot, screen):
        await pilot.press("n")
        await pilot.pause()
        app.screen.query_one(Input).value = QUERY
        await pilot.press("enter")
        await until(lambda: screen.state.result is not None, pilot)
        await done(pilot, screen)
        found = ids(screen)
        (tmp_path / "query.json").write_text(QUERY)
        await search(pilot, screen, QuerySource("vector", f"@{tmp_path}/query.json"))
        assert ids(screen) == found
        assert "No such file" in await search(pilot, screen, QuerySource("vector", "@/nowhere/at all"))


async def test_by_the_row_of_another_table(vectors: Database) -> None:
    with vectors.connect() as connection:
        connection.execute(f"CREATE TABLE questions (name text PRIMARY KEY, q vector({DIMENSIONS}))")
        connection.execute("INSERT INTO questions SELECT 'one', v FROM items WHERE id = 17")
    async with console(vectors.conninfo) as (_, pilot, screen):
        shown = await search(pilot, screen, QuerySource("other", "one", column="public.questions.q"))
        assert ids(screen)[0] == "17" and "like public.questions.q, row name = one" in shown


async def test_by_text_through_an_embedder(vectors: Database) -> None:
    command = f"python3 -c \"print([0.1, -0.2] * {DIMENSIONS // 2})\""
    good = EmbedderConfig(name="good", command=command)
    async with console(vectors.conninfo, embedders={"good": good}) as (app, pilot, screen):
        await pilot.press("n")
        await pilot.pause()
        await pilot.press(*"words", "enter")
        await until(lambda: screen.state.result is not None, pilot)
        await done(pilot, screen)
        by_text = ids(screen)
        assert '"words" (text, good embedder)' in said(app)
        await search(pilot, screen, QuerySource("vector", QUERY))
        assert ids(screen) == by_text


@pytest.mark.parametrize(("command", "words"), [
    ("echo '[1, 2]'", f"it gives 2 dimensions, the column has {DIMENSIONS}"),
    ("echo rubbish", "the answer is not JSON"),
    ("sh -c 'exit 3'", "the command ended with 3"),
    ("sleep 60", "no answer in 1 s"),
])
async def test_an_embedder_that_fails(embedded: LiveServer, command: str, words: str) -> None:
    from console.config import Duration

    with embedded.database(embedded.template("vectors", fill)) as database:
        bad = EmbedderConfig(name="bad", command=command, timeout=Duration(1))
        async with console(database.conninfo, embedders={"bad": bad}) as (_, pilot, screen):
            assert words in await search(pilot, screen, QuerySource("text", "x"))
            assert "through items_v" in await search(pilot, screen, QuerySource("vector", QUERY))


async def test_escape_ends_a_slow_embedder(embedded: LiveServer, tmp_path: Path) -> None:
    begun = tmp_path / "pid"
    with embedded.database(embedded.template("vectors", fill)) as database:
        script = f"sh -c 'echo $$ > {begun}.new; mv {begun}.new {begun}; sleep 600'"
        slow = EmbedderConfig(name="slow", command=script)
        async with console(database.conninfo, embedders={"slow": slow}) as (app, pilot, screen):
            screen.actions.search_for(QuerySource("text", "x"))
            await until(begun.exists, pilot)
            await pilot.press("escape")
            assert "cancelled" in said(app)
            await until(lambda: not is_running(int(begun.read_text())), pilot)


async def test_too_few_rows_are_loud_and_told_why(vectors: Database) -> None:
    async with console(vectors.conninfo) as (_, pilot, screen):
        shown = await search(pilot, screen, QuerySource("vector", QUERY), k=100)
        assert "ONLY 40 of 100 rows" in shown and "hnsw.ef_search is 40" in shown
        assert "fix: SET LOCAL hnsw.ef_search = 100" in shown
        shown = await search(pilot, screen, QuerySource("vector", QUERY), k=10, where="id % 100 = 3",
                             options=SearchOptions())
        result = screen.state.result
        assert result is not None
        if result.index_used:
            assert "the filter rejected" in shown and "iterative scan is off" in shown
        shown = await search(pilot, screen, QuerySource("vector", QUERY),
                             options=SearchOptions(iterative_scan="strict_order"))
        assert "10 of 10 rows" in shown


async def test_a_metric_that_fits_no_index_is_warned_about(vectors: Database) -> None:
    async with console(vectors.conninfo) as (_, pilot, screen):
        shown = await search(pilot, screen, QuerySource("vector", QUERY), metric=BY_NAME["l2"])
        assert "L2 (<->) fits no index: items_v serves cosine" in shown
        assert "10 of 10 rows" in shown and "exact" in shown


async def test_filters_are_typed_parameters(vectors: Database) -> None:
    async with console(vectors.conninfo) as (_, pilot, screen):
        await search(pilot, screen, QuerySource("vector", QUERY), columns=("category", "tenant"), filters=(
            Filter("category", "in", ("3", "4")), Filter("tenant", "=", ("t1",))))
        rows = screen.results.table.table.rows
        names = [column.title for column in screen.results.table.table.columns]
        assert {row.cells[names.index("tenant")].text for row in rows} == {"t1"}
        assert {row.cells[names.index("category")].text for row in rows} <= {"3", "4"}
        shown = await search(pilot, screen, QuerySource("vector", QUERY), filters=(Filter("category", "=", ("x'",)),))
        assert "invalid input syntax for type integer" in shown
        assert "does not exist" in await search(pilot, screen, QuerySource("vector", QUERY), filters=(),
                                                where="nope = 1")
        assert "syntax error" in await search(pilot, screen, QuerySource("vector", QUERY),
                                              where="id = 1); DROP TABLE x")
        assert "10 of 10" in await search(pilot, screen, QuerySource("vector", QUERY), where="id > 0 -- all")


async def test_two_searches_side_by_side(vectors: Database) -> None:
    async with console(vectors.conninfo) as (app, pilot, screen):
        await search(pilot, screen, QuerySource("vector", QUERY), options=SearchOptions(ef_search=1))
        await pilot.press("a")
        shown = await search(pilot, screen, QuerySource("vector", QUERY), options=SearchOptions(ef_search=200))
        assert "A ef_search 1:" in shown and "B ef_search 200:" in shown and "in common" in shown
        assert "A #" in shown and "moved" in shown
        await pilot.press("a")
        assert "A #" not in said(app)


async def test_the_sql_is_shown_and_runs_as_it_is_copied(vectors: Database) -> None:
    async with console(vectors.conninfo) as (app, pilot, screen):
        await search(pilot, screen, QuerySource("vector", QUERY), options=SearchOptions(ef_search=77), where="id > 5")
        await screen.go_to("sql")
        await pilot.pause()
        assert "SET LOCAL hnsw.ef_search = '77'" in said(app) and f"{DIMENSIONS} values]" in said(app)
        text = screen.query_one("#sql", CodePane).text
        with vectors.connect() as connection:
            statements = text.split(";\n")
            rows: list[tuple[Any, ...]] = []
            for statement in statements:
                cursor = connection.execute(statement.rstrip(";"))
                rows = cursor.fetchall() if cursor.description else rows
        assert [str(row[0]) for row in rows] == ids(screen)


async def test_the_plan_says_first_what_became_of_the_index(vectors: Database) -> None:
    async with console(vectors.conninfo) as (app, pilot, screen):
        async def plan() -> str:
            await screen.go_to("plan")
            page = screen.page
            assert isinstance(page, SearchPlanPage)
            await until(lambda: not page.is_reading and page.view.analysis is not None, pilot)
            return said(app)

        await search(pilot, screen, QuerySource("vector", QUERY), filters=(Filter("category", ">=", ("0",)),))
        shown = await plan()
        assert "Verdict: The index items_v is used" in shown and "Index Scan using items_v" in shown
        await screen.go_to("results")
        await search(pilot, screen, QuerySource("vector", QUERY), metric=BY_NAME["l2"], filters=())
        shown = await plan()
        assert "The vector index was not used" in shown and "the statement orders by <->" in shown


async def test_columns_of_every_kind(vectors: Database) -> None:
    with vectors.connect() as connection:
        connection.execute("CREATE SCHEMA \"odd [one]\"")
        connection.execute("CREATE TABLE \"odd [one]\".\"t \"\"q\"\"\" (\"the id\" int PRIMARY KEY, \"v[1]\" bit(8))")
        connection.execute("INSERT INTO \"odd [one]\".\"t \"\"q\"\"\" VALUES (1, '00001111'), (2, '11110000')")
        connection.execute("CREATE TABLE kinds (h halfvec(3), s sparsevec(5))")
        connection.execute("INSERT INTO kinds VALUES ('[1,2,3]', '{1:1,3:2}/5'), ('[3,2,1]', '{2:1}/5')")
        connection.execute("CREATE VIEW seen AS SELECT h FROM kinds")
    async with console(vectors.conninfo) as (_, pilot, screen):
        for label, vector, words in (
                ('"odd [one]"."t ""q"""."v[1]"', "00001110", "Hamming"), ("public.kinds.h", "[1,2,3]", "cosine"),
                ("public.kinds.s", "{1:1}/5", "cosine"), ("public.seen.h", "[1,2,3]", "cosine"),
                ("public.bare.v", "[1,2,3]", "cosine")):
            await choose(pilot, screen, label)
            shown = await search(pilot, screen, QuerySource("vector", vector))
            assert words in shown and "of 10 rows" in shown and "no more that fit" in shown, shown
            shown = await search(pilot, screen, QuerySource("row"))
            found = "NO ROWS" if label == "public.bare.v" else "of 10 rows"  # of three dimensions there is no other
            assert "drawn at random" in shown and found in shown, shown
        await choose(pilot, screen, "public.seen.h")
        await search(pilot, screen, QuerySource("row"))
        await pilot.press("enter")
        await until(lambda: isinstance(screen.app.screen, DetailDialog), pilot)


@pytest.mark.parametrize(("given", "words"), [
    ("[1,2]", "has 2 dimensions"), ("[" + ",".join(["nan"] * DIMENSIONS) + "]", "only finite numbers"),
    ("[" + ",".join(["inf"] * DIMENSIONS) + "]", "only finite numbers"), ("[a,b]", "is no number"),
    ("", "the vector is empty"), ("[" + ",".join(["0"] * DIMENSIONS) + "]", "zero in every dimension"),
    ("[" + ",".join(["1"] * 16_001) + "]", "at most 16000")])
async def test_bad_vectors(embedded: LiveServer, given: str, words: str) -> None:
    with embedded.database(embedded.template("vectors", fill)) as database:
        async with console(database.conninfo) as (_, pilot, screen):
            assert words in await search(pilot, screen, QuerySource("vector", given))
            assert "through items_v" in await search(pilot, screen, QuerySource("vector", QUERY))


async def test_what_has_nothing_to_give(vectors: Database) -> None:
    async with console(vectors.conninfo) as (_, pilot, screen):
        await choose(pilot, screen, "public.nothing.v")
        assert "the table is empty" in await search(pilot, screen, QuerySource("row"))
        assert "NO ROWS" in await search(pilot, screen, QuerySource("vector", "[1,2,3]"))
        await choose(pilot, screen, "public.items.v")
        assert "has no row with id 99999" in await search(pilot, screen, QuerySource("row", "99999"))
        await choose(pilot, screen, "public.bare.v")
        assert "is NULL" in await search(pilot, screen, QuerySource("row", "2"))
        shown = await search(pilot, screen, QuerySource("vector", "[1,2,3]"))
        assert "only vectors of 3 dimensions are compared" in shown
        shown = await search(pilot, screen, QuerySource("vector", "[1,2,3,4]"))
        assert "NO ROWS" in shown and "only vectors of 4 dimensions are compared" in shown


async def test_escape_ends_a_search_at_once(vectors: Database) -> None:
    async with console(vectors.conninfo) as (app, pilot, screen):
        screen.actions.change(where="(SELECT count(*) FROM generate_series(1, 2000000000)) > id")
        screen.actions.search_for(QuerySource("vector", QUERY))
        running = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%2000000000%' " \
                  "AND pid <> pg_backend_pid()"
        with vectors.connect() as connection:
            def active() -> int:
                row = connection.execute(running).fetchone()
                return row[0] if row else 0

            await until(lambda: active() == 1, pilot)
            await pilot.press("escape")
            assert "cancelled" in said(app)
            await until(lambda: active() == 0, pilot)
        assert "10 of 10" in await search(pilot, screen, QuerySource("vector", QUERY), where=None)


async def test_a_row_of_ten_megabytes(embedded: LiveServer) -> None:
    with embedded.database(embedded.template("vectors", fill)) as database:
        with database.connect() as connection:
            connection.execute("CREATE TABLE big (id int PRIMARY KEY, body text, v vector(3))")
            connection.execute("INSERT INTO big VALUES (1, repeat('x', 10 * 1024 * 1024), '[1,2,3]')")
        async with console(database.conninfo) as (app, pilot, screen):
            await choose(pilot, screen, "public.big.v")
            await search(pilot, screen, QuerySource("vector", "[1,2,3]"))
            assert len(screen.results.table.table.rows[0].cells[-1].text) == 300
            await pilot.press("enter")
            await until(lambda: isinstance(app.screen, RowDialog), pilot)
            assert "10 MB" in said(app)


async def test_sixteen_thousand_dimensions(embedded: LiveServer) -> None:
    with embedded.database(embedded.template("vectors", fill)) as database:
        with database.connect() as connection:
            connection.execute("CREATE TABLE huge (id int PRIMARY KEY, v vector(16000))")
            connection.execute("INSERT INTO huge SELECT i, array_fill(i::real, ARRAY[16000])::vector "
                               "FROM generate_series(1, 3) i")
        async with console(database.conninfo) as (_, pilot, screen):
            await choose(pilot, screen, "public.huge.v")
            shown = await search(pilot, screen, QuerySource("row", "1"))
            assert "ONLY 2 of 10 rows" in shown


async def test_no_pgvector_and_no_rights(embedded: LiveServer, server15: LiveServer) -> None:
    with server15.database() as database:
        async with console(database.conninfo) as (app, _, _):
            shown = said(app)
            assert "pgvector is not installed" in shown and "CREATE EXTENSION vector" in shown
    with embedded.database(embedded.template("vectors", fill)) as database, embedded.role() as role:
        async with console(f"{database.conninfo} user={role}") as (app, _, _):
            shown = said(app)
            assert "may read none of the" in shown and "GRANT SELECT ON" in shown


async def test_a_handed_over_statement_presets_the_search(vectors: Database) -> None:
    async with console(vectors.conninfo) as (app, pilot, screen):
        app.hand_over("vectors", f"SELECT id FROM items i WHERE i.id > 3 ORDER BY w <-> '{QUERY}' "
                                  "LIMIT 7")
        await until(lambda: screen.state.result is not None and screen.state.result.plan is not None, pilot)
        request = screen.state.request
        assert request is not None and (request.subject.column.name, request.metric.name, request.k) == ("w", "l2", 7)
        assert request.where == "id > 3"
        app.hand_over("vectors", "SELECT id, v <=> $1 AS d FROM items ORDER BY d LIMIT $2")
        await until(lambda: screen.state.subject is not None and screen.state.subject.column.name == "v", pilot)
        assert screen.state.setup.metric == BY_NAME["cosine"] and "n asks" in said(app)
        app.hand_over("vectors", f"SELECT id FROM items WHERE id > $1 ORDER BY w <-> '{QUERY}' LIMIT 7")
        await until(lambda: "WHERE can't be taken over" in said(app) and screen.state.setup.where is None, pilot)
        app.hand_over("vectors", "SELECT 1")
        await until(lambda: "orders by no vector distance" in said(app), pilot)


async def test_the_sql_goes_to_query_with_its_settings(vectors: Database) -> None:
    async with console(vectors.conninfo) as (app, pilot, screen):
        await search(pilot, screen, QuerySource("vector", QUERY), options=SearchOptions(ef_search=77))
        await pilot.press("Q")
        await until(lambda: app.screen_name == "query" and any(
            "hnsw.ef_search" in editor.text for editor in app.screen.query(TextArea)), pilot)


async def test_the_bits_index_of_the_console_serves_the_column(embedded: LiveServer) -> None:
    with embedded.database(embedded.template("vectors", fill)) as database:
        with database.connect() as connection:
            connection.execute("DROP INDEX items_v")
            connection.execute(f"CREATE INDEX items_bits ON items USING hnsw ((binary_quantize(v)::bit({DIMENSIONS})) "
                               "bit_hamming_ops)")
        async with console(database.conninfo) as (app, pilot, screen):
            await choose(pilot, screen, "public.items.v")
            shown = await search(pilot, screen, QuerySource("vector", QUERY), options=SearchOptions(oversampling=20))
            assert "through items_bits (hnsw, ef_search 200)" in shown and "by bits oversampling 20x" in shown, shown
            await pilot.press("w")
            await until(lambda: isinstance(app.screen, PromptDialog), pilot)
            await pilot.press(*"id<500", "enter")  # searches, with no second enter
            await until(lambda: "filter id<500" in said(app), pilot)


async def test_a_pasted_vector_of_sixteen_thousand(embedded: LiveServer) -> None:
    with embedded.database(embedded.template("vectors", fill)) as database:
        async with console(database.conninfo) as (app, pilot, _):
            await pilot.press("n")
            await pilot.pause()
            app.screen.query_one(Input).value = "[" + ",".join(["0.123456789"] * 16_000) + "]"
            await pilot.press("enter")
            assert "16000 dimensions" in said(app)


async def test_each_column_remembers_its_search(vectors: Database) -> None:
    async with console(vectors.conninfo) as (_, pilot, screen):
        await search(pilot, screen, QuerySource("vector", QUERY), k=3)
        await choose(pilot, screen, "public.items.w")
        assert screen.state.setup.k == 10 and screen.state.result is None
        await choose(pilot, screen, "public.items.v")
        await until(lambda: screen.state.result is not None, pilot)
        assert screen.state.setup.k == 3 and len(ids(screen)) == 3
