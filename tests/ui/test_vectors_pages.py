"""The tabs Hybrid, Health, Map and Load of screen 6, prepared: what they look like, and what their keys do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input

from console.errors import UsageError
from console.server.target import Target
from console.ui.app import ConsoleApp
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.screens.vectors.dialogs import PromptDialog
from console.ui.screens.vectors.health_state import HealthState
from console.ui.screens.vectors.hybrid_dialog import HybridDialog
from console.ui.screens.vectors.hybrid_page import HybridPage
from console.ui.screens.vectors.hybrid_state import HybridSetup, HybridState, WordsColumn, words_columns
from console.ui.screens.vectors.load_dialog import LoadDialog
from console.ui.screens.vectors.load_page import SearchLoadPage
from console.ui.screens.vectors.load_state import LoadState
from console.ui.screens.vectors.map_page import MapPage
from console.ui.screens.vectors.screen import VectorsScreen
from console.vectors.health.findings import findings
from console.vectors.health.norms import norms_of
from console.vectors.health.records import ColumnHealth, IndexSight, Neighbours
from console.vectors.health.shares import share
from console.vectors.hybrid import Fusion
from console.vectors.mapping.records import MappedRow, VectorMap
from console.vectors.metrics import BY_NAME
from console.vectors.records import (
    ConcurrencyMeasurement,
    ConcurrencyPoint,
    FusedRow,
    HybridResult,
    Latency,
    TextSearch,
)
from console.view.table import plain
from console.view.vectors import load as view
from tests.support.builders import HOSTILE
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import World
from tests.ui.test_vectors import TITLES, Prepared, column, index, shown_column, vectors

SIZES = pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])


@asynccontextmanager
async def tab(world: World, name: str, size: tuple[int, int] = (120, 36)
              ) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], VectorsScreen, Prepared]]:
    async with vectors(world, size) as (app, pilot, screen, engine):
        await screen.go_to(name)
        await pilot.pause()
        yield app, pilot, screen, engine


# Hybrid


def fused() -> HybridResult:
    ranks = ((2, 1), (1, 4), (7, 2), (3, None), (None, 3), (4, None), (5, None), (6, 61), (None, 5), (8, None))
    rows = tuple(FusedRow(
        place + 1, 0.0325 - place * 0.0019, vector, None if vector is None else 0.11 + vector * 0.016, text,
        None if text is None else 0.4 / text, (str(700 + place),), (str(700 + place), TITLES[place], "Cedar Labs"))
        for place, (vector, text) in enumerate(ranks))
    return HybridResult(
        column(), BY_NAME["cosine"], 10, rows, ("id", "title", "company"), (23, 25, 25), ("id",),
        "WITH by_vector AS (\nSELECT 1\n), by_text AS (\nSELECT 2\n)\nSELECT id\nFROM by_vector FULL JOIN by_text", {},
        "events_embedding_idx", "events_search_idx", (), 2.1, 2.9)


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[HybridSetup]:
    """The hybrid searches that were asked for, each answered from memory."""
    asked: list[HybridSetup] = []

    async def read_columns(self: HybridState, engine: Any) -> None:
        self.columns = (WordsColumn("title", "events_search_idx"), WordsColumn("company", None))

    async def search(self: HybridState, engine: Any, allow: Any) -> None:
        asked.append(self.setup)
        if "fails" in self.setup.words:
            raise UsageError("no embedder is configured", hint="[embedders.NAME] in the configuration")
        self.result, self.asked = fused(), self.setup

    monkeypatch.setattr(HybridState, "read_columns", read_columns)
    monkeypatch.setattr(HybridState, "search", search)
    return asked


@SIZES
async def test_hybrid(world: World, searched: list[HybridSetup], size: tuple[int, int]) -> None:
    async with tab(world, "hybrid", size) as (app, pilot, _screen, _):
        await until(lambda: "Both ranks" in screen_text(app) and "in title" in screen_text(app), pilot)
        await until_golden(app, pilot, f"vectors-hybrid-first-{size[0]}x{size[1]}")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, PromptDialog), pilot)
        app.screen.query_one(Input).value = "databases for search"
        await pilot.press("enter")
        await until(lambda: len(searched) == 1 and "10 of 10 rows" in screen_text(app), pilot)
        await until_golden(app, pilot, f"vectors-hybrid-{size[0]}x{size[1]}")
        await pilot.press("o")
        await until(lambda: isinstance(app.screen, HybridDialog), pilot)
        await until_golden(app, pilot, f"vectors-hybrid-options-{size[0]}x{size[1]}")


async def test_weights_lean_by_one_key_and_stop_at_their_ends(world: World, searched: list[HybridSetup]) -> None:
    async with tab(world, "hybrid") as (app, pilot, screen, _):
        page = screen.page
        assert isinstance(page, HybridPage)
        page._take(HybridSetup("walrus", fusion=Fusion(3.0, 1.0)))
        for number, (key, weights) in enumerate((
                ("+", (2, 1)), ("+", (1, 1)), ("+", (1, 2)), ("+", (1, 4)), ("-", (1, 2))), 2):
            await pilot.press(key)
            await until(lambda number=number: len(searched) == number, pilot)  # type: ignore[misc]
            assert (searched[-1].fusion.vector_weight, searched[-1].fusion.text_weight) == weights
        assert HybridSetup(fusion=Fusion(1.0, 9.0)).leaning(1) == HybridSetup(fusion=Fusion(1.0, 9.0))
        await pilot.press("Y")
        await until(lambda: app.clipboard == fused().sql, pilot)


async def test_a_hybrid_search_that_fails_says_what_to_do(world: World, searched: list[HybridSetup]) -> None:
    async with tab(world, "hybrid") as (app, pilot, screen, _):
        page = screen.page
        assert isinstance(page, HybridPage)
        page._take(HybridSetup(f"fails {HOSTILE[1]}"))
        await until(lambda: "no embedder is configured" in screen_text(app), pilot)
        assert "[embedders.NAME]" in screen_text(app) and "n asks for other words" in screen_text(app)


def test_columns_of_words_are_those_that_an_index_has_first_then_the_longest_texts() -> None:
    shown = (shown_column("id", "int4", "fixed"), shown_column("kind", average_bytes=7),
             shown_column("note", average_bytes=90), shown_column("body"),
             shown_column("words", "tsvector", "other"), shown_column("v", "vector", "vector"))
    found = (TextSearch("by_body", None, "to_tsvector('english'::regconfig, body)", "english"),
             TextSearch("by_words", 4, "words", None), TextSearch(None, 4, "words", None))
    assert words_columns(shown, found) == [WordsColumn("body", "by_body"), WordsColumn("words", "by_words"),
                                           WordsColumn("note", None), WordsColumn("kind", None)]


# Health and Map


def health() -> ColumnHealth:
    rows = [(str(number // 40), number) for number in range(12_480)]

    def seen(every: int) -> Any:
        return share(((page, bool(every) and number % every == 0) for page, number in rows), is_sampled=False)

    draw = random.Random(7)
    norms = norms_of([(page, abs(draw.gauss(1.0, 0.15))) for page, _ in rows], "vector", is_sampled=False)
    partial = index(oid=202, name="events_embedding_new_idx", predicate="starts_at > '2026-01-01'")
    near = share(((str(number), number % 20 == 0) for number in range(200)), is_sampled=True)
    return ColumnHealth(
        column(), 12_480, 312, 312, False, 12_480.0, seen(24), seen(0), seen(0), seen(0), norms, ((384, 11_960),),
        1544.0, 312, 2600, 1310, 12_480,
        (IndexSight(index(), seen(24), nulls=520), IndexSight(partial, seen(3), nulls=520, excluded=3640)),
        Neighbours(near, near, BY_NAME["cosine"], 0.01, "events_embedding_idx"), (),
        ("dead elements in the graph are unknown: CREATE EXTENSION pageinspect (a superuser's) shows them",), 0.4)


@SIZES
async def test_health(world: World, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    released = asyncio.Event()

    async def read(self: HealthState, pool: Any) -> None:
        await released.wait()
        self.found = health()
        self.findings = findings(self.found)

    monkeypatch.setattr(HealthState, "read", read)
    async with tab(world, "health", size) as (app, pilot, _screen, _):
        await until(lambda: "looking at the column" in screen_text(app), pilot)
        released.set()
        await until(lambda: "rows looked at" in screen_text(app), pilot)
        await until_golden(app, pilot, f"vectors-health-{size[0]}x{size[1]}")
        await pilot.press("Y")
        await until(lambda: app.clipboard == next(finding.fix for finding in findings(health()) if finding.fix), pilot)


def mapped() -> VectorMap:
    draw = random.Random(11)
    centres = ((-3.0, 1.0, "talk"), (2.0, 2.0, "workshop"), (1.0, -2.5, HOSTILE[0]), (3.5, -1.0, "meetup"))
    rows = []
    for number in range(600):
        x, y, kind = centres[number % 4]
        rows.append(MappedRow((draw.gauss(x, 0.5), draw.gauss(y, 0.4)), str(number), (kind,)))
    rows.append(MappedRow((-4.5, -4.0), "601", ("talk",)))
    return VectorMap(column(), tuple(rows), ("kind",), (0.21, 0.13), (("601", 6.3),), (2.1, 2.1),
                     tuple((rank + 1, rows[1 + 4 * rank].place) for rank in range(5)), True, 12_480.0)


@SIZES
async def test_map(world: World, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    async def read(self: MapPage, state: Any) -> None:
        self._found, self._worker = mapped(), None
        self._paint()

    monkeypatch.setattr(MapPage, "_read", read)
    async with tab(world, "map", size) as (app, pilot, _screen, _):
        await until(lambda: "of their variance" in screen_text(app), pilot)
        await until_golden(app, pilot, f"vectors-map-{size[0]}x{size[1]}")
        await pilot.press("l")
        await until_golden(app, pilot, f"vectors-map-letters-{size[0]}x{size[1]}")


# Load


def loaded() -> ConcurrencyMeasurement:
    figures = ((1, 1151, 0.46, 3.07), (4, 1606, 1.78, 6.62), (16, 1882, 7.87, 14.2), (64, 1843, 35.5, 53.1))
    points = tuple(ConcurrencyPoint(clients, 5.0, rate * 5, Latency(p50, p95, p95 * 1.2, p50 * 1.1))
                   for clients, rate, p50, p95 in figures)
    return ConcurrencyMeasurement(points, "events_embedding_idx", (
        "asked by one process on one machine: it or the way to the server may be the limit, not the server",))


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[LoadState]:
    """The loads that were put on the server; each takes until it is released, or stopped."""
    begun: list[LoadState] = []

    async def measure(self: LoadState, sessions: Any, allow: Callable[..., Awaitable[Any]]) -> None:
        begun.append(self)
        self.clients = 16
        try:
            await asyncio.sleep(0 if self.setup.seconds == 1 else 3600)
            self.done, self.told = loaded(), self.words
        finally:
            self.clients = None

    monkeypatch.setattr(LoadState, "measure", measure)
    return begun


@SIZES
async def test_load(world: World, measured: list[LoadState], size: tuple[int, int]) -> None:
    """It is asked for, with what it takes of the server; nothing runs before that."""
    async with tab(world, "load", size) as (app, pilot, screen, _):
        page = screen.page
        assert isinstance(page, SearchLoadPage)
        await until_golden(app, pilot, f"vectors-load-first-{size[0]}x{size[1]}")
        await pilot.press("m")
        await until(lambda: isinstance(app.screen, LoadDialog), pilot)
        await until_golden(app, pilot, f"vectors-load-options-{size[0]}x{size[1]}")
        await pilot.press("escape")
        await until(lambda: app.screen is screen, pilot)
        assert not measured
        page.state.setup = replace(page.state.setup, seconds=1.0)
        await pilot.press("m", "m")
        await until(lambda: len(measured) == 1 and page.state.done is not None, pilot)
        await until_golden(app, pilot, f"vectors-load-{size[0]}x{size[1]}")


async def test_a_load_is_stopped_at_once_and_by_leaving(world: World, measured: list[LoadState]) -> None:
    async with tab(world, "load") as (_app, pilot, screen, _):
        page = screen.page
        assert isinstance(page, SearchLoadPage)
        for leave in ("escape", "left_square_bracket"):
            await pilot.press("m", "m")
            await until(lambda: page.is_measuring and bool(measured), pilot)
            await pilot.press(leave)
            await until(lambda: not page.is_measuring and page.state.is_stopped, pilot)


async def test_production_is_loaded_only_by_its_name(world: World, measured: list[LoadState]) -> None:
    async with tab(world, "load") as (app, pilot, screen, _):
        page = screen.page
        assert isinstance(page, SearchLoadPage)
        app.connection.target = Target(name="prod", conninfo="host=/nowhere", environment="production")
        await pilot.press("m", "m")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        assert "This is production." in screen_text(app)
        await pilot.press("y", "e", "s", "enter")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmDialog) and not measured
        await pilot.press(*"prod", "enter")
        await until(lambda: len(measured) == 1, pilot)


@pytest.mark.parametrize(("change", "wrong"), [
    (("clients", "0"), "from 1 to"), (("clients", "1,2,3,4,5,6,7,8,9"), "from 1 to 8 numbers"),
    (("clients", "257"), "from 1 to 256"), (("clients", "no"), "no whole number"), (("seconds", "61"), "at most 60"),
    (("seconds", "nan"), "more than 0"), (("seconds", "long"), "no number"), (("queries", "0"), "from 1 to")])
def test_a_load_is_bounded(change: tuple[str, str], wrong: str) -> None:
    dialog = LoadDialog(LoadState(), "demo", 100)
    with pytest.raises(UsageError, match=wrong):
        dialog.change(*change)


def test_more_clients_than_the_server_has_connections_are_refused() -> None:
    dialog = LoadDialog(LoadState(), "demo", 50)
    with pytest.raises(UsageError, match="the server has 50 connections"):
        dialog.answer()


def test_the_verdict_of_a_load() -> None:
    said = plain(view.verdict(loaded()))
    assert said.startswith("1 882 searches a second with 16 clients, p95 14 ms; 64 clients get no more, at 53 ms (3.7 ")
    rising = replace(loaded(), points=loaded().points[:2], index_used=None)
    assert "it may answer more with more clients · every search was exact" in plain(view.verdict(rising))
    none = ConcurrencyMeasurement((), None, ("asked by one", "1 clients: too many connections"))
    assert plain(view.verdict(none)) == "1 clients: too many connections" and not view.table(()).rows


@pytest.mark.parametrize("name", ["hybrid", "load", "health"])
async def test_without_a_column_it_is_said_why_and_no_key_promises_anything(world: World, name: str) -> None:
    async with vectors(world, (80, 24), columns=[]) as (app, pilot, screen, _):
        await screen.go_to(name)
        await until(lambda: any(words in screen_text(app) for words in ("nothing to search", "no table of")), pilot)
        for words in ("asks which load", "asks for the words", "look again", "enter search"):
            assert words not in screen_text(app)
        await pilot.press("m", "n", "enter", "R")
        assert app.screen is screen
