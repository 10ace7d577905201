"""A lint rule, what it sees of a statement, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Literal, TypeVar

from msgspec import Struct, field

from console.migrate.alter_table_locks import commands
from console.migrate.directives import NONE, Directives
from console.migrate.facts import Catalog, RelationFacts
from console.migrate.footprint import Footprint, Lock, NewRelations
from console.migrate.table_locks import locks_of
from console.sql.grammar import Name, Node, ParsedStatement, enum_name, range_name

R = TypeVar("R")
Severity = Literal["error", "warning", "info"]
SMALL_BYTES = 10 * 1024 * 1024
"""Below this size a table's scan or rewrite is over before anybody waits: the finding becomes info."""


class LintFinding(Struct, frozen=True):
    """What a rule found at a line of a file, and how to do it safely instead."""

    service: str
    file: str
    line: int
    rule: str
    severity: Severity
    message: str
    advice: str


class RuleHit(Struct, frozen=True):
    """A rule's find in one statement. `table` marks a cost that grows with that table: none while it is new or
    small. `advice` replaces the rule's own.
    """

    message: str
    advice: str | None = None
    table: Name | None = None
    severity: Severity | None = None


class LintSubject(Struct, frozen=True, dict=True):
    """One statement as a rule sees it: with its file before and after it, and the catalog where there is one.

    `created` are the tables that this run has made before it, of which nobody else knows yet. `held` is the first
    lock that blocks writes to what others know, and the line of the statement that took it; its transaction still
    holds it.
    """

    statement: ParsedStatement
    index: int
    statements: tuple[ParsedStatement, ...]
    directives: Directives = NONE
    schemas: tuple[str, ...] = ()
    catalog: Catalog | None = None
    created: NewRelations = field(default_factory=NewRelations)
    held: tuple[Lock, int] | None = None

    @cached_property
    def kind(self) -> str:
        return self.statement.node_kind

    @cached_property
    def body(self) -> Node:
        return self.statement.body

    @cached_property
    def _looked_for(self) -> dict[object, Sequence[Any]]:
        return {}

    def once(self, look: Callable[[LintSubject], Iterable[R]]) -> Sequence[R]:
        """What `look` finds in the statement, found once however many rules ask for it."""
        if look not in self._looked_for:
            self._looked_for[look] = tuple(look(self))
        return self._looked_for[look]

    @property
    def before(self) -> tuple[ParsedStatement, ...]:
        return self.statements[:self.index]

    @property
    def after(self) -> tuple[ParsedStatement, ...]:
        return self.statements[self.index + 1:]

    @property
    def in_transaction(self) -> bool:
        return not self.directives.no_transaction

    @cached_property
    def footprint(self) -> Footprint:
        return locks_of(self.statement, self.catalog)

    def is_new(self, name: Name) -> bool:
        """Whether this run has made the table: what is done to it is in nobody's way."""
        return self.created.may_hold(name)

    def facts(self, name: Name) -> RelationFacts | None:
        return self.catalog.relation(name) if self.catalog else None

    @property
    def table(self) -> Name:
        """The table of an ALTER TABLE."""
        return range_name(self.body.relation)

    @property
    def commands(self) -> Iterator[tuple[str, Node]]:
        """The subcommands of an ALTER TABLE; of nothing else, and not on what is new."""
        if self.kind == "alter_table_stmt" and enum_name(self.body, "objtype") == "OBJECT_TABLE" \
                and not self.is_new(self.table):
            yield from commands(self.body)


class RuleExample(Struct, frozen=True):
    """A script in which the rule finds something, and one where it has nothing to say."""

    bad: str
    good: str


Check = Callable[[LintSubject], Iterable[RuleHit]]


class LintRule(Struct, frozen=True):
    """A named rule. `reason` says what goes wrong, `advice` how to do it safely.

    `upwards`: only for scripts that go up; a way down drops and renames by nature. `on` are the kinds of statements
    (as the tree calls them) that it looks at, all where it is empty. `is_opt_in`: not looked for unless somebody asks.
    """

    name: str
    severity: Severity
    reason: str
    advice: str
    check: Check
    upwards: bool = False
    on: frozenset[str] = frozenset()
    is_opt_in: bool = False


RULES: dict[str, LintRule] = {}
"""Every rule of the package by name, in the order of declaration."""


def rule(name: str, severity: Severity, *, reason: str, advice: str, upwards: bool = False,
         on: Iterable[str] = (), is_opt_in: bool = False) -> Callable[[Check], Check]:
    """Declares the function below as a rule. Raises ValueError for a name that is taken."""

    def declare(check: Check) -> Check:
        if name in RULES:
            raise ValueError(f"two rules are called {name}")
        RULES[name] = LintRule(name, severity, reason, advice, check, upwards, frozenset(on), is_opt_in)
        return check

    return declare
