"""What a way back costs: everything is applied once more, filled with rows, and rolled back from last to first, and the
rows that each down takes along are counted.

A down that loses rows isn't wrong by that: what drops a table can't keep them. It is a note on the proof, so that it is
known before. A down that fails because there are rows, though, has failed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from console.migrate import seed
from console.migrate.faults import FileError
from console.migrate.records import MigrationFile
from console.migrate.rollback_test import NeedsOwnCluster, Proof, ScratchRun, irreversible
from console.migrate.version import version_key
from console.server.query import load
from console.server.script import ScriptSession
from console.services import Service


class CountedTable(Struct, frozen=True):
    """sql/table_columns.sql as it comes; names are quoted. None: a table without columns."""

    name: str
    schema: str
    columns: list[str] | None


class SampleData(Struct, frozen=True):
    """Rows beside those of the services' seed files.

    `fill` puts them in once each service of `before` is at the version given there and all others at their last:
    indexes that are dear to keep up come after the rows.
    """

    fill: Callable[[ScriptSession], Awaitable[object]]
    before: Mapping[str, str] = field(default_factory=dict)


Counts = Mapping[str, tuple[int, Mapping[str, int]]]
"""By table: its rows, and by column how many of them have a value there."""

_TABLES = load("console.migrate", "table_columns", CountedTable)


async def count_losses(scratch_run: ScratchRun, services: Sequence[Service], order: Sequence[MigrationFile],
                       sample: SampleData | None) -> dict[int, Proof]:
    """What each down of `order` loses, as proofs by the files' identity that hold nothing but notes, or a failure.

    `scratch_run` is an empty database. Raises ConsoleError when the rows can't be put in.
    """
    late = {name: version_key(version) for name, version in (sample.before if sample else {}).items()}
    first = [file for file in order if file.service not in late or file.key <= late[file.service]]
    await _apply(scratch_run, first)
    if sample is not None:
        await sample.fill(scratch_run.session)
    await _apply(scratch_run, [file for file in order if not any(file is migration_file for migration_file in first)])
    if seed.seeds(services) and scratch_run.target is not None:
        await seed.plan_and_run(scratch_run.target, services, lambda event: None)
    return await _down(scratch_run, {service.name: service.schemas for service in services})


async def _apply(scratch_run: ScratchRun, files: Sequence[MigrationFile]) -> None:
    for file in files:
        try:
            if not await scratch_run.waits_for(file):
                await scratch_run.run(file, "up")
                scratch_run.done.append(file)
        except (FileError, NeedsOwnCluster):
            scratch_run.missing[file.service, file.key] = "failed"


async def _down(scratch_run: ScratchRun, schemas: Mapping[str, Sequence[str]]) -> dict[int, Proof]:
    found: dict[int, Proof] = {}
    stuck: set[str] = set()
    for file in reversed(scratch_run.done):
        there, _ = await scratch_run.with_way_down(file)
        if file.service in stuck or there.down is None or irreversible(file):
            stuck |= {file.service, *(needed.service for needed in file.up.directives.requires)}
            continue
        try:
            before = await _count(scratch_run.session, schemas[file.service])
            await scratch_run.run(there, "down")
            after = await _count(scratch_run.session, schemas[file.service])
        except NeedsOwnCluster:
            stuck.add(file.service)
        except FileError as error:
            found[id(file)] = Proof(file, "failed", (f"down, with rows in the tables: {'; '.join(error.lines())}",))
            stuck |= {file.service, *(needed.service for needed in file.up.directives.requires)}
        else:
            if notes := tuple(_losses(before, after)):
                found[id(file)] = Proof(file, "proved", notes=notes)
    return found


def _losses(before: Counts, after: Counts) -> list[str]:
    words = []
    for table, (rows, columns) in before.items():
        left, left_columns = after.get(table, (None, {}))
        if left is None:
            if rows:
                words.append(f"down loses {_rows(rows)} of table {table}")
            continue
        if left < rows:
            words.append(f"down deletes {rows - left} of {_rows(rows)} of table {table}")
        words += [f"down loses column {table}.{name}, which has a value in {_rows(count)}"
                  for name, count in columns.items() if count and name not in left_columns]
        words += [f"down empties column {table}.{name} in {_rows(count - left_columns[name])}"
                  for name, count in columns.items() if left == rows and left_columns.get(name, count) < count]
    return words


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


async def _count(session: ScriptSession, schemas: Sequence[str]) -> Counts:
    """Exact counts of every table in `schemas`, in one statement."""
    tables = [table for table in await session.fetch(_TABLES) if table.schema in schemas]
    if not tables:
        return {}
    parts = []
    for number, table in enumerate(tables):
        counts = "".join(f", pg_catalog.count({column})" for column in table.columns or ())
        parts.append(f"SELECT {number}, ARRAY[pg_catalog.count(*){counts}] FROM {table.name}")
    rows = {row[0]: row[1] for row in await session.execute(" UNION ALL ".join(parts))}
    return {table.name: (rows[number][0], dict(zip(table.columns or (), rows[number][1:], strict=True)))
            for number, table in enumerate(tables)}


def merged(proof: Proof, loss: Proof) -> Proof:
    """A proof with what it costs; a down that fails over rows isn't proved."""
    if loss.status == "failed" and proof.status in ("proved", "differs"):
        return replace(proof, status="failed", differences=(*proof.differences, *loss.differences))
    return replace(proof, notes=(*proof.notes, *loss.notes))


