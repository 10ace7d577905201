"""`migrate new`: the next migration's files, in the layout that the folder has."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct

from console import files
from console.errors import UsageError
from console.migrate.faults import FileError, MigrationError
from console.migrate.files import is_foreign, read_service
from console.migrate.frameworks.specs import TITLES
from console.migrate.records import MigrationFile, Script
from console.migrate.version import version_key
from console.services import Service

TIMESTAMP_DIGITS = 12
_COUNTING = ("dbconsole", "golang-migrate", "flyway", "tern")
"""The layouts whose first file is number 1, where the others' have the time."""

Files = Sequence[tuple[str, str]]
"""Paths below the folder, each with its text."""


class MigrationPart(Struct, frozen=True):
    """One migration of several that are written together: what its name ends with, and its texts."""

    slug: str
    up: str
    down: str


class NewMigration(Struct, frozen=True):
    """What is to be written: `before` are the migrations that the folder has already, in order; `piece` has its texts
    where they are known."""

    version: str
    name: str
    no_transaction: bool
    before: tuple[MigrationFile, ...] = ()
    piece: MigrationPart | None = None

    @property
    def stem(self) -> str:
        return f"{self.version}_{self.name}"

    @property
    def up(self) -> str:
        if self.piece is not None:
            return self.piece.up
        return f"-- {self.name.replace('_', ' ')}: what this changes, and why.\n"

    @property
    def down(self) -> str:
        if self.piece is not None:
            return self.piece.down
        return f"-- Takes back {self.version}: the schema is what it was before (dbconsole migrate verify proves it).\n"


def next_files(service: Service, slug: str, *, no_transaction: bool = False) -> tuple[tuple[Path, str], ...]:
    """The paths and texts of the next migration's files; nothing is written.

    The version follows the service's own habit: the next number in the width of the last one, or a timestamp (UTC).
    Raises UsageError for a slug that makes no file name, or a service without a folder; MigrationError where another
    framework makes its files.
    """
    return _sequence(service, slug, (None,), no_transaction)


def slugged(words: str) -> str:
    """Words as a part of a file's name; "" where there is no letter and no digit."""
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def next_sequence(service: Service, slug: str, pieces: Sequence[MigrationPart], *,
                  no_transaction: bool = False) -> tuple[tuple[Path, str], ...]:
    """The same of several migrations that follow each other, each with its texts."""
    return _sequence(service, slug, pieces, no_transaction)


def baseline_file(service: Service, files: Sequence[MigrationFile], up: str) -> tuple[Path, str]:
    """The path and text of the file that stands for `files`, in the folder's layout, with the version of the last.

    Raises MigrationError where another tool makes the folder's files.
    """
    layout = service.layout or "dbconsole"
    if layout not in _WRITERS:
        raise MigrationError(f"service {service.name} has the layout of {TITLES[layout]}, which lists its own files: a "
                             "baseline would be in no list of its", hint=_SQUASHED_BY[layout])
    assert service.folder is not None
    version = files[-1].version
    if layout == "dbmate":  # N.2 is the second pair of sections of the file N
        version = version.partition(".")[0]
    down = "-- There is no way down from a baseline.\n"
    new = NewMigration(version, "baseline", False, tuple(files), MigrationPart("", up, down))
    inside, text = _WRITERS[layout](new)[0]
    return service.folder / inside, text


def _sequence(service: Service, slug: str, pieces: Sequence[MigrationPart | None],
              no_transaction: bool) -> tuple[tuple[Path, str], ...]:
    name = slugged(slug)
    if not name:
        raise UsageError(f"{slug!r} makes no file name", hint="a few words: add_owner_to_documents")
    folder = service.folder
    if folder is None:
        raise UsageError(f"service {service.name} has no folder of migrations",
                         hint="set its migrations in the configuration, or use --migrations DIR")
    found = read_service(service)
    service = found.service
    if is_foreign(service):
        title = TITLES.get(service.framework or "", service.framework)
        raise MigrationError(f"service {service.name} is migrated by {title}, which makes its own files")
    layout = service.layout or "dbconsole"
    if layout not in _WRITERS:
        raise MigrationError(f"service {service.name} has the layout of {TITLES[layout]}, which makes its own files")
    before = tuple(migration for migration in found.migrations if not migration.is_repeatable)
    found_files: list[tuple[Path, str]] = []
    for piece in pieces:
        version = _next_version(layout, before)
        full_name = f"{name}_{piece.slug}" if piece is not None and piece.slug else name
        new = NewMigration(version, full_name, no_transaction, before, piece)
        written = [(folder / inside, text) for inside, text in _WRITERS[layout](new)]
        scripts = [Script(path) for path, _ in written]
        before = (*before, MigrationFile(service.name, version, full_name, scripts[0],
                                         scripts[1] if scripts[1:] else None))
        found_files += written
    return tuple(found_files)


def write(new: Sequence[tuple[Path, str]]) -> None:
    """Writes them. Raises FileError where one is there already or can't be written."""
    for path, text in new:
        try:
            path.parent.mkdir(exist_ok=True)
            files.write_new(path, text)
        except OSError as error:
            raise FileError(path, f"can't be written: {error.strerror}") from None


def _next_version(layout: str, migrations: Sequence[MigrationFile]) -> str:
    now = dt.datetime.now(dt.UTC).strftime("%Y%m%d%H%M%S")
    if not migrations:
        return {"golang-migrate": "000001", "flyway": "1", "tern": "001"}.get(layout, "0001") \
            if layout in _COUNTING else now
    last = migrations[-1]
    digits = re.match(r"\d[\d.]*", last.version)
    if digits is None:
        return now
    if layout in ("dbmate", "liquibase"):  # N.2 is the second migration of the file N
        digits = re.match(r"\d+", last.version)
        assert digits is not None
    *before, number = digits[0].rstrip(".").split(".")
    if len(number) >= TIMESTAMP_DIGITS and version_key(now) > last.key:
        return now
    return ".".join([*before, f"{int(number) + 1:0{len(number)}d}"])


def _pair(new: NewMigration) -> Files:
    mark = "-- dbconsole: no-transaction\n" if new.no_transaction else ""
    return ((f"{new.stem}.up.sql", f"{new.up}{mark}"), (f"{new.stem}.down.sql", f"{new.down}{mark}"))


def _sqlx(new: NewMigration) -> Files:
    mark = "-- no-transaction\n" if new.no_transaction else ""
    if new.before and not new.before[-1].up.path.name.endswith(".up.sql"):
        return ((f"{new.stem}.sql", f"{mark}{new.up}"),)
    return ((f"{new.stem}.up.sql", f"{mark}{new.up}"), (f"{new.stem}.down.sql", f"{mark}{new.down}"))


def _diesel(new: NewMigration) -> Files:
    version = new.version
    if len(version) == 14 and (not new.before or "-" in new.before[-1].up.path.parent.name.partition("_")[0]):
        version = f"{version[:4]}-{version[4:6]}-{version[6:8]}-{version[8:]}"
    directory = f"{version}_{new.name}"
    metadata = ((f"{directory}/metadata.toml", "run_in_transaction = false\n"),) if new.no_transaction else ()
    return ((f"{directory}/up.sql", new.up), (f"{directory}/down.sql", new.down), *metadata)


def _dbmate(new: NewMigration) -> Files:
    mark = " transaction:false" if new.no_transaction else ""
    return ((f"{new.stem}.sql", f"-- migrate:up{mark}\n{new.up}\n-- migrate:down{mark}\n{new.down}"),)


def _goose(new: NewMigration) -> Files:
    mark = "-- +goose NO TRANSACTION\n" if new.no_transaction else ""
    return ((f"{new.stem}.sql", f"{mark}-- +goose Up\n{new.up}\n-- +goose Down\n{new.down}"),)


def _sql_migrate(new: NewMigration) -> Files:
    mark = " notransaction" if new.no_transaction else ""
    return ((f"{new.stem}.sql", f"-- +migrate Up{mark}\n{new.up}\n-- +migrate Down{mark}\n{new.down}"),)


def _flyway(new: NewMigration) -> Files:
    has_undo = any(migration.down is not None for migration in new.before)
    undo = [(f"U{new.version}__{new.name}.sql", new.down)] if has_undo else []
    scripts = [(f"V{new.version}__{new.name}.sql", new.up), *undo]
    return [*scripts, *((f"{name}.conf", "executeInTransaction=false\n") for name, _ in scripts if new.no_transaction)]


def _prisma(new: NewMigration) -> Files:
    mark = "-- dbconsole: no-transaction\n" if new.no_transaction else ""
    return ((f"{new.stem}/migration.sql", f"{new.up}{mark}"),)


def _tern(new: NewMigration) -> Files:
    mark = "---- tern: disable-tx ----\n" if new.no_transaction else ""
    return ((f"{new.stem}.sql", f"{mark}{new.up}\n---- create above / drop below ----\n\n{new.down}"),)


def _liquibase(new: NewMigration) -> Files:
    """A file beside the last one, which has to have a number: what it is called decides when it is run."""
    before = new.before[-1].up.path if new.before else None
    number = new.before[-1].version.partition(".")[0] if new.before else ""
    if before is not None and number not in before.stem:
        raise FileError(before, "has no number in its name, so that nothing says what the next file is called",
                        hint="write the changeset into a file of the changelog")
    mark = " runInTransaction:false" if new.no_transaction else ""
    back = "".join(f"--rollback {line}\n" for line in new.down.splitlines())
    name = f"{new.stem}.sql"
    return ((str(before.parent / name) if before is not None else name,
             f"--liquibase formatted sql\n\n--changeset dbconsole:{new.name}{mark}\n{new.up}{back}"),)


_SQUASHED_BY: Mapping[str, str] = {
    "drizzle": "its own way: drizzle-kit generate into an empty folder writes one migration; where the old ones are "
               "applied, a row for it in drizzle.__drizzle_migrations keeps it from being run",
    "sqitch": "its own way: a plan that begins with one change, and sqitch deploy --log-only where it is there already",
}
"""How a layout without a writer of its own files' list has many made one, for people."""

_WRITERS: Mapping[str, Callable[[NewMigration], Files]] = {
    "dbconsole": _pair, "golang-migrate": _pair, "sqlx": _sqlx, "diesel": _diesel, "dbmate": _dbmate, "goose": _goose,
    "sql-migrate": _sql_migrate, "flyway": _flyway, "prisma": _prisma, "tern": _tern, "liquibase": _liquibase,
}
