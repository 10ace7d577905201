"""What a run would do, before it does it: statements in order, their locks, who is in the way, and the findings."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby

from msgspec import Struct

from console.migrate import called, code_step
from console.migrate.called import Functions, Reached, read_functions
from console.migrate.cascades import Cascades, cascade_of, is_dropping, read_cascades
from console.migrate.facts import Catalog, RelationFacts, RelationSession, read_catalog
from console.migrate.faults import FileError
from console.migrate.footprint import Lock, NewRelations
from console.migrate.lint import (
    EVERY_DAY,
    Lintable,
    LintFinding,
    RuleChoice,
    lint,
    own_schemas,
    relations_and_functions,
    rules_of,
)
from console.migrate.lock_modes import LockMode
from console.migrate.prepare import prepare
from console.migrate.records import Direction, Step
from console.migrate.table_locks import locks_of, made_by
from console.server.session import Session
from console.services import Service
from console.sql.grammar import Name, ParsedStatement, SyntaxFault, grammar_version
from console.sql.quoting import identifier


class PlanRelation(Struct, frozen=True):
    """A relation that a statement locks: how, what that keeps others from, and who is on it now.

    `facts` and `sessions` are None without a connection, `facts` also where the relation doesn't exist yet.
    `is_new`: this run makes it, so the lock is in nobody's way. `through` names the function that takes the lock, ""
    where the statement itself does.
    """

    name: Name
    mode: LockMode
    rewrites: bool
    scans: bool
    facts: RelationFacts | None = None
    sessions: tuple[RelationSession, ...] | None = None
    is_new: bool = False
    through: str = ""

    @property
    def blocks(self) -> str:
        """What others can't do on it meanwhile, in words."""
        return "nothing: it is new in this run" if self.is_new else self.mode.blocks

    @property
    def in_the_way(self) -> tuple[RelationSession, ...]:
        """The sessions that hold, or wait in the queue for, a lock that this one must wait for."""
        return tuple(session for session in self.sessions or ()
                     if (held := session.lock_mode) is not None and held.conflicts_with(self.mode))


class PlanStatement(Struct, frozen=True):
    """One statement of a step. `relations`, the most locked first; what the run itself makes comes last.

    `opaque` says what can't be known of its locks, `goes` what CASCADE drops besides. `line` counts in the file from 1.
    """

    sql: str
    line: int
    kind: str
    relations: tuple[PlanRelation, ...]
    opaque: str | None = None
    goes: str | None = None

    @property
    def mode(self) -> LockMode | None:
        """The strongest lock on what others can see, else on what is new; None when no relation is locked."""
        return self.relations[0].mode if self.relations else None

    @property
    def blocks(self) -> str | None:
        """What others can't do on that relation meanwhile, in words."""
        return self.relations[0].blocks if self.relations else None

    @property
    def rewrites(self) -> bool:
        return any(relation.rewrites and not relation.is_new for relation in self.relations)

    @property
    def scans(self) -> bool:
        return any(relation.scans and not relation.is_new for relation in self.relations)


class Reach(Struct):
    """What statements come to beyond the relations that they name."""

    functions: Functions
    cascades: Cascades


class PlanStep(Struct, frozen=True):
    """One script of a run; `fault` says why its statements can't be told, `batches` in which its statement runs,
    `in_place` of what a baseline is recorded without being run, or by which command code is run."""

    service: str
    version: str
    name: str
    direction: Direction
    file: str
    in_transaction: bool
    statements: tuple[PlanStatement, ...]
    findings: tuple[LintFinding, ...]
    fault: str | None = None
    batches: str | None = None
    in_place: str | None = None


async def plan(session: Session | None, steps: Sequence[Step],
               services: Sequence[Service] = (), rules: RuleChoice = EVERY_DAY) -> list[PlanStep]:
    """The plan of `steps`, in their order, which are of `services`. Without a session it knows no sizes.

    `rules` are those that are looked for. Raises ConsoleError when the server can't be asked, or a service names a rule
    that there isn't.
    """
    found: list[PlanStep] = []
    for tenant, group in groupby(steps, lambda step: step.migration.tenant):
        some = [*group]
        if session is not None:  # the parser takes seconds for thousands of statements: a screen goes on meanwhile
            names, functions = await asyncio.to_thread(relations_and_functions, [step.script for step in some])
            statements = await asyncio.to_thread(_parsed, some)
            path = [*([tenant] if tenant else []), *session.info.schemas]
            called_functions, more = await read_functions(session, statements, path)
            reach = Reach(called_functions, await read_cascades(session, statements, path))
            names |= more | reach.cascades.relations
            catalog = await read_catalog(session, sorted(names, key=str), sorted(functions), first=tenant)
            found += await asyncio.to_thread(planned, some, catalog, services, rules, reach)
        else:
            found += await asyncio.to_thread(planned, some, None, services, rules)
    return found


def _parsed(steps: Sequence[Step]) -> list[ParsedStatement]:
    found: list[ParsedStatement] = []
    for step in steps:
        with suppress(FileError):  # told when its statements are read
            parsed = step.script.parsed
            found += parsed if not isinstance(parsed, SyntaxFault) else ()
    return found


def planned(steps: Sequence[Step], catalog: Catalog | None, services: Sequence[Service] = (),
            rules: RuleChoice = EVERY_DAY, reach: Reach | None = None) -> list[PlanStep]:
    """The plan of `steps` against `catalog` and what they `reach` there. Pure, but for reading the files."""
    manners = {service.name: (own_schemas(service), rules_of(service, rules)) for service in services}
    lintables = [Lintable(step.migration.service, step.script, step.direction,
                          *manners.get(step.migration.service, ((), rules))) for step in steps if not step.replaced]
    findings = lint(lintables, catalog, in_sequence=True)
    by_file: dict[str, list[LintFinding]] = {}
    for finding in findings:
        by_file.setdefault(finding.file, []).append(finding)
    sections: dict[str, list[int]] = {}
    for lintable in lintables:
        sections.setdefault(str(lintable.script.path), []).append(lintable.script.first_line)
    created = NewRelations()
    result = []
    for step in steps:
        statements, fault = _statements(step, catalog, created, reach)
        path = str(step.script.path)
        result.append(PlanStep(
            service=step.migration.service, version=step.migration.version, name=step.migration.name,
            direction=step.direction, file=path,
            in_transaction=fault is not None or _in_transaction(step),
            statements=tuple(statements), fault=fault, batches=_batches(step), in_place=_in_place(step),
            findings=tuple(finding for finding in by_file.get(path, ()) if _within(step, finding, sections[path]))))
    return result


def _in_transaction(step: Step) -> bool:
    try:
        return prepare(step.script).in_transaction
    except FileError:  # told when its statements are read
        return not step.script.directives.no_transaction


def _batches(step: Step) -> str | None:
    try:
        batches = step.script.directives.batches
    except FileError:
        return None
    return None if batches is None else (f"in batches of {batches.size} rows by "
                                         f"{identifier(*batches.table, batches.column)}, each a transaction of its own")


def _in_place(step: Step) -> str | None:
    if step.replaced:
        return f"in place of {len(step.replaced)} migrations that are applied: nothing is run"
    return f"code, by {code_step.program(step).shown}" if step.script.directives.command is not None else None


def _within(step: Step, finding: LintFinding, sections: Sequence[int]) -> bool:
    """Whether a finding is of this step, where one file holds several scripts, which begin at the lines `sections`."""
    end = min((line for line in sections if line > step.script.first_line), default=None)
    return step.script.first_line <= finding.line and (end is None or finding.line < end)


def version_note(session: Session) -> str | None:
    """A word of caution where the server is older than the grammar that its plan was read with."""
    ours, theirs = grammar_version(), session.info.major
    return f"read with the grammar of PostgreSQL {ours}; the server is {theirs} and may refuse newer syntax" \
        if theirs < ours else None


def _statements(step: Step, catalog: Catalog | None, created: NewRelations,
                reach: Reach | None) -> tuple[list[PlanStatement], str | None]:
    """A step's statements that are still to be run, and why they can't be told; what they make comes to `created`."""
    script = step.script
    if step.replaced:
        return [], None
    try:
        directives = script.directives
        parsed = script.parsed
    except FileError as error:
        return [], error.summary
    if isinstance(parsed, SyntaxFault):
        return [], f"line {script.first_line + parsed.line - 1}, column {parsed.column}: {parsed.message}"
    if directives.own_transaction:
        parsed = [parsed_statement for parsed_statement in parsed if not parsed_statement.controls_transaction]
    statements = []
    for number, statement in enumerate(parsed):
        makes = made_by(statement, catalog, created)
        if number >= step.done:
            statements.append(_statement(statement, script.first_line, catalog, created, makes, reach))
        if reach is not None and (function := called.made_by(statement)) is not None:
            reach.functions.replace(function)
        if makes is not None:
            created.add(makes)
    return statements, None


def _statement(statement: ParsedStatement, first_line: int, catalog: Catalog | None, created: NewRelations,
               makes: Name | None, reach: Reach | None) -> PlanStatement:
    footprint = locks_of(statement, catalog)
    relations = [_relation(lock, catalog, lock.relation in created) for lock in footprint.locks]
    opaque, goes = footprint.opaque, None
    if reach is not None:
        through, unread = called.reached(statement, catalog, reach.functions)
        cascade = cascade_of(statement, reach.cascades)
        through += [Reached(Lock(name, mode, is_indirect=True), "CASCADE") for name, mode in cascade.locks]
        relations += [_relation(each.lock, catalog, each.lock.relation in created, each.through) for each in through
                      if not any(lock.relation == each.lock.relation and lock.mode >= each.lock.mode
                                 for lock in footprint.locks)]
        is_known = called.is_known(statement, reach.functions) or is_dropping(statement)
        opaque, goes = unread if unread or is_known else footprint.opaque, cascade.goes
    if makes is not None:
        relations.append(PlanRelation(makes, LockMode.ACCESS_EXCLUSIVE, False, False, is_new=True))
    relations.sort(key=lambda relation: (relation.is_new, -relation.mode))
    return PlanStatement(sql=statement.text, line=first_line + statement.line - 1, kind=statement.kind,
                         relations=tuple(relations), opaque=opaque, goes=goes)


def _relation(lock: Lock, catalog: Catalog | None, is_new: bool, through: str = "") -> PlanRelation:
    facts = catalog.relation(lock.relation) if catalog is not None and not is_new else None
    sessions = tuple(catalog.sessions_on(lock.relation)) if catalog is not None else None
    return PlanRelation(lock.relation, lock.mode, lock.rewrites, lock.scans, facts, sessions, is_new, through)
