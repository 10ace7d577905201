"""Screen 6 with prepared searches: what it looks like, what it says first, and its dialogs. Real ones: tests/live."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input

from console.catalog.records import PageKey
from console.errors import ConsoleError, TimedOut, Unreachable
from console.plans.parse import plan_of
from console.plans.records import Fix, Trial
from console.services import Service
from console.ui.app import ConsoleApp
from console.ui.connection import ConnectionState
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.screens import ENTRIES
from console.ui.screens.vectors.dialogs import ColumnDialog, QuerySourceDialog
from console.ui.screens.vectors.engine import Engine
from console.ui.screens.vectors.fixes import FixesDialog
from console.ui.screens.vectors.screen import VectorsScreen
from console.ui.screens.vectors.search_params import SearchParams
from console.ui.screens.vectors.settings import SettingsDialog
from console.ui.screens.vectors.views import misfit_words
from console.ui.widgets.record_table import RecordTable
from console.vectors import values
from console.vectors.metrics import BY_NAME
from console.vectors.query_source import QuerySource, ResolvedQuery
from console.vectors.reasons.records import Reason
from console.vectors.records import (
    Candidates,
    Neighbor,
    SearchResult,
    SearchSetting,
    ShownColumn,
    VectorColumn,
    VectorIndex,
)
from console.vectors.search import SearchableColumn, SearchOptions, SearchRequest, compose
from tests.support.builders import HOSTILE
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import World, live, ticks

SIZES = pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
TITLES = ("Postgres as a vector store", "Recall in practice", "What the planner knows", "Dead rows and candidates",
          "Approximate, exactly", "Indexes nobody scans", "Hybrid rankings", "A week without a database",
          "Sparse and proud", "Half the precision")


def column(schema: str = "event_data", relation: str = "events", **changes: Any) -> VectorColumn:
    given: dict[str, Any] = {
        "relation_oid": 100, "schema": schema, "relation": relation, "relkind": "r", "is_partition": False,
        "position": 4, "name": "embedding", "type_name": "vector", "type_schema": "public", "dimensions": 384,
        "storage": "external", "is_not_null": False, "row_estimate": 12_480.0, "extension_schema": "public",
        "is_readable": True, "comment": "of title and abstract"}
    return VectorColumn(**given | changes)


def index(**changes: Any) -> VectorIndex:
    given: dict[str, Any] = {
        "oid": 200, "relation_oid": 100, "schema": "event_data", "relation": "events", "name": "events_embedding_idx",
        "method": "hnsw", "operator_class": "vector_cosine_ops", "operand_type": "vector", "operators": ["<=>"],
        "position": 4, "expression": "embedding", "predicate": None, "is_valid": True, "is_ready": True,
        "options": [], "size_bytes": 20_000_000, "tuples_per_page": 4.0, "scans": 12, "is_partitioned": False,
        "definition": ""}
    return VectorIndex(**given | changes)


def server_settings() -> dict[str, SearchSetting]:
    plain = {"hnsw.ef_search": "40", "hnsw.iterative_scan": "off", "hnsw.max_scan_tuples": "20000",
             "ivfflat.probes": "1", "ivfflat.iterative_scan": "off"}
    return {name: SearchSetting(name, value, value, "default", None, None, None) for name, value in plain.items()}


PLAN = plan_of({"Plan": {"Node Type": "Limit"}})


def shown_column(name: str, type_name: str = "text", sort: str = "text", average_bytes: int | None = None
                 ) -> ShownColumn:
    return ShownColumn(name, type_name, sort, f"pg_catalog.{type_name}", "pg_catalog", average_bytes)


FIXES = (
    Fix("settings", "SET LOCAL hnsw.iterative_scan = strict_order", Trial(
        "run", "events_embedding_idx", 10, 1, 10, 10, 2.1, 0.9), {"hnsw.iterative_scan": "strict_order",
                                                                 "enable_seqscan": "off"}),
    Fix("index", "CREATE INDEX CONCURRENTLY ON event_data.events USING hnsw (embedding public.vector_cosine_ops) "
        "WHERE (company = 'Cedar Labs')", Trial("not tried", note="it writes")))


class Prepared(Engine):
    """An engine that answers from memory; `lacking` rows are missing from each result, `failing` is raised."""

    def __init__(self, columns: Sequence[VectorColumn]) -> None:
        self.found = list(columns)
        self.lacking = 0
        self.failing: ConsoleError | None = None
        self.released = asyncio.Event()
        self.released.set()
        self.searched: list[SearchRequest] = []

    @property
    def embedder_names(self) -> list[str]:
        return ["demo"]

    def embedder_for(self, column: VectorColumn, name: str | None) -> Any:
        return None

    async def columns(self, *, anew: bool = False) -> list[VectorColumn]:
        return self.found

    async def subject(self, column: VectorColumn) -> tuple[SearchableColumn, dict[str, SearchSetting]]:
        shown = (shown_column("id", "int4", "fixed"), shown_column("title"), shown_column("company"),
                 ShownColumn("embedding", "public.vector", "vector", "public.vector", "public"))
        key = PageKey("events_pkey", ["id"], ["pg_catalog.int4"], ["pg_catalog"])
        return SearchableColumn(column, (index(),), key, shown), server_settings()

    async def resolve(self, about: SearchableColumn, question: QuerySource) -> ResolvedQuery:
        words = f'"{question.given}" (text, demo embedder)' if question.kind == "text" else "like the row id = 17"
        return ResolvedQuery(values.of_numbers([0.1] * 384, "vector"), None, words)

    async def find(self, request: SearchRequest) -> SearchResult:
        self.searched.append(request)
        await self.released.wait()
        if self.failing is not None:
            raise self.failing
        composed = compose(request)
        ef = request.options.ef_search or 40
        hits = [Neighbor(place + 1, 0.1182 + place * 0.0158, (str(700 + place * (1 if ef < 100 else 2)),),
                    (str(700 + place * (1 if ef < 100 else 2)), title, "Cedar Labs" if place % 2 else None))
                for place, title in enumerate(TITLES)]
        return SearchResult(
            request.subject.column, request.metric, request.k, tuple(hits[:request.k - self.lacking]),
            ("id", "title", "company"), (23, 25, 25), ("id",), composed.readable, dict(composed.settings), None, None,
            (), 1.2, 1.8)

    async def fixes(self, request: SearchRequest, result: SearchResult) -> tuple[Fix, ...]:
        return FIXES

    async def examine(self, request: SearchRequest, result: SearchResult) -> SearchResult:
        if not self.lacking:
            return replace(result, index_used="events_embedding_idx", plan=PLAN)
        reason = Reason("filtered-afterwards", "short", "the filter rejected 39 of the 40 candidates, and iterative "
                        "scan is off", "SET LOCAL hnsw.iterative_scan = strict_order")
        count = len(result.hits)
        return replace(result, index_used="events_embedding_idx", plan=PLAN, reasons=(reason,), candidates=Candidates(
            "events_embedding_idx", 1, 39), warnings=(
            f"{count} of {result.k} rows: the index events_embedding_idx gave 40 candidates, 39 of them rejected by "
            "the filter", reason.sentence))


@asynccontextmanager
async def vectors(world: World, size: tuple[int, int] = (120, 36), columns: Sequence[VectorColumn] | None = None
                  ) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], VectorsScreen, Prepared]]:
    """The screen with its columns read, on a prepared engine."""
    engine = Prepared([column(), column("document_store", "chunks", relation_oid=101, type_name="halfvec",
                                        row_estimate=900.0)] if columns is None else columns)
    world.services = (Service(name="document_store", schemas=("document_store",)),
                      Service(name="event_data", schemas=("event_data",)))
    entries = tuple(entry for entry in ENTRIES if entry.name in ("overview", "vectors"))
    async with world.console(size=size, entries=entries) as (app, pilot):
        await live(app, pilot)
        app.show_screen("vectors")
        screen = app.screen
        assert isinstance(screen, VectorsScreen)
        screen.actions.engine = engine
        await until(lambda: screen.actions.has_read, pilot)
        yield app, pilot, screen, engine


async def searched(pilot: Pilot[int], screen: VectorsScreen, given: str = "databases for search") -> None:
    screen.actions.search_for(QuerySource("text", given))
    await until(lambda: not screen.actions.is_searching, pilot)


@SIZES
async def test_at_first_it_says_what_to_press(world: World, size: tuple[int, int]) -> None:
    async with vectors(world, size) as (app, pilot, _, _):
        await until_golden(app, pilot, f"vectors-first-{size[0]}x{size[1]}")


@SIZES
async def test_a_search(world: World, size: tuple[int, int]) -> None:
    async with vectors(world, size) as (app, pilot, screen, _):
        await searched(pilot, screen)
        await until_golden(app, pilot, f"vectors-{size[0]}x{size[1]}")


@SIZES
async def test_too_few_rows_are_loud(world: World, size: tuple[int, int]) -> None:
    async with vectors(world, size) as (app, pilot, screen, engine):
        engine.lacking = 9
        screen.actions.change(where="starts_at > now()")
        await searched(pilot, screen)
        await until_golden(app, pilot, f"vectors-short-{size[0]}x{size[1]}")
        await pilot.press("f")
        await until(lambda: isinstance(app.screen, FixesDialog), pilot)
        await until_golden(app, pilot, f"vectors-fixes-{size[0]}x{size[1]}")


async def test_a_fix_is_searched_with_and_taken_back(world: World) -> None:
    async with vectors(world) as (app, pilot, screen, engine):
        engine.lacking = 9
        await searched(pilot, screen)
        await pilot.press("f", "enter")
        await until(lambda: bool(engine.searched[-1].options.more) and not screen.actions.is_searching, pilot)
        options = engine.searched[-1].options
        assert options.settings("hnsw") == {"hnsw.iterative_scan": "strict_order", "enable_seqscan": "off"}
        await pilot.press("Y", "enter")
        assert app.clipboard == FIXES[0].sql
        screen.action_settings("more")
        await until(lambda: isinstance(app.screen, SettingsDialog), pilot)
        await pilot.press("x", "escape")
        await until(lambda: engine.searched[-1].options.more == (), pilot)
        assert engine.searched[-1].options.iterative_scan == "strict_order"


def texts(folder: Path) -> list[str]:
    return [path.read_text() for path in sorted(folder.iterdir())]


async def test_an_index_becomes_a_migration(world: World, tmp_path: Path) -> None:
    """The next pair of the service's folder, asked about first; without a service it is said what is missing."""
    async with vectors(world) as (app, pilot, screen, engine):
        engine.lacking = 9
        await searched(pilot, screen)
        app.connection.services = ()
        await pilot.press("f", "down", "enter")
        await until(lambda: "no service owns the schema event_data" in screen_text(app), pilot)
        await pilot.press("escape")
        app.connection.services = (Service(name="events", schemas=("event_data",), folder=tmp_path),)
        (tmp_path / "0001_begin.up.sql").write_text("SELECT 1;")
        await pilot.press("f", "down", "enter")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        assert len(texts(tmp_path)) == 1
        await pilot.press("y")
        await until(lambda: len(texts(tmp_path)) == 3, pilot)
        down, up = texts(tmp_path)[1:]
        assert up.startswith("CREATE INDEX CONCURRENTLY events_embedding_hnsw ON event_data.events USING hnsw ")
        assert down.startswith("DROP INDEX CONCURRENTLY event_data.events_embedding_hnsw;")
        assert "no-transaction" in up and "no-transaction" in down and "WHERE company = 'Cedar Labs'" in up


@SIZES
async def test_two_searches_side_by_side(world: World, size: tuple[int, int]) -> None:
    async with vectors(world, size) as (app, pilot, screen, _):
        await searched(pilot, screen)
        await pilot.press("a")
        screen.actions.change(options=SearchOptions(ef_search=200))
        await searched(pilot, screen)
        await until_golden(app, pilot, f"vectors-compared-{size[0]}x{size[1]}")
        await pilot.press("a")
        assert "A #" not in screen_text(app)


@SIZES
async def test_the_sql(world: World, size: tuple[int, int]) -> None:
    async with vectors(world, size) as (app, pilot, screen, _):
        screen.actions.change(options=SearchOptions(ef_search=200))
        await searched(pilot, screen)
        await screen.go_to("sql")
        await pilot.pause()
        await until_golden(app, pilot, f"vectors-sql-{size[0]}x{size[1]}")


async def test_keys_are_asked_about_while_a_tab_is_being_made(world: World) -> None:
    async with vectors(world) as (_, pilot, screen, _):
        await searched(pilot, screen)
        going = asyncio.ensure_future(screen.go_to("sql"))
        while not going.done():
            assert screen.check_action("cancel", ()) is False
            await asyncio.sleep(0)
        await going
        assert screen.page_name == "sql"
        await screen.go_to("results")


@SIZES
async def test_what_can_be_set(world: World, size: tuple[int, int]) -> None:
    async with vectors(world, size) as (app, pilot, screen, engine):
        await searched(pilot, screen)
        await pilot.press("o")
        await until(lambda: isinstance(app.screen, SettingsDialog), pilot)
        await until_golden(app, pilot, f"vectors-settings-{size[0]}x{size[1]}")
        await pilot.press("down", "enter")
        await until(lambda: bool(app.screen.query(Input)), pilot)
        app.screen.query_one(Input).value = "none"
        await pilot.press("enter")
        assert "a whole number from 1 to" in screen_text(app)
        app.screen.query_one(Input).value = "3"
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, SettingsDialog), pilot)
        await pilot.press("escape")
        await until(lambda: len(engine.searched) == 2 and not screen.actions.is_searching, pilot)
        assert engine.searched[-1].k == 3


async def test_filters_are_made_of_three_answers(world: World) -> None:
    async with vectors(world) as (app, pilot, screen, engine):
        await searched(pilot, screen)
        await pilot.press("o")
        await until(lambda: isinstance(app.screen, SettingsDialog), pilot)
        app.screen.query_one(RecordTable).select("filter")
        await pilot.press("enter")
        for answer in ("company", "=", "Cedar's"):
            await until(lambda: bool(app.screen.query(Input)), pilot)
            app.screen.query_one(Input).value = answer
            await pilot.pause()
            await pilot.press("enter")
            await pilot.pause()
        await until(lambda: isinstance(app.screen, SettingsDialog), pilot)
        assert "company = Cedar's" in screen_text(app)
        await pilot.press("escape")
        await until(lambda: len(engine.searched) == 2 and not screen.actions.is_searching, pilot)
        composed = compose(engine.searched[-1])
        assert "company OPERATOR(pg_catalog.=) $2::pg_catalog.text" in composed.statement.sql
        assert composed.statement.params[1] == "Cedar's"
        await pilot.press("o")
        await until(lambda: isinstance(app.screen, SettingsDialog), pilot)
        app.screen.query_one(RecordTable).select("filter 0")
        await pilot.press("x", "escape")
        await until(lambda: len(engine.searched) == 3 and not screen.actions.is_searching, pilot)
        assert engine.searched[-1].filters == ()


async def test_a_metric_that_fits_no_index_is_warned_about_when_it_is_chosen(world: World) -> None:
    async with vectors(world) as (app, pilot, screen, _):
        screen.actions.change(metric=BY_NAME["l2"])
        await pilot.press("o")
        await until(lambda: isinstance(app.screen, SettingsDialog), pilot)
        shown = " ".join(screen_text(app).replace("│", " ").split())
        assert "L2 (<->) fits no index: events_embedding_idx serves cosine" in shown


@SIZES
async def test_a_thousand_columns_are_filtered(world: World, size: tuple[int, int]) -> None:
    many = [column("event_data" if place % 2 else "elsewhere", f"t{place:04}", relation_oid=place,
                   row_estimate=float(place)) for place in range(1000)]
    async with vectors(world, size, many) as (app, pilot, screen, _):
        assert screen.state.subject is not None and screen.state.subject.column.relation == "t0999"
        await pilot.press("c")
        await until(lambda: isinstance(app.screen, ColumnDialog), pilot)
        app.screen.query_one(Input).value = "elsewhere t0500"
        await pilot.pause()
        await until_golden(app, pilot, f"vectors-columns-{size[0]}x{size[1]}")
        await pilot.press("enter")
        await until(lambda: screen.state.subject is not None and screen.state.subject.column.relation == "t0500", pilot)


async def test_a_question_by_its_dialog(world: World) -> None:
    async with vectors(world) as (app, pilot, screen, engine):
        await pilot.press("n")
        await until(lambda: isinstance(app.screen, QuerySourceDialog), pilot)
        await pilot.press("enter")
        await until(lambda: "the text is empty" in screen_text(app), pilot)
        app.screen.query_one(Input).value = "[1, 2]"
        await pilot.pause()
        await pilot.press("enter")
        await until(lambda: "the vector has 2 dimensions" in screen_text(app), pilot)
        await until_golden(app, pilot, "vectors-question-120x36")
        app.screen.query_one(Input).value = "words"
        await pilot.press("up", "up", "enter")
        await until(lambda: len(engine.searched) == 1 and not screen.actions.is_searching, pilot)
        assert screen.state.setup.question == QuerySource("text", "words")


@pytest.mark.parametrize(("broken", "metric", "words"), [
    (True, "cosine", "the index events_embedding_idx is not valid, so the search will be exact; REINDEX"),
    (False, "l2", "L2 (<->) fits no index: events_embedding_idx serves cosine"), (True, "l2", "")])
def test_why_no_index_fits(broken: bool, metric: str, words: str) -> None:
    about = SearchableColumn(column(), (index(is_valid=not broken),), None, ())
    told = misfit_words(about, SearchParams(metric=BY_NAME[metric]))
    assert told.startswith(words) and bool(told) == bool(words)


async def test_escape_cancels_and_the_screen_goes_on(world: World) -> None:
    async with vectors(world) as (app, pilot, screen, engine):
        engine.released.clear()
        screen.actions.search_for(QuerySource("text", "x"))
        await until(lambda: bool(engine.searched), pilot)
        assert "searching" in screen_text(app)
        await pilot.press("escape")
        assert "cancelled" in screen_text(app)
        engine.released.set()
        await pilot.press("R")
        await until(lambda: screen.state.result is not None and not screen.actions.is_searching, pilot)


async def test_an_error_stands_there_until_the_next_search(world: World) -> None:
    async with vectors(world) as (app, pilot, screen, engine):
        await searched(pilot, screen)
        engine.failing = TimedOut("staging: the search took longer than 60 s", hint="a smaller k, or an index")
        await searched(pilot, screen)
        shown = screen_text(app)
        assert "took longer than 60 s" in shown and "a smaller k, or an index" in shown
        assert "Postgres as a vector store" not in shown
        engine.failing = None
        engine.released.clear()
        await pilot.press("R")
        await until(lambda: "searching" in screen_text(app), pilot)
        assert "a smaller k" not in screen_text(app)
        engine.released.set()
        await until(lambda: not screen.actions.is_searching, pilot)
        assert "10 of 10 rows" in screen_text(app)


async def test_a_search_that_lost_the_server_is_not_repeated_unasked(world: World) -> None:
    async with vectors(world) as (app, pilot, screen, engine):
        engine.failing = Unreachable("staging: the connection was lost")
        await searched(pilot, screen)
        world.pool.fail(engine.failing)
        await ticks(world, app, pilot)
        await until(lambda: app.connection.state is ConnectionState.LOST, pilot)
        world.pool.recover()
        app.connection.retry_now()
        await until(lambda: app.connection.state is ConnectionState.LIVE and "R searches again" in screen_text(app),
                    pilot)
        assert len(engine.searched) == 1
        engine.failing = None
        await pilot.press("R")
        await until(lambda: screen.state.result is not None and not screen.actions.is_searching, pilot)


async def test_hostile_names_and_values(world: World) -> None:
    names = [name for name in HOSTILE if name and "\x00" not in name and "\ud800" not in name]
    odd = [column(name, name, relation_oid=place, comment=name) for place, name in enumerate(names)]
    async with vectors(world, columns=odd) as (app, pilot, screen, _):
        await searched(pilot, screen, "[bold]\x1b[31m not bold")
        assert "[bold]" in screen_text(app) and "\x1b" not in screen_text(app)
        await pilot.press("c")
        await until(lambda: isinstance(app.screen, ColumnDialog), pilot)
        assert "\x1b" not in screen_text(app)


async def test_nothing_to_search(world: World) -> None:
    async with vectors(world, columns=[]) as (app, _, _, _):
        assert "no table of console has a column of type vector" in screen_text(app)
    world.info = replace(world.info, extensions={})
    async with vectors(world, columns=[]) as (app, pilot, _, _):
        await until_golden(app, pilot, "vectors-without-pgvector-120x36")
