"""How the console is drawn: in its themes, in ASCII where it must be, and no more cells than have changed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.filter import LineFilter
from textual.screen import Screen
from textual.theme import Theme
from textual.worker import Worker, WorkerFailed
from textual.worker_manager import WorkerManager

from console import log
from console.errors import ConsoleError
from console.ui import choices, terminal, themes
from console.ui.key_queue import KeyQueue, Through, Typed
from console.ui.stylesheet import ParsedOnce
from console.ui.terminal_diff import DiffUpdate, ScreenBuffer
from console.ui.text import AsciiFilter

TERMINAL_GONE = 129
"""The exit status then: as after SIGHUP."""


def _driver() -> type[Driver] | None:
    """The driver that holds nothing up, where there is one."""
    if os.name != "posix":
        return None
    from console.ui.driver import TerminalDriver

    return TerminalDriver


class Workers(WorkerManager):
    """Textual's, in which no mistake of ours is lost: a worker that must not end the application fails in silence."""

    def _remove_worker(self, worker: Worker[Any]) -> None:
        super()._remove_worker(worker)
        error = worker.error
        if (isinstance(error, Exception) and not isinstance(error, ConsoleError) and not worker.exit_on_error
                and self._app.is_running and not self._app._exit):
            log.failed(error)
            self._app.notify(f"a mistake of dbconsole's own: {type(error).__name__}", severity="error", markup=False)


class ThemedApp(App[int]):
    """An application of Textual's that is drawn our way.

    What the terminal's environment asks for (NO_COLOR, a console of sixteen colours) goes before `theme`, the one that
    was chosen. `ascii_only` None: as the environment says.
    """

    def __init__(self, theme: str | None, ascii_only: bool | None, environment: Mapping[str, str]) -> None:
        self._look = themes.load(themes.DEFAULT)
        self._mixed: tuple[Theme, dict[str, str]] | None = None
        super().__init__(ansi_color=True if environment.get("NO_COLOR") else None, driver_class=_driver())
        self.is_ascii = terminal.is_ascii(environment) if ascii_only is None else ascii_only
        self._use_theme(terminal.theme_for(environment) or theme or themes.DEFAULT)
        self._written = ScreenBuffer()
        self.stylesheet = ParsedOnce(variables=self.get_css_variables())
        self._workers = Workers(self)
        self._keys = KeyQueue(self, self.take_key)

    @property
    def inks(self) -> themes.Inks:
        return self._look.inks

    @property
    def stale_inks(self) -> themes.Inks:
        """The inks while what is shown is no longer live: everything dim."""
        return {name: self.inks["faint" if name in ("", "dim", "faint") else "dim"] if name in themes.TONES else style
                for name, style in self.inks.items()}

    def _use_theme(self, name: str) -> None:
        try:
            self._look = themes.load(name)
        except ConsoleError:
            self._look = themes.load(themes.DEFAULT)
        self.register_theme(self._look.theme)
        self.theme = self._look.name

    def get_theme(self, theme_name: str) -> Theme | None:
        # Textual sorts all themes for this, hundreds of times before the first paint.
        return self._look.theme if theme_name == self._look.name else super().get_theme(theme_name)

    def get_css_variables(self) -> dict[str, str]:
        # Textual mixes a theme's colours anew whenever it asks for them, four times before the first paint.
        if self.theme != self._look.name:  # Textual's own, before ours is set
            return {}
        if self._mixed is None or self._mixed[0] is not self.current_theme:
            self._mixed = self.current_theme, super().get_css_variables()
        return self._mixed[1]

    def choose_theme(self, name: str, *, remember: bool = True) -> None:
        """Draws in another theme, from now on or, not to be remembered, for a look."""
        self._use_theme(name)
        if remember:
            choices.remember(theme=name)

    def _load_screen_css(self, screen: Screen[Any]) -> None:
        """Textual 8.2 styles all that is shown anew for the sheet of a screen that is opened, in which every rule is
        of that screen."""
        fresh = [path for path in map(str, screen.css_path) if not self.stylesheet.has_source(path)]
        for path in fresh:
            self.stylesheet.read(path)
        if fresh:
            self.stylesheet.parse()

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = super().get_line_filters()
        return [*filters, AsciiFilter()] if self.is_ascii else filters

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, Typed) and not event.is_forwarded:
            await self._keys.put(event)
        else:
            await super().on_event(event)

    async def take_key(self, event: Typed) -> None:
        """One that no other is under way before."""
        await super().on_event(event)

    def on_through(self, message: Through) -> None:
        self._keys.came_up(message)

    def clear_selection(self) -> None:
        # From Python 3.12 on, tasks begin at once: an input in the first screen is mounted before the screen is shown.
        if self.screen_stack:
            super().clear_selection()

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self.action_repaint())

    def on_resize(self, event: events.Resize) -> None:
        self._written.resize(event.size)

    def caught_up(self) -> None:
        """The terminal has read all that was on its way: what changed meanwhile is drawn."""
        self.screen.refresh()

    def terminal_gone(self) -> None:
        """The terminal takes nothing more, or has nothing more to give."""
        self.exit(TERMINAL_GONE)

    def _handle_exception(self, error: Exception) -> None:
        # Textual's own would print a traceback with the values of all variables, which can be secrets.
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._return_code = 2
        log.failed(error.error if isinstance(error, WorkerFailed) else error)
        self._close_messages_no_wait()

    def action_repaint(self) -> None:
        """Sends the whole screen again."""
        self._written.forget()
        self.screen.refresh()

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        if getattr(self._driver, "is_behind", False):
            return  # what is missing then is drawn when the terminal has caught up
        if type(renderable) in (ChopsUpdate, LayoutUpdate):
            renderable = DiffUpdate(renderable, self._written)
        super()._display(screen, renderable)
