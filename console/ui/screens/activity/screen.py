"""Activity: what sessions do, who holds up whom, how far commands are, what is waited for, and replication."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer

from console.activity import actions, read
from console.activity.actions import Signal
from console.activity.blocking import blockers
from console.activity.records import Backend, CommandProgress, SignalOutcome
from console.activity.summary.records import SessionCounts
from console.errors import ConsoleError
from console.sampler.pooler_watch import WANTED_FOR_CLIENTS
from console.server.query import Read
from console.server.session import Session
from console.ui.bindings import bindings
from console.ui.dialogs.failure import DetailDialog
from console.ui.dialogs.unlock import is_read_only, word_to_type
from console.ui.frame import ConsoleScreen
from console.ui.keymap import key, letter
from console.ui.screens.activity import open_statement
from console.ui.screens.activity.session_pane import SessionPane
from console.ui.screens.activity.signal_dialog import SignalDialog
from console.ui.screens.activity.views import OWN_ACTIONS, VIEWS, ActivityState, is_foreground, reads
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.status_line import StatusLine
from console.ui.widgets.tab_bar import TabBar
from console.view.activity import blocking, progress, replication, sessions, true_client, waits
from console.view.table import Table

WITHIN_S = 10.0
SETTLE_S = 0.15  # how long the cursor must rest before the session that it stands on is read


class ActivityScreen(ConsoleScreen):
    """See SCREENS.md, 4 Activity."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#sessions"
    BINDINGS = bindings("activity")

    def __init__(self) -> None:
        super().__init__()
        self.view = "sessions"
        self.seen = ActivityState()
        self.with_idle = self.with_background = self._asks_anew = False
        self.tagged: dict[str, Backend] = {}
        self.followed: Backend | None = None
        self.selected: Backend | None = None
        """Whom the pane is about; None while it is closed."""
        self._outcomes: dict[str, SignalOutcome] = {}
        self._settling: Timer | None = None
        self._handed_pid: int | None = None

    def body(self) -> ComposeResult:
        yield StatusLine(id="verdict")
        yield TabBar(id="views")
        yield Lines(id="note")
        with Vertical(id="tables"):
            yield RecordTable(id="sessions", sort="transaction_age", descending=True)
            for name in VIEWS[1:]:
                yield RecordTable(id=name)
        yield SessionPane(id="session")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#sessions").display = True
        self.show_all()

    @property
    def table(self) -> RecordTable:
        """The table of the view that is shown."""
        return self.query_one(f"#{self.view}", RecordTable)

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
        rests = self.connection.paused and self.seen.is_filled and not self._asks_anew
        self._asks_anew = False
        wanted = [] if rests else reads(
            self.view, with_idle=self.with_idle, with_background=self.with_background, also=self._also(),
            wants_meanings=not self.seen.meanings and session.info.major >= 17)
        subject = self.selected
        if subject is not None:
            who = {"pid": subject.pid, "backend_start": subject.backend_start}
            wanted += [Read(read.SESSION_TEXT, who), Read(read.SESSION_LOCKS, {"pid": subject.pid})]
        if not wanted:
            return
        if self.connection.pooler is not None:
            self.connection.pooler.want(self, *WANTED_FOR_CLIENTS)
        readings = await session.refresh(*wanted, within_s=WITHIN_S)
        if (recorder := self.connection.recorder) is not None:
            recorder.overhear(readings)
        if not rests:
            self.seen.take(readings, console_app(self).clock.monotonic(), self.connection.pooler)
            self._renew_backends()
            if (handed := self.seen.by_pid.get(self._handed_pid or 0)) is not None:
                self._handed_pid = None
                self._select(handed)
        if subject is not None and subject is self.selected:
            texts = readings.rows(read.SESSION_TEXT)
            if texts:
                self.pane.show_text(texts[0])
            self.pane.show_locks(readings.rows(read.SESSION_LOCKS), readings.why(read.SESSION_LOCKS))
        self.show_all()

    def receive(self, subject: object) -> None:
        """A pid: its session in full, also an idle one."""
        if isinstance(subject, int):
            self._handed_pid = subject
            self._ask_now()

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        super().on_screen_suspend(event)
        if self not in self.app.screen_stack and self.connection.pooler is not None:
            self.connection.pooler.want(self)

    def failed(self, error: ConsoleError) -> None:
        self.query_one("#verdict", StatusLine).show(((f" {error.summary}", "critical"),))

    def _also(self) -> list[int]:
        """Sessions that are wanted even when their kind is hidden."""
        pids = [backend.pid for backend in (*self.tagged.values(), *filter(None, (self.followed, self.selected)))]
        return sorted({*pids, *filter(None, (self._handed_pid,)), *(command.pid for command in self.seen.progress)})

    def _renew_backends(self) -> None:
        """What tags and the pane hold, as it is now. Those that are gone lose their tag; the pane keeps them."""
        now = {sessions.key(backend): backend for backend in self.seen.backends}
        self.tagged = {key: now[key] for key in self.tagged if key in now}
        if self.followed is not None:
            self.followed = now.get(sessions.key(self.followed), self.followed)

    # showing

    def show_all(self) -> None:
        """Everything but the pane's query and locks, as it was seen last."""
        self._show_verdict()
        self.query_one("#views", TabBar).show_tabs(
            [(self._tab_title(name), True) for name in VIEWS], VIEWS.index(self.view))
        self.table.show(self._table())
        self._show_facts()

    def _tab_title(self, name: str) -> str:
        before = f"{letter(f'activity.{name}')} ".lstrip() if name != "sessions" else ""
        waiting = sum(not blocked.is_root or not blocked.holds_up or blocked.closes_cycle
                      for blocked in self.seen.blocked)
        return f"{before}{name.capitalize()}" + (f" {waiting}" if name == "blocking" and waiting else "")

    def _table(self) -> Table:
        seen = self.seen
        if not seen.is_filled:
            return Table((), (), "not read yet")
        followed = sessions.key(self.followed) if self.followed is not None else None
        match self.view:
            case "blocking":
                return blocking.table(seen.blocked, seen.by_pid, seen.holders, self.tagged, followed, seen.clients)
            case "progress":
                return progress.table(seen.progress, seen.pace.seconds_left)
            case "waits":
                shares = seen.profile.shares(self.followed.pid if self.followed else None, waits.PARTS)
                subject = f"pid {self.followed.pid}" if self.followed else "whole server"
                self.query_one("#note", Lines).show(
                    waits.summary(shares, len(seen.profile), seen.profile.seconds, subject))
                return waits.table(shares, seen.meanings, "nothing was active at any look; looks are taken while "
                                                          "this screen is shown")
            case "replication":
                info = self.connection.info
                if seen.replication is None or info is None:
                    return Table(replication.COLUMNS, (), "reading…")
                self.query_one("#note", Lines).show(replication.verdict(seen.replication, info))
                return replication.table(seen.replication, info)
        shown = [backend for backend in seen.backends if self.with_idle or backend.state != "idle"
                 or sessions.key(backend) == followed
                 or sessions.key(backend) in self.tagged]
        shown = [backend for backend in shown if self.with_background or is_foreground(backend)]
        return sessions.sessions_table(shown, self.tagged, followed, seen.why, seen.clients, key=key)

    def _show_verdict(self) -> None:
        if self.seen.is_filled:  # it isn't when the connection was lost before
            self.query_one("#verdict", StatusLine).show(sessions.verdict(
                self._counts, self.seen.blocked, with_idle=self.with_idle, with_background=self.with_background,
                width=self.size.width, key=key))

    def _show_facts(self) -> None:
        subject = self.selected
        if subject is None:
            return
        now = next((backend for backend in self.seen.backends if backend.identity == subject.identity), None)
        if now is None and self.seen.is_filled:
            self.pane.show_facts([(("gone: ", "warning"), (f"{subject.pid} {sessions.who(subject)} has ended; "
                                                           "what it ran last is below", ""))])
            return
        found = now or subject
        behind = [(str(node), self.seen.by_pid.get(node) if isinstance(node, int) else None)
                  for node in blockers(found)]
        meaning = self.seen.meanings.get((found.wait_event_type or "", found.wait_event or ""))
        lines = sessions.facts(found, behind, self.seen.holds_up(found.pid), meaning,
                               self._outcomes.get(sessions.key(found)))
        if (client := (self.seen.clients or {}).get(found.pid)) is not None:
            lines.insert(1, true_client.fact(client))
        self.pane.show_facts(lines)

    # the view and the pane

    def action_view(self, name: str) -> None:
        """Shows that view; the same key again goes back to the sessions."""
        self._leave_pane()
        name = "sessions" if name == self.view else name
        self.view = name
        self.FOCUS = f"#{name}"
        for view in VIEWS:
            self.query_one(f"#{view}").display = view == name
        self.query_one("#note").display = name in ("waits", "replication")
        self.set_focus(self.table)
        self.show_all()
        self._ask_now()
        self.refresh_bindings()

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        if VIEWS[event.index] != self.view:
            self.action_view(VIEWS[event.index])

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        if event.table is self.table and (backend := self._backend(event.row.record)) is not None:
            self._select(backend)

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        if self.selected is not None and self.followed is None and event.table is self.table and event.row is not None:
            backend = self._backend(event.row.record)
            if backend is not None and backend.identity != self.selected.identity:
                self._select(backend)
        self.refresh_bindings()

    def _backend(self, record: object) -> Backend | None:
        """The session that a row is of: of any view's table."""
        if isinstance(record, Backend):
            return record
        if isinstance(record, CommandProgress):
            found = self.seen.by_pid.get(record.pid)
            return found if found is not None and found.backend_start == record.backend_start else None
        return None

    def _select(self, backend: Backend) -> None:
        is_new = self.selected is None or self.selected.identity != backend.identity
        self.selected = backend
        self.add_class("-session")
        if is_new:
            self.pane.begin()
        self._show_facts()
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE_S, self.refresh_now)
        if self.has_class("-narrow"):
            self.set_focus(self.pane.query_one("#query"))
        self.refresh_bindings()

    def _leave_pane(self) -> None:
        self.selected = None
        self.remove_class("-session")
        self.set_focus(self.table)
        self.refresh_bindings()

    def action_back(self) -> None:
        """Out of the pane, then of the view, then of following and tags."""
        if self.selected is not None:
            self._leave_pane()
        elif self.view != "sessions":
            self.action_view("sessions")
        else:
            self.followed, self.tagged = None, {}
            self.show_all()
            self.refresh_bindings()

    # what a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready:
            return False
        if self.has_class("-waiting") and action in OWN_ACTIONS:
            return False
        match action:
            case "signal":
                return bool(self.tagged) or self._subject() is not None
            case "tag" | "follow" | "take":
                return self._subject() is not None
            case "with_idle" | "with_background":
                return self.view == "sessions" and self.selected is None
            case "back":
                return self.selected is not None or self.view != "sessions" or bool(self.tagged or self.followed)
        return super().check_action(action, parameters)

    def _subject(self) -> Backend | None:
        """The session that keys are about: the pane's, else the row's under the cursor."""
        if self.selected is not None:
            return self.selected
        row = self.table.row
        return self._backend(row.record) if row is not None else None

    def action_tag(self) -> None:
        if (backend := self._subject()) is not None:
            key = sessions.key(backend)
            if self.tagged.pop(key, None) is None:
                self.tagged[key] = backend
            self.table.action_move(1)
            self.show_all()
            self.refresh_bindings()

    def action_follow(self) -> None:
        """Stays with one session: its pane wherever the cursor goes, its waits, also when it is idle."""
        backend = self._subject()
        if self.followed is not None and (backend is None or backend.identity == self.followed.identity):
            self.followed = None
        elif backend is not None:
            self.followed = backend
            self._select(backend)
        self.show_all()

    def action_take(self, where: str) -> None:
        open_statement.begin(self, self._subject(), where)

    def action_with_idle(self) -> None:
        self.with_idle = not self.with_idle
        self._ask_now()

    def action_with_background(self) -> None:
        self.with_background = not self.with_background
        self._ask_now()

    def _ask_now(self) -> None:
        """Reads at once what was asked for, also while paused."""
        self._asks_anew = True
        self.refresh_now()

    def action_signal(self, kind: Signal) -> None:
        app, target = console_app(self), self.connection.target
        backend = self._subject()
        backends = list(self.tagged.values()) or ([backend] if backend is not None else [])
        if not backends or target is None:
            return
        if (error := target.without_server()) is not None:
            app.show_error(error)
        elif not target.allows_signals:
            app.show_error(ConsoleError(f"{target.label}: the configuration forbids to cancel and terminate",
                                        hint=f"signals = false in [targets.{target.name}]"))
        elif self.connection.read_only:
            app.show_error(is_read_only(target.label))
        else:
            def answered(confirmed: Signal | None) -> None:
                if confirmed is not None:
                    self.run_worker(self._signal(confirmed, backends), group="signal", exit_on_error=False)

            app.push_screen(SignalDialog(kind, backends, target.label, word_to_type(target)), answered)

    async def _signal(self, kind: Signal, backends: Sequence[Backend]) -> None:
        app = console_app(self)
        try:
            async with self.connection.session() as session:
                outcomes = await actions.signal(session, kind, backends)
        except ConsoleError as error:
            app.show_error(error)
            return
        self._outcomes |= {sessions.key(backend): came for backend, came in zip(backends, outcomes, strict=True)}
        self.tagged = {}
        self._ask_now()
        if len(outcomes) == 1 and outcomes[0].is_done:
            app.tell(f"{outcomes[0].pid}: {outcomes[0].happened}")
        else:
            title = "Cancelled" if kind == "cancel" else "Terminated"
            if not all(outcome.is_done for outcome in outcomes):
                title = "Not all of it worked" if len(outcomes) > 1 else "That did not work"
            app.push_screen(DetailDialog(title, *sessions.outcome_words(outcomes)))

    def on_resize(self, event: events.Resize) -> None:
        self._show_verdict()
