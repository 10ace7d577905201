"""What the Hybrid tab knows: the words, how both legs are fused, and what came of it. Knows no widget."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from console.errors import ConsoleError, UsageError
from console.server.effects import Acts
from console.sql.names import names_in
from console.ui.screens.vectors.engine import Engine
from console.ui.screens.vectors.state import VectorsState
from console.vectors import read
from console.vectors.hybrid import Fusion, HybridRequest, hybrid, text_leg
from console.vectors.query_source import QuerySource
from console.vectors.records import HybridResult, ShownColumn, TextSearch
from console.vectors.search import SearchableColumn, SearchRequest
from console.vectors.values import QueryVector

BALANCES = ((4.0, 1.0), (2.0, 1.0), (1.0, 1.0), (1.0, 2.0), (1.0, 4.0))
"""The weights that one key goes through, from the vector to the words."""


class HybridSetup(Struct, frozen=True):
    """`words` as websearch_to_tsquery takes them; `column` None is the one that an index has the words of; `config`
    None is the index's text search configuration."""

    words: str = ""
    column: str | None = None
    config: str | None = None
    fusion: Fusion = field(default_factory=Fusion)

    def leaning(self, step: int) -> HybridSetup:
        """With more weight on the words, or for a negative step on the vector."""
        def share(pair: tuple[float, float]) -> float:
            return pair[1] / (pair[0] + pair[1])

        mine = share((self.fusion.vector_weight, self.fusion.text_weight))
        further = [pair for pair in BALANCES[::step] if (share(pair) - mine) * step > 1e-9]
        if not further:
            return self
        vector, text = further[0]
        return replace(self, fusion=replace(self.fusion, vector_weight=vector, text_weight=text))


class WordsColumn(Struct, frozen=True):
    """A column that can be searched for words; `index` None: they are looked for in every row."""

    name: str
    index: str | None


def words_columns(shown: Sequence[ShownColumn], found: Sequence[TextSearch]) -> list[WordsColumn]:
    """The columns of words, those that an index has first, then the longest texts."""
    indexed = {name: each.index for each in reversed(found) if each.index for name in names_in(each.expression)}
    columns = [column for column in shown if column.sort == "text" or column.type == "tsvector"]
    columns.sort(key=lambda column: (column.name not in indexed, -(column.average_bytes or 0)))
    return [WordsColumn(column.name, indexed.get(column.name)) for column in columns]


class HybridState:
    """`result` is what was found for `asked`; `error` says why it failed. One setup for each column."""

    def __init__(self) -> None:
        self.shown = VectorsState()
        self.columns: Sequence[WordsColumn] | None = None
        """None before they were asked for."""
        self.result: HybridResult | None = None
        self.asked: HybridSetup | None = None
        self.error: ConsoleError | None = None
        self.is_stopped = False
        self.has_last_vector = False
        """There is no embedder: the vector is that of the last search."""
        self._setups: dict[str, HybridSetup] = {}
        self._vector: tuple[str, QueryVector] | None = None

    def take(self, shown: VectorsState) -> None:
        before, self.shown = self.shown.subject, shown
        if shown.subject is not None and (before is None or before.column.label != shown.subject.column.label):
            self.columns = self.result = self.asked = self.error = self._vector = None
            self.is_stopped = False

    @property
    def setup(self) -> HybridSetup:
        about = self.shown.subject
        return self._setups.get(about.column.label, HybridSetup()) if about is not None else HybridSetup()

    @setup.setter
    def setup(self, setup: HybridSetup) -> None:
        if self.shown.subject is not None:
            self._setups[self.shown.subject.column.label] = setup

    @property
    def column(self) -> WordsColumn | None:
        """The column whose words are searched."""
        columns = self.columns or ()
        return next((column for column in columns if self.setup.column in (None, column.name)), None)

    async def read_columns(self, engine: Engine) -> None:
        """Which columns have words. Raises ConsoleError."""
        about = self.shown.subject
        if about is not None and self.columns is None:
            async with engine.session() as session:
                found = await read.text_searches(session, about.column.relation_oid)
            self.columns = words_columns(about.shown, found)

    async def search(self, engine: Engine, allow: Callable[[Acts, str], Awaitable[frozenset[str]]]) -> None:
        """Both legs, fused. Raises ConsoleError."""
        about, setup = self.shown.subject, self.setup
        assert about is not None
        await self.read_columns(engine)
        column = self.column
        if column is None:
            raise UsageError(f"{about.column.table} has no column of words beside its vectors",
                             hint="hybrid search wants a column of type text or tsvector")
        if about.key is None:
            raise UsageError(f"{about.column.table} has no key by which both ranks of a row could be joined",
                             hint="it wants a primary key, or a unique index on columns that are NOT NULL")
        names = [each.name for each in about.shown if each.sort != "vector" and each.type != "tsvector"]
        columns = self.shown.setup.columns or tuple(sorted(names, key=lambda name: name != column.name))
        vector = await self._resolved(engine, about, setup)
        last = self.shown.request if self.has_last_vector else None
        request = engine.request(about, replace(self.shown.setup, offset=0, columns=columns), vector,
                                 last.exclude if last is not None else None)
        async with engine.session() as session:
            leg = await text_leg(session, column.name, about.shown, about.column.relation_oid, setup.config)
            wanted = HybridRequest(request, setup.words, leg, setup.fusion)
            try:
                found = await hybrid(session, wanted)
            except Acts as refusal:
                allowed = await allow(refusal, request.where or "")
                found = await hybrid(session, replace(wanted, search=replace(request, allowed=allowed)))
        now = self.shown.subject
        if now is not None and now.column.label == about.column.label:  # its indexes may be known anew
            self.result, self.asked = found, setup

    async def _resolved(self, engine: Engine, about: SearchableColumn, setup: HybridSetup) -> QueryVector:
        """The words as a vector, made once; without an embedder that of the last search."""
        if self._vector is not None and self._vector[0] == setup.words:
            return self._vector[1]
        question = self.shown.setup.question
        last: SearchRequest | None = self.shown.request
        try:
            engine.embedder_for(about.column, question.embedder if question else None)
        except UsageError as error:
            if last is None:
                raise UsageError(error.summary, hint="search by a row or a vector first: the words are then fused with "
                                 "that vector") from None
            self.has_last_vector = True
            return last.vector
        self.has_last_vector = False
        found = await engine.resolve(about, QuerySource(
            "text", setup.words, embedder=question.embedder if question else None))
        self._vector = setup.words, found.vector
        return found.vector
