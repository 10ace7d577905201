"""The right-hand side: tabs about what the tree's cursor stands on, read when looked at and kept while it stays."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from console.catalog.tree import TreeNode
from console.errors import ConsoleError, Unreachable
from console.ui import text
from console.ui.bindings import bindings
from console.ui.keymap import key
from console.ui.screens.schemas.data import DataTable
from console.ui.screens.schemas.subjects import Code, Content, ObjectSubject, RowsTab, Tab, read_subject
from console.ui.widgets.code_pane import CodePane, sql_lines
from console.ui.widgets.filter_line import FilterLine
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.tab_bar import TabBar
from console.view.table import Line, Table

SETTLE_S = 0.12
"""How long the tree's cursor must rest before what it stands on is read."""

PATIENCE_S = 0.25
"""How long a read may take before the old content goes and "reading…" is shown."""


class PlaceholderText(Lines):
    """Words in place of the content: reading, or an error and its hint."""

    def say(self, *words: tuple[str, Any]) -> None:
        self._words = words
        self.redraw()

    _words: tuple[tuple[str, Any], ...] = ()

    def lines(self, width: int, height: int) -> list[Line]:
        return [((line, tone),) for words, tone in self._words for line in text.wrap(words, max(10, width))]


class ObjectPane(Vertical):
    """`show_node` says what it is about; the keys of the screen move between its tabs."""

    BINDINGS = bindings(borrow={"tabs.previous": "screen.move_tab(-1)", "schemas.side": "screen.other_side"},
                        words={"schemas.side": "tree"})

    class Changed(Message):
        """It is about something else now, or another tab is shown; `pane.summary` says what."""

        def __init__(self, pane: ObjectPane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.node: TreeNode | None = None
        self.subject: ObjectSubject | None = None
        self.error: ConsoleError | None = None
        self.about: TreeNode | None = None
        self.summary: Line = ()
        self._wanted = ""
        self._contents: dict[str, Content] = {}

    def compose(self) -> ComposeResult:
        yield TabBar(id="tabs")
        yield Lines(id="note")
        yield RecordTable(id="content")
        yield CodePane(id="code")
        yield DataTable(id="data")
        yield PlaceholderText(id="notice")

    def on_mount(self) -> None:
        self._show_only()

    # what it is about

    def show_node(self, node: TreeNode, *, settle_s: float = SETTLE_S) -> None:
        """Reads `node` when nothing else is asked for within `settle_s`; what was being read is cancelled."""
        self.node = node
        self.workers.cancel_group(self, "tab")
        self.run_worker(self._read(node, settle_s), group="subject", exclusive=True, exit_on_error=False)

    def reread(self) -> None:
        """Reads all of it again, keeping the tab."""
        if self.node is not None:
            self.show_node(self.node, settle_s=0)

    def stop(self) -> None:
        """Cancels what is being read and gives back what reading rows holds."""
        for group in ("subject", "tab"):
            self.workers.cancel_group(self, group)
        self.query_one(DataTable).close()
        self._is_stopped = True

    def resume(self) -> None:
        """Reads what `stop` left unread."""
        if self._is_stopped and self.node is not None:
            self._is_stopped = False
            if self.subject is None or self.about is not self.node:
                self.reread()
            elif self.rows_oid is not None or not self.is_ready:
                self._show_tab(self._shown)

    _is_stopped = False

    async def _read(self, node: TreeNode, settle_s: float) -> None:
        await asyncio.sleep(settle_s)
        impatient = self.set_timer(PATIENCE_S, lambda: self._clear(node))
        try:
            async with console_app(self).connection.session() as session:
                subject = await read_subject(session, node)
        except ConsoleError as error:
            impatient.stop()
            self._failed(node, error)
            return
        finally:
            impatient.stop()
        self._take(subject)
        self.about = node

    def _clear(self, node: TreeNode) -> None:
        """It takes a while: the old content must not be taken for the new one's."""
        self._forget()
        self.summary = ((node.name, "strong"), ("  reading…", "dim"))
        self.query_one(TabBar).show_tabs((), 0)
        self._notice(("reading…", "dim"))
        self.post_message(self.Changed(self))

    def _failed(self, node: TreeNode, error: ConsoleError) -> None:
        if isinstance(error, Unreachable) and self.subject is not None:
            return  # the last data stays, dimmed
        self._clear(node)
        self.error = error
        self.summary = ((node.name, "strong"),)
        self._notice(*failure(error))
        self.post_message(self.Changed(self))

    def _take(self, subject: ObjectSubject) -> None:
        self._forget()
        self.subject = subject
        self.summary = subject.summary
        titles = [tab.title for tab in subject.tabs]
        self._wanted = subject.start or self._wanted
        self._show_tab(self._wanted if self._wanted in titles else titles[0] if titles else "")
        if subject.start:
            self.query_one("#content", RecordTable).select(subject.select)

    def _forget(self) -> None:
        self.subject = self.error = None
        self._contents = {}
        self.query_one(DataTable).clear()

    # tabs

    @property
    def tab(self) -> Tab | None:
        """The tab that is shown."""
        if self.subject is None:
            return None
        return next((tab for tab in self.subject.tabs if tab.title == self._shown), None)

    _shown = ""

    @property
    def rows_oid(self) -> int | None:
        """The relation whose rows are shown, None on another tab."""
        content = self.tab.content if self.tab else None
        return content.oid if isinstance(content, RowsTab) else None

    @property
    def is_ready(self) -> bool:
        """Whether the tab's content is there."""
        return self.tab is not None and self._shown in self._contents

    def move_tab(self, step: int) -> None:
        """To the next tab, or the one before; round at the ends."""
        if self.subject is not None and self.subject.tabs:
            titles = [tab.title for tab in self.subject.tabs]
            at = titles.index(self._shown) if self._shown in titles else 0
            self.choose_tab((at + step) % len(titles))

    def choose_tab(self, index: int) -> None:
        """To the tab `index`, which is kept for the next object that has one of that name."""
        if self.subject is not None and index < len(self.subject.tabs):
            self._wanted = self.subject.tabs[index].title
            self._show_tab(self._wanted)

    def _show_tab(self, title: str) -> None:
        self._wants_focus = self._wants_focus or self.has_focus_within
        self.workers.cancel_group(self, "tab")
        data = self.query_one(DataTable)
        if self.rows_oid is not None and title != self._shown:
            data.close()
        self._shown = title
        tab = self.tab
        if tab is None:
            self._show_only()
        elif (content := self._contents.get(title, tab.content)) is not None:
            self._show_content(tab, content)
        else:
            self._notice()
            self.run_worker(self._read_tab(tab), group="tab", exclusive=True, exit_on_error=False)
        self._show_bar()
        self.post_message(self.Changed(self))

    async def _read_tab(self, tab: Tab) -> None:
        assert tab.read is not None
        impatient = self.set_timer(PATIENCE_S, lambda: self._notice(("reading…", "dim")))
        try:
            async with console_app(self).connection.session() as session:
                content = await tab.read(session)
        except ConsoleError as error:
            impatient.stop()
            self._notice(*failure(error))
            return
        finally:
            impatient.stop()
        self._show_content(tab, content)
        self._show_bar()
        self.post_message(self.Changed(self))

    def _show_bar(self) -> None:
        tabs = self.subject.tabs if self.subject else ()
        titles = [tab.title for tab in tabs]
        filled = [not isinstance(content := self._contents.get(tab.title, tab.content), Table) or bool(content.rows)
                  for tab in tabs]
        self.query_one(TabBar).show_tabs(list(zip(titles, filled, strict=True)),
                                         titles.index(self._shown) if self._shown in titles else 0)

    def _show_content(self, tab: Tab, content: Content) -> None:
        self._contents[tab.title] = content
        match content:
            case Table():
                table = self.query_one("#content", RecordTable)
                self._forget_filter()
                table.needle, table.sort_key, table.cursor = "", None, 0
                table.show(content)
                self._show_only("#content", content.note or tab.note)
            case Code():
                self.query_one(CodePane).show_text(content.text, sql_lines(content.text))
                self._show_only("#code", tab.note)
            case RowsTab():
                self._show_only("#data", "reading…")
                data, pool = self.query_one(DataTable), console_app(self).connection.pool
                if data.preview is None and pool is not None:
                    data.open(pool.session, content.oid)
                else:
                    data.resume()
                    self._show_note(data.status)

    def _forget_filter(self) -> None:
        """What was filtered is no longer shown."""
        if (line := self.screen.query_one_optional(FilterLine)) is not None:
            line.display = False
            line.value = ""

    def on_data_table_progressed(self) -> None:
        data = self.query_one(DataTable)
        if self.rows_oid is not None and data.error is not None and not data.table.columns:
            self._notice(*failure(data.error))
        elif self.rows_oid is not None:
            self._show_note(data.status)
            self.post_message(self.Changed(self))

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        self.choose_tab(event.index)

    # what is on the screen

    def focus_content(self) -> None:
        """Gives the keys to what the tab shows, now or as soon as it is there."""
        shown = next((widget for widget in self.query("#content, #code, #data") if widget.display), None)
        self._wants_focus = shown is None
        if shown is not None:
            self.screen.set_focus(shown)

    def give_up_focus(self) -> None:
        """The keys go elsewhere, whatever is still to come."""
        self._wants_focus = False

    _wants_focus = False

    def _notice(self, *words: tuple[str, Any]) -> None:
        self.query_one(PlaceholderText).say(*words)
        self._show_only("#notice")

    def _show_only(self, selector: str = "", note: str = "") -> None:
        for name in ("#content", "#code", "#data", "#notice"):
            self.query_one(name).display = name == selector
        if self._wants_focus and selector not in ("", "#notice"):
            self.focus_content()
        self._show_note(((note, "dim"),) if note else ())

    def _show_note(self, words: Line) -> None:
        self.query_one("#note", Lines).show(words)


def failure(error: ConsoleError) -> list[tuple[str, Any]]:
    """An error as words: what happened, what else is known, what to do."""
    words: list[tuple[str, Any]] = [("", ""), (error.summary, "critical")]
    if error.detail and error.detail not in error.summary:
        words.append((error.detail, "dim"))
    if error.hint:
        words += [("", ""), (error.hint, "")]
    return [*words, ("", ""), (f"{key('schemas.reread')} reads it again", "dim")]
