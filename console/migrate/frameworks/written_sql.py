"""Migrations in code as files of SQL: what Alembic and Django themselves print of each, with a way down where there is
one, in dbconsole's own layout. Each file says which migration it adopts; nothing is run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from console.errors import ConsoleError
from console.migrate.create import slugged
from console.migrate.faults import FileError, MigrationError
from console.migrate.frameworks import alembic, commands
from console.migrate.frameworks.commands import Program
from console.migrate.frameworks.graphs import alembic_revisions
from console.migrate.frameworks.specs import TITLES
from console.migrate.records import RunRange, Script
from console.server.target import Target
from console.services import Service
from console.sql.transactions import outside_transaction, transaction_control
from console.text.parse import command_words

CODE = "THIS OPERATION CANNOT BE WRITTEN AS SQL"
"""What Django prints in place of an operation in Python."""
_RUNNING = re.compile(r"^-- Running (?:up|down)grade (.*?) -> (.*)$", re.MULTILINE)
_PLANNED = re.compile(r"\[.\]\s+(\w+)\.(\w+)")
_INSTEAD = {
    "ef-core": "dotnet ef migrations script FROM TO prints one: as a pair of files each, with the line "
               "-- dbconsole: adopts=ef-core/MIGRATION at the top"}
_STRUCTURE = ("one file can stand for all: pg_dump --schema-only into 0001_structure.up.sql, with the line "
              "-- dbconsole: adopts={}/VERSION at the top, VERSION being the newest in its ledger")


class WrittenMigration(Struct, frozen=True):
    """A migration as SQL: `version` as the ledger has it, in words `name`, both ways (None: there is none, and why)."""

    version: str
    name: str
    up: str
    down: str | None = None
    irreversible: str | None = None

    @property
    def code(self) -> tuple[str, ...]:
        """The ways in which something isn't SQL."""
        return tuple(word for word, text in (("up", self.up), ("down", self.down or "")) if CODE in text)


async def read(target: Target, service: Service) -> list[WrittenMigration]:
    """All migrations of a service in the framework's order. Raises MigrationError where it can't print them."""
    match service.framework:
        case "alembic":
            return await _alembic(target.direct(), service)
        case "django":
            return await _django(target.direct(), service)
    framework = service.framework or "dbconsole"
    raise MigrationError(f"the migrations of {service.name} can't be written as SQL: "
                         f"dbconsole knows of no way to have {TITLES.get(framework, framework)} print each of them",
                         hint=_INSTEAD.get(framework, _STRUCTURE.format(framework)))


def files(service: Service, folder: Path, written: Sequence[WrittenMigration], *,
          leave_out_code: bool = False) -> tuple[tuple[Path, str], ...]:
    """What is to be written into `folder`. Raises MigrationError where something isn't SQL, unless that is left out,
    and FileError for what can't be told statement by statement."""
    if not leave_out_code and (coded := [f"{each.version}: {', '.join(each.code)}" for each in written if each.code]):
        raise MigrationError(f"{len(coded)} of {len(written)} migrations of {service.name} do something in code, which "
                             "is no SQL", detail="\n".join(coded),
                             hint="--leave-out-code writes the rest, with a line where something is missing; or "
                                  + _STRUCTURE.format(service.framework))
    schemas = ", ".join(map(json.dumps, service.schemas))  # whose strings are TOML's too
    found = [(folder / "service.toml", f"name = {json.dumps(service.name)}\nschemas = [{schemas}]\n")]
    width = max(4, len(str(len(written))))
    for number, each in enumerate(written, 1):
        stem = f"{number:0{width}}_{slugged(each.name)}"
        head = f"-- dbconsole: adopts={service.framework}/{each.version}\n"
        lost = f"-- dbconsole: irreversible: {each.irreversible}\n" if each.irreversible else ""
        found.append((folder / f"{stem}.up.sql", head + lost + _body(folder / f"{stem}.up.sql", each.up)))
        if each.down is not None:
            found.append((folder / f"{stem}.down.sql", _body(folder / f"{stem}.down.sql", each.down)))
    return tuple(found)


def _body(path: Path, text: str) -> str:
    """The statements without what begins and ends transactions, which the engine does."""
    statements = [statement for statement in Script(path, text).statements()
                  if transaction_control(statement.sql) is None]
    bare = any((outside := outside_transaction(each.sql)) is not None and outside.is_certain for each in statements)
    missing = ["-- Left out here: what is done in code.\n"] * (CODE in text)
    body = "".join(f"{statement.sql.strip()};\n" for statement in statements) or "-- Nothing is done in SQL.\n"
    return "".join(["-- dbconsole: no-transaction\n" * bare, *missing, body])


async def _alembic(target: Target, service: Service) -> list[WrittenMigration]:
    assert service.folder is not None
    revisions = alembic_revisions(service.folder)
    ends = {revision.revision for revision in revisions.values()} - {
        down for revision in revisions.values() for down in revision.down}
    if len(ends) != 1:
        raise MigrationError(f"the revisions of {service.name} have {len(ends)} heads: {', '.join(sorted(ends))}",
                             hint="alembic merge joins them: SQL is printed for one line")
    ups = await commands.output(target, service, alembic.program(service, RunRange(), "base"))
    found = [WrittenMigration(version, revisions[version].message or version if version in revisions else version,
                              _without_ledger(text)) for (_, version), text in _parts(ups)]
    try:
        back = await commands.output(target, service, alembic.program(
            service, RunRange(direction="down", to="0"), next(iter(ends))))
    except ConsoleError as error:
        reason = f"Alembic prints no way down: {' '.join((error.detail or error.summary).split())[-200:]}"
        return [WrittenMigration(each.version, each.name, each.up, None, reason) for each in found]
    downs = {version: _without_ledger(text) for (version, _), text in _parts(back)}
    return [WrittenMigration(each.version, each.name, each.up, downs.get(each.version)) for each in found]


def _parts(printed: str) -> Iterator[tuple[tuple[str, str], str]]:
    """What Alembic prints for each revision, by the two that its heading names."""
    found = [*_RUNNING.finditer(printed)]
    ends = [match.start() for match in found[1:]] + [len(printed)]
    for match, end in zip(found, ends, strict=True):
        yield (match[1].strip(), match[2].strip()), printed[match.end():end]


def _without_ledger(text: str) -> str:
    """Without the statements that write Alembic's own table."""
    kept = [statement for statement in Script("alembic", text).statements()
            if statement.verb not in ("CREATE", "DROP", "INSERT", "UPDATE", "DELETE")
            or "ALEMBIC_VERSION" not in statement.words[:4]]
    return "".join(f"{statement.sql};\n" for statement in kept)


async def _django(target: Target, service: Service) -> list[WrittenMigration]:
    words, folder = _manage(service)

    async def printed(*more: str) -> str:
        return await commands.output(target, service, Program(" ".join((*words, *more)), (*words, *more), folder))

    found = []
    for app, name in _PLANNED.findall(await printed("showmigrations", "--plan")):
        up = await printed("sqlmigrate", app, name)
        try:
            down, reason = await printed("sqlmigrate", app, name, "--backwards"), None
        except MigrationError as error:
            if "IrreversibleError" not in (error.detail or ""):
                raise
            down, reason = None, "Django calls it irreversible"
        found.append(WrittenMigration(f"{app}.{name}", f"{app}_{name}", up, down, reason))
    return found


def _manage(service: Service) -> tuple[Sequence[str], Path]:
    """The command line up to manage.py, and the folder that it is in. Raises MigrationError where there is none."""
    assert service.folder is not None
    folder = service.folder.resolve()
    place = next((place for place in (folder, *list(folder.parents)[:3]) if (place / "manage.py").is_file()), None)
    if place is None:
        raise FileError(service.folder, "there is no manage.py in it or above it",
                        hint="Django itself prints the SQL: migrations = the project's folder")
    words = command_words(service.up) if service.up else []
    own = next((words[:number] for number, word in enumerate(words, 1) if Path(word).name == "manage.py"), None)
    return own or ["python", "manage.py"], place


__all__ = ["WrittenMigration", "files", "read"]
