"""The tabs Recall and Indexes on real servers: a sweep and a build to the end, both stopped, and what they leave."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.screens.vectors.create_dialog import CreateDialog
from console.ui.screens.vectors.indexes_page import VectorIndexesPage
from console.ui.screens.vectors.recall_page import RecallPage
from console.ui.screens.vectors.recall_state import RecallSetup
from console.ui.screens.vectors.screen import VectorsScreen
from console.ui.widgets.record_table import RecordTable
from console.vectors import actions
from tests.live.test_vectors import run
from tests.live.test_vectors_recall import fill
from tests.live.test_vectors_screen import choose, console, said, until
from tests.support.servers import Database, LiveServer


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.fixture
def vectors(vector_server: LiveServer) -> Iterator[Database]:
    with vector_server.database(vector_server.template("recall", fill)) as found:
        yield found


async def tab(pilot: Pilot[int], screen: VectorsScreen, name: str, label: str = "public.items.v") -> Any:
    await choose(pilot, screen, label)
    await screen.go_to(name)
    await until(lambda: screen.page_name == name, pilot)
    return screen.page


def setups(count: int, sweep: tuple[int, ...]) -> RecallSetup:
    return RecallSetup(queries=count, sweep=sweep)


async def test_a_sweep_to_its_end(vectors: Database) -> None:
    """Chart, table and recommendation; a point is taken over, and the verdict of the next search says its recall."""
    async with console(vectors.conninfo) as (_, pilot, screen):
        page = await tab(pilot, screen, "recall")
        assert isinstance(page, RecallPage)
        page.state.setup = setups(40, (10, 40, 200))
        await pilot.press("m")
        await until(lambda: page.state.recalled is not None and not page.is_measuring, pilot)
        await until(lambda: all(words in said(screen.app) for words in (
            "measured", "exact", "p95 ms", "40 queries (stored rows)")), pilot)
        table = page.query_one("#points", RecordTable).table
        assert [row.cells[0].text for row in table.rows] == ["10", "40", "200", "exact"]
        recalls = [float(row.cells[1].text) for row in table.rows]
        assert recalls == sorted(recalls) and recalls[-1] == 1.0
        # a point is taken over
        await pilot.press("down", "down", "enter")
        await until(lambda: bool(screen.app.screen.query(Input)), pilot)
        await pilot.press("enter")
        await until(lambda: screen.state.setup.options.ef_search == 200, pilot)
        await screen.go_to("results")
        await pilot.press("enter")
        await until(lambda: screen.state.result is not None and not screen.actions.is_searching, pilot)
        assert f"recall@10 at this setting {table.rows[2].record.recall_mean:.2f} (measured" in said(screen.app)
        # the same sample again: the truth is known
        await screen.go_to("recall")
        before = page.state.recalled
        await pilot.press("m")
        await until(lambda: page.state.recalled is not before and not page.is_measuring, pilot)
        assert page.state.recalled is not None and page.state.recalled.done.is_truth_cached


async def test_a_sweep_is_stopped_at_once(vectors: Database) -> None:
    async with console(vectors.conninfo) as (_, pilot, screen):
        page = await tab(pilot, screen, "recall")
        screen.actions.change(where="pg_sleep(0.0001) IS NOT NULL")
        page.state.setup = setups(2000, (10,))
        await pilot.press("m")
        await until(lambda: page.state.progress is not None and page.state.progress.phase == "exact"
                    and page.state.progress.done > 0, pilot)
        await pilot.press("escape")
        await until(lambda: not page.is_measuring and "stopped" in said(screen.app), pilot)
        with vectors.connect() as connection:  # nothing goes on behind it
            await until(lambda: connection.execute(
                "SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(0.0001)%' "
                "AND state = 'active' AND pid <> pg_backend_pid()").rowcount == 0, pilot)
        # and it can be asked for something else at once
        screen.actions.change(where=None)
        page.state.setup = setups(20, (40,))
        await pilot.press("m")
        await until(lambda: page.state.recalled is not None and not page.is_measuring, pilot)


async def test_what_cannot_be_measured_is_said(vectors: Database, tmp_path: Path) -> None:
    async with console(vectors.conninfo) as (_, pilot, screen):
        page = await tab(pilot, screen, "recall", "public.empty.v")
        await pilot.press("m")
        await until(lambda: not page.is_measuring and "has no vector to ask for" in said(screen.app), pilot)
        page.state.setup = RecallSetup("vectors of a file", str(tmp_path / "none"))
        await pilot.press("m")
        await until(lambda: not page.is_measuring and "No such file" in said(screen.app), pilot)


async def test_a_build_to_its_end(vectors: Database) -> None:
    """Advice, a sample timed, the question, the build with who is in its way; then searches know the new index."""
    async with console(vectors.conninfo) as (app, pilot, screen):
        page = await tab(pilot, screen, "indexes")
        assert isinstance(page, VectorIndexesPage)
        await until(lambda: page.state.found is not None, pilot)
        await pilot.press("b")
        await until(lambda: isinstance(app.screen, CreateDialog), pilot)
        dialog = app.screen
        assert isinstance(dialog, CreateDialog)
        assert "4 001 rows" in said(app) or "4 000 rows" in said(app)
        assert "read-only in this console" in said(app)
        await pilot.press("escape")
        app.connection.read_only = False  # what W does after a question
        await pilot.press("b")
        await until(lambda: isinstance(app.screen, CreateDialog), pilot)
        dialog = app.screen
        assert isinstance(dialog, CreateDialog)
        dialog.change("metric", "l2")
        dialog.show()
        await pilot.press("t")
        await until(lambda: dialog._sample is not None, pilot)
        assert "rows took" in said(app)
        with vectors.connect(application_name="the writer") as writer:
            writer.execute("BEGIN")
            writer.execute("UPDATE items SET category = 1 WHERE id = 1")
            await pilot.press("b")
            await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
            app.screen.query_one(Input).value = "yes"  # no environment is configured
            await pilot.press("enter")
            await until(lambda: f"waits for pid {writer.info.backend_pid}" in said(app), pilot)
            assert "the writer" in said(app)
            writer.execute("COMMIT")
        await until(lambda: app.runs.current is None, pilot)
        await until(lambda: "items_v_l2_hnsw is built" in said(app), pilot)
        await until(lambda: screen.state.subject is not None and "items_v_l2_hnsw" in screen.state.subject.index_names,
                    pilot)
        await until(lambda: page.state.found is not None and len(page.state.found.indexes) == 2, pilot)


async def test_a_cancelled_build_is_left_named_then_dropped(vectors: Database,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "CLEAN_UP_LOCK_MS", 1)
    async with console(vectors.conninfo) as (app, pilot, screen):
        app.connection.read_only = False
        page = await tab(pilot, screen, "indexes")
        await until(lambda: page.state.found is not None, pilot)
        with vectors.connect() as writer:
            writer.execute("BEGIN")
            writer.execute("UPDATE items SET category = 1 WHERE id = 1")
            await pilot.press("b")
            await until(lambda: isinstance(app.screen, CreateDialog), pilot)
            await pilot.press("b")
            await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
            app.screen.query_one(Input).value = "yes"
            await pilot.press("enter")
            await until(lambda: f"waits for pid {writer.info.backend_pid}" in said(app), pilot)
            await pilot.press("a")
            await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
            await pilot.press("y")
            await until(lambda: app.runs.current is None, pilot)
            await until(lambda: "items_v_cosine_hnsw is not valid" in said(app), pilot)
            assert "is left not valid (another session is in the way)" in said(app)
            writer.execute("ROLLBACK")
        page.query_one("#indexes", RecordTable).select(next(
            str(index.index.oid) for index in page.state.found.indexes if not index.index.is_valid))
        await pilot.press("x")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        assert "It is not valid: no search goes by it." in said(app).replace(" │ ", " ")
        await pilot.press("y")  # "yes" was typed before
        await until(lambda: app.runs.current is None and page.state.found is not None
                    and [index.index.name for index in page.state.found.indexes] == ["items_v"], pilot)


async def test_without_rights_nothing_is_built_and_all_is_said(vectors: Database) -> None:
    run(vectors, "CREATE TABLE IF NOT EXISTS mine (id int)")
    with vectors.server.role() as role:
        run(vectors, f"GRANT SELECT ON items TO {role}")
        async with console(f"{vectors.conninfo} user={role}") as (app, pilot, screen):
            app.connection.read_only = False
            page = await tab(pilot, screen, "indexes")
            await until(lambda: page.state.found is not None, pilot)
            await pilot.press("b")
            await until(lambda: isinstance(app.screen, CreateDialog), pilot)
            await pilot.press("b")
            await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
            app.screen.query_one(Input).value = "yes"
            await pilot.press("enter")
            await until(lambda: app.runs.latest is not None and app.runs.current is None, pilot)
            await until(lambda: "must be owner of table items" in said(app), pilot)
        run(vectors, f"REVOKE ALL ON items FROM {role}")


async def test_a_condition_that_acts_is_asked_about_first(vectors: Database) -> None:
    """On a read-only target, by a search and by a measurement: refused with its reason, or run once when allowed."""
    acts = "pg_try_advisory_lock_shared(7)"
    async with console(vectors.conninfo) as (app, pilot, screen):
        await choose(pilot, screen, "public.items.v")
        screen.actions.change(where=acts)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        assert "Run it once?" in said(app) and "pg_try_advisory_lock_shared" in said(app)
        await pilot.press("escape")
        await until(lambda: app.screen is screen and not screen.actions.is_searching, pilot)
        assert screen.state.result is None and "pg_try_advisory_lock_shared" in said(app)
        page = await tab(pilot, screen, "recall")
        screen.actions.change(where=acts)
        page.state.setup = setups(5, (40,))
        await pilot.press("m")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        await pilot.press("escape")
        await until(lambda: not page.is_measuring and app.screen is screen, pilot)
        assert page.state.recalled is None and "pg_try_advisory_lock_shared" in said(app)
        await pilot.press("m")
        await until(lambda: isinstance(app.screen, ConfirmDialog), pilot)
        await pilot.press(*"yes", "enter")
        await until(lambda: page.state.recalled is not None and not page.is_measuring, pilot)
