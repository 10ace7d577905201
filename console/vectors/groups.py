"""Recall by the values of a column: which tenants a search serves worst, although all together look well."""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from console.errors import Missing, UsageError
from console.server import effects
from console.server.readonly import ReadStatement, reading
from console.server.rows import Sessions
from console.sql.quoting import as_text, identifier
from console.vectors import read
from console.vectors.filters import Filter, condition
from console.vectors.measure import MeasurementPlan, MeasurementProgress, Tell, measure
from console.vectors.records import GroupRecall

MOST_GROUPS = 100


class Group(Struct, frozen=True):
    """A value, as text and None for NULL, and how many rows with a vector have it."""

    value: str | None
    rows: int


class RecallByGroup(Struct, frozen=True):
    """The groups, the worst first; `left_out` says that there are more, with fewer rows."""

    column: str
    groups: tuple[GroupRecall, ...]
    left_out: bool


async def measure_groups(sessions: Sessions, plan: MeasurementPlan, column: str, most: int,
                         tell: Callable[[Group, MeasurementProgress], None]) -> RecallByGroup:
    """Measures the plan, which has one setting, for each of the `most` values of `column` that most rows have.

    Raises ConsoleError, Acts where the person's condition acts.
    """
    if max(len(plan.sweep), 1) * max(len(plan.modes), 1) * max(len(plan.oversampling), 1) > 1:
        raise UsageError("recall by group is measured at one setting", hint="one value for each option")
    if not 1 <= most <= MOST_GROUPS:
        raise UsageError(f"{most} groups: from 1 to {MOST_GROUPS}")
    groups = await _groups(sessions, plan, column, most + 1)
    shown = {each.name: each for each in plan.subject.shown}
    found = []
    for group in groups[:most]:
        part = Filter(column, "is null") if group.value is None else Filter(column, "=", (group.value,))
        where, _ = condition(plan.where, [part], shown, first=None)

        def told(progress: MeasurementProgress, group: Group = group) -> None:
            tell(group, progress)

        found.append(await _measured(sessions, replace(plan, where=where), group, told))
    found.sort(key=lambda each: (not math.isnan(each.recall), each.recall, -each.rows))
    return RecallByGroup(column, tuple(found), len(groups) > most)


async def _measured(sessions: Sessions, plan: MeasurementPlan, group: Group, tell: Tell) -> GroupRecall:
    try:
        done = await measure(sessions, plan, tell)
    except Missing as error:
        return GroupRecall(group.value, group.rows, None, None, error.summary)
    return GroupRecall(group.value, group.rows, done.points[0], done.exact)


async def _groups(sessions: Sessions, plan: MeasurementPlan, column: str, most: int) -> list[Group]:
    """The values that most rows have, most first."""
    about = plan.subject.column
    known = next((each for each in plan.subject.shown if each.name == column), None)
    if known is None:
        raise UsageError(f"there is no column {column!r} to tell groups apart by",
                         hint=", ".join(each.name for each in plan.subject.shown))
    where = f" AND ({plan.where}\n)" if plan.where else ""
    text = (f"SELECT {as_text(identifier(column), is_builtin=known.is_builtin)} AS value, pg_catalog.count(*) AS rows\n"
            f"FROM {identifier(about.schema, about.relation)}\nWHERE {identifier(about.name)} IS NOT NULL{where}\n"
            f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {most:d}")
    async with sessions() as session:
        await effects.refuse(session, text, plan.allowed)
        async with reading(session, library=read.library(session), timeout_ms=plan.timeout_ms,
                           pinned=plan.pinned) as lead:
            page, _ = await lead.fetch(ReadStatement(text))
    return [Group(row[0], int(row[1] or 0)) for row in page.rows]
