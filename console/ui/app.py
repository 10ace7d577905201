"""The console as an application: one connection, the screens on it, and the keys that work everywhere.

How the parts go together, for whoever writes the next screen:

- `start.run_console(name, sources)` opens the console on the target `name`. `Sources` (ui/connection.py) holds all
  that it depends on: configuration, clock, how to open a target, which services it has, how to make its pool and
  sampler.
- `screens/__init__.py` lists the screens; a new one is an entry there, `screens/<name>/screen.py` with a subclass of
  `ConsoleScreen` (ui/frame.py) and `screen.tcss`, all of whose rules are nested under that class.
- Data: `sampled(snapshot)` for what the target's sampler reads anyway; `sample(session)` for the screen's own reads
  while it is visible; for one thing asked by a person, in a worker with `exit_on_error=False`:

        async with self.connection.session() as session:
            rows = await read_something(session)

  It raises ConsoleError: show it with `console_app(self).show_error(error)` or in the panel that stays empty.
- Widgets: `RecordTable` shows a `view.table.Table`; `Lines` (widgets/painting.py) shows lines of toned text; both
  repaint only what changed. Whatever comes from the server goes through ui/text.py, which these two do themselves;
  for Textual's own widgets use `text.content(...)`.
- Dialogs: `ChooseDialog`, `ConfirmDialog`, `FailureDialog`, `HelpDialog`, `PasswordDialog`, with `push_screen`.
- Nothing that is shown imports this module: `console_app(widget)` is the application by its port, ui/host.py.
- What changes the server asks `dialogs.unlock` first whether it may; runs of migrations belong to `app.runs`.
- From one screen to another with something in hand: `console_app(self).hand_over("query", sql)`, and `receive` of
  that screen.
- Commands: a function added to `commands.SOURCES` offers more in the palette, such as objects to jump to.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import events

from console.errors import ConsoleError, PasswordNeeded
from console.text import format as fmt
from console.text.sanitiser import for_pasting
from console.ui import choices, keymap, shutdown
from console.ui.bindings import bindings, rebind, textual_names
from console.ui.connection import Connection, ConnectionState, Sources
from console.ui.first_frame import FirstFrame
from console.ui.frame import ConsoleScreen
from console.ui.jobs import JobRunner
from console.ui.key_queue import Typed
from console.ui.screens import ENTRIES, ScreenEntry
from console.ui.text import content
from console.ui.themed_app import ThemedApp

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.widget import Widget

    from console.config import Config
    from console.plans.records import Plan

SUCCESSION_S = 1.0
"""How soon the second of two keys has to follow the first."""

CLOCK_S = 2.5
"""The longest that the header's clock stands still."""

COPIED_CHARACTERS = 48
"""So much of what was copied is said."""


class ConsoleApp(ThemedApp):
    """The console. Everything that it depends on comes with `sources`."""

    TITLE = "dbconsole"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS = bindings("app")

    def __init__(self, name: str, sources: Sources, *, entries: Sequence[ScreenEntry] = ENTRIES,
                 environment: Any = os.environ, connection: Connection | None = None) -> None:
        self.DEFAULT_MODE = f"{entries[0].name} 0"  # type: ignore[misc]
        remembered, settings = choices.load(), sources.config.console
        super().__init__(remembered.theme or settings.theme, settings.ascii, environment)
        self.sources = sources
        self.clock = sources.clock
        self.runs = JobRunner(sources.clock)
        self.entries = entries
        self.screen_name = entries[0].name
        self.handed: tuple[str, object] | None = None
        self.kept_plan: tuple[str, Plan] | None = None
        """The plan that others are compared with, and what it is called."""
        self.held: dict[str, str] = {}
        """What would be lost if the target were left, in words, by the screen that holds it."""
        self.first_frame = FirstFrame(self)
        self.keymap = keymap.of(sources.config)
        keymap.use(self.keymap)
        self._begins = {name for key in self.keymap.begins for name in textual_names(key)}
        self._pressed = ("", 0.0)
        """The first of two keys, and when it was pressed."""
        self._generation = 0
        self._drawn_s = 0.0
        self._asked_password_for: ConsoleError | None = None
        self._add_modes()
        self.connection = self._followed(connection or Connection(name, sources))
        rebind(self, self.keymap)

    @property
    def config(self) -> Config:
        return self.sources.config

    # the connection

    def _followed(self, connection: Connection) -> Connection:
        """That connection, which from now on has changes shown: by the application, whose context dialogs need, and
        not by the connection's own task, which began before there was one."""
        connection.changed = lambda: self.call_later(self.connection_changed)
        return connection

    def target_names(self) -> list[str]:
        return self.sources.names()

    def connection_changed(self) -> None:
        """There is something new to show: a sample, or another state."""
        if not self.is_running:
            return
        if (screen := self.show_state()) is not None:
            screen.take_snapshot()
            screen.end_hold()
        if self.connection.rings():
            self.bell()
        error = self.connection.error
        if isinstance(error, PasswordNeeded) and error is not self._asked_password_for:
            self._asked_password_for = error
            self.action_open("password")

    async def open_target(self, name: str, database: str | None = None) -> None:
        """Leaves the target and opens another one, or another database of it, with fresh screens."""
        if self.held:
            self.close_dialogs()
            shutdown.ask_to_lose(self, partial(self._leave_for, name, database))
        else:
            await self._leave_for(name, database)

    async def _leave_for(self, name: str, database: str | None) -> None:
        self.held.clear()
        old = self.connection
        recorder = old.recorder
        path = recorder.path if recorder is not None else None
        self.connection = self._followed(Connection(name, self.sources, every_s=old.every_s, database=database))
        self.connection.paused = old.paused
        if name in self.target_names():
            choices.remember_target(name, database)
        stale = [f"{entry.name} {self._generation}" for entry in self.entries]
        self._generation += 1
        self._add_modes()
        self.close_dialogs()
        self.connection.start()
        await self.switch_mode(f"{self.screen_name} {self._generation}")
        for mode in stale:
            await self.remove_mode(mode)
        await old.close()
        if path is not None:
            self.tell(f"the recording of {old.label} ended: {path}")

    # the screens

    def _add_modes(self) -> None:
        for entry in self.entries:
            self.add_mode(f"{entry.name} {self._generation}", entry.make)

    def show_state(self) -> ConsoleScreen | None:
        """Brings the header and all that depends on the connection's state up to date, on the screen that is shown."""
        screen = self.screen_stack[0] if self.screen_stack else None
        if not isinstance(screen, ConsoleScreen):
            return None
        self._drawn_s = self.clock.monotonic()
        screen.show_state()
        return screen

    def _tick(self) -> None:
        """Moves clocks and countdowns on. What is live is drawn with each sample: between two it would cost as much."""
        screen = self.screen_stack[0] if self.screen_stack else None
        has_clocks = isinstance(screen, ConsoleScreen) and type(screen).show_state is not ConsoleScreen.show_state
        is_live = self.connection.state is ConnectionState.LIVE
        if has_clocks or not is_live or self.clock.monotonic() - self._drawn_s > CLOCK_S:
            self.show_state()

    def close_dialogs(self) -> None:
        while len(self.screen_stack) > 1:
            self.screen.dismiss(None)

    def action_show_number(self, number: int) -> None:
        if entry := next((entry for entry in self.entries if entry.number == number), None):
            self.show_screen(entry.name)

    def show_screen(self, name: str) -> None:
        self.close_dialogs()
        self.screen_name = name
        self.switch_mode(f"{name} {self._generation}")

    def hand_over(self, name: str, subject: object) -> None:
        """Goes to that screen with something that it is to show: see its `receive`."""
        self.handed = (name, subject)
        self.show_screen(name)
        if isinstance(screen := self.screen_stack[0], ConsoleScreen):
            screen.take_handed()  # it may be the one that is shown already: it will not be resumed

    # keys

    def _register_child(self, parent: DOMNode, child: Widget, before: int | None, after: int | None) -> None:
        super()._register_child(parent, child, before, after)
        rebind(child, self.keymap)  # here, because every widget passes by, once, when it is known what is around it

    async def take_key(self, event: Typed) -> None:
        if isinstance(event, events.Key) and self._begins:
            if (whole := self._whole_key(event)) is None:
                return
            event = whole
        await super().take_key(event)

    def _whole_key(self, event: events.Key) -> events.Key | None:
        """The key that was pressed, or the two in succession that it completes; None where another has to follow."""
        (before, at_s), self._pressed = self._pressed, ("", 0.0)
        if self.focused is not None and self.focused.check_consume_key(event.key, event.character):
            return event
        known = self.screen.active_bindings
        if before and self.clock.monotonic() - at_s < SUCCESSION_S and f"{before} {event.key}" in known:
            return events.Key(f"{before} {event.key}", None)
        if event.key in self._begins and any(name.startswith(f"{event.key} ") for name in known):
            self._pressed = (event.key, self.clock.monotonic())
            return None
        return event

    # events

    def on_load(self) -> None:
        self.first_frame.hold()
        self.connection.start()

    def on_mount(self) -> None:
        self.set_interval(1.0, self._tick)
        self.call_later(self.connection_changed)  # what happened before there was a screen

    # what a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        waiting = self.connection.state in (ConnectionState.FAILED, ConnectionState.LOST)
        if action == "retry":
            return waiting
        if action == "pause" or parameters == ("rate",):
            return not waiting
        if parameters == ("database",):
            return self.connection.info is not None
        return super().check_action(action, parameters)

    def action_retry(self) -> None:
        if self.connection.needs_password:
            self.action_open("password")
        else:
            self.connection.retry_now()
            self.show_state()

    def action_pause(self) -> None:
        connection = self.connection
        connection.set_paused(not connection.paused)
        if connection.paused and connection.recorder is not None and connection.recorder.path is not None:
            self.tell("paused: nothing is recorded until it goes on")
        self.show_state()

    def set_rate(self, every_s: float) -> None:
        self.connection.set_every(every_s)
        choices.remember(refresh_s=every_s)
        self.show_state()

    def copy(self, text: str) -> None:
        """Puts `text` on the terminal's clipboard (OSC 52) and says what it was."""
        self.copy_to_clipboard(for_pasting(text))
        first, *more = text.strip().splitlines() or [""]
        begun = first if len(first) <= COPIED_CHARACTERS else f"{first[:COPIED_CHARACTERS - 1]}…"
        self.tell(f"copied: {begun}" + (f" and {fmt.plural(len(more), 'line')} more" if more else ""))

    def tell(self, words: str) -> None:
        """A short word at the edge of the screen; never read as markup."""
        self.notify(str(content(words)), markup=False, timeout=3)

    def show_error(self, error: ConsoleError) -> None:
        from console.ui.dialogs.failure import FailureDialog

        self.push_screen(FailureDialog(error))

    def action_open(self, what: str) -> None:
        """Opens the dialog of that name of ui/dialogs/opening.py."""
        from console.ui.dialogs import opening

        opening.DIALOGS[what](self)

    async def action_quit(self) -> None:
        shutdown.ask(self)

    def action_copy_or_quit(self) -> None:
        """Copies what is selected; where nothing is, `^c` may mean that somebody wants to leave, and may not."""
        if selected := self.screen.get_selected_text():
            self.copy(selected)
        else:
            shutdown.ask_first(self)

    def terminal_gone(self) -> None:
        shutdown.end(self, signal.SIGHUP)
