"""The line above the tree in which a name is typed; what it finds is read from the server."""

from __future__ import annotations

import asyncio

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from console.ui.bindings import bindings
from console.ui.widgets.painting import Lines

DEBOUNCE_S = 0.15
"""So long nobody must type before the server is asked."""


class NameInput(Input):
    """Printable keys are text, enter and down go to the tree, escape ends the search."""

    BINDINGS = bindings(borrow={"filter.clear": "leave(False)", "filter.keep": "leave(True)"})

    def action_leave(self, keeps: bool) -> None:
        self.post_message(TreeFilter.Left(keeps))


class TreeFilter(Horizontal):
    """Hidden until `open`; a word beside the text says how the search went."""

    class Changed(Message):
        """Other words were typed."""

        def __init__(self, value: str) -> None:
            super().__init__()
            self.value = value

    class Left(Message):
        """The keys go back to the tree; `keeps` what was found, or not."""

        def __init__(self, keeps: bool) -> None:
            super().__init__()
            self.keeps = keeps

    def compose(self) -> ComposeResult:
        yield NameInput(placeholder="name, or schema.name", compact=True, select_on_focus=False)
        yield Lines()

    def on_mount(self) -> None:
        self.display = False

    @property
    def words(self) -> str:
        """What has been typed."""
        return self.query_one(NameInput).value

    def open(self) -> None:
        """Takes the keys."""
        self.display = True
        self.screen.set_focus(self.query_one(NameInput))  # at once: `focus` would lose what is typed on quickly

    def hold(self, words: str) -> None:
        """Shows `words` as if they had been typed, without asking anybody."""
        self.display = True
        name = self.query_one(NameInput)
        with name.prevent(Input.Changed):
            name.value = words

    def clear(self) -> None:
        """Hides, empty."""
        self.hold("")
        self.say("")
        self.display = False

    def say(self, words: str) -> None:
        """A word about the search."""
        self.query_one(Lines).show(((words, "dim"),))

    async def settled(self) -> None:
        """Waits until nobody types."""
        await asyncio.sleep(DEBOUNCE_S)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))
