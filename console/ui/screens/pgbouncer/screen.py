"""PgBouncer: how full its pools are and who waits, its clients and servers, its settings, and its commands."""

from __future__ import annotations

import datetime as dt

from msgspec.structs import replace
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from console.errors import ConsoleError, PasswordNeeded
from console.pooler.actions import PoolerCommand
from console.pooler.records import PoolerConnection, PoolerDatabase, PoolerSetting, Saturation, Totals
from console.pooler.saturation import saturations
from console.sampler.pooler_watch import PoolerWatch
from console.ui.bindings import bindings
from console.ui.connection import ConnectionState
from console.ui.dialogs.choose import ChooseDialog
from console.ui.dialogs.confirm import ConfirmDialog
from console.ui.dialogs.password import PasswordDialog
from console.ui.dialogs.unlock import word_to_type
from console.ui.frame import ConsoleScreen
from console.ui.keymap import key, letter
from console.ui.screens.pgbouncer import commands
from console.ui.screens.pgbouncer.views import MAXWAIT, VIEWS, WAITING, table
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.paper import Paper
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.status_line import StatusLine
from console.ui.widgets.tab_bar import TabBar
from console.ui.widgets.time_chart import TimeChart
from console.view.metrics.plots import SPANS, drawing
from console.view.pooler import facts as view
from console.view.table import Line, Tone, of_column

NAMES = tuple(VIEWS)


class PgBouncerScreen(ConsoleScreen):
    """See SCREENS.md, 7 PgBouncer."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#pools"
    BINDINGS = bindings("pgbouncer")

    def __init__(self) -> None:
        super().__init__()
        self.view = "pools"
        self.span = 0
        self._asked: PoolerCommand | None = None

    def body(self) -> ComposeResult:
        yield StatusLine(id="verdict")
        yield Lines(id="about")
        yield Lines(id="pending")
        yield TabBar(id="views")
        with Vertical(id="tables"):
            for name in VIEWS:
                yield RecordTable(id=name)
        with Horizontal(id="charts"):
            yield TimeChart(id="waiting")
            yield TimeChart(id="maxwait")
        yield Paper(id="unconfigured")

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
        return self.pooler.error is not None and self.pooler.look is not None

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
            self.pooler.want(self, *VIEWS[self.view].needs)
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
            return
        look = watch.look
        pools = saturations(look.pools, look.databases) if look is not None else []
        stopped = (look.stopped if look is not None else None) or ("paused" if watch.is_paused_by_us else None)
        verdict = view.verdict(pools, watch.error, watch.breaker.seconds_to_retry, stopped, self.size.width) \
            if look is not None or watch.error is not None else ((f" asking {watch.target.label}'s PgBouncer", "dim"),)
        self.query_one("#verdict", StatusLine).show(verdict)
        self.query_one("#about", Lines).show(self._about(watch))
        pending, line = watch.pending, self.query_one("#pending", Lines)
        line.display = pending is not None
        if pending is not None:
            line.show(view.pending(pending.command, console_app(self).clock.monotonic() - pending.since_s, key))
        self.query_one("#views", TabBar).show_tabs(
            [(f"{letter(f'pgbouncer.{name}') if name != 'pools' else ''} {view.title}".strip(), True)
             for name, view in VIEWS.items()], NAMES.index(self.view))
        self.table.show(table(self.view, watch))
        if self.view == "pools":
            self._show_charts(watch)
        self.refresh_bindings()

    def _about(self, watch: PoolerWatch) -> Line:
        if watch.info is None and watch.error is not None and (watch.error.hint or watch.error.detail):
            return ((f" {watch.error.hint or watch.error.detail}", "dim"),)
        return view.about(watch.info, watch.look, self.size.width)

    def _show_charts(self, watch: PoolerWatch) -> None:
        row = self.table.row
        pool = row.record.pool.key if row is not None and isinstance(row.record, Saturation) else None
        clock = console_app(self).clock
        now_s, span_s = clock.monotonic(), SPANS[self.span][0]
        sampler = self.connection.sampler
        results = {result.name: result for result in sampler.latest.results} if sampler and sampler.latest else {}
        several = len(self.table.table.rows) > 1
        for name, plot in (("#waiting", WAITING), ("#maxwait", MAXWAIT)):
            chart = self.query_one(name, TimeChart)
            if not chart.size.width:
                continue
            (series,) = plot.series
            course = watch.time_series(series, span_s, pool)
            width_s = span_s / chart.buckets
            edge = clock.now().astimezone() + dt.timedelta(seconds=width_s - now_s % width_s)
            chart.show(drawing(
                replace(plot, title=f"{plot.title}, {pool or 'all pools'}") if several else plot,
                {series: course.buckets(now_s, span_s, chart.buckets)},
                {series: course.values[-1] if course.values else None}, results, span_s=span_s, edge=edge))

    def _show_unconfigured(self) -> None:
        target, info = self.connection.target, self.connection.info
        if target is None:
            return
        config = console_app(self).config
        through = f"{info.host}:{info.port}" if info is not None and info.is_pooled else None
        words = view.unconfigured(self.connection.label, target.name in config.targets,
                                  str(config.path) if config.path else None, through)
        if (error := target.without_server()) is not None:
            words = [("PgBouncer is not in this recording.", "strong"), ("", ""), (error.hint or "", "")]
        paper = self.query_one("#unconfigured", Paper)
        if self._said != words:
            self._said = words
            paper.say(*words)

    _said: list[tuple[str, Tone]] | None = None

    @property
    def table(self) -> RecordTable:
        """The table of the view that is shown."""
        return self.query_one(f"#{self.view}", RecordTable)

    # the views

    def action_view(self, name: str) -> None:
        """Shows that view; the same key again goes back to the pools."""
        name = "pools" if name == self.view else name
        self.view = name
        self.FOCUS = f"#{name}"
        for other in VIEWS:
            self.query_one(f"#{other}").display = other == name
        self.query_one("#charts").display = name == "pools"
        self.set_focus(self.table)
        self._follow()

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        if NAMES[event.index] != self.view:
            self.action_view(NAMES[event.index])

    def action_span(self, step: int) -> None:
        self.span = max(0, min(len(SPANS) - 1, self.span + step))
        self.looked()

    def action_back(self) -> None:
        if self.view != "pools":
            self.action_view("pools")

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        if event.table is self.table and self.pooler is not None and self.is_ready:
            if self.view == "pools":
                self._show_charts(self.pooler)
            self.refresh_bindings()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        record = event.row.record
        if isinstance(record, Saturation):
            self.action_view("clients")
            self.table.filter(" ".join(of_column(*pair) for pair in (
                ("database", record.pool.database), ("user", record.pool.user))))
        elif isinstance(record, PoolerConnection):
            self._go_to_session(record)
        elif isinstance(record, PoolerSetting):
            self._set(record)

    def _go_to_session(self, record: PoolerConnection) -> None:
        """To Activity, where the server's process of a connection is a session."""
        look = self.pooler.look if self.pooler is not None else None
        server = record if self.view == "servers" else next(
            (connection for connection in (look.servers or ()) if connection.ptr == record.link),
            None) if look is not None else None
        if server is not None and server.remote_pid:
            console_app(self).hand_over("activity", server.remote_pid)
        else:
            console_app(self).tell("no server works for this client now")

    # what a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        watch = self.pooler
        if action in ("view", "command", "give_up", "back", "span", "retry_pooler") and (
                not self.is_ready or watch is None or self.has_class("-waiting")):
            return False
        match action:
            case "retry_pooler":
                return watch is not None and watch.error is not None
            case "give_up":
                return watch is not None and watch.pending is not None
            case "command":
                return watch is not None and watch.look is not None and watch.pending is None and not (
                    watch.info is not None and watch.info.is_admin is False)
            case "back":
                return self.view != "pools"
            case "span":
                return self.view == "pools"
        return super().check_action(action, parameters)

    def action_retry_pooler(self) -> None:
        watch = self.pooler
        if watch is None or not isinstance(watch.error, PasswordNeeded):
            if watch is not None:
                watch.wake()
            return

        def given(password: str | None) -> None:
            if password is not None:
                watch.use_password(password)

        self.app.push_screen(PasswordDialog("PgBouncer", watch.error.summary), given)

    def _is_allowed(self) -> bool:
        error = commands.obstacle(self.connection)
        if error is not None:
            console_app(self).show_error(error)
        return error is None

    def action_command(self) -> None:
        """Offers the commands, first those on the row's database."""
        watch = self.pooler
        if watch is None or watch.look is None or not self._is_allowed():
            return
        found = commands.offered(watch.look.databases, self._database())

        def chosen(key: str | None) -> None:
            if key is not None:
                self._ask(found[key])

        self.app.push_screen(ChooseDialog("Command", commands.choices(found)), chosen)

    def _database(self) -> str | None:
        row = self.table.row
        match row.record if row is not None else None:
            case Saturation(pool=pool):
                return pool.database
            case PoolerDatabase(name=name):
                return name
            case PoolerConnection(database=name) | Totals(database=name):
                return name
        return None

    def _set(self, setting: PoolerSetting) -> None:
        watch, target = self.pooler, self.connection.target
        if watch is None or target is None:
            return
        if not setting.is_changeable:
            console_app(self).show_error(ConsoleError(f"{setting.key} can't be changed while PgBouncer runs",
                                                      hint="change pgbouncer.ini and restart it"))
        elif self._is_allowed():
            def given(value: str | None) -> None:
                if value is not None and value != setting.value:
                    self._ask(PoolerCommand("SET", setting.key, value))

            self.app.push_screen(commands.SettingDialog(setting, target), given)

    def _ask(self, command: PoolerCommand) -> None:
        target = self.connection.target
        if target is None:
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.run_worker(self._run(command), group="command", exit_on_error=False)

        self.app.push_screen(ConfirmDialog(
            f"{command.text} on {target.label}?", view.consequences(command.verb, command.subject),
            typed=word_to_type(target)), answered)

    async def _run(self, command: PoolerCommand) -> None:
        watch, app = self.pooler, console_app(self)
        if watch is None:
            return
        self._asked = command
        if command.undo is not None:
            app.held["pgbouncer"] = f"{command.text} has not been answered: the pooler stays paused until RESUME"
        try:
            if await watch.command(command) is not None:
                app.tell(f"{command.text}: done")
        except ConsoleError as error:
            app.show_error(error)
        finally:
            self._asked = None
            app.held.pop("pgbouncer", None)

    def action_give_up(self) -> None:
        """Waits no longer for the answer; a PAUSE is ended by RESUME, for it would go on without us."""
        if (command := self._asked) is not None:
            self.run_worker(self._give_up(command), group="give up", exit_on_error=False)

    async def _give_up(self, command: PoolerCommand) -> None:
        watch, app = self.pooler, console_app(self)
        if watch is None:
            return
        try:
            await watch.give_up(command)
        except ConsoleError as error:
            app.show_error(error)
        else:
            app.tell(f"{command.text}: given up" + (", clients go on" if command.verb == "PAUSE" else ""))

    def on_resize(self, event: events.Resize) -> None:
        self.looked()
