"""Migrations: every service's state, what a run would do, the run itself, and what has been done."""

from __future__ import annotations

import asyncio

from textual import events
from textual.app import ComposeResult
from textual.widgets import Input

from console.errors import ConsoleError
from console.migrate.overview import read_overview
from console.migrate.records import Direction, RunOptions
from console.server.session import Session
from console.ui.bindings import TABS, bindings
from console.ui.frame import ConsoleScreen
from console.ui.jobs import Job
from console.ui.screens.migrations import reading, views
from console.ui.screens.migrations.actions import MigrationActions
from console.ui.screens.migrations.browse_page import BrowsePage
from console.ui.screens.migrations.run_page import RunPage
from console.ui.screens.migrations.state import ACTIONS, MigrationsState, Standpoint
from console.ui.widgets.painting import console_app
from console.ui.widgets.status_line import StatusLine
from console.view.migrate import services as view

READ_EVERY_S = 20.0
"""How often the ledger is read while the screen is shown; also after each run and by R."""


class MigrationsScreen(ConsoleScreen):
    """Two pages: the lists, of services or of one service's migrations, and the run."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#services"
    BINDINGS = bindings("migrations", borrow=TABS, after="migrations.log")

    def __init__(self) -> None:
        super().__init__()
        self.state = MigrationsState()
        self.acting = MigrationActions(self, self.state)
        self.verdict = StatusLine(id="verdict")
        self.browse = BrowsePage(id="browse")
        self.run_page = RunPage(id="run")
        self.is_run_shown = False
        self._read_at_s: float | None = None
        self._busy = ""

    def body(self) -> ComposeResult:
        yield self.verdict
        yield self.browse
        yield self.run_page

    def on_mount(self) -> None:
        super().on_mount()
        self._listening = console_app(self).runs
        self._listening.listeners.append(self._hear)
        self._show_page(run=False)
        self.set_interval(0.5, self._show_headline)

    def on_unmount(self) -> None:
        self._listening.listeners.remove(self._hear)

    @property
    def place(self) -> Standpoint:
        """Where the person stands."""
        browse, runs = self.browse, console_app(self).runs
        return Standpoint(
            "run" if self.is_run_shown else "service" if browse.is_open else "services", self.state.found,
            browse.subject, browse.migration, is_running=runs.current is not None, has_run=runs.latest is not None,
            tabs=len(browse.detail.tabs), is_inside=browse.detail.has_focus_within)

    # reading

    async def sample(self, session: Session) -> None:
        """The ledgers and the files, now and then."""
        clock = console_app(self).clock
        if self._read_at_s is not None and clock.monotonic() - self._read_at_s < READ_EVERY_S:
            return
        await session.renew()
        services = self.connection.services
        overview = await read_overview(session, services)
        proved = await asyncio.to_thread(reading.proved, overview.statuses, session.info.major)
        self._read_at_s = clock.monotonic()
        self.state.take(overview, services, proved)
        self.browse.show(self.state.found)
        self._show_headline()
        self.refresh_bindings()

    def reread(self) -> None:
        """Reads everything again, now."""
        self._read_at_s = None
        self.refresh_now()

    def failed(self, error: ConsoleError) -> None:
        if not self.state.is_read:
            self.verdict.show(((f" {error.summary}", "critical"),))

    # pages

    def show_run(self) -> None:
        """Goes to the page of the run."""
        self._show_page(run=True)

    def _show_page(self, *, run: bool) -> None:
        self.is_run_shown = run
        page = self.run_page
        self.browse.display, page.display = not run, run
        self._show_headline()
        if not self.has_class("-waiting"):
            (page if run else self.browse).take_keys()
        if run:
            page.paint()
        self.refresh_bindings()

    def _show_headline(self) -> None:
        if not self.is_mounted:
            return
        place = self.place
        line = self.verdict
        if self._busy:
            line.show(((f" {self._busy}", "dim"),))
        elif place.page == "run" or place.is_running:
            line.show(self.run_page.headline())
        elif not self.state.is_read:
            line.show(((" reading the ledgers…", "dim"),))
        elif place.page == "service" and place.subject is not None:
            line.show(view.heading(place.subject.line))
        else:
            extra = views.extra_verdict(self.state, console_app(self).clock.now())
            line.show(view.verdict([subject.line for subject in self.state.found], extra))

    def _hear(self, run: Job) -> None:
        self.call_later(self._run_changed, run)  # the run is a task of its own, and widgets are this screen's

    def _run_changed(self, run: Job) -> None:
        if not self.is_mounted:
            return
        self.run_page.changed()
        if run.is_over:
            self.run_page.paint()
            self.reread()
            self.refresh_bindings()
            self._show_headline()
            self.acting.ask_again()

    # what pages and actions say

    def on_browse_page_moved(self) -> None:
        self._show_headline()
        self.refresh_bindings()

    def on_migration_actions_waiting(self, event: MigrationActions.Waiting) -> None:
        self._busy = event.words
        self._show_headline()

    def on_migration_actions_begun(self) -> None:
        self.show_run()

    def on_migration_actions_written(self) -> None:
        self.reread()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        super().on_screen_resume(event)
        if self.is_ready:
            self.acting.ask_again()

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        super().on_screen_suspend(event)
        if self not in self.app.screen_stack:
            self.browse.detail.stop()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready:
            return False
        if action in ACTIONS:
            is_typing = self.has_class("-waiting") or isinstance(self.focused, Input)
            return not is_typing and ACTIONS[action](self.place, *parameters)
        return not (action == "filter" and self.is_run_shown) and super().check_action(action, parameters)

    def action_run(self, direction: Direction) -> None:
        if self.browse.subject is not None:
            self.acting.run([self.browse.subject], self.browse.migration, direction)

    def action_run_tenants(self) -> None:
        if self.browse.subject is not None:
            self.acting.run([self.browse.subject], self.browse.migration, "up", RunOptions(keep_going=True))

    def action_script(self) -> None:
        if self.browse.subject is not None:
            self.acting.script(self.browse.subject, self.browse.migration)

    def action_run_all(self) -> None:
        self.acting.run(self.state.own, None, "up")

    def action_verify(self) -> None:
        if self.browse.subject is not None:
            self.acting.verify(self.browse.subject, self.browse.migration)

    def action_verify_all(self) -> None:
        self.acting.verify(None, None)

    def action_verify_pending(self) -> None:
        if self.browse.subject is not None:
            self.acting.verify_pending(self.browse.subject)

    def action_rehearse(self) -> None:
        if self.browse.subject is not None:
            self.acting.rehearse(self.browse.subject)

    def action_drift(self) -> None:
        self.acting.drift()

    def action_findings(self) -> None:
        self.browse.detail.choose_tab("Findings")

    def action_repair(self) -> None:
        if self.browse.subject is not None and self.browse.migration is not None:
            self.acting.repair(self.browse.subject, self.browse.migration)

    def action_new(self) -> None:
        if self.browse.subject is not None:
            self.acting.new(self.browse.subject)

    def action_abort(self) -> None:
        self.acting.abort()

    def action_log(self) -> None:
        self.show_run()

    def action_move_tab(self, step: int) -> None:
        self.browse.detail.move_tab(step)

    def action_other_side(self) -> None:
        self.browse.other_side()
        self.refresh_bindings()

    def action_back(self) -> None:
        if self.is_run_shown:
            self._show_page(run=False)
        elif self.browse.detail.has_focus_within:
            self.action_other_side()
        else:
            self.browse.close_service()
            self.browse.take_keys()

    def action_reread(self) -> None:
        self.reread()
        self.browse.detail.reread()
