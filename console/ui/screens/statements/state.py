"""What the screen knows: counters, texts and names, what a person chose of them, and the ranking that follows."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from msgspec.structs import asdict

from console.server.query import Query
from console.server.session import Readings
from console.sql.fingerprint import shape
from console.sql.mark import OWN_MARK
from console.statements import counters
from console.statements.deltas import KEPT_S, Journal
from console.statements.ranking import rank
from console.statements.read import STANDING
from console.statements.records import (
    Availability,
    Beside,
    Key,
    LoggingSetting,
    NamedOid,
    Ranked,
    Ranking,
    SlowStatement,
    StatementEntry,
    StatementText,
    StatsInfo,
)
from console.view.statements.ranking import (
    COLUMN_GROUPS,
    GROUPINGS,
    MINUTE_S,
    WINDOWS,
    Grouping,
    StatementNames,
    StatisticsBasis,
    WindowName,
)
from console.view.table import Cell, Column, Row, Table, filtered

TEXT_CHARACTERS = 1000
"""How much of a text is read for the table, its filter and what is alike; the pane reads all of it."""

MOST_TEXTS = 20_000

ROWS_AT_FIRST = 200
"""So many of thousands become rows; more when the cursor comes near their end."""

MORE_ROWS = 200

OWN_AFTER_S = 30.0
"""How often the server is asked, at most, which new statements are consoles' own."""

_FILTERED = (Column("database", "database"), Column("user", "user"), Column("query_id", "query id"),
             Column("statement", "statement"))


class StatementsState:
    """Empty until the first sample."""

    def __init__(self) -> None:
        # what a person chose
        self.window: WindowName = "minute"
        self.grouping: Grouping = "statement"
        self.columns = "overview"
        self.shows_slow = False
        self.with_own = False
        """Whether what consoles ask by themselves is among the statements, and in their shares."""
        self.selected: tuple[Key, ...] = ()
        """The statements that the pane is about; none while it is closed."""
        self.text: StatementText | None = None
        """The whole text of the first of them, once it is read."""
        self.beside = Beside()
        """What other extensions know of them, once it is read."""
        self.is_original = False
        self.slow_statement: SlowStatement | None = None
        self.wanted_query: int | None = None
        """A query that another screen asked for and that hasn't been looked for yet."""

        # what was read
        self.ranking: Ranking | None = None
        self.seconds: float | None = None
        """The length of the time that the ranking is of; None for all since the reset."""
        self.settings: Sequence[LoggingSetting] | None = None
        self.availability: Availability | None = None
        """What the server has of the extension; asked for while there are no statements."""
        self.limit = ROWS_AT_FIRST
        self.journal = Journal()
        self.names = StatementNames()
        self.texts: dict[Key, StatementText] = {}
        self.why: str | None = None
        self.databases: set[int] = set()
        self.users: set[int] = set()
        self.own: set[Key] = set()
        """What consoles ask by themselves."""
        self._looked_at: set[Key] = set()
        self._looked_s: float | None = None
        self._shapes: dict[Key, str] = {}
        self._unnamed: set[int] = set()
        self._rows: dict[Key, Row] = {}

    @property
    def standing(self) -> StatsInfo | None:
        return self.journal.standing

    def take(self, readings: Readings, entries: Query[StatementEntry]) -> None:
        """Another sample."""
        rows, whole = readings.rows(entries), readings.first(STANDING)
        self.why = readings.why(entries) or readings.why(STANDING)
        if rows is not None and whole is not None:
            self.journal.take(rows, whole)

    def take_names(self, names: Iterable[NamedOid]) -> None:
        databases: dict[int, str] = {}
        users: dict[int, str] = {}
        for name in names:
            (databases if name.kind == "database" else users)[name.id] = name.name
        self.names = StatementNames(databases, users)
        self._rows.clear()

    def lacks_names(self) -> bool:
        """Whether a database or a role has come that has no name yet; dropped ones are asked for no more."""
        self.databases = {key.database_id for key in self.journal.keys}
        self.users = {key.user_id for key in self.journal.keys}
        unknown = (self.databases - self.names.databases.keys()) | (self.users - self.names.users.keys())
        is_new = bool(unknown - self._unnamed)
        self._unnamed = unknown
        return is_new

    def lacks_own(self, now_s: float) -> bool:
        """Whether it is time to ask which statements are consoles' own; by a monotonic clock."""
        is_early = self._looked_s is not None and now_s - self._looked_s < OWN_AFTER_S
        return not is_early and not self._looked_at.issuperset(self.journal.keys)

    def take_own(self, keys: Iterable[Key] | None, now_s: float) -> None:
        """Those that are; None where the server didn't say."""
        self._looked_s = now_s
        self._looked_at = set(self.journal.keys)
        self.own |= set(keys or ())

    def take_texts(self, wanted: Iterable[Key], texts: Iterable[StatementText]) -> None:
        """Texts that came; those that did not are known to be gone."""
        if len(self.texts) > MOST_TEXTS:
            self.texts = {key: text for key, text in self.texts.items() if key in self.journal}
        for key in wanted:
            self.texts[key] = StatementText(**asdict(key), text=None, characters=None)
        for statement_text in texts:
            self.texts[statement_text.key] = statement_text
            if OWN_MARK in (statement_text.text or ""):
                self.own.add(statement_text.key)
            self._rows.pop(statement_text.key, None)
            self._shapes.pop(statement_text.key, None)

    def lacking(self, keys: Iterable[Key]) -> list[Key]:
        """Those whose text was never asked for."""
        return [key for key in keys if key.query_id is not None and key not in self.texts]

    def find_shapes(self, keys: Iterable[Key]) -> None:
        """Works out the shapes that are not known yet; in a thread, as thousands take a second."""
        for key in keys:
            text = self.texts.get(key)
            if key not in self._shapes and text is not None and text.text is not None:
                self._shapes[key] = shape(text.text)

    # what is asked

    def figures(self, window: WindowName) -> tuple[Mapping[Key, array[float]], float | None]:
        """The counters of that time, and its length in seconds: None for all since the reset."""
        if window != "reset":
            found = self.journal.window({"minute": MINUTE_S, "gathered": KEPT_S}.get(window))
            if found is not None:
                return {key: array for key, array in found.added.items() if array[counters.CALLS]
                        or array[counters.PLANS]}, \
                    found.seconds
        return self.journal.since_reset(), None

    def _matching(self, figures: Mapping[Key, array[float]], needle: str) -> Mapping[Key, array[float]]:
        """Those that satisfy a filter, by database, user, number and text."""
        if not needle.split():
            return figures
        rows = tuple(self._row(key) for key in figures)
        kept = {row.record for row in filtered(Table(_FILTERED, rows), needle).rows}
        return {key: figure for key, figure in figures.items() if key in kept}

    def _row(self, key: Key) -> Row:
        if (row := self._rows.get(key)) is None:
            text = self.texts.get(key)
            row = Row("", (Cell(self.names.database(key)), Cell(self.names.user(key)), Cell(str(key.query_id or "")),
                           Cell(text.text or "" if text else "")), record=key)
            if text is not None or key.query_id is None:
                self._rows[key] = row
        return row

    def ranking_of(self, window: WindowName, needle: str, grouping: Grouping, by: str | None, *, descending: bool,
                limit: int) -> tuple[Ranking, float | None]:
        """The first rows of that time, filtered and summed up; and the length of the time, None: since the reset."""
        everything, seconds = self.figures(window)
        if not self.with_own:
            everything = {key: figure for key, figure in everything.items() if key not in self.own}
        figures = self._matching(everything, needle)

        def word(key: Key) -> str:
            if by == "level":
                return "top" if key.is_top_level else "nested"
            return self.names.user(key) if by == "user" else self.names.database(key)

        groups: Mapping[Grouping, Callable[[Key], Hashable] | None] = {
            "statement": None, "shape": lambda key: self._shapes.get(key, key), "level": lambda key: key.is_top_level,
            "database": lambda key: key.database_id, "user": lambda key: key.user_id}
        ranking = rank(figures, by=by, descending=descending, limit=limit, group=groups[grouping], among=everything,
                       word=word if by in ("user", "database", "level") else None)
        return ranking, seconds

    def together(self, keys: Sequence[Key], window: WindowName, total_ms: float) -> Ranked:
        """Those statements as one row; nothing where they did nothing in that time."""
        figures, _ = self.figures(window)
        found = [figures[key] for key in keys if key in figures]
        summed = counters.total(found) if found else array("d", [0.0] * len(counters.NAMES))
        usage = counters.usage(summed, len(keys))
        return Ranked(keys, tuple(keys), usage, usage.total_ms / total_ms if total_ms else None)

    def figure(self, needle: str, by: str | None, *, descending: bool) -> None:
        """Ranks what is known, as it is asked for."""
        self.ranking, self.seconds = self.ranking_of(self.window, needle, self.grouping, by, descending=descending,
                                                     limit=self.limit)

    def of_selected(self) -> Ranked | None:
        """What the pane is about, as one row."""
        if not self.selected or self.ranking is None:
            return None
        return self.together(self.selected, self.window, self.ranking.total_ms)

    def keys_shown(self, first: int, rows: int) -> list[Key]:
        """The statements whose rows are seen, and the one that the pane is about."""
        ranked = self.ranking.rows[first:first + rows] if self.ranking is not None else ()
        return [*self.selected[:1], *(row.keys[0] for row in ranked)]

    def basis(self, user: str) -> StatisticsBasis:
        """What figures are formed with, for whoever shows them."""
        standing = self.standing
        return StatisticsBasis(
            self.seconds, standing.block_bytes if standing else 8192, self.names, self.texts, self.grouping, user,
            has_levels=standing is not None and standing.track == "all", has_users=len(self.users) > 1,
            has_databases=len(self.databases) > 1)

    # what a person does

    def next_window(self) -> None:
        self.window = WINDOWS[(WINDOWS.index(self.window) + 1) % len(WINDOWS)]

    def next_columns(self) -> None:
        names = list(COLUMN_GROUPS)
        self.columns = names[(names.index(self.columns) + 1) % len(names)]

    def next_grouping(self) -> None:
        names = list(GROUPINGS)
        self.grouping = names[(names.index(self.grouping) + 1) % len(names)]

    def select(self, keys: tuple[Key, ...]) -> bool:
        """The pane is about these from now on; whether it was not before."""
        is_new = keys != self.selected
        self.selected = keys
        if is_new:
            self.text, self.is_original, self.beside = None, False, Beside()
        return is_new

    def leave(self) -> None:
        """The pane is about nothing."""
        self.selected, self.slow_statement, self.text = (), None, None

    def subject(self, record: object) -> tuple[Key, ...] | SlowStatement | None:
        """What keys are about, where the cursor is on `record`: statements, or a slow one. None where a row sums up a
        database or a user, or the server has no text."""
        if self.shows_slow:
            return self.slow_statement or (record if isinstance(record, SlowStatement) else None)
        keys = self.selected
        if not keys and isinstance(record, Ranked) and self.grouping in ("statement", "shape"):
            keys = record.keys
        return keys if keys and keys[0].query_id is not None else None

    def known_text(self, keys: tuple[Key, ...]) -> StatementText | None:
        """As much of the text as has been read."""
        return self.text if self.selected == keys and self.text is not None else self.texts.get(keys[0])

    def of_query(self, query_id: int) -> tuple[Key, ...]:
        """The entries of a query, whoever ran it and wherever."""
        return tuple(key for key in self.journal.keys if key.query_id == query_id)
