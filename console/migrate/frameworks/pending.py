"""What the files of a service hold that its framework's ledger doesn't, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from console.errors import ConsoleError
from console.migrate.frameworks.files import NAMED, FileMigration
from console.migrate.frameworks.graphs import (
    Revision,
    alembic_revisions,
    ancestors,
    django_migrations,
    heads,
    in_order,
)
from console.migrate.frameworks.plans import (
    drizzle_entries,
    flyway_files,
    liquibase_changesets,
    same_changelog,
    sqitch_changes,
)
from console.migrate.frameworks.records import (
    ForeignLedger,
    ForeignLedgerRow,
    ForeignMigration,
    PendingMigration,
    PendingState,
)
from console.migrate.frameworks.specs import TITLES
from console.migrate.records import Direction
from console.migrate.version import VersionKey, version_key

Key = tuple[str | None, VersionKey | str]

_READERS: Mapping[str, Callable[[Path], Iterable[FileMigration]]] = {
    **{framework: names.read for framework, names in NAMED.items()},
    "django": django_migrations,
    "drizzle": drizzle_entries,
    "sqitch": sqitch_changes,
    "liquibase": liquibase_changesets,
    "flyway": flyway_files,
}
_NUMBERED = frozenset({"ecto", "golang-migrate", "dbmate", "rails", "supabase", "pgmigrate", "sqlx", "diesel", "goose",
                       "tern", "morph", "typeorm", "flyway", "drizzle"})
"""Frameworks whose versions are numbers, however they are written in a file's name."""

_LATE: Mapping[str, tuple[PendingState, str]] = {
    "golang-migrate": ("skipped", "golang-migrate runs only versions after the last one"),
    "tern": ("skipped", "tern runs only versions after the last one"),
    "drizzle": ("skipped", "Drizzle runs only entries newer than the last one, and says nothing"),
    "flyway": ("skipped", "Flyway ignores versions below the last one, unless outOfOrder is set"),
    "atlas": ("pending", "Atlas refuses versions below the last one, unless --exec-order says otherwise"),
    "goose": ("pending", "goose refuses versions below the last one without -allow-missing"),
    "node-pg-migrate": ("pending", "node-pg-migrate refuses it without --no-check-order"),
}
"""What a framework does with a version that was merged late, below the last one applied."""


Source = Sequence[FileMigration] | Mapping[str, Revision]


def compare(found: Sequence[ForeignLedger], folder: Path) -> tuple[ForeignLedger, ...]:
    """The ledgers of one service with what its files say: pending, missing, changed and skipped migrations.

    Only reads files, each once, and runs none of them. What can't be compared is said in `note`. The count of applied
    ones is filled in where the framework keeps its heads alone.
    """
    sources: dict[str, Source] = {}
    compared = []
    for ledger in found:
        try:
            if ledger.unavailable is None and ledger.framework not in sources:
                sources[ledger.framework] = _read(ledger.framework, folder)
            compared.append(_compared(ledger, sources[ledger.framework]) if ledger.unavailable is None else ledger)
        except ConsoleError as error:
            compared.append(replace(ledger, note=error.summary))
    return tuple(compared)


Place = tuple[str, str | None]
"""A file below the folder and, where it holds several migrations that a ledger tells apart, the name of one of them."""


def recorded(ledger: ForeignLedger, folder: Path) -> Mapping[Place, ForeignLedgerRow | None]:
    """What the ledger says is applied, by its place, each with its row; repeatable files whatever their text was.

    Of a ledger that stores a number alone these are the files up to it, without rows, where there is one of that very
    number. Raises ConsoleError where the folder holds no such files.
    """
    source = _read(ledger.framework, folder)
    if isinstance(source, Mapping):
        return {}
    if ledger.framework in ("golang-migrate", "tern"):
        last = version_key(ledger.last_version or "0")
        keys = {version_key(file.version) for file in source}
        return {(file.file, None): None for file in source if version_key(file.version) <= last} if last in keys else {}
    ledger = _aligned(ledger, source)
    rows = {_key(ledger, row.version, row.line): row for row in ledger.rows
            if row.state in ("applied", "baseline", "repeatable")}
    by_hash = {row.checksum: row for row in rows.values() if row.checksum} if ledger.framework == "drizzle" else {}
    found = {_place(ledger, file): rows.get(_key(ledger, file.version, file.line))
             or next((by_hash[text] for text in file.checksums if text in by_hash), None) for file in source}
    return {place: row for place, row in found.items() if row is not None}


def _place(ledger: ForeignLedger, file: FileMigration) -> Place:
    """A changeset of Liquibase's is one of several in its file."""
    author = (file.line or "").rpartition("::")[2]
    return file.file, f"{author}:{file.version}" if ledger.framework == "liquibase" else None


def scripts(ledger: ForeignLedger, folder: Path, direction: Direction
            ) -> Callable[[ForeignMigration], Path | None]:
    """Finds the file that holds a migration, or its way down; None where there is none that could be read."""
    try:
        source = _read(ledger.framework, folder)
    except ConsoleError:
        return lambda migration: None
    found = {_key(ledger, revision.revision, None): Path(revision.file) for revision in source.values()} \
        if isinstance(source, Mapping) else \
        {_key(ledger, file.version, file.line): folder / file.file for file in source}

    def script_of(migration: ForeignMigration) -> Path | None:
        up = found.get(_key(ledger, migration.version, migration.line))
        return _way_down(up, folder) if up is not None and direction == "down" else up

    return script_of


def _way_down(up: Path, folder: Path) -> Path:
    """The file beside it that undoes it, where a framework has one; else the one file holds both."""
    inside = up.relative_to(folder).as_posix() if up.is_relative_to(folder) else up.as_posix()
    down = re.sub(r"(^|[./])up(?=\.)", r"\1down", inside)
    down = re.sub(r"(^|/)deploy/", r"\1revert/", down)
    return folder / down if (folder / down).is_file() else up


def _read(framework: str, folder: Path) -> Source:
    reader = _READERS.get(framework)
    if framework != "alembic" and reader is None:
        raise ConsoleError("its migrations are not in files of the service")
    source: Source = alembic_revisions(folder) if reader is None else list(reader(folder))
    if not source:
        raise ConsoleError(f"{folder} holds no migrations of {TITLES[framework]}")
    return source


def _compared(ledger: ForeignLedger, source: Source) -> ForeignLedger:
    if isinstance(source, Mapping):
        return _alembic(ledger, source)
    if ledger.framework in ("golang-migrate", "tern"):
        return _after_the_last(ledger, source)
    ledger = _aligned(ledger, source)
    return ledger.with_differences(tuple(_by_set(ledger, source)))


def _key(ledger: ForeignLedger, version: str, line: str | None) -> Key:
    if ledger.framework in _NUMBERED:
        return None, version_key(version.replace("-", "") if ledger.framework == "diesel" else version)
    return (line if ledger.framework in ("django", "sqitch", "liquibase") else None), version


def _aligned(ledger: ForeignLedger, files: Sequence[FileMigration]) -> ForeignLedger:
    """Liquibase's ledger with the files' own words for the changelogs that its rows are about."""
    if ledger.framework != "liquibase":
        return ledger
    lines: dict[str, list[str]] = {}
    for file in files:
        lines.setdefault(file.version, []).append(file.line or "")
    return replace(ledger, rows=tuple(replace(row, line=next(
        (line for line in lines.get(row.version, ()) if same_changelog(row.name or "", line)), row.name))
        for row in ledger.rows))


def _after_the_last(ledger: ForeignLedger, files: Sequence[FileMigration]) -> ForeignLedger:
    """One number is all that is stored: what is above it is pending, and nothing can be said of the rest."""
    last = version_key(ledger.last_version) if ledger.last_version else None
    ordered = sorted(files, key=lambda migration: version_key(migration.version))
    pending = [file_migration for file_migration in ordered if last is None
               or version_key(file_migration.version) > last]
    differences = [_difference(file_migration, "pending") for file_migration in pending]
    if last is not None and last != () and all(version_key(file.version) != last for file in files):
        differences.append(PendingMigration(ledger.last_version or "", None, None, "missing", None))
    return replace(ledger.with_differences(tuple(differences)), applied_count=len(files) - len(pending))


def _by_set(ledger: ForeignLedger, files: Sequence[FileMigration]) -> Iterable[PendingMigration]:
    rows = {_key(ledger, row.version, row.line): row for row in ledger.rows if row.state != "reverted"}
    present = {_key(ledger, file.version, file.line) for file in files}
    done = _done(ledger, rows, files)
    counted = [row for row in rows.values() if row.state in ("applied", "baseline")]
    last = max((version_key(row.version) for row in counted), default=None)
    baseline = _baseline(rows.values())
    if ledger.framework in _NUMBERED:
        files = sorted(files, key=lambda migration: version_key(migration.version))
    for migration in files:
        key = _key(ledger, migration.version, migration.line)
        if key in done:
            row = rows.get(key)
            if migration.checksums and row is not None and row.checksum and row.checksum not in migration.checksums:
                yield (_difference(migration, "pending", "changed since its last run") if migration.is_repeatable else
                       _difference(migration, "changed", "the file was edited after it was applied"))
        elif migration.is_repeatable:
            yield _difference(migration, "pending")
        elif baseline is not None and version_key(migration.version) <= baseline:
            continue
        elif last is not None and version_key(migration.version) <= last and ledger.framework in _LATE:
            yield _difference(migration, *_LATE[ledger.framework])
        else:
            yield _difference(migration, "pending")
    squashed = {_key(ledger, name, file.line) for file in files for name in file.replaces}
    lines = {file.line for file in files}
    for key, row in rows.items():
        # Lines without any file are other people's: Django's own apps, another project of sqitch's.
        is_ours = row.line in lines or lines == {None} or ledger.framework == "liquibase"
        if key not in present | squashed and row.state != "baseline" and is_ours:
            yield PendingMigration(row.version, row.name, row.line, "missing", None)


def _done(ledger: ForeignLedger, rows: Mapping[Key, ForeignLedgerRow], files: Sequence[FileMigration]) -> set[Key]:
    """What needs no run: what is applied, under its own name or another."""
    done = {key for key, row in rows.items() if row.state != "failed"}
    hashes = {row.checksum for row in rows.values()} if ledger.framework == "drizzle" else set()
    for file in files:
        own = _key(ledger, file.version, file.line)
        # A squashed migration and those that it replaces stand for each other.
        parts = {_key(ledger, name, file.line) for name in file.replaces}
        if (parts and parts <= done) or file.checksums & hashes:
            done.add(own)
        elif own in done:
            done |= parts
    return done


def _baseline(rows: Iterable[ForeignLedgerRow]) -> VersionKey | None:
    """The version up to which everything was there before (Flyway's and Atlas's baseline)."""
    return next((version_key(row.version) for row in rows if row.state == "baseline"), None)


def _difference(migration: FileMigration, state: PendingState, reason: str | None = None) -> PendingMigration:
    return PendingMigration(migration.version, migration.name, migration.line, state, migration.file, reason)


def _alembic(ledger: ForeignLedger, revisions: Mapping[str, Revision]) -> ForeignLedger:
    current = [row.version for row in ledger.rows]
    applied = ancestors(revisions, current)
    pending = in_order(revisions, revisions.keys() - applied)
    differences = [PendingMigration(revision.revision, revision.message, None, "pending", revision.file)
                   for revision in pending]
    differences += [PendingMigration(name, None, None, "missing", None) for name in current if name not in revisions]
    ends = heads(revisions)
    note = f"{len(ends)} heads in the files: {', '.join(ends)}" if len(ends) > 1 else None
    result = ledger.with_differences(tuple(differences), note)
    if any(name not in revisions for name in current):
        return result
    rows = tuple(ForeignLedgerRow(revision.revision, revision.message) for revision in in_order(revisions, applied))
    return replace(result, applied_count=len(rows), rows=rows)
