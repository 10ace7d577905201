"""Schemas: what there is in the database, by service, and all about the object under the cursor."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from console.catalog.records import NameMatch, Relation, Schema
from console.catalog.tree import TreeNode
from console.sampler.records import Snapshot
from console.ui.bindings import TABS, bindings
from console.ui.connection import ConnectionState
from console.ui.dialogs.failure import DetailDialog
from console.ui.frame import ConsoleScreen
from console.ui.screens.schemas.data import DataTable
from console.ui.screens.schemas.detail import ObjectPane
from console.ui.screens.schemas.tree_side import TreeSide
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.status_line import StatusLine
from console.view.catalog import outline as view
from console.view.table import Row


class SchemasScreen(ConsoleScreen):
    """See SCREENS.md, 2 Schemas."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#tree"
    BINDINGS = bindings(borrow=TABS) + bindings("schemas")

    def body(self) -> ComposeResult:
        yield StatusLine(id="summary")
        with Horizontal(id="sides"):
            yield TreeSide(id="tree-side")
            yield ObjectPane(id="detail")

    @property
    def side(self) -> TreeSide:
        return self.query_one(TreeSide)

    @property
    def detail(self) -> ObjectPane:
        return self.query_one(ObjectPane)

    @property
    def is_narrow(self) -> bool:
        return self.has_class("-narrow")

    # reading the tree

    def sampled(self, snapshot: Snapshot) -> None:
        """The connection lives: reads what has not been read yet, or failed because it did not live."""
        if self.connection.state is not ConnectionState.LIVE:
            return
        if self.side.outline is None and not self.side.is_reading and (self.side.error is None or self._was_lost):
            self.side.read()
        elif self._was_lost and self.detail.error is not None:
            self.detail.reread()
        elif self.side.node is not self.detail.node:
            self._show_detail()
        self._was_lost = False

    _was_lost = False

    def show_state(self) -> None:
        super().show_state()
        if self.is_mounted and self.connection.state is ConnectionState.LOST:
            self._was_lost = True

    # the tree's cursor

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        if event.table is self.side.object_tree:
            self._show_detail()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        if isinstance(event.table, DataTable):
            self._show_row(event.table, event.row)
        elif event.table is self.side.object_tree:
            self._choose(event.row)
        else:
            self._follow(event.row)

    def _choose(self, row: Row) -> None:
        """Enter in the tree: opens and closes what only holds others, goes to the detail of the rest."""
        node: TreeNode = row.record.record
        if node.type in ("object", "message"):
            self._go_to_detail()
        elif row.record.is_open and not row.key.startswith(f"{node.key}/error"):
            self.side.close(node)
        else:
            self.side.open(node)

    def _show_detail(self) -> None:
        node = self.side.node
        if node is None or node.type == "message" or (self.is_narrow and not self.has_class("-detail")):
            return
        if self.connection.state is ConnectionState.LIVE:
            self.detail.show_node(node)

    def _go_to_detail(self) -> None:
        if self.side.node is None:
            return
        if self.is_narrow and not self.has_class("-detail"):
            self.add_class("-detail")
            if self.detail.node is not self.side.node or self.detail.subject is None:
                self.detail.show_node(self.side.node, settle_s=0)
        self.detail.focus_content()
        self._show_summary()

    def _follow(self, row: Row) -> None:
        """Enter in a list of the detail: to that object in the tree, or all of a row that was cut."""
        record, node = row.record, self.detail.node
        name = f"/schema:{record.oid}" if isinstance(record, Schema) else f"/{getattr(record, 'oid', '')}"
        if node is not None and self.detail.tab is not None and self.detail.tab.leads_to_tree:
            self._leave_detail()
            if isinstance(record, Relation) and not (node.is_lazy or node.children):
                self.side.jump(NameMatch(record.kind, record.oid, 0, record.schema, record.name, None, None, 0))
            else:
                self.side.open(node, f"{node.key}{name}")
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

    def on_tree_side_changed(self) -> None:
        self._show_summary()
        self.refresh_bindings()

    def receive(self, subject: object) -> None:
        """An object that the palette found."""
        if isinstance(subject, NameMatch):
            self._leave_detail()
            self.side.jump(subject)

    def on_object_pane_changed(self) -> None:
        self._show_summary()
        self.refresh_bindings()

    def _show_summary(self) -> None:
        summary = self.query_one("#summary", StatusLine)
        outline, is_hidden = self.side.outline, self.is_narrow and not self.has_class("-detail")
        if outline is not None and (is_hidden or not self.detail.summary):
            services = sum(node.type == "service" for node in outline.roots)
            summary.show(((" ", ""), *view.overview(outline.schemas, services)))
        else:
            summary.show(((" ", ""), *self.detail.summary))

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready:
            return False
        if self.has_class("-waiting") and action in ("other_side", "move_tab", "export", "back", "reread", "system"):
            return False
        match action:
            case "filter":
                return not self.has_class("-waiting") and not isinstance(self.focused, DataTable | Input)
            case "export" if self.detail.rows_oid is not None:
                return True
            case "export" if not isinstance(self.focused, RecordTable) or self.focused is self.side.object_tree:
                return False
            case "other_side":
                return not isinstance(self.focused, Input)
            case "copy_name":
                return self.detail.subject is not None and bool(self.detail.subject.name)
            case "move_tab":
                return self.detail.subject is not None and len(self.detail.subject.tabs) > 1
            case "back":
                return self.detail.has_focus_within or self.side.found is not None or self.has_class("-detail")
        return super().check_action(action, parameters)

    async def action_filter(self) -> None:
        if self.detail.has_focus_within:
            await super().action_filter()
            return
        self.side.begin_search()

    def action_other_side(self) -> None:
        if self.detail.has_focus_within:
            self._leave_detail()
        else:
            self._go_to_detail()

    def _leave_detail(self) -> None:
        self.remove_class("-detail")
        self.detail.give_up_focus()
        self.set_focus(self.side.object_tree)
        self._show_summary()
        self.refresh_bindings()

    def action_back(self) -> None:
        if self.detail.has_focus_within or self.has_class("-detail"):
            self._leave_detail()
        else:
            self.side.end_search()

    def action_move_tab(self, step: int) -> None:
        self.detail.move_tab(step)

    def action_reread(self) -> None:
        self.side.error = None
        self.side.read()
        if self.detail.node is not None:
            self.detail.reread()

    def action_system(self) -> None:
        """With or without the system's own schemas."""
        self.side.with_system = not self.side.with_system
        self.side.read()

    def action_copy_name(self) -> None:
        """The qualified name of what the detail is about."""
        if self.detail.subject is not None:
            console_app(self).copy(self.detail.subject.name)

    def action_export(self) -> None:
        """All rows of the relation whose rows are shown, else the list that is shown."""
        oid, pool = self.detail.rows_oid, self.connection.pool
        if oid is None:
            super().action_export()
        elif pool is not None and self.detail.subject is not None:
            from console.ui.screens.schemas.exporting import of_relation

            self.app.push_screen(of_relation(pool.session, oid, self.detail.subject.name))

    def export_name(self, table: RecordTable) -> str:
        subject, tab = self.detail.subject, self.detail.tab
        return f"{subject.name} {tab.title.lower()}" if subject and tab else super().export_name(table)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        super().on_screen_resume(event)
        self.detail.resume()

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        super().on_screen_suspend(event)
        if self not in self.app.screen_stack:
            self.detail.stop()

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_detail_if_new)

    def _show_detail_if_new(self) -> None:
        self._show_summary()
        if self.side.node is not self.detail.node:
            self._show_detail()
