"""The tabs Recall and Indexes of screen 6, prepared: what they look like, their dialogs, and a run as it goes."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from console.activity.records import CommandProgress
from console.ui.app import ConsoleApp
from console.ui.dialogs.choose import ChooseDialog
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.leave import LeaveDialog
from console.ui.screens.vectors.building import BuildStatus
from console.ui.screens.vectors.create_dialog import CreateDialog
from console.ui.screens.vectors.indexes_page import VectorIndexesPage
from console.ui.screens.vectors.indexes_state import IndexReading
from console.ui.screens.vectors.recall_dialog import RecallDialog
from console.ui.screens.vectors.recall_page import RecallPage
from console.ui.screens.vectors.recall_state import RecallSetup
from console.ui.screens.vectors.recalls import Recalls
from console.ui.screens.vectors.screen import VectorsScreen
from console.ui.screens.vectors.search_params import SearchParams
from console.vectors import ddl, measure, recall
from console.vectors.measure import Measurement, MeasurementPlan
from console.vectors.metrics import BY_NAME
from console.vectors.prepare import BuildFacts, SuggestedSql, column_advice
from console.vectors.records import (
    Blocker,
    BuildNotice,
    BuildStep,
    IndexFacts,
    Latency,
    LeftOver,
    Point,
    VectorRelationFacts,
)
from console.vectors.representations import representations
from console.vectors.search import SearchableColumn, SearchOptions
from console.view.table import plain
from console.view.vectors import indexes as view
from tests.support.builders import HOSTILE
from tests.support.screen_text import screen_text, until_golden
from tests.support.waiting import until
from tests.ui.conftest import World
from tests.ui.test_vectors import Prepared, column, index, server_settings, vectors

SIZES = pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["120x36", "80x24"])
FACTS = VectorRelationFacts(100, "r", 12_480.0, 900, 0, False, False, None, None, 0, 12_480, 310, 0.0, 1544, 12_480, 0,
                            0)


def latency(p50_ms: float) -> Latency:
    return Latency(p50_ms, p50_ms * 1.4, p50_ms * 2, p50_ms * 1.1)


def measurement(about: SearchableColumn, k: int = 10) -> Measurement:
    """The reference's real sweep; at 1000 the planner left the index."""
    figures = ((10, 0.797, 0.69), (20, 0.885, 1.11), (40, 0.939, 1.48), (80, 0.975, 2.39), (160, 0.991, 4.06),
               (320, 0.997, 8.14), (640, 0.9965, 14.5), (1000, 1.0, 21.3))
    points = tuple(
        Point(setting, "hnsw.ef_search", None, mean, max(0.0, mean - 0.4), 0.1, 0.014, 1 - mean, 10.0, latency(p50),
              None if setting == 1000 else "events_embedding_idx", (1.0,) * 95 + (mean,) * 5)
        for setting, mean, p50 in figures)
    plan = MeasurementPlan(about, BY_NAME["cosine"], k, sweep=tuple(number for number, _, _ in figures))
    exact = latency(18.8)
    found = recall.recommend(points, 0.95, k, exact, role="app", database="app")
    return Measurement(plan, about.indexes[0], 200, exact, points, found,
                       ("the planner left the index at 1000: those points are the exact search",), False)


def facts_of(*found: IndexFacts) -> IndexReading:
    return IndexReading(column(), found, FACTS, {},
                        column_advice(column(dimensions=1536), (), FACTS, BY_NAME["cosine"]),
                 (SuggestedSql("pgvector 0.8.1: 0.8.2 fixes a buffer overflow in parallel hnsw builds",
                         "ALTER EXTENSION vector UPDATE"),))


@asynccontextmanager
async def tab(world: World, keys: int, size: tuple[int, int] = (120, 36)
              ) -> AsyncIterator[tuple[ConsoleApp, Pilot[int], VectorsScreen, Prepared]]:
    """The screen on one of its last tabs."""
    async with vectors(world, size) as (app, pilot, screen, engine):
        for _ in range(keys):
            await pilot.press("left_square_bracket")
        yield app, pilot, screen, engine


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[IndexReading]:
    """What the Indexes tab reads: the last of this list."""
    found = [facts_of(
        IndexFacts(index(scans=4711), {"dimensions": 384, "m": 16, "ef_construction": 64}, 0.87),
        IndexFacts(index(oid=201, name="events_embedding_l2_hnsw", operators=["<->"], operator_class="vector_l2_ops",
                         is_valid=False, size_bytes=0, scans=0), None, None, "CREATE EXTENSION pageinspect shows "
                   "with what options it was built"))]

    def read_prepared(self: VectorIndexesPage) -> None:
        self.state.found = found[-1]

    monkeypatch.setattr(VectorIndexesPage, "_read", read_prepared)
    return found


@SIZES
async def test_recall(world: World, size: tuple[int, int]) -> None:
    async with tab(world, 3, size) as (app, pilot, screen, _):
        assert isinstance(screen.page, RecallPage) and "m measures, o says what" in " ".join(screen_text(app).split())
        assert screen.state.subject is not None
        screen.state.recalls.add(measurement(screen.state.subject), world.clock.now() - dt.timedelta(minutes=3))
        screen.show_all()
        await pilot.pause()
        await until_golden(app, pilot, f"vectors-recall-{size[0]}x{size[1]}")
        if size == (80, 24):
            await pilot.press("v")
            await until_golden(app, pilot, "vectors-recall-chart-80x24")


async def test_the_verdict_says_the_recall_at_its_setting(world: World) -> None:
    async with tab(world, 0) as (app, pilot, screen, _):
        assert screen.state.subject is not None
        screen.state.recalls.add(measurement(screen.state.subject), world.clock.now() - dt.timedelta(minutes=3))
        await pilot.press("enter")
        await until(lambda: screen.state.result is not None and not screen.actions.is_searching, pilot)
        assert "recall@10 at this setting 0.94 (measured 3 min ago)" in " ".join(screen_text(app).split())


def test_which_measurement_holds() -> None:
    about = SearchableColumn(column(), (index(),), None, ())
    now = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
    kept = Recalls()
    kept.add(measurement(about), now)

    def words(setup: SearchParams) -> str:
        return kept.words(about, setup, server_settings(), now)

    assert "0.94" in words(SearchParams()) and "0.97" in words(SearchParams(options=SearchOptions(ef_search=80)))
    assert "0.94" in words(SearchParams(options=SearchOptions(iterative_scan="off")))
    for other in (SearchParams(k=20), SearchParams(where="true"), SearchParams(offset=5),
                  SearchParams(metric=BY_NAME["l2"]),
                  *(SearchParams(options=options)
                    for options in (SearchOptions(ef_search=41), SearchOptions(exact=True),
                                                   SearchOptions(iterative_scan="strict_order"),
                                                   SearchOptions(max_scan_tuples=5)))):
        assert words(other) == "", other


async def test_a_point_is_applied_or_copied(world: World) -> None:
    async with tab(world, 3) as (app, pilot, screen, _):
        assert screen.state.subject is not None
        screen.state.recalls.add(measurement(screen.state.subject), world.clock.now())
        screen.show_all()
        await pilot.press("down", "down", "down", "enter")
        assert isinstance(app.screen, ChooseDialog) and "ALTER DATABASE" in screen_text(app)
        await pilot.press("down", "down", "enter")
        assert "SET hnsw.ef_search = 80;" in app.clipboard and app.clipboard.startswith("ALTER ROLE")
        await pilot.press("Y")
        assert app.clipboard.startswith("SET LOCAL hnsw.ef_search = 80;\nALTER ROLE")
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert screen.state.setup.options.ef_search == 80
        # the exact search's row and a hidden point have nothing to set
        await pilot.press("end", "enter")
        assert app.screen is screen


@SIZES
async def test_what_to_measure(world: World, size: tuple[int, int]) -> None:
    async with tab(world, 3, size) as (app, pilot, _, _):
        await pilot.press("o")
        assert isinstance(app.screen, RecallDialog)
        await until_golden(app, pilot, f"vectors-recall-options-{size[0]}x{size[1]}")


def test_what_to_measure_is_checked() -> None:
    by = representations(column(), [index()])[0]
    dialog = RecallDialog(RecallSetup(), by, [column(), column(relation="held")], column())
    for key, value in (("queries", "0"), ("queries", "x"), ("sweep", "1, y"), ("modes", "sometimes"), ("target", "2"),
                       ("target", "?"), ("connections", "99")):
        with pytest.raises(Exception, match=r"from|no |none of|more than"):
            dialog.change(key, value)
    dialog.change("sweep", "40 10,40")
    dialog.change("modes", "off, strict_order")
    assert dialog.answer().sweep == (40, 10) and dialog.answer().modes == ("off", "strict_order")
    dialog.change("sample", "texts of a file")
    with pytest.raises(Exception, match="which file"):
        dialog.answer()
    dialog.change("sweep", ",".join(map(str, range(1, 30))))
    dialog.change("given", "x")
    with pytest.raises(Exception, match="at most 40 points"):
        dialog.answer()


async def test_a_measurement_is_stopped_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = asyncio.Event()

    async def for_ever(sessions: Any, plan: Any, tell: Any, cache: Any) -> Measurement:
        tell(measure.MeasurementProgress("exact", 45, 200))
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError

    monkeypatch.setattr("console.ui.screens.vectors.recall_state.measure", for_ever)
    async with tab(world, 3) as (app, pilot, screen, _):
        await pilot.press("m")
        page = screen.page
        assert isinstance(page, RecallPage)
        await until(lambda: "searching exactly" in screen_text(app) and "45 of 200" in screen_text(app), pilot)
        assert page.is_measuring
        await pilot.press("escape")
        await until(lambda: ended.is_set() and not page.is_measuring and "stopped" in screen_text(app), pilot)


@SIZES
async def test_indexes(world: World, size: tuple[int, int], read: list[IndexReading]) -> None:
    async with tab(world, 1, size) as (app, pilot, screen, _):
        assert isinstance(screen.page, VectorIndexesPage)
        await until_golden(app, pilot, f"vectors-indexes-{size[0]}x{size[1]}")
        await pilot.press("enter")
        assert "operator class" in screen_text(app) and "ef_construction = 64" in screen_text(app)


@SIZES
async def test_a_new_index(world: World, size: tuple[int, int], read: list[IndexReading]) -> None:
    async with tab(world, 1, size) as (app, pilot, _, _):
        target = app.connection.target
        assert target is not None
        facts = BuildFacts(FACTS, 12_480.0, 64 * 1024**2, 2, (index(),))
        answers: list[Any] = []
        app.push_screen(CreateDialog(target, column(dimensions=1536), BY_NAME["cosine"], facts, None), answers.append)
        await pilot.pause()
        await until_golden(app, pilot, f"vectors-create-{size[0]}x{size[1]}")
        dialog = app.screen
        assert isinstance(dialog, CreateDialog)
        dialog.change("method", "ivfflat")
        dialog.change("kind", "halfvec")
        dialog.change("memory", "2GB")
        for key, value in (("lists", "0"), ("memory", "lots"), ("workers", "-1"), ("lock", "x")):
            with pytest.raises(Exception, match=r"from|no "):
                dialog.change(key, value)
        dialog.show()
        await pilot.press("b")
        (order,) = answers
        assert order.sql.endswith(
            "USING ivfflat ((embedding::public.halfvec(1536)) public.halfvec_cosine_ops) WITH (lists = 12)")
        assert order.settings.maintenance_work_mem == "2GB"


async def test_a_build_as_it_goes(world: World, read: list[IndexReading]) -> None:
    """The blocker, the phase and its bar, notices, how it ended; leaving and cancelling ask."""
    async with tab(world, 1) as (app, pilot, screen, _):
        page = screen.page
        assert isinstance(page, VectorIndexesPage)
        standing = BuildStatus(ddl.reindex(index()))
        ending: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def work(tell: Any) -> Any:
            await ending
            return [("events_embedding_idx is built anew, 20 MB", "ok")]

        app.runs.start("reindex event_data.events_embedding_idx", "staging", work, on_stop="cancels it.",
                       standing=standing)
        standing.step = BuildStep(None, None, (Blocker(4711, "app_rw", "report", "idle in transaction", 840.0,
                                                       "UPDATE accounts"),))
        page._tick()
        await pilot.pause()
        assert "waits for pid 4711 (app_rw, report, idle in transaction 14 min): UPDATE accounts" in screen_text(app)
        progress = CommandProgress(1, None, "reindex", None, "t", "building index: loading tuples", 300, 1200,
                                   "blocks", "",
                            9.0)
        standing.step = BuildStep(progress, 27.0)
        standing.told.append(view.event_words(BuildNotice("NOTICE", "hnsw graph no longer fits", "raise it")))
        page._tick()
        await pilot.pause()
        shown = " ".join(screen_text(app).split())
        assert "25 % 27 s left" in shown and "NOTICE: hnsw graph no longer fits (raise it)" in shown
        await pilot.press("x", "b", "i")  # one at a time
        assert app.screen is screen
        await pilot.press("q")
        assert isinstance(app.screen, LeaveDialog) and "Leaving cancels it." in screen_text(app)
        await pilot.press("n", "a")
        assert isinstance(app.screen, ConfirmDialog) and "Cancel the build?" in screen_text(app)
        await pilot.press("n")
        ending.set_result(None)
        await pilot.pause()
        await pilot.pause()
        assert "events_embedding_idx is built anew, 20 MB" in screen_text(app)
        assert page.check_action("build", ()) and not page.check_action("abort", ())


async def test_nothing_is_built_on_a_read_only_target(world: World, read: list[IndexReading]) -> None:
    async with tab(world, 1) as (app, pilot, _, _):
        app.connection.read_only = True
        await pilot.press("x")
        assert "read-only in this console" in screen_text(app)
        await pilot.press("escape")
        app.connection.read_only = False
        await pilot.press("x")
        assert isinstance(app.screen, ConfirmDialog) and "DROP INDEX CONCURRENTLY" in screen_text(app)


def test_words_of_a_build() -> None:
    def line(step: BuildStep | None) -> str:
        return plain(view.step_line("create i", step, 61.0))

    progress = CommandProgress(1, None, "create index", None, "t", "building index: loading tuples", 7, 7, "blocks",
                               "", 9.0)
    assert "beginning" in line(None) and "working" in line(BuildStep(None, None))
    assert "a prepared transaction" in line(BuildStep(None, None, (Blocker(0, None, None, None, None, None),)))
    assert "the index is being written" in line(BuildStep(progress, 0.0))
    means = replace(progress, phase="building index: performing k-means", done=0, total=0)
    assert "performing k-means" in line(BuildStep(means, None)) and "%" not in line(BuildStep(means, None))
    assert "is dropped" in view.event_words(LeftOver("s.i", True, "DROP", None))[0]
    assert "DROP INDEX" in view.event_words(LeftOver("s.i", False, "DROP INDEX s.i", "another session"))[0]


async def test_hostile_names(world: World, read: list[IndexReading]) -> None:
    for name in HOSTILE:
        read.append(facts_of(IndexFacts(index(name=name, is_valid=False), None, None)))
    async with tab(world, 1) as (app, pilot, _, _):
        await pilot.press("R", "enter")
        await pilot.pause()
        assert "operator class" in screen_text(app)
