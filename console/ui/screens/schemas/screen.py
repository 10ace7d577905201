"""Schemas: what there is in the database, by service, and all about the object under the cursor."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input
from textual.worker import Worker

from console.catalog import browse
from console.catalog.records import Found, Schema
from console.catalog.tree import Node
from console.errors import ConsoleError
from console.sampler.records import Snapshot
from console.ui.connection import State
from console.ui.dialogs.failure import DetailDialog
from console.ui.frame import ConsoleScreen
from console.ui.screens.schemas.data import DataTable
from console.ui.screens.schemas.detail import DetailPane
from console.ui.screens.schemas.outline import Outline
from console.ui.screens.schemas.tree_filter import TreeFilter
from console.ui.widgets.code_pane import CodePane
from console.ui.widgets.object_tree import ObjectTree
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.status_line import StatusLine
from console.view import schemas as view
from console.view.table import Row

SLOW_S = 0.15
"""A read of the tree that takes longer says that it is reading."""

MOST_READS = 2
"""How many nodes are read at a time; opening one more cancels the oldest."""

MOST_REREAD = 20
"""How many open nodes are read again by `R`; further ones are closed."""


class SchemasScreen(ConsoleScreen):
    """See SCREENS.md, 2 Schemas."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#tree"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "other_side", "detail/tree", key_display="tab", id="schemas.side"),
        Binding("right_square_bracket", "move_tab(1)", "tabs", key_display="[ ]", id="schemas.next_tab"),
        Binding("left_square_bracket", "move_tab(-1)", show=False, id="schemas.previous_tab"),
        Binding("e", "export", "export", id="schemas.export"),
        Binding("escape", "back", "back", key_display="esc", id="schemas.back"),
        Binding("R", "reread", "read again", id="schemas.reread"),
        Binding("i", "system", "system schemas", show=False, id="schemas.system"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.outline: Outline | None = None
        self.found: Outline | None = None
        self.with_system = False
        self._tree_error: ConsoleError | None = None
        self._tree_worker: Worker[None] | None = None
        self._reads: dict[str, Worker[None]] = {}
        self._to_select = ""
        self._jump_to: Found | None = None
        self._before_search = ""

    def body(self) -> ComposeResult:
        yield StatusLine(id="summary")
        with Horizontal(id="sides"):
            with Vertical(id="tree-side"):
                yield TreeFilter()
                yield ObjectTree(id="tree")
            yield DetailPane(id="detail")

    @property
    def object_tree(self) -> ObjectTree:
        return self.query_one(ObjectTree)

    @property
    def detail(self) -> DetailPane:
        return self.query_one(DetailPane)

    @property
    def shown(self) -> Outline | None:
        """What the tree shows: what a search found, or everything."""
        return self.found or self.outline

    @property
    def node(self) -> Node | None:
        """The node under the tree's cursor."""
        branch = self.object_tree.branch
        return None if branch is None else branch.record

    @property
    def is_narrow(self) -> bool:
        return self.has_class("-narrow")

    # reading the tree

    def sampled(self, snapshot: Snapshot) -> None:
        """The connection lives: reads what has not been read yet, or failed because it did not live."""
        if self.connection.state is not State.LIVE:
            return
        if self.outline is None and (self._tree_worker is None or self._tree_worker.is_finished) \
                and self._tree_error is None:
            self._read_tree()
        elif self.detail.subject is None and self.detail.node is not None and self.detail.error is not None \
                and self.detail.error.summary != "" and self._was_lost:
            self.detail.reread()
        self._was_lost = False

    _was_lost = False

    def show_state(self) -> None:
        super().show_state()
        if self.is_mounted and self.connection.state is State.LOST:
            self._was_lost = True
            self._tree_error = None

    def _read_tree(self) -> None:
        self._cancel_reads()
        if self.outline is None:
            self.object_tree.show_rows((), "reading the schemas…")
        self._tree_worker = self.run_worker(self._open_tree(), group="tree", exclusive=True, exit_on_error=False)

    async def _open_tree(self) -> None:
        """Everything anew; what was open is opened again."""
        before = self.outline
        try:
            async with self.connection.session() as session:
                outline = Outline(await browse.open_tree(session, self.connection.services, system=self.with_system))
                if before is not None:
                    outline.open_as(before)
                    for node in outline.unread()[:MOST_REREAD]:
                        outline.read(node, await browse.open_node(session, node))
        except ConsoleError as error:
            self._tree_error = error
            if self.outline is None:
                self.object_tree.show_rows((), "\n".join([*error.lines(), "R reads the schemas again"]))
            return
        self._tree_error = None
        self.outline = outline
        if self.found is None:
            self._show_tree()
            self._show_summary()
        if self._jump_to is not None:
            self.jump(self._jump_to)

    def _show_tree(self) -> None:
        if self.shown is not None:
            empty = "nothing of that name" if self.found is not None else "this database has no schema for this role"
            self.object_tree.show_rows(self.shown.rows(), empty)
            if self._to_select and self.object_tree.select(self._to_select):
                self._to_select = ""

    def _open(self, node: Node) -> None:
        """Opens a node, reading what is below it if nobody has."""
        outline = self.shown
        if outline is None:
            return
        outline.open(node)
        if outline.wants_reading(node) and node.key not in self._reads:
            while len(self._reads) >= MOST_READS:
                self._cancel(outline, next(iter(self._reads)))
            self._reads[node.key] = self.run_worker(
                self._read_node(outline, node), group="nodes", exit_on_error=False)
        self._show_tree()

    def _close(self, node: Node) -> None:
        if self.shown is not None:
            self._cancel(self.shown, node.key)
            self.shown.close(node)
            self._show_tree()

    async def _read_node(self, outline: Outline, node: Node) -> None:
        slow = self.set_timer(SLOW_S, lambda: self._reading(outline, node))
        try:
            async with self.connection.session() as session:
                children = await browse.open_node(session, node)
            outline.read(node, children)
            row = self.object_tree.row
            if node.type == "more" and row is not None and row.key == node.key and children:
                self._to_select = children[0].key
        except ConsoleError as error:
            outline.failed(node, error)
        finally:
            slow.stop()
            self._reads.pop(node.key, None)
        if outline is self.shown:
            self._show_tree()

    def _reading(self, outline: Outline, node: Node) -> None:
        outline.reading(node)
        if outline is self.shown:
            self._show_tree()

    def _cancel(self, outline: Outline, key: str) -> None:
        worker = self._reads.pop(key, None)
        if worker is not None:
            worker.cancel()
            outline.close_key(key)

    def _cancel_reads(self) -> None:
        if self.shown is not None:
            for key in list(self._reads):
                self._cancel(self.shown, key)

    # the tree's cursor

    def on_object_tree_toggled(self, event: ObjectTree.Toggled) -> None:
        node: Node = event.row.record.record
        self._open(node) if event.to_open else self._close(node)

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        if event.table is self.object_tree:
            self._show_detail()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        if isinstance(event.table, DataTable):
            self._show_row(event.table, event.row)
        elif event.table is self.object_tree:
            self._choose(event.row)
        else:
            self._follow(event.row)

    def _choose(self, row: Row) -> None:
        """Enter in the tree: opens and closes what only holds others, goes to the detail of the rest."""
        node: Node = row.record.record
        if node.type in ("object", "message"):
            self._go_to_detail()
        elif row.record.is_open and not row.key.startswith(f"{node.key}/error"):
            self._close(node)
        else:
            self._open(node)

    def _show_detail(self) -> None:
        node = self.node
        if node is None or node.type == "message" or (self.is_narrow and not self.has_class("-detail")):
            return
        if self.connection.state is State.LIVE:
            self.detail.show_node(node)

    def _go_to_detail(self) -> None:
        if self.node is None:
            return
        if self.is_narrow and not self.has_class("-detail"):
            self.add_class("-detail")
            if self.detail.node is not self.node or self.detail.subject is None:
                self.detail.show_node(self.node, settle_s=0)
        self.detail.focus_content()
        self._show_summary()

    def _follow(self, row: Row) -> None:
        """Enter in a list of the detail: to that object in the tree, or all of a row that was cut."""
        record, node = row.record, self.detail.node
        name = f"/schema:{record.oid}" if isinstance(record, Schema) else f"/{getattr(record, 'oid', '')}"
        if node is not None and self.detail.tab is not None and self.detail.tab.leads_to_tree:
            self._to_select = f"{node.key}{name}"
            self._leave_detail()
            self._open(node)
            return
        table = self.query_one("#content", RecordTable)
        paragraphs = [words for column, cell in zip(table.source.columns, row.cells, strict=True) if cell.text
                      for words in ((column.title or column.key, "dim"), (cell.text, ""), ("", ""))]
        self.app.push_screen(DetailDialog(row.cells[0].text, *paragraphs[:-1]))  # type: ignore[arg-type]

    def _show_row(self, data: DataTable, row: Row) -> None:
        from console.ui.screens.schemas.values import RowDialog

        if data.preview is not None:
            name = self.detail.subject.name if self.detail.subject else ""
            self.app.push_screen(RowDialog(f"{name} row {row.key}", data.preview, row.record))

    def on_detail_pane_changed(self) -> None:
        self._show_summary()
        self.refresh_bindings()

    def _show_summary(self) -> None:
        summary = self.query_one("#summary", StatusLine)
        if self.outline is not None and (not self.detail.summary or (self.is_narrow and not self.has_class("-detail"))):
            services = sum(node.type == "service" for node in self.outline.roots)
            summary.show(((" ", ""), *view.overview(self.outline.schemas, services)))
        else:
            summary.show(((" ", ""), *self.detail.summary))

    # searching

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if self.has_class("-waiting") and action in ("other_side", "move_tab", "export", "back", "reread", "system"):
            return False
        match action:
            case "filter":
                return not self.has_class("-waiting") and not isinstance(self.focused, DataTable | CodePane)
            case "export":
                return self.detail.rows_oid is not None
            case "move_tab":
                return self.detail.subject is not None and len(self.detail.subject.tabs) > 1
            case "back":
                return self.detail.has_focus_within or self.found is not None or self.has_class("-detail")
        return super().check_action(action, parameters)

    def action_filter(self) -> None:
        if self.detail.has_focus_within:
            super().action_filter()
            return
        if self.found is None and self.object_tree.row is not None:
            self._before_search = self.object_tree.row.key
        self.query_one(TreeFilter).open()

    def on_tree_filter_changed(self, event: TreeFilter.Changed) -> None:
        self.search(event.value)

    def on_tree_filter_left(self, event: TreeFilter.Left) -> None:
        if not event.keeps:
            self._end_search()
        self.object_tree.focus()

    def search(self, words: str, select: Found | None = None) -> None:
        """Shows what is named so, read from the server when nobody types on; without words the whole tree."""
        self._cancel_reads()
        if words.strip():
            self.run_worker(self._search(words, select), group="search", exclusive=True, exit_on_error=False)
        else:
            self._end_search()

    async def _search(self, words: str, select: Found | None) -> None:
        filter_ = self.query_one(TreeFilter)
        if select is None:
            await filter_.settled()
        filter_.say("searching…")
        try:
            async with self.connection.session() as session:
                nodes = await browse.find(session, words, self.connection.services, system=self.with_system)
        except ConsoleError as error:
            filter_.say("")
            self.found = Outline(())
            self.object_tree.show_rows((), "\n".join(error.lines()))
            return
        self.found = Outline(nodes)
        filter_.say(self.found.found_note())
        self._to_select = (self.found.key_of(select) if select else self.found.first_object()) or ""
        self._show_tree()
        self.refresh_bindings()

    def _end_search(self) -> None:
        self.workers.cancel_group(self, "search")
        self.query_one(TreeFilter).clear()
        if self.found is not None:
            self.found = None
            self._to_select = self._before_search
            self._show_tree()
        self.refresh_bindings()

    def jump(self, found: Found) -> None:
        """Shows the object `found`, from the palette."""
        if self.outline is None:
            self._jump_to = found
            return
        self._jump_to = None
        words = found.schema if found.kind == "schema" else f"{found.schema}.{found.name}"
        self.query_one(TreeFilter).hold(words)
        self._leave_detail()
        self.search(words, found)
        self.object_tree.focus()

    # keys

    def action_other_side(self) -> None:
        if self.detail.has_focus_within:
            self._leave_detail()
        else:
            self._go_to_detail()

    def _leave_detail(self) -> None:
        self.remove_class("-detail")
        self.detail.give_up_focus()
        self.set_focus(self.object_tree)
        self._show_summary()
        self.refresh_bindings()

    def action_back(self) -> None:
        if self.detail.has_focus_within or self.has_class("-detail"):
            self._leave_detail()
        else:
            self._end_search()

    def action_move_tab(self, step: int) -> None:
        self.detail.move_tab(step)

    def action_reread(self) -> None:
        self._tree_error = None
        self._read_tree()
        if self.detail.node is not None:
            self.detail.reread()

    def action_system(self) -> None:
        """With or without the system's own schemas."""
        self.with_system = not self.with_system
        self._read_tree()

    def action_export(self) -> None:
        from console.ui.screens.schemas.exporting import ExportDialog

        oid, pool = self.detail.rows_oid, self.connection.pool
        if oid is not None and pool is not None and self.detail.subject is not None:
            self.app.push_screen(ExportDialog(pool.session, oid, self.detail.subject.name))

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        super().on_screen_suspend(event)
        if self not in self.app.screen_stack:
            self.detail.stop()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_detail_if_new)

    def _show_detail_if_new(self) -> None:
        self._show_summary()
        if self.node is not self.detail.node:
            self._show_detail()

    def on_key(self, event: events.Key) -> None:
        """Tab would otherwise go from widget to widget."""
        if event.key == "shift+tab" and not isinstance(self.focused, Input):
            event.prevent_default()
            self.action_other_side()
