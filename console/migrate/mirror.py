"""A run written into another tool's ledger too, for the time in which both are in use.

What a step of a mirrored service is in dbconsole's ledger, it becomes in the old one in the same transaction, as the
tool itself would have written it: the tool then has nothing to do, and can be gone back to at any time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from msgspec import Struct

from console import files
from console.migrate.faults import FileError, MigrationError
from console.migrate.frameworks.files import crc32_of_lines
from console.migrate.frameworks.plans import liquibase_changesets
from console.migrate.frameworks.specs import TITLES
from console.migrate.ledger import TABLES
from console.migrate.records import MigrationFile, ServiceStatus, Step
from console.migrate.version import REPEATABLE
from console.server.query import load
from console.server.script import ScriptCommand
from console.server.session import Session
from console.services import Service
from console.sql.names import with_identifiers
from console.sql.quoting import identifier


class Mirror(Struct, frozen=True):
    """sql/mirrors.sql as it comes: a service, and the ledger of `tool` that its runs are written into.

    `prefix` stands before a file's path below the service's folder there.
    """

    service: str
    tool: str
    ledger_schema: str
    ledger_table: str
    prefix: str
    since: dt.datetime | None = None

    @property
    def place(self) -> str:
        return f"{self.ledger_schema}.{self.ledger_table}"

    @property
    def note(self) -> str:
        return f"each run is written into {TITLES[self.tool]}'s ledger {self.place} too"


class MirrorRights(Struct, frozen=True):
    """sql/mirror_rights.sql as it comes."""

    may_write: bool


_MIRRORS = load("console.migrate", "mirrors", Mirror)
_RIGHTS = load("console.migrate", "mirror_rights", MirrorRights)
_REASONS: Mapping[str, str] = {
    "sqitch": "it has a hash of each change over its planner, its time, its dependencies and the change before, which "
              "only sqitch computes from its plan"}

Commands = Sequence[tuple[str, tuple[str | None, ...]]]
"""Names of sql/mirror/*.sql, each with its parameters."""


class Mirrors(Struct, frozen=True):
    """The mirrors of a run, by service, with the services' files as they were read."""

    by_service: Mapping[str, Mirror]
    statuses: Mapping[str, ServiceStatus]

    @classmethod
    def of(cls, mirrors: Mapping[str, Mirror], statuses: Sequence[ServiceStatus]) -> Mirrors:
        return cls(mirrors, {status.service.name: status for status in statuses})

    def commands(self, step: Step) -> tuple[ScriptCommand, ...]:
        """What writes `step` into the old ledger, after its row in dbconsole's; none where there is no mirror.

        Raises FileError for a file that can't be read, and for a baseline that stands for others.
        """
        mirror = self.by_service.get(step.migration.service)
        if mirror is None:
            return ()
        status = self.statuses[mirror.service]
        folder = status.service.folder
        assert folder is not None
        if step.replaced:
            raise FileError(step.script.path, f"stands for files that {TITLES[mirror.tool]}'s ledger {mirror.place} "
                            "has, which knows nothing of baselines",
                            hint="dbconsole migrate adopt --end-mirror, then up")
        names = {"schema": mirror.ledger_schema, "table": mirror.ledger_table}
        written = WRITERS[mirror.tool](_Writing(step, folder, mirror.prefix, status))
        return tuple(ScriptCommand(with_identifiers(_text(name), names), params) for name, params in written)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(f"{name}: {mirror.note}" for name, mirror in self.by_service.items() if name in self.statuses)


NONE = Mirrors({}, {})


async def read(session: Session) -> Mapping[str, Mirror]:
    """The mirrors by service. Raises ConsoleError."""
    if not session.info.ledger_exists or not any(found.mirror for found in await session.fetch(TABLES)):
        return {}
    return {mirror.service: mirror for mirror in await session.fetch(_MIRRORS)}


async def check(session: Session, service: Service, tool: str, schema: str, table: str) -> None:
    """Raises MigrationError where the ledger of `tool` can't be written faithfully, or not by this role."""
    if (reason := _REASONS.get(tool)) is not None or tool not in WRITERS:
        raise MigrationError(f"service {service.name} can't be mirrored into {TITLES[tool]}'s ledger",
                             detail=reason, hint="take it over without --mirror: adopt --undo gives it back")
    rights = await session.fetch(_RIGHTS, {"schema": schema, "table": table})
    if not rights or not rights[0].may_write:
        place = f"{identifier(schema)}.{identifier(table)}"
        raise MigrationError(f"{session.info.user} may not write {TITLES[tool]}'s ledger {schema}.{table}",
                             hint=f"GRANT INSERT, UPDATE, DELETE ON {place} TO {session.info.quoted_user}")


class _Writing(Struct, frozen=True):
    """A step that is to be written, and what there is to know of its files."""

    step: Step
    folder: Path
    prefix: str
    status: ServiceStatus

    @property
    def file(self) -> MigrationFile:
        return self.step.migration

    @property
    def is_up(self) -> bool:
        return self.step.direction == "up"

    @property
    def name(self) -> str:
        """Of the file, without its folder."""
        return self.file.up.path.name

    def digest(self, algorithm: str) -> str:
        return hashlib.new(algorithm, _bytes(self.file.up.path)).hexdigest()

    def inside(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()


def _number(writing: _Writing) -> Commands:
    return ("number_gone", ()), ("number", (writing.file.service,))


def _tern(writing: _Writing) -> Commands:
    return (("tern", (writing.file.service,)),)


def _dbmate(writing: _Writing) -> Commands:
    """A file of several pairs of sections is in when the last is, and out when the first that goes is."""
    path = writing.file.up.path
    last = max(state.key for state in writing.status.migrations if state.file is not None
               and state.file.up.path == path)
    if writing.file.key != last:
        return ()
    digits = writing.name[:len(writing.name) - len(writing.name.lstrip("0123456789"))]
    return (("version" if writing.is_up else "version_gone", (digits,)),)


def _diesel(writing: _Writing) -> Commands:
    return (("version" if writing.is_up else "version_gone", (writing.file.version,)),)


def _goose(writing: _Writing) -> Commands:
    return (("goose" if writing.is_up else "goose_gone", (str(int(writing.file.version)),)),)


def _sql_migrate(writing: _Writing) -> Commands:
    return (("sql_migrate" if writing.is_up else "sql_migrate_gone", (writing.name,)),)


def _sqlx(writing: _Writing) -> Commands:
    version = str(int(writing.file.version))
    if not writing.is_up:
        return (("version_gone", (version,)),)
    return (("sqlx", (version, writing.file.name.replace("_", " "), writing.digest("sha384"))),)


def _flyway(writing: _Writing) -> Commands:
    """An undo is a row of its own; a repeatable file's checksum is that of the text with its placeholders filled in."""
    file = writing.file
    description = file.version.removeprefix(REPEATABLE) if file.is_repeatable else file.name
    description = description.replace("_", " ")
    if file.is_repeatable and not writing.is_up:
        return (("flyway_repeatable_gone", (description,)),)
    script = writing.step.script
    text = script.text.encode() if file.is_repeatable else _bytes(script.path)
    version = None if file.is_repeatable else file.version
    kind = "SQL" if writing.is_up else "UNDO_SQL"
    return (("flyway", (version, description, kind, writing.inside(script.path), str(crc32_of_lines(text)))),)


def _liquibase(writing: _Writing) -> Commands:
    inside, changeset = writing.inside(writing.file.up.path), writing.file.name
    for found in liquibase_changesets(writing.folder):
        path, _, author = (found.line or "").rpartition("::")
        if found.file == inside and f"{author}:{found.version}" == changeset:
            params = found.version, author, f"{writing.prefix}{path}" if path == inside else path
            again = (("liquibase_gone", params),) if writing.file.is_repeatable or not writing.is_up else ()
            return (*again, *((("liquibase", params),) if writing.is_up else ()))
    raise FileError(writing.file.up.path, f"no changeset {changeset} is found in it any more")


def _prisma(writing: _Writing) -> Commands:
    return (("prisma", (writing.file.up.path.parent.name, writing.digest("sha256"))),)


def _drizzle(writing: _Writing) -> Commands:
    return (("drizzle", (writing.digest("sha256"), writing.file.version)),)


WRITERS: Mapping[str, Callable[[_Writing], Commands]] = {
    "golang-migrate": _number, "tern": _tern, "dbmate": _dbmate, "diesel": _diesel, "goose": _goose,
    "sql-migrate": _sql_migrate, "sqlx": _sqlx, "flyway": _flyway, "liquibase": _liquibase, "prisma": _prisma,
    "drizzle": _drizzle}
"""What writes a step into the ledger of each tool that can be mirrored."""


def _bytes(path: Path) -> bytes:
    try:
        return files.read_inside(path)
    except OSError as error:
        raise FileError(path, f"can't be read: {error.strerror}") from None


@cache
def _text(name: str) -> str:
    file = resources.files("console.migrate") / "sql" / "mirror" / f"{name}.sql"
    return file.read_text("utf-8").rstrip().removesuffix(";")
