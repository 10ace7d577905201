"""The manual: its pages by name and by words in them, and a page with its links."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Markdown

from console.errors import UsageError
from console.manual import topics
from console.ui.bindings import bindings
from console.ui.dialogs.choose import Choice, ChooseDialog, as_table
from console.ui.dialogs.dialog import Dialog
from console.ui.widgets.painting import console_app
from console.view.table import Row

MOST_PASSAGES = 200


def contents() -> Iterator[Choice]:
    """The pages, in their order."""
    for topic in topics.topics():
        yield Choice(topic.name, topic.title, topic.name)


def passages(words: str) -> Iterator[Choice]:
    """Where the words stand; a page may have several such places, so their keys have a number behind its name."""
    for number, passage in enumerate(islice(topics.search(words), MOST_PASSAGES)):
        yield Choice(f"{passage.topic} {number}", passage.line.strip("|- "), passage.topic)


class ContentsDialog(ChooseDialog):
    """Answers with the name of a page. What is typed is looked for in all of them."""

    width = 100

    def __init__(self) -> None:
        super().__init__("The manual", tuple(contents()), placeholder="words to look for in all pages",
                         empty="no page has these words")

    def on_input_changed(self, event: Input.Changed) -> None:
        found = passages(event.value) if event.value.strip() else contents()
        self.table.leave_row()
        self.table.show(as_table(tuple(found), self._empty))

    def answer(self, row: Row) -> str:
        return row.key.partition(" ")[0]


class PageDialog(Dialog[None]):
    """A page. Its links lead to others, by the mouse or from a list of them."""

    BINDINGS = bindings("manual", "reading")
    HINT = ("manual.contents", "manual.links", "manual.back", "dialog.leave")
    width = 116

    def __init__(self, topic: str) -> None:
        super().__init__("The manual")
        self._read = [topic]

    def body(self) -> ComposeResult:
        with VerticalScroll(id="page") as page:
            page.styles.height = self.app.size.height - 6
            yield Markdown(topics.text(self._read[-1]), open_links=False)

    def on_mount(self) -> None:
        self.query_one("#page").focus()

    async def show(self, topic: str) -> None:
        """Turns to the page. One that isn't there is said."""
        try:
            source = topics.text(topic)
        except UsageError as error:
            console_app(self).show_error(error)
            return
        if topic != self._read[-1]:
            self._read.append(topic)
        await self.query_one(Markdown).update(source)
        self.query_one("#page", VerticalScroll).scroll_home(animate=False)

    async def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        await self.show(event.href)

    async def _turned(self, topic: str | None) -> None:
        if topic is not None:
            await self.show(topic)

    def action_contents(self) -> None:
        self.app.push_screen(ContentsDialog(), self._turned)

    def action_links(self) -> None:
        links = topics.links(topics.text(self._read[-1]))
        offered = [Choice(link.topic, link.words, link.topic) for link in links]
        self.app.push_screen(ChooseDialog("From here to", offered, empty="this page names no other"), self._turned)

    async def action_back(self) -> None:
        if len(self._read) > 1:
            self._read.pop()
            await self.show(self._read[-1])
