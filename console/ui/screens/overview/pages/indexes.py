"""Indexes: scans and sizes; which are unused, duplicate or invalid, with the statement that mends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult

from console.diagnosis.records import Subject
from console.metrics.bloat import INDEX_BLOAT, INDEX_LEAVES
from console.metrics.reads.tables import INDEX_ACTIVITY
from console.metrics.reads.upkeep import STATISTICS_AGE
from console.metrics.records.tables import IndexActivity
from console.server.query import Read
from console.sql.quoting import identifier
from console.ui.bindings import bindings
from console.ui.dialogs.failure import DetailDialog
from console.ui.keymap import key
from console.ui.screens.overview.pages.bloat import BloatPage
from console.ui.screens.overview.pages.served import ServedTable
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.record_table import RecordTable
from console.view.metrics import indexes as view
from console.view.metrics.bloat import counted_index


class IndexesPage(BloatPage):
    """The first 200 by the order that the person chose, which the server sorts; those worth a look before all."""

    FOCUS = "#index-activity"
    BINDINGS = bindings("indexes")

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._only_doubtful = True

    def compose(self) -> ComposeResult:
        facts = Lines(id="facts")
        facts.styles.height = 1
        yield facts
        yield ServedTable(id="index-activity", sort="size", descending=True)

    def reads(self) -> Sequence[Read[Any]]:
        wanted = self.query_one(ServedTable).wanted(view.SERVED, "size") if self.children else {}
        return (Read(INDEX_ACTIVITY, {"sort": "size", "is_descending": True, "needle": None,
                                      "only_doubtful": self._only_doubtful} | wanted), Read(STATISTICS_AGE))

    def show(self) -> None:
        found, info = self.state.readings.rows(INDEX_ACTIVITY), self.connection.info
        self.query_one("#facts", Lines).show(view.facts(
            found, self._counted_s, only_doubtful=self._only_doubtful, is_standby=info is not None and info.is_standby))
        self.query_one(ServedTable).show(view.table(found, self.state.why(INDEX_ACTIVITY), self._counted_s,
                                                    only_doubtful=self._only_doubtful, key=key))

    @property
    def _counted_s(self) -> float | None:
        age = self.state.readings.first(STATISTICS_AGE)
        return age.counted_s if age else None

    def on_served_table_wanted(self, event: ServedTable.Wanted) -> None:
        self.ask_now()

    def on_record_table_row_highlighted(self, event: RecordTable.RowHighlighted) -> None:
        self.screen.refresh_bindings()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        index: IndexActivity = event.row.record
        self.app.push_screen(DetailDialog(
            index.index, *view.detail(index, identifier(index.schema, index.index), self._counted_s),
            lead=lambda: self.go_to(Subject(screen="schemas", relation=identifier(index.schema, index.table)))))

    @property
    def _index(self) -> IndexActivity | None:
        row = self.query_one(ServedTable).row if self.children else None
        return None if row is None else row.record

    @property
    def _statement(self) -> str | None:
        index = self._index
        return None if index is None else view.statement(index, identifier(index.schema, index.index))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("bloat", "count"):
            return self._index is not None and self._index.method == "btree"
        return self._statement is not None if action == "statement" else super().check_action(action, parameters)

    def action_bloat(self) -> None:
        """Estimates the bloat of the B-tree under the cursor."""
        if (index := self._index) is not None:
            self.estimate(index.index, INDEX_BLOAT, index.oid, _again(index))

    def action_count(self) -> None:
        """Counts it by pgstatindex; again: cancels that."""
        if (index := self._index) is not None:
            self.count(index.index, INDEX_LEAVES, index.oid, index.estimated_bytes,
                       lambda found: counted_index(found, _again(index)))

    def action_doubtful(self) -> None:
        """Shows all, or again only those that are unused, duplicate or invalid."""
        self._only_doubtful = not self._only_doubtful
        self.show_if_there()
        self.ask_now()

    def action_statement(self) -> None:
        """Copies the statement that mends it: DROP INDEX CONCURRENTLY or REINDEX."""
        if (statement := self._statement) is not None:
            console_app(self).copy(statement)


def _again(index: IndexActivity) -> str:
    return f"REINDEX INDEX CONCURRENTLY {identifier(index.schema, index.index)};"
