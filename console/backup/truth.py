"""What a database holds, in one snapshot: rows of each table, sequences, the catalog. Read at the backup, and again of
what a restore has made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager

from msgspec import Struct

from console import waiting
from console.backup.records import LARGE_OBJECTS, SequenceValues, TableRows
from console.migrate.fingerprint import QUERIES, Identity
from console.server.preamble import PINNED, set_locally, unhurried
from console.server.query import load
from console.server.script import ScriptSession, script_session
from console.server.target import Target
from console.sql.quoting import identifier, literal

Tell = Callable[[str], None]
"""Is told what goes on, in words."""

LOCK_WITHIN_S = 30.0
"""How long a table that somebody has locked is waited for."""

_HALF = ("coalesce(pg_catalog.sum(('x' || pg_catalog.substr(r.digest, {0}, 16))::pg_catalog.bit(64)"
         "::pg_catalog.int8::pg_catalog.numeric), 0)::pg_catalog.text")
"""Sum of one half of the rows' MD5: 64 bits, so that no order of the rows and no memory is needed."""


class DatabaseRow(Struct, frozen=True):
    """sql/backed_databases.sql as it comes."""

    name: str
    is_current: bool
    bytes: int | None
    encoding: str
    provider: str
    collation: str
    ctype: str
    locale: str | None

    @property
    def options(self) -> str:
        """Of CREATE DATABASE: what gives another one the same order of text."""
        found = f"LC_COLLATE {literal(self.collation)} LC_CTYPE {literal(self.ctype)}"
        if self.provider == "i" and self.locale:
            return f"LOCALE_PROVIDER icu ICU_LOCALE {literal(self.locale)} {found}"
        if self.provider == "b" and self.locale:
            return f"LOCALE_PROVIDER builtin BUILTIN_LOCALE {literal(self.locale)} {found}"
        return f"LOCALE_PROVIDER libc {found}"


class TableRow(Struct, frozen=True):
    """sql/backed_tables.sql as it comes; `name` has its schema and quotes."""

    name: str
    schema: str
    is_unlogged: bool


class SequenceRow(Struct, frozen=True):
    """sql/backed_sequences.sql as it comes."""

    name: str
    schema: str
    step: int


class SequencePosition(Struct, frozen=True):
    """The last value of a sequence, and by how much it steps."""

    last: int
    step: int


class ExtensionRow(Struct, frozen=True):
    """sql/backed_extensions.sql as it comes."""

    name: str
    schema: str


DATABASES = load("console.backup", "backed_databases", DatabaseRow)
_TABLES = load("console.backup", "backed_tables", TableRow)
_SEQUENCES = load("console.backup", "backed_sequences", SequenceRow)
_EXTENSIONS = load("console.backup", "backed_extensions", ExtensionRow)


@asynccontextmanager
async def held_snapshot(target: Target, purpose: str) -> AsyncIterator[tuple[ScriptSession, str]]:
    """A session in a transaction that reads one snapshot as long as the block lasts, and the name that pg_dump knows
    the snapshot by. Raises ConsoleError.

    It is told to be patient: nothing in it has a limit but what waits for a lock.
    """
    async with script_session(target.direct(), purpose=purpose) as session:
        settings = {**PINNED, "TimeZone": "UTC", "lc_monetary": "C", "statement_timeout": "0", "row_security": "off",
                    "idle_in_transaction_session_timeout": "0", "lock_timeout": f"{LOCK_WITHIN_S * 1000:.0f}",
                    **unhurried(session.info.major)}
        await session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", f"SELECT {set_locally(settings)}")
        (row,) = await session.execute("SELECT pg_catalog.pg_export_snapshot()")
        yield session, row[0]
        await session.execute("ROLLBACK")


async def rows_of(session: ScriptSession, schemas: Collection[str], tell: Tell, *, unlogged: bool = True
                  ) -> dict[str, TableRows]:
    """Count and digest of each table's rows, by name, of all schemas where none are named. Raises ConsoleError.

    The digest is a sum over the rows, so that it needs no order and no memory; `unlogged` ones are left out without.
    """
    tables = [table for table in await session.fetch_here(_TABLES)
              if (not schemas or table.schema in schemas) and (unlogged or not table.is_unlogged)]
    found = {}
    with waiting.limited(None):
        for number, table in enumerate(tables, 1):
            tell(f"reading the rows of {table.name}, {number} of {len(tables)} tables")
            found[table.name] = await _rows(
                session, f"SELECT pg_catalog.md5(pg_catalog.format('%s', dbconsole_row)) AS digest "
                         f"FROM ONLY {table.name} AS dbconsole_row")
        if not schemas:
            found[LARGE_OBJECTS] = await _rows(
                session, "SELECT pg_catalog.md5(oid::pg_catalog.text) AS digest "
                         "FROM pg_catalog.pg_largeobject_metadata")
    return found


async def counts_of(session: ScriptSession, tell: Tell) -> dict[str, int]:
    """How many rows each table has. Raises ConsoleError."""
    found = {}
    with waiting.limited(None):
        for table in await session.fetch_here(_TABLES):
            tell(f"counting the rows of {table.name}")
            ((count,),) = await session.execute(f"SELECT pg_catalog.count(*) FROM ONLY {table.name}")
            found[table.name] = int(count)
    return found


async def _rows(session: ScriptSession, digests: str) -> TableRows:
    (row,) = await session.execute(
        f"SELECT pg_catalog.count(*), {_HALF.format(1)}, {_HALF.format(17)} FROM ({digests}) AS r")
    return TableRows(int(row[0]), f"{row[1]}:{row[2]}")


async def sequences_of(session: ScriptSession, schemas: Collection[str]) -> dict[str, SequencePosition]:
    """Where each sequence stands now, whatever the snapshot. Raises ConsoleError."""
    found = {}
    for sequence in await session.fetch_here(_SEQUENCES):
        if not schemas or sequence.schema in schemas:
            ((last,),) = await session.execute(f"SELECT last_value FROM {sequence.name}")
            found[sequence.name] = SequencePosition(int(last), sequence.step)
    return found


AHEAD = 32
"""So many values of a sequence WAL has given out in advance, which recovery takes for used."""


def between(before: Mapping[str, SequencePosition], after: Mapping[str, SequencePosition], *, recovers: bool = False
            ) -> dict[str, SequenceValues]:
    """Between which values a restore finds each sequence; one that is in one of the two alone was made or dropped
    meanwhile. `recovers`: the restore replays WAL."""
    found = {}
    for name in before.keys() & after.keys():
        steps = {0, AHEAD * after[name].step if recovers else 0}
        values = [position.last + ahead for position in (before[name], after[name]) for ahead in steps]
        found[name] = SequenceValues(min(values), max(values))
    return found


async def extensions_of(session: ScriptSession) -> dict[str, str]:
    """The extensions of the database, and the schema of each. Raises ConsoleError."""
    return {row.name: row.schema for row in await session.fetch_here(_EXTENSIONS)}


async def catalog_of(session: ScriptSession, schemas: Collection[str]) -> dict[str, str]:
    """Each object of the schema with a digest of its facts, by the fingerprint that migrations are proved with.

    A database's own settings aren't among them, as pg_restore sets them with --create alone, nor in which tablespace
    something is: a rehearsal has none of the target's. Raises ConsoleError.
    """
    found = {}
    for query in QUERIES:
        for row in await session.fetch_here(query):
            if row.kind == "database" or (schemas and (row.own_name if row.kind == "schema" else row.bare_schema)
                                          not in schemas):
                continue
            told = {name: value for name, value in row.facts.items() if name != "tablespace"}
            facts = json.dumps(told, sort_keys=True, default=str)
            found[_label(row.identity)] = hashlib.sha256(facts.encode()).hexdigest()[:16]
    return found


class DatabaseContents(Struct, frozen=True):
    """All of it: what a database holds."""

    tables: Mapping[str, TableRows] = {}
    sequences: Mapping[str, SequencePosition] = {}
    catalog: Mapping[str, str] = {}


async def read(session: ScriptSession, schemas: Collection[str], tell: Tell, *, unlogged: bool = True
               ) -> DatabaseContents:
    """Raises ConsoleError."""
    tables = await rows_of(session, schemas, tell, unlogged=unlogged)
    return DatabaseContents(tables, await sequences_of(session, schemas), await catalog_of(session, schemas))


def _label(identity: Identity) -> str:
    return " ".join(identity)


def create_extension(name: str, schema: str) -> str:
    return f"CREATE EXTENSION IF NOT EXISTS {identifier(name)} SCHEMA {identifier(schema)}"
