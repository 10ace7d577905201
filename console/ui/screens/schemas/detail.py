"""The right-hand side: tabs about what the tree's cursor stands on, read when looked at and kept while it stays."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from console.catalog.tree import TreeNode
from console.errors import ConsoleError
from console.ui import text
from console.ui.bindings import bindings
from console.ui.screens.schemas import views
from console.ui.screens.schemas.data import DataTable
from console.ui.screens.schemas.state import ObjectState
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
        """It is about something else now, or another tab is shown; `views.summary` says what."""

        def __init__(self, pane: ObjectPane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, state: ObjectState, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.state = state

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
        self.state.node = node
        self.workers.cancel_group(self, "tab")
        self.run_worker(self._read(node, settle_s), group="subject", exclusive=True, exit_on_error=False)

    def reread(self) -> None:
        """Reads all of it again, keeping the tab."""
        if self.state.node is not None:
            self.show_node(self.state.node, settle_s=0)

    def stop(self) -> None:
        """Cancels what is being read and gives back what reading rows holds."""
        for group in ("subject", "tab"):
            self.workers.cancel_group(self, group)
        self.query_one(DataTable).close()
        self._is_stopped = True

    def resume(self) -> None:
        """Reads what `stop` left unread."""
        state = self.state
        if self._is_stopped and state.node is not None:
            self._is_stopped = False
            if state.is_unread:
                self.reread()
            elif state.rows_oid is not None or not state.is_ready:
                self._show_tab(state.title)

    _is_stopped = False

    async def _read(self, node: TreeNode, settle_s: float) -> None:
        await asyncio.sleep(settle_s)
        impatient = self.set_timer(PATIENCE_S, self._clear)
        try:
            async with console_app(self).connection.session() as session:
                subject = await read_subject(session, node)
        except ConsoleError as error:
            impatient.stop()
            self._failed(error)
            return
        finally:
            impatient.stop()
        self._take(node, subject)

    def _clear(self) -> None:
        """It takes a while: the old content must not be taken for the new one's."""
        self.state.forget()
        self._show_nothing(("reading…", "dim"))

    def _failed(self, error: ConsoleError) -> None:
        if self.state.fail(error):  # else the last data stays, dimmed
            self._show_nothing(*views.failure(error))

    def _show_nothing(self, *words: tuple[str, Any]) -> None:
        """Words in place of all tabs."""
        self.query_one(DataTable).clear()
        self.query_one(TabBar).show_tabs((), 0)
        self._notice(*words)
        self.post_message(self.Changed(self))

    def _take(self, node: TreeNode, subject: ObjectSubject) -> None:
        self.query_one(DataTable).clear()
        self._show_tab(self.state.take(node, subject))
        if subject.start:
            self.query_one("#content", RecordTable).select(subject.select)

    # tabs

    def move_tab(self, step: int) -> None:
        """To the next tab, or the one before; round at the ends."""
        if (index := self.state.beside(step)) is not None:
            self.choose_tab(index)

    def choose_tab(self, index: int) -> None:
        """To the tab `index`, which is kept for the next object that has one of that name."""
        if (title := self.state.choose(index)) is not None:
            self._show_tab(title)

    def _show_tab(self, title: str) -> None:
        self._wants_focus = self._wants_focus or self.has_focus_within
        self.workers.cancel_group(self, "tab")
        state = self.state
        if state.rows_oid is not None and title != state.title:
            self.query_one(DataTable).close()
        state.title = title
        if (tab := state.tab) is None:
            self._show_only()
        elif (content := state.content(tab)) is not None:
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
            self._notice(*views.failure(error))
            return
        finally:
            impatient.stop()
        self._show_content(tab, content)
        self._show_bar()
        self.post_message(self.Changed(self))

    def _show_bar(self) -> None:
        self.query_one(TabBar).show_tabs(*self.state.bar())

    def _show_content(self, tab: Tab, content: Content) -> None:
        self.state.keep(tab, content)
        match content:
            case Table():
                table = self.query_one("#content", RecordTable)
                self._forget_filter()
                table.begin_anew()
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
        if self.state.rows_oid is not None and data.error is not None and not data.table.columns:
            self._notice(*views.failure(data.error))
        elif self.state.rows_oid is not None:
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
