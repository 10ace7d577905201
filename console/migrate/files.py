"""The migrations of a service as its folder has them.

dbconsole's own layout is `VERSION_slug.up.sql` and `VERSION_slug.down.sql` beside each other, `R__name.sql` or
`repeatable/name.sql` for what is run again whenever it changes, `seed/*.sql` below; other tools' layouts are read by
console.migrate.layouts. What a file is called decides, nothing is read yet.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from msgspec.structs import replace

from console.migrate import unread
from console.migrate.faults import FileError, MigrationError
from console.migrate.frameworks.specs import TITLES
from console.migrate.records import MigrationFile, Script, ServiceFiles
from console.migrate.version import REPEATABLE
from console.services import Service
from console.services.ownership import recognised

_NAME = re.compile(r"(\d+(?:\.\d+)*)(?:[_-](.*))?\.(up|down)\.sql", re.IGNORECASE)
_REPEATABLE = re.compile(r"R__(.+)\.sql")
_FOLDER = "repeatable"


def is_foreign(service: Service) -> bool:
    """Whether another framework migrates `service`, so that the engine keeps its hands off its files."""
    return service.framework not in (None, "dbconsole")


def by_framework(services: Sequence[Service]) -> tuple[Sequence[Service], Sequence[Service]]:
    """Those that dbconsole migrates, and those that other frameworks do."""
    return ([service for service in services if not is_foreign(service)],
            [service for service in services if is_foreign(service)])


def own_services(services: Sequence[Service], what: str) -> tuple[Sequence[Service], list[str]]:
    """Those of `services` that dbconsole migrates, with a note on each of the others, of which `what` says nothing.

    Raises MigrationError where there are only others.
    """
    own, others = by_framework(services)
    notes = [f"{service.name} is migrated by {TITLES.get(service.framework or '', service.framework)}: not {what}"
             for service in others]
    if not own:
        raise MigrationError(notes[0] if notes else f"there is no service that could be {what}",
                             detail="\n".join(notes[1:]) or None,
                             hint="that is for services whose files dbconsole runs")
    return own, notes


def read_services(services: Iterable[Service]) -> tuple[ServiceFiles, ...]:
    """`read_service` for each; the folder that tenants share is read once. Raises as that does."""
    shared: dict[str, ServiceFiles] = {}
    found: list[ServiceFiles] = []
    for service in services:
        if service.tenant is None:
            found.append(read_service(service))
            continue
        files = shared.get(service.family) or shared.setdefault(service.family, read_service(service))
        found.append(replace(
            files, service=replace(files.service, name=service.name, schemas=service.schemas, tenant=service.tenant),
            migrations=tuple(replace(file, service=service.name, tenant=service.tenant) for file in files.migrations)))
    return tuple(found)


def read_service(service: Service) -> ServiceFiles:
    """The migrations of `service` in order of version.

    Raises FileError for duplicate versions, lone downs and files that have a number and aren't read, for a folder that
    can't be read, ConfigError where it isn't clear whose files these are. A service without a folder, or that another
    framework migrates, has none.
    """
    folder = service.folder
    if folder is None or is_foreign(service):
        note = f"no schema is like {service.tenants}: there is no tenant to migrate"
        return ServiceFiles(service, (), () if service.tenants is None or is_foreign(service) else (note,))
    try:
        service = recognised(service)
        if is_foreign(service):
            return ServiceFiles(service, ())
        migrations, passed = _migrations(service, folder)
        seeds = sorted((folder / "seed").glob("*.sql")) if (folder / "seed").is_dir() else []
        _check_inside(folder, migrations, seeds)
        read = {os.fspath(script.location) for file in migrations for script in (file.up, file.down) if script}
        notes = [*filter(None, dict.fromkeys(passed.values())),
                 *unread.check(service, read | {os.fspath(path) for path in passed})]
    except OSError as error:
        raise FileError(Path(error.filename or folder), f"can't be read: {error.strerror}") from None
    migrations.sort(key=lambda file: file.key)
    for before, after in pairwise(migrations):
        if before.key == after.key:
            raise FileError(after.up.path, f"version {after.version} is there twice, also in {before.up.path.name}",
                            hint="one name is one file" if after.is_repeatable else
                            "give one of them the next free version; if one is applied already, the other")
    return ServiceFiles(service, tuple(migrations), (*notes, *_gaps(migrations)), tuple(seeds))


def _migrations(service: Service, folder: Path) -> tuple[list[MigrationFile], Mapping[Path, str]]:
    if service.layout in (None, "dbconsole"):
        return _own_layout(service.name, folder), {}
    from console.migrate import layouts

    return layouts.read(service)


def _check_inside(folder: Path, migrations: Sequence[MigrationFile], seeds: Sequence[Path]) -> None:
    """Raises FileError for a folder below that is a link to another place; of files `Script` itself says so."""
    below = {os.path.dirname(file.up.location) for file in migrations} | {str(seed.parent) for seed in seeds}  # noqa: PTH120
    inside = os.path.join(os.path.realpath(folder), "")  # noqa: PTH118
    for name in below:
        if not os.path.join(os.path.realpath(name), "").startswith(inside):  # noqa: PTH118
            raise FileError(Path(name), f"is a link to something outside of {folder}")


def _own_layout(service: str, folder: Path) -> list[MigrationFile]:
    ups: dict[tuple[str, str], str] = {}
    downs: dict[tuple[str, str], str] = {}
    inside = os.path.join(folder, "")  # noqa: PTH118
    names = sorted(os.listdir(folder))  # noqa: PTH208 - there may be thousands: names are cheap, paths are not
    for file in names:
        if match := _NAME.fullmatch(file):
            version, name, direction = match.groups()
            (ups if direction.lower() == "up" else downs)[version, name or ""] = inside + file
    for identity in downs.keys() - ups.keys():
        raise FileError(Path(downs[identity]), "there is no up file of this name",
                        hint='both files of a pair have the same version and slug; layout = "golang-migrate" in '
                             "service.toml pairs by the version alone")
    return [MigrationFile(service, version, name, Script(path),
                          Script(downs[version, name]) if (version, name) in downs else None)
            for (version, name), path in ups.items()] + _repeatable(service, folder, names)


def _repeatable(service: str, folder: Path, names: Sequence[str]) -> list[MigrationFile]:
    """Those that have no number and no way down: they are run again whenever they change."""
    inside = os.path.join(folder, "")  # noqa: PTH118
    found = [(match[1], inside + name) for name in names if (match := _REPEATABLE.fullmatch(name))]
    if _FOLDER in names and (below := folder / _FOLDER).is_dir():
        found += [(path.stem, os.fspath(path)) for path in sorted(below.glob("*.sql"))]
    return [MigrationFile(service, REPEATABLE + name, "", Script(path)) for name, path in found]


def _gaps(migrations: list[MigrationFile]) -> list[str]:
    """Missing numbers between numbers that were counted by hand; timestamps have gaps by nature."""
    counted = [int(migration.version) for migration in migrations if migration.version.isdigit()
               and len(migration.version) < 8]
    return [f"no version between {before} and {after}" for before, after in pairwise(counted) if after - before > 1]
