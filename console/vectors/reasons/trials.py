"""Fixes are tried before they are proposed: planned, and where the statement may be run, run and compared.

Everything is a read-only transaction with a limit of time. What a fix brings is compared with the exact search's rows,
which is the statement itself without any index: by all its columns but those of floating point, since a distance
differs in its last digits. What acts outside its transaction is run by none of this, on an unlocked target neither.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError, ServerError, UsageError
from console.plans.records import Fix, Plan, Trial
from console.server.effects import effects_of
from console.server.preamble import SHOWN
from console.server.readonly import ReadStatement, Wire, explain, reading, trip
from console.server.session import PgSession
from console.sql import grammar
from console.sql.effects import Uses, uses_of_tree
from console.sql.grammar import Node
from console.text import format as fmt
from console.vectors import plan as plans
from console.vectors import read
from console.vectors.reasons.statement import parameters

FORCED = {"enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off"}
"""Under these the planner takes a vector index wherever it can. For plans alone: it changes what a search finds."""

MOST_ROWS = 1_000
"""So many rows are compared; of more only their number."""

STATEMENT_MS = 5_000
"""A trial that takes longer is given up."""

WITHIN_S = 20.0
"""All trials of a statement together."""

GOOD_RECALL = 0.95
POOR_RECALL = 0.8
"""Fewer of the exact search's rows than this are worth a warning."""

_FLOATS = (700, 701)


class Ran(Struct, frozen=True):
    """A statement that was run: its plan, its execution in milliseconds, its rows as they are compared; None where
    those were too many."""

    plan: Plan
    ms: float
    count: int
    rows: tuple[tuple[str | None, ...], ...] | None


class NotTried(UsageError):
    """The statement acts outside its transaction: it is run as often as a person runs it, and not by a trial."""


class Examination:
    """One statement on one session: its plan, and those of its variants. `is_run`: variants may be run, not only
    planned. `names` are the indexes that count."""

    def __init__(self, session: PgSession, tree: Node, params: Sequence[str | Wire | None],
                 settings: Mapping[str, str], timeout_ms: int | None, *, is_run: bool = False) -> None:
        self.session = session
        self.tree = tree
        wanted = parameters(tree)
        self.settings = dict(settings)
        self.timeout_ms = timeout_ms
        self.is_generic = wanted > 0 and not params
        self.params = tuple(params)[:wanted]
        self.names: Collection[str] = frozenset()
        self.is_run = is_run and not self.is_generic
        self.before: Ran | None = None
        self._exact: dict[str, Ran | None] = {}
        self.may_write = False
        self._ends = time.monotonic() + WITHIN_S
        self._admitted = {True: Uses(), False: Uses()}

    async def admit(self, *trees: Node, is_run: bool) -> None:
        """Raises NotTried where planning the trees, or with `is_run` running them, acts. What was asked about names
        that are known isn't asked again."""
        found = Uses()
        for tree in trees:
            found.take(uses_of_tree(tree))
        known = self._admitted[is_run]
        if all(getattr(found, kind) <= getattr(known, kind)
               for kind in ("calls", "operators", "relations", "types", "prepared")) and not found.effects:
            return
        if effects := await effects_of(self.session, found, self.schemas, is_run=is_run):
            raise NotTried(f"{effects[0].sentence}, so it isn't tried")
        known.take(found)

    async def plan(self, tree: Node | None = None, *, analyze: bool = False,
                   settings: Mapping[str, str] | None = None) -> Plan:
        """The plan of `tree` (default: the statement) with further settings. Raises ConsoleError."""
        await self.admit(tree if tree is not None else self.tree, is_run=analyze)
        text = grammar.deparse(tree if tree is not None else self.tree)
        statement = ReadStatement(explain(text, analyze=analyze, generic=self.is_generic), self._params(tree))
        chosen = self.settings | dict(settings or {})
        library = read.library(self.session)
        if self.is_generic:
            # by the simple protocol: the extended one, which a pipeline is, wants a value for each parameter
            async with reading(self.session, library=library, timeout_ms=self.timeout_ms,
                               pinned=SHOWN) as found, found.under(chosen):
                page, _ = await found.fetch(statement)
        else:
            done = await trip(self.session, [statement], settings=chosen, library=library, timeout_ms=self.timeout_ms,
                              pinned=SHOWN)
            (page,) = done.pages
        return plans.document(page.rows[0][0])

    def _params(self, tree: Node | None) -> Sequence[str | Wire | None]:
        return self.params if tree is None or not self.params else self.params[:parameters(tree)]

    async def uses_index(self, tree: Node | None = None, settings: Mapping[str, str] | None = None) -> bool:
        """Whether that plan goes by one of `names`; not, where the server refuses the statement, or it may not be
        tried."""
        try:
            return plans.index_used(await self.plan(tree, settings=settings), self.names) is not None
        except (ServerError, NotTried):
            return False

    async def run(self, tree: Node | None = None, settings: Mapping[str, str] | None = None) -> Ran:
        """Runs `tree`, twice where its rows are few enough to be compared. Raises ConsoleError."""
        await self.admit(tree if tree is not None else self.tree, is_run=True)
        text = grammar.deparse(tree if tree is not None else self.tree)
        params = self._params(tree)
        chosen = self.settings | dict(settings or {})
        analyzed = ReadStatement(explain(text, analyze=True), params)
        most = min(STATEMENT_MS, self.timeout_ms or STATEMENT_MS)
        library = read.library(self.session)
        done = await trip(self.session, [analyzed], settings=chosen, library=library, timeout_ms=most, pinned=SHOWN)
        plan = plans.document(done.pages[0].rows[0][0])
        count = plans.actual_rows(plan) or 0
        if count > MOST_ROWS:
            return Ran(plan, plan.execution_ms or 0.0, count, None)
        done = await trip(self.session, [ReadStatement(text, params), analyzed], settings=chosen, library=library,
                          timeout_ms=most, pinned=SHOWN)
        page, warm = done.pages[0], plans.document(done.pages[1].rows[0][0])
        shown = [place for place, column in enumerate(page.columns) if column.type_oid not in _FLOATS]
        shown = shown or list(range(len(page.columns)))
        rows = tuple(tuple(row[place] for place in shown) for row in page.rows)
        return Ran(warm, min(plan.execution_ms or 0.0, warm.execution_ms or 0.0), len(page.rows), rows)

    async def exact(self, tree: Node | None = None) -> Ran | None:
        """The same without the index; None where that takes too long, or the planner can't do without."""
        key = grammar.deparse(tree if tree is not None else self.tree)
        if key not in self._exact:
            try:
                ran = await self.run(tree, plans.EXACT)
                self._exact[key] = ran if plans.index_used(ran.plan, self.names) is None else None
            except ConsoleError:
                self._exact[key] = None
        return self._exact[key]

    @property
    def schemas(self) -> tuple[str, ...]:
        """Where a name without a schema is looked for."""
        path = self.settings.get("search_path", self.session.info.search_path)
        return replace(self.session.info, search_path=path).schemas

    @property
    def is_out_of_time(self) -> bool:
        return time.monotonic() > self._ends

    # trials

    async def setting(self, settings: Mapping[str, str], tree: Node | None = None) -> Fix | None:
        """The statement under other settings; None where the index isn't used with them, or it fails."""
        sql = "; ".join(f"SET LOCAL {name} = {value}" for name, value in settings.items())
        is_exact = settings.get("enable_indexscan") == "off"
        if is_exact:
            sql += " -- an exact search"
        trial = await self._trial(tree, settings, is_exact=is_exact)
        return None if trial is None else Fix("settings", sql, trial, dict(settings))

    async def statement(self, tree: Node, settings: Mapping[str, str] | None = None, note: str = "") -> Fix | None:
        """A rewritten statement, with settings where it needs some."""
        trial = await self._trial(tree, settings or {}, note=note)
        if trial is None:
            return None
        text = grammar.deparse(tree)
        before = "".join(f"SET LOCAL {name} = {value}; " for name, value in (settings or {}).items())
        return Fix("statement", before + text, trial, dict(settings or {}), text)

    async def _trial(self, tree: Node | None, settings: Mapping[str, str], *, is_exact: bool = False, note: str = "",
                     ) -> Trial | None:
        if not self.is_run or self.is_out_of_time:
            try:
                plan = await self.plan(tree, settings=settings)
            except ConsoleError:
                return None
            index = plans.index_used(plan, self.names)
            return None if index is None and not is_exact else Trial("planned", index, note=note)
        try:
            ran = await self.run(tree, settings)
        except ConsoleError:
            return None
        index = plans.index_used(ran.plan, self.names)
        if index is None and not is_exact:
            return None
        exact = await self.exact()
        shared = overlap(ran, exact)
        own = exact if tree is None else await self.exact(tree)
        found = overlap(ran, own)
        before = self.before
        if tree is not None and exact is not None and own is not None:
            note = "; ".join(filter(None, (note, compared(exact, own))))
        elif shared is None and exact is not None and exact.count != ran.count:
            note = "; ".join(filter(None, (note, f"the exact search gives {fmt.count(exact.count)} rows")))
        return Trial("run", index, ran.count, before.count if before else None, found,
                     None if own is None or found is None else own.count, ran.ms, before.ms if before else None, note)


def overlap(ran: Ran | None, exact: Ran | None) -> int | None:
    """How many of the exact search's rows came too; None where that wasn't compared, or the columns differ."""
    if ran is None or exact is None or ran.rows is None or exact.rows is None:
        return None
    if ran.rows and exact.rows and len(ran.rows[0]) != len(exact.rows[0]):
        return None
    left = list(exact.rows)
    shared = 0
    for row in ran.rows:
        if row in left:
            left.remove(row)
            shared += 1
    return shared


def compared(before: Ran, after: Ran) -> str:
    """What a statement's rows have to do with those of another one, both searched exactly; "" where that's unknown."""
    shared = overlap(after, before)
    if shared is None:
        return "" if before.count == after.count else \
            f"{fmt.count(after.count)} rows instead of {fmt.count(before.count)}"
    if shared == before.count == after.count:
        return "the same rows as the statement's"
    if shared == before.count:
        return f"all of the statement's rows and {after.count - shared} more"
    if shared == after.count:
        return f"{after.count} of the statement's {fmt.count(before.count)} rows"
    return f"other rows: {shared} of {after.count} are among the statement's {fmt.count(before.count)}"


def is_complete(fix: Fix, wanted: int | None) -> bool:
    """Whether a fix that was run gives all rows that there are, up to `wanted`."""
    trial = fix.trial
    if trial.rows is None:
        return False
    most = min(wanted, trial.exact) if wanted is not None and trial.exact is not None else \
        trial.exact if wanted is None and trial.exact is not None else wanted
    return most is None or trial.rows >= most


def ranked(fixes: Sequence[Fix], wanted: int | None) -> tuple[Fix, ...]:
    """The fixes, the best first: all rows and nearly all of them right, then the quickest. An exact search goes before
    what is slower and no better."""
    def order(fix: Fix) -> tuple[bool, bool, float, float]:
        recall = fix.trial.recall
        # times within a factor of two are noise: the simpler one goes first
        return (not is_complete(fix, wanted), recall is not None and recall < POOR_RECALL,
                0.0 if is_complete(fix, wanted) else -(fix.trial.rows or 0),
                round(math.log2(max(fix.trial.ms or 0.0, 0.5))) + len(fix.settings) / 10)

    return tuple(sorted(fixes, key=order))


__all__ = ["FORCED", "Examination", "Ran", "compared", "is_complete", "overlap", "ranked"]
