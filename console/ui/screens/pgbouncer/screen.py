"""PgBouncer: how full its pools are and who waits, its clients and servers, its settings, and its commands."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from console.pooler.records import PoolerConnection, PoolerSetting, Saturation
from console.sampler.pooler_watch import PoolerWatch
from console.ui.bindings import bindings
from console.ui.connection import ConnectionState
from console.ui.frame import ConsoleScreen
from console.ui.screens.pgbouncer import views
from console.ui.screens.pgbouncer.actions import PgBouncerActions
from console.ui.screens.pgbouncer.state import VIEWS, PgBouncerState, ViewName, clients_of, database_of, pool_of
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.paper import Paper
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.status_line import StatusLine
from console.ui.widgets.tab_bar import TabBar
from console.ui.widgets.time_chart import TimeChart
from console.view.table import Tone

OWN_ACTIONS = ("view", "command", "give_up", "back", "span", "retry_pooler")


class PgBouncerScreen(ConsoleScreen):
    """A table for each view, charts below the pools; what it shows is the watch's, which tells when there is more."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#pools"
    BINDINGS = bindings("pgbouncer")

    def __init__(self) -> None:
        super().__init__()
        self.state = PgBouncerState()
        self.actions = PgBouncerActions(self, self.state)
        self._said: list[tuple[str, Tone]] | None = None

    def body(self) -> ComposeResult:
        yield StatusLine(id="verdict")
        yield Lines(id="about")
        yield Lines(id="pending")
        yield TabBar(id="views")
        with Vertical(id="tables"):
            for name in VIEWS:
                yield RecordTable(id=name)
        with Horizontal(id="charts"):
            for plot in views.CHARTS:
                yield TimeChart(id=plot)
        yield Paper(id="unconfigured")

    @property
    def table(self) -> RecordTable:
        """The table of the view that is shown."""
        return self.query_one(f"#{self.state.view}", RecordTable)

    @property
    def _record(self) -> object:
        """What the row under the cursor is about."""
        row = self.table.row
        return row.record if row is not None else None

    # the watch

    @property
    def pooler(self) -> PoolerWatch | None:
        return self.connection.pooler

    @property
    def is_waiting(self) -> bool:
        """The pooler may be there while the server isn't, and that is when it matters most."""
        return super().is_waiting and self.pooler is None

    @property
    def is_stale(self) -> bool:
        if self.pooler is None:
            return super().is_stale
        return self.pooler.error is not None and self.pooler.sample is not None

    def receive(self, subject: object) -> None:
        """A pool's key: the list of pools, with the cursor on that."""
        if isinstance(subject, str):
            if self.state.view != "pools":
                self.action_view("pools")
            self.table.want(subject)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#pools").display = True
        self.set_interval(1.0, self._tick)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        super().on_screen_resume(event)
        self._follow()

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        super().on_screen_suspend(event)
        if self not in self.app.screen_stack and self.pooler is not None:
            self.pooler.want(self)
            if self._hear in self.pooler.listeners:
                self.pooler.listeners.remove(self._hear)

    def _follow(self) -> None:
        """Listens to the watch, which comes with the target, and says what this view needs."""
        if self.pooler is not None and self.is_current:
            if self._hear not in self.pooler.listeners:
                self.pooler.listeners.append(self._hear)
            self.pooler.want(self, *self.state.needs)
        self.looked()

    def show_state(self) -> None:
        super().show_state()
        if self.is_ready and self.pooler is not None and self._hear not in self.pooler.listeners:
            self._follow()
        elif self.is_ready and self.pooler is None:
            self.looked()

    def _tick(self) -> None:
        if self.pooler is not None and (self.pooler.pending is not None or self.pooler.error is not None):
            self.looked()  # the clocks go on

    def _hear(self) -> None:
        self.call_later(self.looked)  # the watch is a task of its own, and widgets are this screen's

    def looked(self) -> None:
        """The pooler has been looked at, or was not to be reached, or has answered a command."""
        if self.is_ready and (self.connection.state is not ConnectionState.OPENING or self.pooler is not None):
            self.show_all()

    # showing

    def show_all(self) -> None:
        watch = self.pooler
        if (watch is None) != self.has_class("-unconfigured"):
            self.set_class(watch is None, "-unconfigured")
            self.set_focus(self.query_one("#unconfigured") if watch is None else self.table)
        if watch is None:
            self._show_unconfigured()
        else:
            self._show_watch(watch)

    def _show_watch(self, watch: PoolerWatch) -> None:
        width = self.size.width
        self.query_one("#verdict", StatusLine).show(views.verdict(watch, width))
        self.query_one("#about", Lines).show(views.about(watch, width))
        words, line = views.pending(watch, console_app(self).clock.monotonic()), self.query_one("#pending", Lines)
        line.display = words is not None
        if words is not None:
            line.show(words)
        self.query_one("#views", TabBar).show_tabs([(title, True) for title in views.tabs()],
                                                   VIEWS.index(self.state.view))
        self.table.show(views.table(self.state.view, watch))
        if self.state.view == "pools":
            self._show_charts(watch)
        self.refresh_bindings()

    def _show_charts(self, watch: PoolerWatch) -> None:
        clock, sampler = console_app(self).clock, self.connection.sampler
        results = {result.name: result for result in sampler.latest.results} if sampler and sampler.latest else {}
        for name in views.CHARTS:
            chart = self.query_one(f"#{name}", TimeChart)
            if chart.size.width:
                chart.show(views.chart(
                    name, watch, pool_of(self._record), is_titled=len(self.table.table.rows) > 1,
                    span_s=self.state.span_s, buckets=chart.buckets, now_s=clock.monotonic(), now=clock.now(),
                    results=results))

    def _show_unconfigured(self) -> None:
        target = self.connection.target
        if target is None:
            return
        config = console_app(self).config
        words = views.unconfigured(target, self.connection.label, self.connection.info,
                                   is_named=target.name in config.targets, config_path=config.path)
        if self._said != words:
            self._said = words
            self.query_one("#unconfigured", Paper).say(*words)

    def on_resize(self, event: events.Resize) -> None:
        self.looked()

    # the views

    def action_view(self, name: ViewName) -> None:
        """Shows that view; the same key again goes back to the pools."""
        self.state.choose_view(name)
        shown = self.state.view
        self.FOCUS = f"#{shown}"
        for view in VIEWS:
            self.query_one(f"#{view}").display = view == shown
        self.query_one("#charts").display = shown == "pools"
        self.set_focus(self.table)
        self._follow()

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        if VIEWS[event.index] != self.state.view:
            self.action_view(VIEWS[event.index])

    def action_span(self, step: int) -> None:
        self.state.change_span(step)
        self.looked()

    def action_back(self) -> None:
        if self.state.view != "pools":
            self.action_view("pools")

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        if event.table is self.table and self.pooler is not None and self.is_ready:
            if self.state.view == "pools":
                self._show_charts(self.pooler)
            self.refresh_bindings()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        record = event.row.record
        if isinstance(record, Saturation):
            self.action_view("clients")
            self.table.filter(clients_of(record))
        elif isinstance(record, PoolerConnection):
            self._go_to_session(record)
        elif isinstance(record, PoolerSetting):
            self.actions.change_setting(record)

    def _go_to_session(self, record: PoolerConnection) -> None:
        """To Activity, where the server's process of a connection is a session."""
        pid = self.state.server_pid(record, self.pooler.sample if self.pooler is not None else None)
        if pid is not None:
            console_app(self).hand_over("activity", pid)
        else:
            console_app(self).tell("no server works for this client now")

    # what a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action not in OWN_ACTIONS:
            return super().check_action(action, parameters)
        return self.is_ready and self.pooler is not None and not self.has_class("-waiting") \
            and self.state.can(action, self.pooler)

    def action_retry_pooler(self) -> None:
        self.actions.retry()

    def action_command(self) -> None:
        record = self._record
        self.actions.choose_command(database_of(record), record if isinstance(record, PoolerConnection) else None)

    def action_give_up(self) -> None:
        self.actions.give_up()
