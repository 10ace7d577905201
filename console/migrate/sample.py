"""Rows of a live database for a scratch one: some of each table, and those that their foreign keys ask for.

The source is read in one transaction that writes nothing and waits for no lock. In the scratch database the tables'
foreign keys and triggers are out of the way meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct, field

from console.errors import ConsoleError
from console.server.copy import copy_between
from console.server.preamble import PINNED, set_locally, unhurried
from console.server.query import load
from console.server.script import ScriptSession
from console.sql.quoting import literal

MOST_ROUNDS = 20
"""So often the rows are fetched that foreign keys of fetched ones ask for; what still asks then gets NULL, or goes."""
KEYS_AT_ONCE = 500
SPARE = 1.3
"""Pages hold more and fewer rows than the planner thinks."""
def snapshot(major: int) -> tuple[str, ...]:
    """What begins the transaction in which samples are read: values as any database reads them, whatever DateStyle this
    one has, and time between two statements."""
    own = {"lock_timeout": "2s", "statement_timeout": "60s", "idle_in_transaction_session_timeout": "0",
           **unhurried(major)}
    return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", f"SELECT {set_locally({**PINNED, **own})}"


class SampleTable(Struct, frozen=True):
    """sql/sample_tables.sql as it comes."""

    name: str
    columns: list[str]
    rows: int | None
    may_read: bool


class SampleKey(Struct, frozen=True):
    """sql/sample_keys.sql as it comes."""

    name: str
    child: str
    columns: list[str]
    parent: str
    parent_columns: list[str]
    types: list[str]
    is_nullable: bool
    definition: str


class SampleTrigger(Struct, frozen=True):
    """sql/sample_triggers.sql as it comes."""

    name: str
    table: str


class DataSample(Struct):
    """How many rows of which table were taken, those that are there `whole`, and what went wrong, in words."""

    rows: dict[str, int] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


_TABLES = load("console.migrate", "sample_tables", SampleTable)
_KEYS = load("console.migrate", "sample_keys", SampleKey)
_TRIGGERS = load("console.migrate", "sample_triggers", SampleTrigger)


async def tables_of(session: ScriptSession) -> Mapping[str, SampleTable]:
    """The tables of a database by their quoted names."""
    return {table.name: table for table in await session.fetch(_TABLES)}


async def take(source: ScriptSession, scratch: ScriptSession, wanted: Collection[str], most: int) -> DataSample:
    """Puts at most about `most` rows of each of the tables `wanted` into the scratch database, in which the schema is.

    The source is in a transaction of its own (`snapshot`), so that several samples are of one moment. Raises
    ConsoleError, ScriptFault.
    """
    theirs = {table.name: table for table in await source.fetch_here(_TABLES)}
    ours = await tables_of(scratch)
    keys = [key for key in await scratch.fetch(_KEYS) if key.child in ours and key.parent in ours]
    chosen = [name for name in wanted if name in theirs and name in ours]
    parents = _reached(chosen, {key.child: [other.parent for other in keys if other.child == key.child]
                                for key in keys})
    filled = [*chosen, *(name for name in ours if name in parents and name not in chosen)]
    emptied = _reached(filled, {key.parent: [other.child for other in keys if other.parent == key.parent]
                                for key in keys}) | {*filled}
    loose = [key for key in keys if key.child in emptied or key.parent in emptied]
    triggers = [trigger for trigger in await scratch.fetch(_TRIGGERS) if trigger.table in emptied]
    for key in loose:
        await scratch.statement(f"ALTER TABLE {key.child} DROP CONSTRAINT {key.name}")
    for trigger in triggers:
        await scratch.statement(f"ALTER TABLE {trigger.table} DISABLE TRIGGER {trigger.name}")
    if emptied:
        await scratch.statement(f"TRUNCATE {', '.join(sorted(emptied))}")
    sample = DataSample()
    for name in chosen:
        await _some(source, scratch, theirs[name], ours[name], most, sample)
    within = [key for key in loose if key.child in filled and key.parent in filled and key.parent in theirs]
    for _ in range(MOST_ROUNDS):
        found = [await _asked_for(source, scratch, key, theirs[key.parent], ours[key.parent], sample)
                 for key in within]
        if not any(found):
            break
    while any([await _orphans_gone(scratch, key) for key in loose if key.child in filled]):
        pass
    for key in loose:
        await scratch.statement(f"ALTER TABLE {key.child} ADD CONSTRAINT {key.name} {key.definition}")
    for trigger in triggers:
        await scratch.statement(f"ALTER TABLE {trigger.table} ENABLE TRIGGER {trigger.name}")
    for name in filled:
        await scratch.statement(f"ANALYZE {name}")
        ((count,),) = await scratch.execute(f"SELECT pg_catalog.count(*) FROM {name}")
        sample.rows[name] = count
    return sample


def _reached(names: Collection[str], onward: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    ahead = [*names]
    while ahead:
        for name in onward.get(ahead.pop(), ()):
            if name not in found:
                found.add(name)
                ahead.append(name)
    return found


async def _some(source: ScriptSession, scratch: ScriptSession, table: SampleTable, there: SampleTable, most: int,
                sample: DataSample) -> None:
    """A part of a table, whole pages of it; all of it where it is small."""
    if not table.may_read:
        sample.notes.append(f"{table.name} may not be read by {source.info.user}: it is empty here")
        return
    columns = ", ".join(name for name in table.columns if name in there.columns)
    percent = 100.0 if table.rows is None or table.rows <= most else 100.0 * most * SPARE / table.rows
    part = "" if percent >= 100 else f" TABLESAMPLE SYSTEM ({percent:.6f}) REPEATABLE (1)"
    query = f"SELECT {columns} FROM {table.name}{part} LIMIT {most + 1}"
    try:
        await source.execute("SAVEPOINT dbconsole")
        count = await copy_between(source, query, scratch, f"{table.name} ({columns})")
    except ConsoleError as error:
        await source.execute("ROLLBACK TO SAVEPOINT dbconsole")
        sample.notes.append(f"{table.name} is empty here: {error.summary}")
        return
    if not part and count <= most:
        sample.whole.add(table.name)


async def _asked_for(source: ScriptSession, scratch: ScriptSession, key: SampleKey, table: SampleTable,
                     there: SampleTable, sample: DataSample) -> int:
    """Fetches the rows that the children here ask for; how many came."""
    if not table.may_read or key.parent in sample.whole:
        return 0
    missing = await scratch.execute(
        f"SELECT DISTINCT {', '.join(f'c.{name}::pg_catalog.text' for name in key.columns)} FROM {key.child} AS c "
        f"WHERE {_has_no_parent(key)}")
    columns = ", ".join(name for name in table.columns if name in there.columns)
    count = 0
    for first in range(0, len(missing), KEYS_AT_ONCE):
        values = ", ".join("(" + ", ".join(f"{literal(value)}::{type_}" for value, type_
                                           in zip(row, key.types, strict=True)) + ")"
                           for row in missing[first:first + KEYS_AT_ONCE])
        query = f"SELECT {columns} FROM {table.name} WHERE ({', '.join(key.parent_columns)}) IN (VALUES {values})"
        count += await copy_between(source, query, scratch, f"{table.name} ({columns})")
    return count


def _has_no_parent(key: SampleKey) -> str:
    alike = " AND ".join(f"p.{theirs} = c.{ours}" for ours, theirs
                         in zip(key.columns, key.parent_columns, strict=True))
    given = " AND ".join(f"c.{name} IS NOT NULL" for name in key.columns)
    return f"{given} AND NOT EXISTS (SELECT FROM {key.parent} AS p WHERE {alike})"


async def _orphans_gone(scratch: ScriptSession, key: SampleKey) -> bool:
    """Parts rows from parents that aren't here: a long chain isn't followed to its end, nor what may not be read."""
    found = await scratch.statement(
        f"UPDATE {key.child} AS c SET {', '.join(f'{name} = NULL' for name in key.columns)} WHERE {_has_no_parent(key)}"
        if key.is_nullable else f"DELETE FROM {key.child} AS c WHERE {_has_no_parent(key)}")
    return bool(found.rows_affected)


