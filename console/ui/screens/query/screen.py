"""Query: a person's own SQL, run on a connection of its own, read-only until the target is unlocked."""

from __future__ import annotations

from typing import Literal

from textual.app import ComposeResult

from console.sql import statements
from console.sql.layout import formatted
from console.text import format as fmt
from console.ui.bindings import TABS, bindings
from console.ui.dialogs.row_dialog import RowDialog
from console.ui.frame import ConsoleScreen
from console.ui.screens.query import views
from console.ui.screens.query.actions import QueryActions
from console.ui.screens.query.completing import Completer
from console.ui.screens.query.editor import Offered, SqlEditor
from console.ui.screens.query.results import Results, ResultTable
from console.ui.screens.query.state import QueryState, appended, to_run
from console.ui.widgets.painting import console_app
from console.ui.widgets.record_table import RecordTable
from console.ui.widgets.status_line import StatusLine
from console.ui.widgets.tab_bar import TabBar

CLOCK_EVERY_S = 0.5
WORKS_WHILE_WAITING = ("cancel", "end", "edit", "move_tab", "export")
"""What is possible although there is no connection, with what is here already."""

OWN_ACTIONS = (*WORKS_WHILE_WAITING, "run", "run_all", "explain", "format", "open_plan", "history", "limit", "mode")


class QueryScreen(ConsoleScreen):
    """An editor above, below it what the statements answered."""

    CSS_PATH = "screen.tcss"
    FOCUS = "#editor"
    BINDINGS = bindings("query", borrow=TABS, words={"tabs.previous": "results"})

    def __init__(self) -> None:
        super().__init__()
        self.state = QueryState()
        self.actions = QueryActions(self, self.state)

    def body(self) -> ComposeResult:
        offered = Offered()
        yield StatusLine(id="status")
        yield SqlEditor(Completer(self.connection.session), offered, id="editor")
        yield Results(self.state, id="results")
        yield offered

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(CLOCK_EVERY_S, self._tick)
        self.results.show()

    async def on_unmount(self) -> None:
        console_app(self).held.pop("query", None)
        await self.actions.close()

    @property
    def editor(self) -> SqlEditor:
        return self.query_one(SqlEditor)

    @property
    def results(self) -> Results:
        return self.query_one(Results)

    @property
    def is_editing(self) -> bool:
        """Whether the editor has the keys."""
        return self.focused is self.editor

    def receive(self, subject: object) -> None:
        """SQL from another screen, not run: below what is there already, unless it is among that."""
        if not isinstance(subject, str):
            return
        if (place := self.editor.text.find(subject.strip())) >= 0:
            self.editor.move_cursor(self.editor.location_of(place))
        else:
            self.editor.set_text(appended(self.editor.text, subject))
        self.editor.focus()

    # showing

    def show_state(self) -> None:
        super().show_state()
        if self.is_ready:
            self._show_status()

    def _tick(self) -> None:
        if self.is_current and (self.state.running is not None or self.state.transaction != "none"):
            self._show_status()

    def _show_status(self) -> None:
        held, lost = console_app(self).held, self.state.lost_if_left
        if lost is not None:
            held["query"] = lost
        else:
            held.pop("query", None)
        self.query_one("#status", StatusLine).show(views.status(
            self.state, read_only=self.actions.is_read_only, timeout_ms=self.actions.timeout_ms))

    # what actions say

    def on_query_actions_begun(self) -> None:
        self.editor.hide_offered()
        self.editor.show_wrong(None)

    def on_query_actions_progressed(self) -> None:
        self.results.show()
        self._show_status()
        self.refresh_bindings()

    def on_query_actions_wrong(self, event: QueryActions.Wrong) -> None:
        self.editor.show_wrong(event.place)

    def on_query_actions_catalog_changed(self) -> None:
        self.editor.completer.forget()

    def on_query_actions_recalled(self, event: QueryActions.Recalled) -> None:
        self.receive(event.sql)

    # moving about

    def on_sql_editor_left(self, event: SqlEditor.Left) -> None:
        results = self.results
        (results.table if results.table.display else results.messages).focus()

    def on_tab_bar_chosen(self, event: TabBar.Chosen) -> None:
        self.state.activate(event.index)
        self.results.show()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        outcome = self.state.outcome
        if event.table is self.results.table and outcome is not None:
            number = int(event.row.key)
            self.app.push_screen(RowDialog(f"row {fmt.count(number)}", outcome, outcome.whole(number)))

    def on_result_table_near_end(self, event: ResultTable.NearEnd) -> None:
        self.actions.read_more()

    # what a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.is_ready:
            return False
        if action == "filter":
            return not self.is_editing and self.results.table.display
        if action not in OWN_ACTIONS:
            return super().check_action(action, parameters)
        if action == "cancel" and self.app.screen is not self:
            return False
        if self.has_class("-waiting") and action not in WORKS_WHILE_WAITING:
            return False
        return self.state.can(action, is_editing=self.is_editing)

    def action_run(self) -> None:
        """The statement that the cursor is on; of a selection, all that is in it."""
        editor = self.editor
        self.actions.run(*to_run(editor.text, editor.selected_span, editor.offset_of_cursor))

    def action_run_all(self) -> None:
        """All statements, one after the other, to the first that fails."""
        self.actions.run(statements.pieces(self.editor.text))

    def action_cancel(self) -> None:
        self.actions.cancel()

    def action_end(self, how: Literal["commit", "rollback"]) -> None:
        self.actions.end(how)

    def action_mode(self) -> None:
        self.actions.switch_mode()

    def action_limit(self) -> None:
        self.actions.choose_limit()

    def action_edit(self) -> None:
        self.editor.focus()

    def action_move_tab(self, step: int) -> None:
        self.state.move_tab(step)
        self.results.show()

    def action_format(self) -> None:
        """Lays out the statement that the cursor is on, where that changes nothing but its looks."""
        editor = self.editor
        piece = statements.at(statements.pieces(editor.text), editor.offset_of_cursor)
        if piece is None:
            return
        laid_out = formatted(piece.text)
        if laid_out == piece.text:
            console_app(self).tell("it stays as it is")
        else:
            editor.put(laid_out, editor.location_of(piece.offset), editor.location_of(piece.end))

    def action_history(self) -> None:
        self.actions.recall()

    def action_explain(self) -> None:
        piece = statements.at(statements.pieces(self.editor.text), self.editor.offset_of_cursor)
        if piece is not None:
            self.actions.explain(piece)

    def action_open_plan(self) -> None:
        self.actions.open_plan()

    def action_export(self) -> None:
        self.actions.export(self.results.table.table)
