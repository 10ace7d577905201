"""What a service is called for good, where only its folder's name says so: asked for once, kept in service.toml."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from console import files
from console.migrate.faults import FileError
from console.migrate.files import is_foreign
from console.migrate.records import ServiceStatus
from console.services import Service

GENERIC = frozenset({"migrations", "migration", "migrate", "db", "database", "sql", "schema", "src", "app", "prisma",
                     "drizzle", "supabase", "resources", "deploy"})
"""Names of folders that say nothing of whose migrations are in them."""


def is_unnamed(service: Service, statuses: Sequence[ServiceStatus]) -> bool:
    """Whether nobody has said what it is called, and by `statuses` the ledger has nothing of it or its tenants."""
    return (service.is_alone and not service.is_named and service.folder is not None and not is_foreign(service)
            and not any(migration.row for status in statuses if status.service.family == service.family
                        for migration in status.migrations))


def proposed(service: Service) -> str:
    """A name made of the nearest folder that has one of its own."""
    assert service.folder is not None
    folder = service.folder.resolve()
    found = next((path.name for path in (folder, *folder.parents) if path.name.lower() not in GENERIC), "")
    name = "".join(letter if letter.isalnum() or letter in "_-." else "_" for letter in found).strip("_-.")
    return name if wrong_name(name) is None else "service"


def wrong_name(name: str) -> str | None:
    """Why a service can't be called so, None where it can."""
    if name[:1].isalpha() and all(letter.isalnum() or letter in "_-." for letter in name):
        return None
    return f"{name!r} is no name: letters, digits, _, - and dots, a letter first"


def keep_name(service: Service, name: str) -> Path:
    """Writes the name into the folder's service.toml and returns its path. Raises FileError."""
    assert service.folder is not None
    return keep(service.folder, "name", name)


def keep(folder: Path, key: str, value: str) -> Path:
    """Writes a plain word into the folder's service.toml, which doesn't have it yet, and returns its path.

    Raises FileError.
    """
    path = folder / "service.toml"
    line = f'{key} = "{value}"\n'
    try:
        if path.exists():
            text = files.read_inside(path).decode("utf-8-sig")
            with files.replacing(path, files.BY_UMASK) as file:
                file.write((line + text).encode())
        else:
            files.write_new(path, line)
    except OSError as error:
        raise FileError(path, f"can't be written: {error.strerror}") from None
    return path
