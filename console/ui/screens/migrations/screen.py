"""Migrations: every service's state, what a run would do, the run itself, and what has been done."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from console.errors import ConsoleError
from console.migrate.overview import Overview, read_overview
from console.migrate.records import Direction
from console.server.session import Session
from console.ui.dialogs.failure import DetailDialog
from console.ui.frame import ConsoleScreen
from console.ui.jobs import Job
from console.ui.screens.migrations import reading
from console.ui.screens.migrations.actions import MigrationActions
from console.ui.screens.migrations.detail import Detail
from console.ui.screens.migrations.run_page import RunPage
from console.ui.screens.migrations.subjects import MigrationSubject, subjects
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.status_line import StatusLine
from console.view.migrate import services as view
from console.view.migrate.services import MigrationLine
from console.view.table import Row

READ_EVERY_S = 20.0
"""How often the ledger is read while the screen is shown; also after each run and by R."""

SMALLEST_LIST = 4

OWN = ("abort", "run", "run_all", "verify", "verify_all", "drift", "findings", "repair", "new", "log",
       "move_tab", "other_side", "back", "reread")
"""The actions that make sense when there is something to act on."""


class ActingTable(RecordTable, inherit_bindings=False):
    """A list whose own keys are those of the screen: they come first in the footer, `l` is not a direction."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "screen.run('up')", "run"),
        Binding("d", "screen.run('down')", "roll back"),
        Binding("v", "screen.verify", "verify"),
        Binding("l", "screen.findings", "lint"),
        Binding("enter", "choose", "open", key_display="enter"),
        *[replace(binding, key="right") if binding.key.startswith("right") else binding
          for binding in RecordTable.BINDINGS
          if isinstance(binding, Binding) and binding.key != "enter"],
    ]


class MigrationsScreen(ConsoleScreen):
    """See SCREENS.md, 3 Migrations. Three pages: services, one service's migrations, the run."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#services"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "abort", "abort the run", id="migrations.abort"),
        Binding("u", "run('up')", "run", id="migrations.up"),
        Binding("d", "run('down')", "roll back", id="migrations.down"),
        Binding("U", "run_all", "run all", show=False, id="migrations.all"),
        Binding("v", "verify", "verify", id="migrations.verify"),
        Binding("V", "verify_all", "verify all", show=False, id="migrations.verify_all"),
        Binding("c", "drift", "drift", show=False, id="migrations.drift"),
        Binding("l", "findings", "lint", id="migrations.lint"),
        Binding("p", "repair", "repair", id="migrations.repair"),
        Binding("n", "new", "new", id="migrations.new"),
        Binding("L", "log", "log", id="migrations.log"),
        Binding("right_square_bracket", "move_tab(1)", "tabs", key_display="[ ]", id="migrations.next_tab"),
        Binding("left_square_bracket", "move_tab(-1)", show=False, id="migrations.previous_tab"),
        Binding("tab", "other_side", "detail", key_display="tab", id="migrations.side"),
        Binding("escape", "back", "back", key_display="esc", id="migrations.back"),
        Binding("R", "reread", "read again", show=False, id="migrations.reread"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.page = "services"
        self.overview: Overview | None = None
        self.found: tuple[MigrationSubject, ...] = ()
        self.proved: Mapping[tuple[str, str], dt.datetime] = {}
        self.chosen_key = ""
        self.acting = MigrationActions(self)
        self._read_at_s: float | None = None
        self._busy = ""

    def body(self) -> ComposeResult:
        yield StatusLine(id="verdict")
        with Vertical(id="lists"):
            yield ActingTable(id="services")
            yield ActingTable(id="migrations")
        yield Detail(id="detail")
        yield RunPage(id="run")

    def on_mount(self) -> None:
        super().on_mount()
        self._listening = console_app(self).runs
        self._listening.listeners.append(self._run_changed)
        self._show_page("services")
        self.set_interval(0.5, self._show_headline)

    def on_unmount(self) -> None:
        self._listening.listeners.remove(self._run_changed)

    # widgets

    @property
    def services(self) -> RecordTable:
        return self.query_one("#services", RecordTable)

    @property
    def migrations(self) -> RecordTable:
        return self.query_one("#migrations", RecordTable)

    @property
    def detail(self) -> Detail:
        return self.query_one(Detail)

    # reading

    async def sample(self, session: Session) -> None:
        """The ledgers and the files, now and then."""
        clock = console_app(self).clock
        if self._read_at_s is not None and clock.monotonic() - self._read_at_s < READ_EVERY_S:
            return
        await session.renew()
        overview = await read_overview(session, self.connection.services)
        self.proved = await asyncio.to_thread(reading.proved, overview.statuses, session.info.major)
        self._read_at_s = clock.monotonic()
        self._show(overview)

    def reread(self) -> None:
        """Reads everything again, now."""
        self._read_at_s = None
        self.refresh_now()

    def failed(self, error: ConsoleError) -> None:
        if self.overview is None:
            self.query_one("#verdict", StatusLine).show(((f" {error.summary}", "critical"),))

    def _show(self, overview: Overview) -> None:
        self.overview = overview
        self.found = subjects(overview, self.connection.services, self.proved)
        empty = "no service has migrations here: [services.NAME] migrations in the configuration, or --migrations DIR"
        now = console_app(self).clock.now()
        self.services.show(view.services_table([migration_subject.line for migration_subject in self.found], now,
                                               empty))
        if (subject := self.subject) is not None and self.chosen_key:
            self.migrations.show(view.migrations_table(subject.line, now))
        self._fit()
        self._show_headline()
        self._show_detail()
        self.refresh_bindings()

    # what is chosen

    @property
    def subject(self) -> MigrationSubject | None:
        """The service that it is about: on its page, or under the cursor."""
        key = self.chosen_key or (self.services.row.key if self.services.row else "")
        return next((subject for subject in self.found if subject.line.key == key), None)

    @property
    def migration(self) -> MigrationLine | None:
        """The migration under the cursor, on the page of one service."""
        row, subject = self.migrations.row, self.subject
        return subject.migration(row.key) if self.page == "service" and row is not None and subject else None

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        if event.table in (self.services, self.migrations):
            self._show_detail()
            self.refresh_bindings()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        if event.table is self.services:
            self.open_service()
        elif event.table is self.migrations:
            self.detail.focus_content()
        elif self.detail.tab == "Migrations":
            self.open_service(event.row.key)
        elif self.detail.tab == "History":
            self._show_event(event.row)

    def _show_event(self, row: Row) -> None:
        event = row.record
        title = f"{event.event} {event.version or ''} {event.name or ''}".strip()
        self.app.push_screen(DetailDialog(title, *view.event_words(event)))

    def open_service(self, migration_key: str = "") -> None:
        """Goes to the page of the service under the cursor, to what is worth a look first."""
        subject = self.subject
        if subject is None or not subject.line.migrations:
            return
        self.chosen_key = subject.line.key
        self.migrations.needle, self.migrations.sort_key = "", None
        self.migrations.show(view.migrations_table(subject.line, console_app(self).clock.now()))
        lines = subject.line.migrations
        first = next((line for state in view.WORST for line in lines if line.state == state), lines[-1])
        self._show_page("service")
        self.migrations.select(migration_key or first.key)
        self._show_detail()

    # pages

    def _show_page(self, page: str) -> None:
        self.page = page
        self.query_one("#lists").display = self.detail.display = page != "run"
        self.services.display = page == "services"
        self.migrations.display = page == "service"
        self.query_one(RunPage).display = page == "run"
        self._fit()
        self._show_headline()
        focus = {"services": "#services", "service": "#migrations", "run": "#run-log"}[page]
        if not self.has_class("-waiting"):
            self.set_focus(self.query_one(focus))
        if page == "run":
            self.query_one(RunPage).paint()
        self.refresh_bindings()

    def _fit(self) -> None:
        """The list takes what it needs, up to less than half of the screen."""
        most = max(SMALLEST_LIST, (self.size.height - 6) * 45 // 100)
        for table in (self.services, self.migrations):
            height = max(SMALLEST_LIST - 1, min(len(table.table.rows) + 1, most))
            if table.styles.height is None or table.styles.height.value != height:
                table.styles.height = height

    def on_resize(self) -> None:
        self._fit()

    def _show_headline(self) -> None:
        if not self.is_mounted:
            return
        runs, page = console_app(self).runs, self.page
        line = self.query_one("#verdict", StatusLine)
        if self._busy:
            line.show(((f" {self._busy}", "dim"),))
        elif page == "run" or runs.current is not None:
            line.show(self.query_one(RunPage).headline())
        elif self.overview is None:
            line.show(((" reading the ledgers…", "dim"),))
        elif page == "service" and self.subject is not None:
            line.show(view.heading(self.subject.line))
        else:
            line.show(view.verdict([subject.line for subject in self.found], self.acting.told()))

    def busy(self, words: str) -> None:
        """Says what is being waited for, "" when nothing is."""
        self._busy = words
        self._show_headline()

    def _show_detail(self) -> None:
        if self.page == "services":
            self.detail.show_subject(self.subject)
        elif self.page == "service":
            self.detail.show_subject(self.subject, self.migration)

    # the run

    def _run_changed(self, run: Job) -> None:
        if not self.is_mounted:
            return
        self.query_one(RunPage).changed()
        if run.is_over:
            self.query_one(RunPage).paint()
            self.reread()
            self.refresh_bindings()
            self._show_headline()

    def show_run(self) -> None:
        """Goes to the page of the run."""
        self._show_page("run")

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready:
            return False
        subject = self.subject if self.found else None
        runs = console_app(self).runs
        if self.has_class("-waiting"):
            return False if action in OWN else super().check_action(
                action, parameters)
        if isinstance(self.focused, Input) and action in OWN:
            return False
        match action:
            case "abort":
                return runs.current is not None
            case "run":
                return self.page != "run" and subject is not None and runs.current is None and self.acting.can_run(
                    subject, self.migration, "up" if parameters[0] == "up" else "down")
            case "run_all":
                return self.page != "run" and runs.current is None and bool(self.found)
            case "verify":
                return self.page != "run" and runs.current is None and subject is not None \
                    and subject.status is not None
            case "verify_all" | "drift":
                return self.page != "run" and runs.current is None and any(migration_subject.status
                                                                           for migration_subject in self.found)
            case "findings":
                return self.page != "run" and subject is not None and subject.status is not None
            case "repair":
                return self.page == "service" and subject is not None and subject.status is not None \
                    and runs.current is None
            case "new":
                return self.page != "run" and subject is not None and subject.line.is_native
            case "log":
                return self.page != "run" and runs.latest is not None
            case "move_tab":
                return self.page != "run" and len(self.detail.tabs) > 1
            case "other_side":
                return self.page != "run"
            case "back":
                return self.page != "services" or self.detail.has_focus_within
            case "filter":
                return self.page != "run" and super().check_action(action, parameters)
        return super().check_action(action, parameters)

    def action_run(self, direction: Direction) -> None:
        assert self.subject is not None
        self.acting.run([self.subject], self.migration, direction)

    def action_run_all(self) -> None:
        self.acting.run([subject for subject in self.found if subject.status is not None], None, "up")

    def action_verify(self) -> None:
        if self.subject is not None:
            self.acting.verify(self.subject, self.migration)

    def action_verify_all(self) -> None:
        self.acting.verify(None, None)

    def action_drift(self) -> None:
        self.acting.drift([subject for subject in self.found if subject.status is not None])

    def action_findings(self) -> None:
        self.detail.choose_tab("Findings")

    def action_repair(self) -> None:
        if self.subject is not None and self.migration is not None:
            self.acting.repair(self.subject, self.migration)

    def action_new(self) -> None:
        if self.subject is not None:
            self.acting.new(self.subject)

    def action_abort(self) -> None:
        self.acting.abort()

    def action_log(self) -> None:
        self.show_run()

    def action_move_tab(self, step: int) -> None:
        self.detail.move_tab(step)

    def action_other_side(self) -> None:
        if self.detail.has_focus_within:
            self.set_focus(self.services if self.page == "services" else self.migrations)
        else:
            self.detail.focus_content()
        self.refresh_bindings()

    def action_back(self) -> None:
        if self.page != "run" and self.detail.has_focus_within:
            self.action_other_side()
        elif self.page == "run" and self.chosen_key and self.subject is not None:
            self._show_page("service")
            self._show_detail()
        else:
            self.chosen_key = ""
            self._show_page("services")
            self._show_detail()

    def action_reread(self) -> None:
        self.reread()
        self.detail.reread()

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        super().on_screen_suspend(event)
        if self not in self.app.screen_stack:
            self.detail.stop()

    def on_key(self, event: events.Key) -> None:
        """Tab would otherwise go from widget to widget."""
        if event.key == "shift+tab" and not isinstance(self.focused, Input):
            event.prevent_default()
            self.action_other_side()
