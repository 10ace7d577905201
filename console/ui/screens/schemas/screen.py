"""Schemas: what there is in the database, by service, and all about the object under the cursor."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Input

from console.catalog import read
from console.catalog.records import NameMatch, Relation, Schema
from console.catalog.tree import TreeNode
from console.errors import ConsoleError
from console.sampler.records import Snapshot
from console.ui.bindings import TABS, bindings
from console.ui.connection import ConnectionState
from console.ui.frame import ConsoleScreen
from console.ui.screens.schemas import views
from console.ui.screens.schemas.actions import SchemaActions
from console.ui.screens.schemas.data import DataTable
from console.ui.screens.schemas.detail import ObjectPane
from console.ui.screens.schemas.state import SchemasState
from console.ui.screens.schemas.tree_side import TreeSide
from console.ui.widgets.code_pane import CodePane
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.status_line import StatusLine
from console.view.table import Row

SYSTEM_SCHEMAS = ("pg_catalog", "pg_toast", "information_schema")
RELATIONS = ("table", "partition", "view", "materialized view", "foreign table", "sequence", "index")
"""Of the kinds of a search those of which no two in a schema have one name."""

OWN_ACTIONS = ("other_side", "move_tab", "export", "back", "reread", "system")


class SchemasScreen(ConsoleScreen):
    """Two sides: the tree, and the detail of what its cursor stands on."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#tree"
    BINDINGS = bindings(borrow=TABS) + bindings("schemas")

    def __init__(self) -> None:
        super().__init__()
        self.state = SchemasState()
        self.actions = SchemaActions(self, self.state.detail)
        self._was_lost = False
        """Whether the connection was lost since something was read."""

    def body(self) -> ComposeResult:
        yield StatusLine(id="summary")
        with Horizontal(id="sides"):
            yield TreeSide(self.state.tree, id="tree-side")
            yield ObjectPane(self.state.detail, id="detail")

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
        tree = self.state.tree
        if tree.outline is None and not self.side.is_reading and (tree.error is None or self._was_lost):
            self.side.read()
        elif self._was_lost and self.state.detail.error is not None:
            self.detail.reread()
        elif self.side.node is not self.state.detail.node:
            self._show_detail()
        self._was_lost = False

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
            if event.table.preview is not None:
                self.actions.show_row(event.table.preview, event.row)
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
            if self.state.detail.node is not self.side.node or self.state.detail.subject is None:
                self.detail.show_node(self.side.node, settle_s=0)
        self.detail.focus_content()
        self._show_summary()

    def _follow(self, row: Row) -> None:
        """Enter in a list of the detail: to that object in the tree, or all of a row that was cut."""
        record, node, tab = row.record, self.state.detail.node, self.state.detail.tab
        name = f"/schema:{record.oid}" if isinstance(record, Schema) else f"/{getattr(record, 'oid', '')}"
        if node is None or tab is None or not tab.leads_to_tree:
            self.actions.show_line(self.query_one("#content", RecordTable).source.columns, row)
            return
        self._leave_detail()
        if isinstance(record, Relation) and not (node.is_lazy or node.children):
            self.side.jump(NameMatch(record.kind, record.oid, 0, record.schema, record.name, None, None, 0))
        else:
            self.side.open(node, f"{node.key}{name}")

    def on_tree_side_changed(self) -> None:
        self._show_summary()
        self.refresh_bindings()

    def receive(self, subject: object) -> None:
        """An object that the palette found; a schema's name, or a relation's schema and name as others list it."""
        if isinstance(subject, NameMatch):
            self._leave_detail()
            self.side.jump(subject)
        elif isinstance(subject, tuple):
            self.run_worker(self._look_up(*subject), group="look-up", exclusive=True, exit_on_error=False)

    async def _look_up(self, schema: str, name: str = "") -> None:
        """Goes to the relation of that name, or the schema, which may have gone since it was listed."""
        tree = self.state.tree
        try:
            async with self.connection.session() as session:
                named = await read.search(session, f"{schema}.{name}" if name else schema, system=True)
        except ConsoleError as error:
            console_app(self).show_error(error)
            return
        found = next((match for match in named
                      if (match.kind in RELATIONS and (match.schema, match.name) == (schema, name))
                      or (not name and match.kind == "schema" and match.schema == schema)), None)
        if found is None:
            why = "holds long values of a table and has no place of its own" if schema == "pg_toast" else \
                "is not there any more"
            console_app(self).tell(f"{f'{schema}.{name}' if name else schema} {why}")
            return
        if schema in SYSTEM_SCHEMAS and not tree.with_system:
            self.action_system()
        self.receive(found)

    def on_object_pane_changed(self) -> None:
        self._show_summary()
        self.refresh_bindings()

    def _show_summary(self) -> None:
        overview, about = views.overview(self.state.tree), views.summary(self.state.detail)
        is_hidden = self.is_narrow and not self.has_class("-detail")
        shown = overview if overview and (is_hidden or not about) else about
        self.query_one("#summary", StatusLine).show(((" ", ""), *shown))

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready:
            return False
        if self.has_class("-waiting") and action in OWN_ACTIONS:
            return False
        subject = self.state.detail.subject
        match action:
            case "filter":
                return not self.has_class("-waiting") and not isinstance(self.focused, DataTable | Input)
            case "export" if self.state.detail.rows_oid is not None:
                return True
            case "export" if not isinstance(self.focused, RecordTable) or self.focused is self.side.object_tree:
                return False
            case "other_side":
                return not isinstance(self.focused, Input)
            case "copy_name":
                return subject is not None and bool(subject.name)
            case "move_tab":
                return subject is not None and len(subject.tabs) > 1
            case "back":
                return self.detail.has_focus_within or self.state.tree.found is not None or self.has_class("-detail")
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
        self.side.read()
        self.detail.reread()

    def action_system(self) -> None:
        """With or without the system's own schemas."""
        self.state.tree.with_system = not self.state.tree.with_system
        self.side.read()

    def action_copy_name(self) -> None:
        """The code that the detail shows, else the qualified name of what it is about."""
        code = self.query_one("#code", CodePane)
        if code.display:
            code.action_copy()
        else:
            self.actions.copy_name()

    def action_export(self) -> None:
        """All rows of the relation whose rows are shown, else the list that is shown."""
        if (oid := self.state.detail.rows_oid) is not None:
            self.actions.export_rows(oid)
        else:
            super().action_export()

    def export_name(self, table: RecordTable) -> str:
        subject, tab = self.state.detail.subject, self.state.detail.tab
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
        if self.side.node is not self.state.detail.node:
            self._show_detail()
