"""Vectors from a file into a column: all of it or nothing, bad rows and conflicts named by their lines.

Everything happens in one transaction. The rows go by binary COPY into a temporary table, pgvector's own adapters write
the vectors; there what repeats itself and what the table has already is found, and from there they are written.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct

from console.activity import audit
from console.errors import ConsoleError, UsageError
from console.server.copy import copy_rows, vector_value
from console.server.keys import KeyColumn
from console.server.script import ScriptFault, ScriptSession
from console.server.staging import TABLE, StagedColumn, Staging
from console.text import format as fmt
from console.vectors import read, values
from console.vectors.files.reading import FileRow, VectorFile
from console.vectors.records import VectorColumn
from console.vectors.values import WrongVector

OnConflict = Literal["fail", "skip", "update"]
MOST_KEPT = 1000
"""Of so many bad lines the reasons are kept; the rest is counted."""
TELL_EVERY = 500
_HALF_MAX = 65504.0


class BadLine(Struct, frozen=True):
    """A line of the file that can't be loaded, and why."""

    line: int
    reason: str


class LoadProgress(Struct, frozen=True):
    """`rows` read of a file of which `share` (0 to 1) is read; `phase` is reading, checking or writing."""

    phase: str
    rows: int
    share: float


class VectorLoad(Struct, frozen=True):
    """What came of a load: rows by what became of them, the bad lines, and seconds."""

    read: int
    inserted: int
    updated: int
    skipped: int
    bad: tuple[BadLine, ...]
    bad_count: int
    took_s: float


class NotLoaded(ConsoleError):
    """Nothing was loaded; `bad` are the lines that are to blame."""

    bad: tuple[BadLine, ...] = ()


class LoadRequest(Struct, frozen=True):
    """`on_conflict` says what a row is to do whose key is in the table; with `skip_bad` lines that can't be loaded are
    left out, else none is loaded."""

    path: str
    column: VectorColumn
    on_conflict: OnConflict = "fail"
    skip_bad: bool = False


Tell = Callable[[LoadProgress], None]


class _Rows:
    """The file's rows as the temporary table takes them; what can't be taken is kept as bad."""

    def __init__(self, file: VectorFile, column: VectorColumn, names: Sequence[str], tell: Tell) -> None:
        self._file, self._column, self._names, self._tell = file, column, names, tell
        self.bad: list[BadLine] = []
        self.bad_count = self.read = 0
        self._seen_dimensions = column.dimensions

    def add_bad(self, line: int, reason: str) -> None:
        self.bad_count += 1
        if len(self.bad) < MOST_KEPT:
            self.bad.append(BadLine(line, reason))

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._file.rows:
            self.read += 1
            if self.read % TELL_EVERY == 0:
                self._tell(LoadProgress("reading", self.read,
                                        min(1.0, self._file.position() / max(1, self._file.total_bytes))))
            if row.wrong is not None:
                self.add_bad(row.line, row.wrong)
                continue
            try:
                yield (row.line, *(row.values[name] for name in self._names), self._vector(row))
            except WrongVector as error:
                self.add_bad(row.line, error.summary)

    def _vector(self, row: FileRow) -> Any:
        given, column = row.vector, self._column
        if given is None:
            if column.is_not_null:
                raise WrongVector("it has no vector, and the column is NOT NULL")
            return None
        if isinstance(given, str):
            found = values.parse(given, column.type_name)
            count = found.dimensions
            value = vector_value(column.type_name, found.text)
        else:
            count = len(given)
            _check(given, column.type_name)
            try:
                value = vector_value(column.type_name, given)
            except (ValueError, OverflowError, TypeError) as error:
                raise WrongVector(f"its vector can't be a {column.type_name}: {error}") from error
        if column.dimensions is not None and count != column.dimensions:
            raise WrongVector(f"its vector has {count} dimensions, the column {column.dimensions}")
        return value


def _check(given: Sequence[float], type_name: str) -> None:
    """Raises WrongVector for what the type can't hold; quickly, as nearly all can."""
    if type_name == "bit" or not given or len(given) > values.MAX_DIMENSIONS[type_name] \
            or not math.isfinite(sum(given)) or max(map(abs, given)) > _HALF_MAX:
        values.of_numbers(given, type_name)


async def load(session: ScriptSession, file: VectorFile, request: LoadRequest, tell: Tell = lambda progress: None
               ) -> VectorLoad:
    """Loads the file. Raises NotLoaded with the lines that are to blame, ConsoleError for everything else; either way,
    and when the task is cancelled, nothing of it is in the table. The audit log says who did what.
    """
    column, begun = request.column, time.monotonic()
    check_writable(session, column)
    staging = await _staging(session, file, request)
    facts = {"action": "load vectors", "target": session.target.label, "server": session.info.host,
             "role": session.info.user, "database": session.info.database, "column": column.label,
             "file": request.path, "on_conflict": request.on_conflict}
    audit.write("asked", facts)
    try:
        done = await _loaded(session, file, request, staging, tell, begun)
    except BaseException as error:
        await session.connection.close()  # the session is this load's own, and its end rolls back
        audit.write("failed" if isinstance(error, Exception) else "cancelled",
                    facts | {"outcome": getattr(error, "summary", type(error).__name__)})
        raise
    audit.write("done", facts | {"outcome": f"{done.inserted} inserted, {done.updated} updated, {done.skipped} "
                                 f"skipped, {done.bad_count} bad"})
    return done


def check_writable(session: ScriptSession, column: VectorColumn) -> None:
    """Raises ConsoleError where nothing can be written."""
    info, label = session.info, session.target.label
    if info.is_standby:
        raise ConsoleError(f"{label} is a standby: nothing can be written there", hint="connect to its primary")
    if info.is_read_only:
        raise ConsoleError(f"{label}: the server makes every transaction read-only here "
                           "(default_transaction_read_only)", hint="it is set for the role, the database or the server")
    if column.relkind not in "rp":
        raise UsageError(f"{column.table} is no table: nothing can be loaded into it")


async def _staging(session: ScriptSession, file: VectorFile, request: LoadRequest) -> Staging:
    column = request.column
    shown = {item.name: item for item in await read.shown_columns(session, column.relation_oid)}
    if unknown := [name for name in file.columns if name not in shown]:
        raise UsageError(f"{column.table} has no column {unknown[0]!r}, which {request.path} has",
                         hint=f"the table has {', '.join(shown)}")
    found = await read.page_key(session, column.relation_oid)
    key: tuple[KeyColumn, ...] = found.parts if found is not None else ()
    has_key = bool(key) and all(part.name in file.columns for part in key)
    if request.on_conflict != "fail" and not has_key:
        names = ", ".join(part.name for part in key)
        raise UsageError(f"{request.path} has no key of {column.table}" + (f" ({names})" if names else
                         ", which has none itself"),
                         hint="without a key there is no telling which rows the table has already")
    return Staging(column.schema, column.relation, column.name, column.type_sql(),
                   tuple(StagedColumn(name, shown[name].parameter_type) for name in file.columns),
                   key if has_key else ())


async def _loaded(session: ScriptSession, file: VectorFile, request: LoadRequest, staging: Staging, tell: Tell,
                  begun: float) -> VectorLoad:
    await session.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", "SET LOCAL statement_timeout = 0",
                          f"SET LOCAL lock_timeout = {session.target.lock_timeout_ms:d}",
                          "SET LOCAL idle_in_transaction_session_timeout = 0", staging.create())
    ((schema,),) = await session.execute(staging.schema_of())
    rows = _Rows(file, request.column, file.columns, tell)
    await copy_rows(session, schema, TABLE, staging.names, rows)
    tell(LoadProgress("checking", rows.read, 1.0))
    skipped = await _judge(session, staging, request, rows)
    if rows.bad_count and not request.skip_bad:
        raise _refusal(request, rows)
    tell(LoadProgress("writing", rows.read, 1.0))
    updated = 0
    if request.on_conflict == "update":
        updated = await _write(session, staging.update())
    inserted = await _write(session, staging.insert(only_new=request.on_conflict != "fail"))
    await session.execute("COMMIT")
    return VectorLoad(rows.read, inserted, updated, skipped, tuple(rows.bad), rows.bad_count,
                      time.monotonic() - begun)


async def _judge(session: ScriptSession, staging: Staging, request: LoadRequest, rows: _Rows) -> int:
    """Finds lines that can't be written, adds them to the bad ones and takes them out; how many rows are skipped as the
    table has them already."""
    if not staging.key:
        return 0
    await session.execute(staging.analyze())
    out = {int(line): f"its key is that of line {first}" for line, first in await session.execute(staging.repeated())}
    out |= {int(line): "its key is NULL" for (line,) in await session.execute(staging.without_key())}
    existing = [int(line) for (line,) in await session.execute(staging.existing()) if line not in out]
    if request.on_conflict == "fail":
        out |= dict.fromkeys(existing, "the table has a row with its key")
    for line, reason in sorted(out.items()):
        rows.add_bad(line, reason)
    if out:
        await session.execute(staging.forget(list(out)))
    return len(existing) if request.on_conflict == "skip" else 0


async def _write(session: ScriptSession, text: str) -> int:
    """How many rows it wrote. Raises ConsoleError."""
    try:
        return (await session.statement(text)).rows_affected or 0
    except ScriptFault as error:
        raise error.fault from error


def _refusal(request: LoadRequest, rows: _Rows) -> NotLoaded:
    bad = sorted(rows.bad, key=lambda found: found.line)
    error = NotLoaded(
        f"{fmt.plural(rows.bad_count, 'line')} of {request.path} can't be loaded, so nothing was: "
        f"line {bad[0].line}: {bad[0].reason}",
        detail="\n".join(f"line {found.line}: {found.reason}" for found in bad[1:20]) or None,
        hint="--skip-bad loads the others; --on-conflict skip or update for rows that are there already")
    error.bad = tuple(bad)
    return error
