"""Runs the rules over scripts, and takes the ignore directives at their word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import import_module

from msgspec import Struct

from console.migrate.directives import Directives
from console.migrate.facts import Catalog
from console.migrate.faults import FileError
from console.migrate.footprint import Lock, NewRelations
from console.migrate.lint.choice import EVERY_DAY, RuleChoice, rules_of
from console.migrate.lint.ignores import Ignore, read_ignores
from console.migrate.lint.rule import RULES, SMALL_BYTES, LintFinding, LintRule, LintSubject, RuleHit, Severity
from console.migrate.records import Direction, MigrationFile, Script
from console.migrate.table_locks import functions_of, made_by, relations_of
from console.services import Service
from console.sql.grammar import Name, ParsedStatement, SyntaxFault, grammar_version

for _module in ("transactions", "indexes", "columns", "constraints", "tables", "removal", "names", "versions",
                "newer", "requested"):
    import_module(f"console.migrate.lint.{_module}")  # each declares its rules in RULES

_NEVER_IGNORED = {
    "syntax-error": "what can't be parsed can't be run",
    "bad-directive": "a directive that isn't understood is not obeyed",
    "ignore-without-reason": "who reads the file later must know why the rule doesn't matter here",
    "missing-down": "the service has require_down = true",
    "unused-ignore": "an ignore that silences nothing hides the next finding",
}
"""The findings that the linter itself makes, with their reasons."""


class Lintable(Struct, frozen=True):
    """A script with what the linter must know of it, and the `rules` that are looked for. `schemas` are the service's,
    empty where they don't matter."""

    service: str
    script: Script
    direction: Direction = "up"
    schemas: tuple[str, ...] = ()
    rules: RuleChoice = EVERY_DAY
    lacks_down: bool = False
    """Whether its migration should have a way down, and has none."""


def own_schemas(service: Service) -> tuple[str, ...]:
    """The schemas that the service's scripts should keep to; none for another tool's folder, which sets search_path."""
    return service.schemas if service.layout in (None, "dbconsole") else ()


def lintables_of(service: Service, files: Iterable[MigrationFile], choice: RuleChoice = EVERY_DAY) -> list[Lintable]:
    """Every script of a service's `files`, up and down, in their order. Raises ConfigError."""
    schemas, rules = own_schemas(service), rules_of(service, choice)
    directions: tuple[Direction, ...] = ("up", "down")
    return [Lintable(service.name, script, direction, schemas, rules, service.require_down and file.down is None)
            for file in files
            for direction in directions if (script := file.script(direction)) is not None]


def lint(lintables: Iterable[Lintable], catalog: Catalog | None = None, *,
         in_sequence: bool = False) -> list[LintFinding]:
    """What the rules find, file by file, in order of lines.

    `catalog` sharpens them with sizes, types and constraints. `in_sequence`: the scripts run one after the other
    against that catalog, so what one makes is new to the next.
    """
    findings: list[LintFinding] = []
    created = NewRelations()
    for lintable in lintables:
        run = _Run(lintable, catalog, created if in_sequence and catalog is not None else NewRelations())
        findings.extend(sorted(run.findings(), key=lambda finding: finding.line))
    return findings


def relations_and_functions(scripts: Iterable[Script]) -> tuple[set[Name], set[str]]:
    """What to ask the catalog for, so that lint and plan know all that they can. Unparsable scripts add nothing."""
    names: set[Name] = set()
    functions: set[str] = set()
    for script in scripts:
        for statement in _parsed(script):
            names.update(relations_of(statement))
            functions |= functions_of(statement)
    return names, functions


def _parsed(script: Script) -> Sequence[ParsedStatement]:
    try:
        statements = script.parsed
    except FileError:
        return ()
    return () if isinstance(statements, SyntaxFault) else statements


@cache
def _concerned(choice: RuleChoice, direction: Direction, kind: str) -> Sequence[LintRule]:
    """The rules that look at a kind of statement."""
    return [rule for rule in RULES.values() if choice.holds(rule) and (direction == "up" or not rule.upwards)
            and (not rule.on or kind in rule.on)]


class _Run:
    """The rules over one script."""

    def __init__(self, lintable: Lintable, catalog: Catalog | None, created: NewRelations) -> None:
        self.lintable = lintable
        self.catalog = catalog
        self.created = created

    def finding(self, line: int, rule: str, severity: Severity, message: str, advice: str) -> LintFinding:
        return LintFinding(self.lintable.service, str(self.lintable.script.path), line, rule, severity, message, advice)

    def findings(self) -> Iterator[LintFinding]:
        script = self.lintable.script
        try:
            directives = script.directives
            statements = script.parsed_once
        except FileError as error:
            yield self.finding(error.line or 1, "bad-directive", "error", error.message, error.hint or "")
            return
        if isinstance(statements, SyntaxFault):
            line = script.first_line + statements.line - 1
            yield self.finding(line, "syntax-error", "error", f"{statements.message} (column {statements.column})",
                               statements.hint or f"read with the grammar of PostgreSQL {grammar_version()}")
            return
        if self.lintable.lacks_down and not directives.irreversible:
            yield self.finding(script.first_line, "missing-down", "error", "the migration has no way down",
                               "write it, or say in the file: -- dbconsole: irreversible: reason")
        ignores = read_ignores(script.text, statements, script.first_line)
        used: set[tuple[int, str]] = set()
        for index, found in self._raw(statements, directives):
            silencer = next((number for number, ignore in enumerate(ignores) if ignore.reason
                             and found.rule in ignore.rules and ignore.statement in (None, index)), None)
            if silencer is None:
                yield found
            else:
                used.update((number, found.rule) for number, ignore in enumerate(ignores)
                            if found.rule in ignore.rules and ignore.statement in (None, index))
        yield from self._unused(ignores, used)

    def _raw(self, statements: list[ParsedStatement], directives: Directives) -> Iterator[tuple[int, LintFinding]]:
        all_of_them = tuple(statements)
        held: tuple[Lock, int] | None = None
        for index, statement in enumerate(statements):
            subject = LintSubject(statement, index, all_of_them, directives, self.lintable.schemas, self.catalog,
                              self.created, held)
            line = self.lintable.script.first_line + statement.line - 1
            for rule in _concerned(self.lintable.rules, self.lintable.direction, statement.node_kind):
                for hit in rule.check(subject):
                    if (found := self._weighed(rule, hit, subject, line)) is not None:
                        yield index, found
            if held is None and subject.in_transaction:
                held = next(((lock, line) for lock in subject.footprint.locks
                             if lock.mode.blocks_writes and not subject.is_new(lock.relation)), None)
            if (name := made_by(statement, self.catalog, self.created)) is not None:
                self.created.add(name)

    def _weighed(self, rule: LintRule, hit: RuleHit, subject: LintSubject, line: int) -> LintFinding | None:
        """A hit with the table's size in mind: None for a new table, info for a small one."""
        severity, message = hit.severity or rule.severity, hit.message
        if hit.table is not None:
            if subject.is_new(hit.table):
                return None
            facts = subject.facts(hit.table)
            if facts is not None and facts.total_bytes is not None:
                if facts.total_bytes < SMALL_BYTES:
                    severity = "info"
                named = str(hit.table) in message
                message += f" ({facts.size_words})" if named else f" ({hit.table}: {facts.size_words})"
        return self.finding(line, rule.name, severity, message, hit.advice or rule.advice)

    def _unused(self, ignores: list[Ignore], used: set[tuple[int, str]]) -> Iterator[LintFinding]:
        for number, ignore in enumerate(ignores):
            if not ignore.reason:
                yield self.finding(ignore.line, "ignore-without-reason", "error",
                                   f"ignore={','.join(ignore.rules)} gives no reason", "write ignore=RULE: reason")
                continue
            for name in ignore.rules:
                if name not in RULES:
                    close = difflib.get_close_matches(name, RULES, 1, 0.5)
                    advice = f"did you mean {close[0]}?" if close else "take it out"
                    yield self.finding(ignore.line, "unused-ignore", "warning", f"there is no rule {name}", advice)
                elif (number, name) not in used and self.lintable.rules.holds(RULES[name]):
                    yield self.finding(ignore.line, "unused-ignore", "warning", f"{name} finds nothing here",
                                       "take it out")
