"""Activity: what sessions do, who blocks whom, how far commands are, what is waited for, and replication."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer

from console.activity import read
from console.activity.actions import Signal
from console.activity.records import Backend
from console.activity.summary.records import SessionCounts
from console.errors import ConsoleError
from console.metrics.records.processes import Process
from console.sampler.pooler_watch import WANTED_FOR_CLIENTS
from console.server.session import Session
from console.ui.bindings import bindings
from console.ui.frame import ConsoleScreen
from console.ui.screens.activity import views
from console.ui.screens.activity.actions import ActivityActions, Where
from console.ui.screens.activity.session_pane import SessionPane
from console.ui.screens.activity.state import VIEWS, ActivityState, ViewName
from console.ui.widgets.active_sessions_chart import ActiveSessionsChart
from console.ui.widgets.fact_lines import FactLines
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.statement_preview import StatementPreview
from console.ui.widgets.status_line import StatusLine
from console.ui.widgets.tab_bar import TabBar
from console.view.activity import sessions

WITHIN_S = 10.0
SETTLE_S = 0.15  # how long the cursor must rest before the session that it stands on is read

OWN_ACTIONS = ("signal", "tag", "follow", "back", "view", "with_idle", "with_background", "take")


class ActivityScreen(ConsoleScreen):
    """A table for each view, and a pane about one session."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#sessions"
    BINDINGS = bindings("activity", "active_sessions")
    VERTICAL_BREAKPOINTS = [(0, "-short"), (44, "-tall")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.state = ActivityState()
        self.actions = ActivityActions(self)
        self._asks_anew = False
        self._settling: Timer | None = None

    def body(self) -> ComposeResult:
        yield StatusLine(id="verdict")
        yield TabBar(id="views")
        yield FactLines(id="note")
        yield ActiveSessionsChart()
        with Vertical(id="tables"):
            yield RecordTable(id="sessions", sort="transaction_age", descending=True)
            for name in VIEWS[1:]:
                yield RecordTable(id=name)
            yield StatementPreview(id="preview")
        yield SessionPane(id="session")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#sessions").display = True
        self.add_class("-sessions")
        self.show_all()

    @property
    def table(self) -> RecordTable:
        """The table of the view that is shown."""
        return self.query_one(f"#{self.state.view}", RecordTable)

    @property
    def pane(self) -> SessionPane:
        return self.query_one(SessionPane)

    # reading

    @property
    def _counts(self) -> SessionCounts | None:
        """The sampler's; shown with the screen's own next sample: one repaint instead of two."""
        latest = self.connection.sampler.latest if self.connection.sampler is not None else None
        return latest.sessions if latest is not None else None

    async def sample(self, session: Session) -> None:
        rests = self.connection.paused and self.state.is_filled and not self._asks_anew
        self._asks_anew = False
        subject = self.state.selected
        wanted = [*([] if rests else self.state.reads(session.info.major)), *self.state.reads_of_selected()]
        if not wanted:
            return
        if self.connection.pooler is not None:
            self.connection.pooler.want(self, *WANTED_FOR_CLIENTS)
        readings = await session.refresh(*wanted, within_s=WITHIN_S)
        if (recorder := self.connection.recorder) is not None:
            recorder.overhear(readings)
        if not rests:
            at_s, pooler = console_app(self).clock.monotonic(), self.connection.pooler
            self.state.take(readings, at_s, pooler)
            if readings.rows(read.SESSIONS) is not None:
                self.connection.active_sessions.take(at_s, console_app(self).clock.now(), self.state.backends,
                                          pooler.sample if pooler is not None else None)
            if (found := self.state.take_wanted()) is not None:
                self._select(found)
        if subject is not None and subject is self.state.selected:
            if texts := readings.rows(read.SESSION_TEXT):
                self.pane.show_text(texts[0])
            self.state.take_work(subject, readings, console_app(self).clock.monotonic(), self._process_of(subject))
            self.pane.show_locks(readings.rows(read.SESSION_LOCKS), readings.why(read.SESSION_LOCKS))
        self.show_all()

    def _process_of(self, backend: Backend) -> Process | None:
        """Its process, where the sampler has proven that the server runs on this machine."""
        latest = self.connection.sampler.latest if self.connection.sampler is not None else None
        if latest is None or latest.host is None:
            return None
        from console.metrics.local import read_process

        return read_process(backend.pid, backend.backend_start)

    def receive(self, subject: object) -> None:
        """A pid: its session in full, also an idle one. A view's name and the key of a row: that view, with the cursor
        on that row as soon as it is there."""
        if isinstance(subject, tuple):
            wanted, row = subject
            view: ViewName = next(name for name in VIEWS if name == wanted)
            if view != self.state.view:
                self.action_view(view)
            if row:
                self.table.want(row)
        elif isinstance(subject, int):
            self.state.wanted_pid = subject
            self._ask_now()

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        super().on_screen_suspend(event)
        if self not in self.app.screen_stack and self.connection.pooler is not None:
            self.connection.pooler.want(self)

    def failed(self, error: ConsoleError) -> None:
        self.query_one("#verdict", StatusLine).show(((f" {error.summary}", "critical"),))

    def _ask_now(self) -> None:
        """Reads at once what was asked for, also while paused."""
        self._asks_anew = True
        self.refresh_now()

    # showing

    def show_all(self) -> None:
        """Everything but the pane's query and locks, as it was read last."""
        self._show_verdict()
        self.query_one("#views", TabBar).show_tabs(
            [(views.tab_title(self.state, name), True) for name in VIEWS], VIEWS.index(self.state.view))
        if words := views.note(self.state, self.connection.info):
            self.query_one("#note", FactLines).show(*words)
        self.table.show(views.table(self.state, self.connection.info))
        self.query_one(ActiveSessionsChart).show_latest()
        self._show_preview()
        self._show_facts()

    def _show_preview(self) -> None:
        subject = self._subject()
        self.query_one(StatementPreview).show_statement(sessions.query(subject) if subject is not None else "")

    def _show_verdict(self) -> None:
        if self.state.is_filled:  # it isn't when the connection was lost before
            self.query_one("#verdict", StatusLine).show(views.verdict(self.state, self._counts, self.size.width))

    def _show_facts(self) -> None:
        if lines := views.facts(self.state):
            self.pane.show_facts(lines)

    def on_resize(self, event: events.Resize) -> None:
        self._show_verdict()

    # the view and the pane

    def action_view(self, name: ViewName) -> None:
        """Shows that view; the same key again goes back to the sessions."""
        self._leave_pane()
        shown: ViewName = "sessions" if name == self.state.view else name
        self.state.view = shown
        self.FOCUS = f"#{shown}"
        for view in VIEWS:
            self.query_one(f"#{view}").display = view == shown
        self.query_one("#note").display = shown in views.NOTED
        self.set_class(shown == "waits", "-waits")
        self.set_class(shown == "sessions", "-sessions")
        self.set_class(shown == "blocking", "-blocking")
        self.set_focus(self.table)
        self.show_all()
        self._ask_now()
        self.refresh_bindings()

    def action_slice(self) -> None:
        """The active sessions by something else."""
        self.query_one(ActiveSessionsChart).choose_next()

    def action_span(self, direction: int) -> None:
        self.query_one(ActiveSessionsChart).change_span(direction)

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        if VIEWS[event.index] != self.state.view:
            self.action_view(VIEWS[event.index])

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        if event.table is self.table and (backend := self.state.of_record(event.row.record)) is not None:
            self._select(backend)

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        selected = self.state.selected
        if selected is not None and self.state.followed is None and event.table is self.table and event.row is not None:
            backend = self.state.of_record(event.row.record)
            if backend is not None and backend.identity != selected.identity:
                self._select(backend)
        self._show_preview()
        self.refresh_bindings()

    def _select(self, backend: Backend) -> None:
        before, self.state.selected = self.state.selected, backend
        self.add_class("-session")
        if before is None or before.identity != backend.identity:
            self.pane.begin()
        self._show_facts()
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE_S, self.refresh_now)
        if self.has_class("-narrow"):
            self.set_focus(self.pane.query_one("#query"))
        self.refresh_bindings()

    def _leave_pane(self) -> None:
        self.state.selected = None
        self.remove_class("-session")
        self.set_focus(self.table)
        self.refresh_bindings()

    def action_back(self) -> None:
        """Out of the pane, then of the view, then of following and marks."""
        if self.state.selected is not None:
            self._leave_pane()
        elif self.state.view != "sessions":
            self.action_view("sessions")
        else:
            self.state.followed, self.state.marked = None, {}
            self.show_all()
            self.refresh_bindings()

    # what a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready or (self.has_class("-waiting") and action in OWN_ACTIONS):
            return False
        state = self.state
        match action:
            case "signal":
                return bool(state.to_signal(self._subject()))
            case "tag" | "follow" | "take":
                return self._subject() is not None
            case "with_idle" | "with_background":
                return state.view == "sessions" and state.selected is None
            case "slice" | "span":
                return bool(self.query_one(ActiveSessionsChart).size)
            case "back":
                return state.selected is not None or state.view != "sessions" or bool(state.marked or state.followed)
        return super().check_action(action, parameters)

    def _subject(self) -> Backend | None:
        """The session that keys are about: the pane's, else the row's under the cursor."""
        if self.state.selected is not None:
            return self.state.selected
        row = self.table.row
        return self.state.of_record(row.record) if row is not None else None

    def action_tag(self) -> None:
        if (backend := self._subject()) is not None:
            self.state.toggle_mark(backend)
            self.table.action_move(1)
            self.show_all()
            self.refresh_bindings()

    def action_follow(self) -> None:
        """Stays with one session: its pane wherever the cursor goes, its waits, also when it is idle."""
        state, backend = self.state, self._subject()
        if state.followed is not None and (backend is None or backend.identity == state.followed.identity):
            state.followed = None
        elif backend is not None:
            state.followed = backend
            self._select(backend)
        self.show_all()

    def action_with_idle(self) -> None:
        self.state.with_idle = not self.state.with_idle
        self._ask_now()

    def action_with_background(self) -> None:
        self.state.with_background = not self.state.with_background
        self._ask_now()

    def action_take(self, where: Where) -> None:
        self.actions.take(self._subject(), where)

    def action_signal(self, kind: Signal) -> None:
        self.actions.signal(kind, self.state.to_signal(self._subject()))

    def on_activity_actions_signalled(self, event: ActivityActions.Signalled) -> None:
        self.state.take_outcomes(event.backends, event.outcomes)
        self._ask_now()
