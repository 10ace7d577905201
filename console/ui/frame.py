"""What every screen has: header, bar of screens, footer, and its own reads while it is visible."""

from __future__ import annotations

import asyncio

from textual import events
from textual.app import ComposeResult
from textual.widget import Widget
from textual.worker import Worker

from console.errors import ConsoleError
from console.sampler.records import Snapshot
from console.server.session import Session
from console.ui.bindings import bindings
from console.ui.connection import Connection, ConnectionState
from console.ui.first_frame import HeldScreen
from console.ui.widgets.connection_panel import ConnectionPanel
from console.ui.widgets.header import Footer, Header, ScreenBar
from console.ui.widgets.painting import Blank, Filterable, Painted, console_app
from console.ui.widgets.record_table import RecordTable
from console.waiting import woken

WAITING = (ConnectionState.OPENING, ConnectionState.CONNECTING, ConnectionState.FAILED)
"""While there is nothing to show but what is waited for."""


class ConsoleScreen(HeldScreen):
    """A screen of the console. A subclass says its widgets in `body` and fills them from two sources:

    - `sampled(snapshot)` is called with the latest snapshot of the target's sampler, when the screen appears and
      with each new one while it is visible;
    - `sample(session)`, where a subclass has one, is awaited on a connection of the screen's own while it is visible,
      at the refresh rate, the wait counted from its end. Raise nothing: a ConsoleError ends up in `failed`.

    A screen lives as long as its connection: choosing another target or database makes new ones.
    """

    AUTO_FOCUS = ""
    BLANK = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (108, "-wide")]  # noqa: RUF012
    BINDINGS = bindings("screen", "focus")
    FOCUS = ""
    """The selector of the widget that has the keys when there is data."""

    _wake: asyncio.Event
    _poller: Worker[None] | None = None

    def __init__(self) -> None:
        super().__init__()
        self._body = Blank(id="body")

    @property
    def connection(self) -> Connection:
        return console_app(self).connection

    # for subclasses

    def body(self) -> ComposeResult:
        """The screen's widgets, between the bar and the footer."""
        yield from ()

    def sampled(self, snapshot: Snapshot) -> None:
        """A new snapshot of the target's sampler."""

    async def sample(self, session: Session) -> None:
        """One refresh of the screen's own reads."""

    def failed(self, error: ConsoleError) -> None:
        """The screen's own reads failed, while the connection may be all right."""

    def receive(self, subject: object) -> None:
        """What another screen handed over, once there are widgets to show it: the SQL of a query, a session's pid."""

    @property
    def is_waiting(self) -> bool:
        """Whether there is nothing to show but what is waited for."""
        return self.connection.state in WAITING

    @property
    def is_stale(self) -> bool:
        """Whether what is shown is no longer live."""
        return self.connection.state is ConnectionState.LOST

    @property
    def has_reads(self) -> bool:
        """Whether there is anything for `sample` to ask; see `poll_or_rest` when that changes."""
        return type(self).sample is not ConsoleScreen.sample

    def refresh_now(self) -> None:
        """Samples again without waiting, after the screen asked for something else."""
        self._wake.set()

    @property
    def is_ready(self) -> bool:
        """Whether the widgets are there: keys are asked about before the first and after the last of them too."""
        return self.is_mounted and self.is_running and self._body.is_attached and bool(self._body.children)

    # the frame

    def compose(self) -> ComposeResult:
        yield Header()
        yield ScreenBar()
        yield ConnectionPanel()
        with self._body:
            yield from self.body()
        yield Footer()

    def show_state(self) -> None:
        """Brings the frame in line with the connection's state."""
        if not self.is_mounted or self.query_one_optional(Header) is None:  # not there yet, or being taken down
            return
        waiting = self.is_waiting
        if waiting != self.has_class("-waiting"):
            self._set_waiting(waiting)
            self.refresh_bindings()
        if not waiting and self.FOCUS and self.focused is None:
            # At once: `focus` waits, and would take it from who was quicker.
            self.set_focus(self.query_one_optional(self.FOCUS))
        stale = self.is_stale
        if stale != self.has_class("-stale"):
            self.set_class(stale, "-stale", update=False)
            for widget in self.query("#body *"):
                if isinstance(widget, Painted):
                    widget.redraw(everything=True)
            self.refresh_bindings()
        self.query_one(Header).redraw()
        self.query_one(ScreenBar).redraw()
        if waiting:
            self.query_one(ConnectionPanel).show_connection(self.connection)

    def _set_waiting(self, waiting: bool) -> None:
        # The two widgets are told by hand: a class that styles depend on would have all of them computed anew.
        self.set_class(waiting, "-waiting", update=False)
        self.query_one("#body").display = not waiting
        self.query_one(ConnectionPanel).display = waiting

    def take_snapshot(self) -> None:
        sampler = self.connection.sampler
        if self.is_mounted and self.connection.state in (ConnectionState.LIVE, ConnectionState.LOST):
            assert sampler is not None and sampler.latest is not None
            self.sampled(sampler.latest)

    def on_mount(self) -> None:
        self._wake = asyncio.Event()
        self._set_waiting(self.is_waiting)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        self.show_state()
        self.take_snapshot()
        self.poll_or_rest()
        self.call_after_refresh(self.take_handed)
        self.end_hold()

    def end_hold(self) -> None:
        """Has the first frame drawn, once there is something to see."""
        if self.is_ready and self.connection.state not in (ConnectionState.OPENING, ConnectionState.CONNECTING):
            self.first_frame.show()

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        # A dialog suspends the screen beneath it too: that goes on, another screen in its place ends it.
        if self not in self.app.screen_stack:
            self._rest()

    def poll_or_rest(self) -> None:
        """Has a connection and samples, or has none, by `has_reads`."""
        if not self.has_reads:
            self._rest()
        elif self._poller is None or self._poller.is_finished:
            self._poller = self.run_worker(self._poll(), group="sample", exit_on_error=False)

    def _rest(self) -> None:
        if self._poller is not None:
            self._poller.cancel()
            self._poller = None

    def take_handed(self) -> None:
        """Receives what the application holds for this screen, once."""
        app = console_app(self)
        if app.handed is None or app.handed[0] != app.screen_name or self is not self.app.screen_stack[0]:
            return
        if self.is_ready:
            _, subject = app.handed
            app.handed = None
            self.receive(subject)

    async def _poll(self) -> None:
        asked = False
        while True:
            connection = self.connection
            try:
                async with connection.session() as session:
                    while connection is self.connection:
                        if asked or not connection.paused:
                            await self.sample(session)
                        asked = await self._due(connection.every_s)
            except ConsoleError as error:
                if connection.state is ConnectionState.LIVE:
                    self.failed(error)
                asked |= await self._due(max(1.0, connection.every_s))

    async def _due(self, seconds: float) -> bool:
        """Waits so long, or until somebody wants it now; whether somebody does, which is heard once."""
        asked = await woken(self._wake, console_app(self).clock.sleep(seconds))
        self._wake.clear()
        return asked

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "filter":
            return self._to_filter() is not None and not self.has_class("-waiting")
        if action == "export":
            table = self._filtered_table()
            return table is not None and bool(table.table.rows) and not self.has_class("-waiting")
        return super().check_action(action, parameters)

    def _to_filter(self) -> Filterable | None:
        """What a filter is for: the text that has the keys, else a table."""
        return self.focused if isinstance(self.focused, Filterable) else self._filtered_table()

    def _filtered_table(self) -> RecordTable | None:
        """The table that is filtered and exported: the focused one, else the first that is shown."""
        if isinstance(self.focused, RecordTable):
            return self.focused
        return next((table for table in self._body.query(RecordTable) if all(
            widget.display for widget in table.ancestors_with_self if isinstance(widget, Widget))), None)

    def export_name(self, table: RecordTable) -> str:
        """What a file with the rows of `table` is called."""
        return f"{console_app(self).screen_name} {table.id}"

    def action_export(self) -> None:
        """The rows of the table that has the keys, filtered and sorted as they are shown."""
        if (table := self._filtered_table()) is not None:
            from console.ui.dialogs.export import of_table

            self.app.push_screen(of_table(self.export_name(table), table.table))

    async def action_filter(self) -> None:
        if (subject := self._to_filter()) is None:
            return
        from console.ui.widgets.filter_line import FilterLine

        # Made when it is wanted first: an input has more styles than all else that the first screen shows.
        if (line := self.query_one_optional(FilterLine)) is None:
            line = FilterLine()
            await self.mount(line, before=self.query_one(Footer))
        line.open(subject)
