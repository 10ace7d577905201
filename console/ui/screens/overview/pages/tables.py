"""Tables: scans, changes, dead rows, sizes, vacuum and age; bloat of one on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult

from console.metrics.bloat import TABLE_BLOAT, TABLE_TUPLES
from console.metrics.reads.tables import TABLE_ACTIVITY
from console.metrics.reads.upkeep import STATISTICS_AGE
from console.metrics.records.tables import TableActivity
from console.server.query import Read
from console.sql.quoting import identifier
from console.ui.screens.overview.pages.bloat import BloatPage
from console.ui.screens.overview.pages.served import ServedTable
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.record_table import RecordTable
from console.view.metrics import tables as view
from console.view.metrics.bloat import counted_table


class TablesPage(BloatPage):
    """The first 200 by the order that the person chose, which the server sorts."""

    FOCUS = "#table-activity"

    def compose(self) -> ComposeResult:
        facts = Lines(id="facts")
        facts.styles.height = 1
        yield facts
        yield ServedTable(id="table-activity", sort="table_size", descending=True)

    def reads(self) -> Sequence[Read[Any]]:
        wanted = self.query_one(ServedTable).wanted(view.SERVED, "table_size") if self.children else {}
        return (Read(TABLE_ACTIVITY, {"sort": "table_size", "is_descending": True, "needle": None} | wanted),
                Read(STATISTICS_AGE))

    def show(self) -> None:
        found, age = self.state.readings.rows(TABLE_ACTIVITY), self.state.readings.first(STATISTICS_AGE)
        self.query_one("#facts", Lines).show(view.facts(found, age.counted_s if age else None))
        self.query_one(ServedTable).show(view.table(found, self.state.why(TABLE_ACTIVITY)))

    def on_served_table_wanted(self, event: ServedTable.Wanted) -> None:
        self.ask_now()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        table = event.row.record
        console_app(self).hand_over("schemas", (table.schema, table.table))

    @property
    def _table(self) -> TableActivity | None:
        row = self.query_one(ServedTable).row if self.children else None
        return None if row is None else row.record

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._table is not None if action in ("bloat", "count") else super().check_action(action, parameters)

    def action_bloat(self) -> None:
        """Estimates the bloat of the table under the cursor."""
        if (table := self._table) is not None:
            self.estimate(table.table, TABLE_BLOAT, table.oid, _again(table))

    def action_count(self) -> None:
        """Counts it by pgstattuple; again: cancels that."""
        if (table := self._table) is not None:
            self.count(table.table, TABLE_TUPLES, table.oid, table.table_bytes,
                       lambda found: counted_table(found, _again(table)))


def _again(table: TableActivity) -> str:
    return f"VACUUM FULL {identifier(table.schema, table.table)}; -- locks it as long as it takes; or pg_repack"
