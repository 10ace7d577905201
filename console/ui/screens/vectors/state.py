"""What the screen knows: which columns there are, the one that is searched, for what, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from console.errors import ConsoleError
from console.plans.records import Fix
from console.ui.screens.vectors.recalls import Recalls
from console.ui.screens.vectors.search_params import SearchParams
from console.vectors.query_source import QuerySource, ResolvedQuery
from console.vectors.records import SearchResult, SearchSetting, VectorColumn
from console.vectors.search import SearchableColumn, SearchOptions, SearchRequest
from console.view.table import Line


class VectorsState(Struct, frozen=True):
    """What pages are about. None: not chosen, not read, or not searched yet.

    `columns` are all vector columns that may be read; `subject` is the chosen one with its indexes, key and other
    columns; `setup` holds metric, k, offset, conditions and settings (SearchOptions). `request` is the search that was
    run last, with its vector, `result` what it brought. `recalls` are those measured while the console is open: a page
    may add to them.
    """

    columns: Sequence[VectorColumn] = ()
    subject: SearchableColumn | None = None
    setup: SearchParams = field(default_factory=SearchParams)
    request: SearchRequest | None = None
    result: SearchResult | None = None
    recalls: Recalls = field(default_factory=Recalls)


class SearchState:
    """All of the screen's: what pages are about (`shown`), what is said above them, and what a person chose."""

    def __init__(self) -> None:
        # what was read
        self.shown = VectorsState()
        self.all_columns: Sequence[VectorColumn] | None = None
        """Also those that may not be read, and partitions; None before they were asked for."""
        self.server: Mapping[str, SearchSetting] = {}
        """The server's settings for searches, by name."""
        self.error: ConsoleError | None = None
        """Why the last thing that was tried failed."""
        self.asked: ResolvedQuery | None = None
        """What is searched for, as a vector; None where it has to be made first."""
        self.render_ms: float | None = None
        """How long drawing the result took."""
        self.fixes: Sequence[Fix] | None = None
        """What mends the search that is shown, each tried; None while that isn't known, or nothing has to be mended."""
        self.handed: str | None = None
        """SQL of another screen that is to be read once the columns are known."""

        # what is said in place of a verdict, and of rows
        self.said: Sequence[Line] = ()
        self.instead = ""
        self.can_begin = False
        """Whether enter, where rows would be, begins a search."""
        self._setups: dict[str, SearchParams] = {}

    @property
    def columns(self) -> Sequence[VectorColumn]:
        return self.shown.columns

    @property
    def subject(self) -> SearchableColumn | None:
        return self.shown.subject

    @property
    def setup(self) -> SearchParams:
        return self.shown.setup

    @property
    def request(self) -> SearchRequest | None:
        return self.shown.request

    @property
    def result(self) -> SearchResult | None:
        return self.shown.result

    @property
    def recalls(self) -> Recalls:
        return self.shown.recalls

    @property
    def has_row_key(self) -> bool:
        """Whether a row of the result can be found again by more than what is taken for its key."""
        return self.subject is not None and (self.subject.key is None or bool(self.subject.key.index))

    # what was read

    def take_columns(self, found: Sequence[VectorColumn]) -> None:
        """All vector columns of the database."""
        self.error, self.all_columns = None, found
        self.shown = replace(self.shown, columns=[
            column for column in found if column.is_readable and not column.is_partition])

    def choose_none(self) -> None:
        """There is no column to search any more."""
        self.asked = None
        self.shown = VectorsState(self.columns, recalls=self.recalls)

    def choose(self, about: SearchableColumn, server: Mapping[str, SearchSetting]) -> None:
        """Another column is searched from now on; what was chosen for its last search comes back."""
        self.error = self.asked = None
        self.server = server
        self.say()
        self.shown = VectorsState(self.columns, about, self.setup_of(about.column), recalls=self.recalls)

    def renew(self, about: SearchableColumn, server: Mapping[str, SearchSetting]) -> bool:
        """The same column has other indexes now; what was found with the old ones stays. False for another column."""
        self.server = server
        if self.subject is None or self.subject.column != about.column:
            return False
        self.shown = replace(self.shown, subject=about)
        return True

    @property
    def wants_fixes(self) -> bool:
        """Whether something is wrong with the search that is shown, so that fixes are worth trying unasked."""
        result = self.result
        return result is not None and bool(result.reasons or (
            result.verdict is not None and result.verdict.outcome == "ineligible"))

    def take_result(self, request: SearchRequest, result: SearchResult) -> None:
        self.say()
        self.fixes = None
        self.shown = replace(self.shown, request=request, result=result)

    def fail(self, error: ConsoleError, then: str) -> None:
        """Something went wrong: that is said until something else is tried, and what was found is gone."""
        self.error, self.fixes = error, None
        self.shown = replace(self.shown, request=None, result=None)
        self.say(((error.summary, "critical"),), instead="\n".join([*error.lines()[1:], then]))

    def say(self, *lines: Line, instead: str = "", can_begin: bool = False) -> None:
        """Says these lines in place of the verdict, and words in place of rows; without any the state speaks."""
        self.said, self.instead, self.can_begin = lines, instead, can_begin

    # what a person chose

    def setup_of(self, column: VectorColumn) -> SearchParams:
        """What was chosen for searches of that column."""
        return self._setups.get(column.label, SearchParams())

    def keep_setup(self, column: VectorColumn, setup: SearchParams) -> None:
        self._setups[column.label] = setup

    def set(self, setup: SearchParams) -> None:
        """What the next search is to be."""
        if setup.question != self.setup.question:
            self.asked = None
        self.shown = replace(self.shown, setup=setup)
        if self.subject is not None:
            self.keep_setup(self.subject.column, setup)

    def change(self, **changes: Any) -> None:
        """Has the next search differ in these fields of SearchParams."""
        self.set(replace(self.setup, **changes))

    def ask(self, question: QuerySource) -> None:
        """Searches for that, made into a vector anew."""
        self.change(question=question)
        self.asked = None

    def adopt(self, options: SearchOptions) -> None:
        self.change(options=options)

    def repeat(self) -> None:
        """The same search once more: what may come out otherwise is made into a vector anew."""
        if self.setup.question is not None and (self.setup.question.kind == "text" or self.error is not None):
            self.asked = None


def first_choice(columns: Sequence[VectorColumn]) -> VectorColumn:
    """The column that a newcomer sees: dense, with dimensions, with the most rows."""
    def worth(column: VectorColumn) -> tuple[bool, bool, float]:
        return column.type_name in ("vector", "halfvec"), column.dimensions is not None, column.row_estimate or 0.0

    return max(columns, key=worth)
