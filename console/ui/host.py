"""The port between what is shown and the application: all that screens, widgets and dialogs know of it.

They import this module and never `ui.app`: the application imports them. `Host` is what a screen or a widget works
with, `Application` what the application's own dialogs and leaving need besides. ConsoleApp and ReplayApp are both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.screen import Screen

    from console.clock import Clock
    from console.config import Config
    from console.errors import ConsoleError
    from console.plans.records import Plan
    from console.ui.connection import Connection
    from console.ui.jobs import JobRunner
    from console.ui.keymap import Keymap
    from console.ui.screens import ScreenEntry
    from console.ui.themes import Inks


class Host(Protocol):
    """The console around a screen."""

    connection: Connection
    """The target that the console is on; another one when a person chooses it."""
    clock: Clock
    runs: JobRunner
    entries: Sequence[ScreenEntry]
    """The screens that there are."""
    screen_name: str
    """The name of the one that is shown."""
    handed: tuple[str, object] | None
    """What a screen is to receive when it appears: its name and the subject."""
    held: dict[str, str]
    """What would be lost if the target were left, in words, by the screen that holds it."""
    kept_plan: tuple[str, Plan] | None
    """The plan that others are compared with, and what it is called."""
    is_ascii: bool
    keymap: Keymap
    """The keys as they are configured."""

    @property
    def screen(self) -> Screen[Any]:
        """What is on top: a screen, a page or a dialog."""

    @property
    def config(self) -> Config: ...

    @property
    def inks(self) -> Inks:
        """The theme's styles, by tone."""

    @property
    def stale_inks(self) -> Inks:
        """The same for what is no longer live."""

    def copy(self, text: str) -> None:
        """Puts `text` on the terminal's clipboard and says so."""

    def tell(self, words: str) -> None:
        """A short word at the edge of the screen; never read as markup."""

    def show_error(self, error: ConsoleError) -> None:
        """Shows what happened, where, and what to do, until a person closes it."""

    def show_state(self) -> object:
        """Brings the frame up to date with the connection."""

    def show_screen(self, name: str) -> None:
        """Goes to that screen."""

    def hand_over(self, name: str, subject: object) -> None:
        """Goes to that screen with something that it is to show: see its `receive`."""

    def push_screen(self, screen: Screen[Any], callback: Callable[[Any], Any] | None = None) -> object:
        """Shows a dialog or a page above the screen; `callback` gets its answer."""


class AppHost(Host, Protocol):
    """The console as its own dialogs, its palette and leaving see it."""

    theme: str

    @property
    def screen_stack(self) -> list[Screen[Any]]: ...

    def target_names(self) -> list[str]:
        """The targets to choose from, in the configuration's order."""

    async def open_target(self, name: str, database: str | None = None) -> None:
        """Leaves the target and opens another one, or another database of it."""

    def set_rate(self, every_s: float) -> None:
        """Refreshes every so many seconds from now on."""

    def choose_theme(self, name: str, *, remember: bool = True) -> None:
        """Draws in another theme, from now on or, not to be remembered, for a look."""

    def run_worker(self, work: Coroutine[Any, Any, Any], *, group: str = "default", exclusive: bool = False,
                   exit_on_error: bool = True) -> object: ...

    def run_action(self, action: str, default_namespace: DOMNode | None = None) -> Awaitable[bool]:
        """Does what a key would, on that node."""

    def action_open(self, what: str) -> None:
        """Opens the dialog of that name of ui/dialogs/opening.py."""

    def exit(self, result: int | None = None) -> None: ...
