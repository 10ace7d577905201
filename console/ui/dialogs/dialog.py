"""What every dialog is: a box in the middle with a title above and its keys below."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, TypeVar

from textual.app import App, ComposeResult
from textual.containers import Container
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.worker import get_current_worker

from console.ui import text
from console.ui.bindings import bindings
from console.ui.keymap import Hint, hint
from console.ui.widgets.painting import Lines
from console.view.table import Line, Tone

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A subclass says its widgets in `body` and answers with `dismiss`; None means that it was left."""

    CSS_PATH = Path(__file__).with_name("dialog.tcss")  # absolute, or it would be looked for beside a subclass
    BINDINGS = bindings("dialog", "focus", borrow={"app.copy_or_quit": "app.copy_or_quit"})
    HINT: Hint = ("dialog.leave",)
    """The actions that are named below the dialog: see `bindings.hint`."""
    width = 60

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        with Container(id="box") as box:
            box.border_title = text.content(f" {self._title} ")
            box.border_subtitle = text.content(f" {hint(*self.HINT)} ")
            box.styles.width = self.width
            yield from self.body()

    def body(self) -> ComposeResult:
        """The dialog's widgets."""
        yield from ()

    def action_leave(self) -> None:
        self.dismiss(None)

    async def ask(self, app: App[Any]) -> Answer | None:
        """What a person answers. For a worker: one that was cancelled doesn't ask, and when it is cancelled while it
        asks the dialog goes, since nobody waits for the answer any more."""
        if get_current_worker().is_cancelled:  # what it did last may have failed instead of ending there
            raise asyncio.CancelledError
        try:
            return await app.push_screen_wait(self)
        except asyncio.CancelledError:
            if app.screen is self:
                app.pop_screen()
            raise


class Words(Lines):
    """Paragraphs, wrapped, as high as they need."""

    def __init__(self, *paragraphs: tuple[str, Tone], id: str | None = None) -> None:
        super().__init__(id=id)
        self._paragraphs = paragraphs

    def say(self, *paragraphs: tuple[str, Tone]) -> None:
        """Says this instead of what it said."""
        self._paragraphs = paragraphs
        self._strips = ()
        self.refresh(layout=True)

    def lines(self, width: int, height: int) -> list[Line]:
        return [((line, tone),) for words, tone in self._paragraphs for line in text.wrap(words, max(1, width))]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines(width, 0))
