"""What EXPLAIN is asked for: its options, the parameters' values, settings, and how long it may take."""

from __future__ import annotations

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.widgets import Input

from console.server.explain import ExplainRequest, offered
from console.server.info import ServerInfo
from console.sql.tokens import parameters
from console.ui.bindings import bindings
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.widgets.record_table import RecordTable
from console.view.table import Cell, Column, Row, Table

MOST_PARAMETERS = 9
LONGEST_S = 86_400

_COLUMNS = (Column("on", "", minimum=3), Column("name", "", minimum=10), Column("what", "", flexible=True))
MEANINGS = {
    "BUFFERS": "blocks read and hit", "VERBOSE": "output columns and schemas", "SETTINGS": "settings changed",
    "MEMORY": "memory of the planner", "WAL": "log written (when run)", "TIMING": "time of each node (when run)",
    "SERIALIZE": "writing the result out (when run)", "IO": "reads ahead (when run)",
    "PLAN_ADVICE": "the advice that makes this plan"}


def parameters_in(statement: str) -> int:
    """How many parameters ($1, $2...) of a statement can be given values."""
    return min(MOST_PARAMETERS, parameters(statement))


class PlanOptionsDialog(Dialog[ExplainRequest]):
    """Answers with the request as changed. Space switches an option; NULL stands for no value."""

    HINT = ("plan_options.switch", ("focus.next", "next"), "plan_options.accept", "dialog.leave")
    BINDINGS = bindings("plan_options")
    DEFAULT_CSS = "PlanOptionsDialog #box { overflow-y: auto; }"
    width = 72

    def __init__(self, request: ExplainRequest, info: ServerInfo) -> None:
        super().__init__("EXPLAIN options")
        self._request = request
        self._names = offered(info, analyze=True)
        self._without = set(request.without)

    def body(self) -> ComposeResult:
        table = RecordTable(self._table(), show_header=False)
        table.styles.height = len(self._names)
        yield table
        yield Words(("", ""), ("Time limit in seconds (0 is none)", "dim"))
        yield Input(f"{self._request.timeout_ms / 1000:g}", id="timeout")
        yield Words(("Settings for this plan alone, as name = value, name = value", "dim"))
        yield Input(", ".join(f"{name} = {value}" for name, value in self._request.settings.items()), id="settings")
        given = self._request.parameters
        for number in range(parameters_in(self._request.statement)):
            value = given[number] if number < len(given) else None
            yield Words((f"${number + 1}", "dim"))
            yield Input("NULL" if value is None else value, id=f"parameter{number}")
        yield Words(id="wrong")

    def _table(self) -> Table:
        return Table(_COLUMNS, tuple(
            Row(name, (Cell("[ ]" if name in self._without else "[x]", "accent"), Cell(name),
                       Cell(MEANINGS[name], "dim")))
            for name in self._names))

    def on_record_table_row_chosen(self, event: RecordTable.RowChosen) -> None:
        self.action_switch()

    def action_switch(self) -> None:
        """Has the option under the cursor asked for, or no longer."""
        table = self.query_one(RecordTable)
        if table.row is not None:
            self._without ^= {table.row.key}
            table.show(self._table())

    def action_accept(self) -> None:
        try:
            self.dismiss(self._changed())
        except ValueError as error:
            self.query_one("#wrong", Words).say((str(error), "warning"))

    def _changed(self) -> ExplainRequest:
        """The request with what was typed. Raises ValueError, in words."""
        try:
            seconds = float(self.query_one("#timeout", Input).value)
        except ValueError:
            raise ValueError("the time limit is a number of seconds") from None
        if not 0 <= seconds <= LONGEST_S:
            raise ValueError(f"the time limit is from 0 to {LONGEST_S} seconds")
        settings = {}
        for part in filter(str.strip, self.query_one("#settings", Input).value.split(",")):
            name, equals, value = part.partition("=")
            if not equals or not name.strip():
                raise ValueError(f"a setting is name = value, not {part.strip()!r}")
            settings[name.strip()] = value.strip()
        values = [input_.value for input_ in self.query(Input) if (input_.id or "").startswith("parameter")]
        # Left alone, all NULL, they aren't values: the generic plan stays possible.
        given = tuple(None if value == "NULL" else value for value in values)
        return replace(self._request, timeout_ms=round(seconds * 1000), settings=settings,
                       without=frozenset(self._without), parameters=given)
