"""Tables: scans, changes, dead rows, sizes, vacuum and age; bloat of one on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult

from console.metrics.tables.bloat import TABLE_BLOAT, TABLE_TUPLES
from console.metrics.tables.read import TABLE_ACTIVITY
from console.metrics.tables.records import TableActivity
from console.metrics.upkeep.read import STATISTICS_AGE
from console.server.identifiers import identifier
from console.server.query import Read
from console.ui.screens.overview.pages.bloat import BloatPage
from console.ui.screens.overview.pages.served import ServedTable
from console.ui.widgets.painting import Lines, console_app
from console.ui.widgets.record_table import RecordTable
from console.view import table_activity as view
from console.view.bloat import counted_table


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
        found, age = self.readings.rows(TABLE_ACTIVITY), self.readings.first(STATISTICS_AGE)
        self.query_one("#facts", Lines).show(view.facts(found, age.counted_s if age else None))
        self.query_one(ServedTable).show(view.table(found, self.why(TABLE_ACTIVITY)))

    def on_served_table_wanted(self, event: ServedTable.Wanted) -> None:
        self.ask_now()

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        one = event.row.record
        console_app(self).hand_over("schemas", (one.schema, one.table))

    @property
    def _table(self) -> TableActivity | None:
        row = self.query_one(ServedTable).row if self.children else None
        return None if row is None else row.record

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._table is not None if action in ("bloat", "count") else super().check_action(action, parameters)

    def action_bloat(self) -> None:
        """Estimates the bloat of the table under the cursor."""
        if (one := self._table) is not None:
            self.estimate(one.table, TABLE_BLOAT, one.oid, _again(one))

    def action_count(self) -> None:
        """Counts it by pgstattuple; again: cancels that."""
        if (one := self._table) is not None:
            self.count(one.table, TABLE_TUPLES, one.oid, one.table_bytes,
                       lambda found: counted_table(found, _again(one)))


def _again(one: TableActivity) -> str:
    return f"VACUUM FULL {identifier(one.schema, one.table)}; -- locks it as long as it takes; or pg_repack"
