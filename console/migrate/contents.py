"""What the tables of a small database hold, to be compared and to be written as INSERT: rows that migrations bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from console.server.preamble import PINNED
from console.server.query import load
from console.server.script import ScriptCommand, ScriptSession
from console.sql.quoting import as_text, identifier, literal

LONGEST_BYTES = 1 << 20
"""So much of one table's rows is written at most."""
LARGE_OBJECTS = "large objects"
_PINNED = tuple(ScriptCommand(f"SET LOCAL {name} = {value if name == 'search_path' else literal(value)}")
                for name, value in {**PINNED, "TimeZone": "UTC"}.items())


class RowTable(Struct, frozen=True):
    """sql/row_tables.sql as it comes: `name` with its schema and quotes, `columns` and `key` without."""

    name: str
    schema: str
    is_view: bool
    is_extensions: bool
    is_populated: bool
    columns: list[str]
    key: list[str]


class RowSequence(Struct, frozen=True):
    """sql/row_sequences.sql as it comes."""

    name: str
    owner: str | None
    column: str | None
    start: int

    @property
    def label(self) -> str:
        """By what it is known: the name of an identity column's sequence is made up."""
        return self.name if self.owner is None else f"{self.owner}.{self.column}"

    @property
    def reference(self) -> str:
        if self.owner is None or self.column is None:
            return literal(self.name)
        return f"pg_catalog.pg_get_serial_sequence({literal(self.owner)}, {literal(self.column)})"


class RowsDigest(Struct, frozen=True):
    """How many rows there are and what they come to: the same digest, the same rows in whatever order."""

    count: int
    digest: str


class Contents(Struct, frozen=True):
    """Everything in a database that is no schema: `tables` by name (materialized views too, and `large objects`),
    `sequences` with where they stand: the last value, and whether it was given out."""

    tables: Mapping[str, RowsDigest]
    sequences: Mapping[str, tuple[int, bool]]


_TABLES = load("console.migrate", "row_tables", RowTable)
_SEQUENCES = load("console.migrate", "row_sequences", RowSequence)


async def read(session: ScriptSession) -> Contents:
    """Reads all of it. Raises ConsoleError, ScriptFault."""
    tables = {}
    for table in await session.fetch(_TABLES):
        if table.is_populated:
            ((count, digest),) = await _rows(
                session, "SELECT pg_catalog.count(*), pg_catalog.md5(coalesce(pg_catalog.string_agg(r.digest, '' "
                "ORDER BY r.digest), '')) FROM (SELECT pg_catalog.md5(pg_catalog.format('%s', t)) AS digest "
                f"FROM ONLY {table.name} AS t) AS r")
            tables[table.name] = RowsDigest(int(count or 0), digest or "")
    ((objects,),) = await _rows(session, "SELECT pg_catalog.count(*) FROM pg_catalog.pg_largeobject_metadata")
    tables[LARGE_OBJECTS] = RowsDigest(int(objects or 0), "")
    sequences = {}
    for sequence in await session.fetch(_SEQUENCES):
        ((last, is_called),) = await _rows(session, f"SELECT last_value, is_called FROM {sequence.name}")
        sequences[sequence.label] = int(last or 0), is_called == "t"
    return Contents(tables, sequences)


async def write(session: ScriptSession, before: Contents, after: Contents,
                max_rows: int) -> tuple[list[str], list[str]]:
    """The statements that bring to new tables what is in them `after`, where the session is, and in words what of the
    difference none of them brings."""
    statements, unwritten = [], []
    for table in await session.fetch(_TABLES):
        held = after.tables.get(table.name)
        if table.is_view or table.is_extensions or held is None or not held.count or table.name in before.tables:
            continue  # what differs elsewhere is seen when both are compared
        words = f"table {table.name}: its {held.count} rows are more than"
        if held.count > max_rows:
            unwritten.append(f"{words} --max-rows {max_rows}")
        elif (text := await _insert(session, table)) is None:
            unwritten.append(f"{words} {LONGEST_BYTES >> 20} MiB of text")
        else:
            statements.append(text)
    for sequence in await session.fetch(_SEQUENCES):
        last, is_called = after.sequences[sequence.label]
        if sequence.label not in before.sequences and (last, is_called) != (sequence.start, False):
            statements.append(f"SELECT pg_catalog.setval({sequence.reference}, {last}, {str(is_called).lower()})")
    return statements, unwritten


async def _insert(session: ScriptSession, table: RowTable) -> str | None:
    """None where it would be too long."""
    values = [f"pg_catalog.quote_nullable({as_text(f't.{identifier(name)}', is_builtin=False)})"
              for name in table.columns]
    row = f"pg_catalog.concat_ws(', ', {', '.join(values)})" if values else "''"
    order = ", ".join(f"t.{identifier(name)}" for name in table.key) or "1"
    found = await _rows(session, f"SELECT {row} FROM ONLY {table.name} AS t ORDER BY {order}")
    if not values:
        return ";\n".join(f"INSERT INTO {table.name} DEFAULT VALUES" for _ in found)
    lines = [f"    ({text})" for (text,) in found]
    if sum(map(len, lines)) > LONGEST_BYTES:
        return None
    columns = ", ".join(map(identifier, table.columns))
    return f"INSERT INTO {table.name} ({columns}) OVERRIDING SYSTEM VALUE VALUES\n" + ",\n".join(lines)


def differences(history: Contents, alone: Contents) -> list[str]:
    """What a database has otherwise than the one that the history has made, in sentences. Pure."""
    sentences = []
    for name in dict.fromkeys((*history.tables, *alone.tables)):
        ours, theirs = history.tables.get(name), alone.tables.get(name)
        if ours != theirs and ours is not None and theirs is not None:
            what = "other values" if ours.count == theirs.count else f"{theirs.count} rows instead of {ours.count}"
            sentences.append(f"{name}: holds {what}")
    for name in dict.fromkeys((*history.sequences, *alone.sequences)):
        at, now = history.sequences.get(name), alone.sequences.get(name)
        if at != now and at is not None and now is not None:
            sentences.append(f"sequence {name} stands at {now[0]} instead of {at[0]}")
    return sentences


async def _rows(session: ScriptSession, sql: str) -> Sequence[Sequence[str | None]]:
    return await session.ask(*_PINNED, ScriptCommand(sql, None, True))
