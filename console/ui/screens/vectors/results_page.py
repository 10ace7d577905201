"""The Results tab: what a search brought, or two of them side by side."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.message import Message

from console.ui.bindings import bindings
from console.ui.keymap import key
from console.ui.screens.vectors.pages import VectorPage
from console.ui.screens.vectors.state import VectorsState
from console.ui.widgets.painting import Lines
from console.ui.widgets.record_table import RecordTable
from console.vectors.records import Neighbor
from console.view.table import Table
from console.view.vectors import search as view


class HitsTable(RecordTable):
    """The rows found; while there are none, enter begins a search."""

    BINDINGS = bindings("hits", borrow={"table.choose": "choose", "table.sort": "sort", "table.copy": "copy"},
                        words={"table.choose": "row", "table.sort": "", "table.copy": ""})

    class Begun(Message):
        """A person wants to see anything at all."""

    can_begin = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "begin":
            return self.can_begin
        if action == "choose":
            return not self.can_begin and self.row is not None
        return super().check_action(action, parameters)

    def action_begin(self) -> None:
        self.post_message(self.Begun())


class ResultsPage(VectorPage):
    """`keep` holds the result that is shown, A; what is searched then is compared with it as B."""

    FOCUS = "#hits"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.kept: VectorsState | None = None

    def compose(self) -> ComposeResult:
        yield Lines(id="compared")
        yield HitsTable(id="hits")

    @property
    def table(self) -> HitsTable:
        return self.query_one(HitsTable)

    @property
    def hit(self) -> Neighbor | None:
        """The row under the cursor."""
        return self.table.row.record if self.table.row is not None else None

    def show(self, state: VectorsState) -> None:
        a, b = self.kept, state
        is_compared = a is not None and a.result is not None and b.result is not None and a.result is not b.result \
            and a.result.column == b.result.column
        line = self.query_one("#compared", Lines)
        line.display = is_compared or (a is not None and a.result is b.result)
        if is_compared:
            assert a is not None and a.result is not None and b.result is not None
            line.show(view.comparison_line(a.result, b.result, *_differing(a, b)))
            self.table.show(view.comparison_table(a.result, b.result))
        elif b.result is not None:
            line.show((("A ", "accent"), (f"is kept: change a setting with {key('vectors.settings')}, and the next "
                                          "search is compared with it",
                                          "dim")))
            self.table.show(view.results_table(b.result, "no row was found"))

    def say(self, words: str, *, can_begin: bool) -> None:
        """Words instead of rows; with `can_begin` enter searches."""
        self.table.can_begin = can_begin
        if words:
            self.query_one("#compared", Lines).display = False
            self.table.show(Table((), (), words))
        self.refresh_bindings()


def _differing(a: VectorsState, b: VectorsState) -> tuple[str, str]:
    """What sets two searches apart, in words for each."""
    told: tuple[list[str], list[str]] = ([], [])
    for words, other, mine in ((told[0], b, a), (told[1], a, b)):
        params, two = mine.setup, other.setup
        pairs = [(name, getattr(params.options, name), getattr(two.options, name)) for name in
                 ("ef_search", "probes", "iterative_scan", "max_scan_tuples", "exact")]
        pairs += [(name, getattr(params, name), getattr(two, name)) for name in ("k", "offset", "where")]
        for name, value, theirs in pairs:
            if value != theirs:
                words.append(f"{name} {'default' if value is None else 'yes' if value is True else value}"
                             if value is not False else f"not {name}")
        if mine.result and other.result and mine.result.metric != other.result.metric:
            words.append(mine.result.metric.title)
        if params.filters != two.filters:
            words.append(f"{len(params.filters)} filters")
        if mine.request and other.request and mine.request.vector != other.request.vector:
            words.append("another vector" if mine is b else "the vector before")
    return ", ".join(told[0]) or "the same", ", ".join(told[1]) or "the same"

