"""Other tools' folders of migrations, read as they are: no file has to be renamed or rewritten.

Each module has `read(service, folder)`: the migrations, in any order, and by path what is understood and rightly
isn't run, with a note on each.
The engine applies what comes of it like its own files; errors keep the lines of the original ones.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path

from console.errors import ConfigError
from console.migrate.faults import FileError
from console.migrate.frameworks.specs import TITLES
from console.migrate.records import MigrationFile
from console.services import Service

LAYOUTS: Mapping[str, str] = {
    "golang-migrate": "golang_migrate",
    "diesel": "diesel",
    "sqlx": "sqlx",
    "dbmate": "dbmate",
    "goose": "goose",
    "sql-migrate": "sql_migrate",
    "flyway": "flyway",
    "prisma": "prisma",
    "tern": "tern",
    "drizzle": "drizzle",
    "sqitch": "sqitch",
    "liquibase": "liquibase",
}
"""A layout's name in the configuration, and its module here."""

_ORDERED_BY: Mapping[str, Callable[[MigrationFile], str]] = {
    "dbmate": lambda file: file.up.path.name,
    "diesel": lambda file: file.version,
    "prisma": lambda file: file.up.path.parent.name,
}
"""By what the tools order, letter by letter, that don't take a number for a number."""

Reader = Callable[[str, Path], tuple[list[MigrationFile], Mapping[Path, str]]]


def read(service: Service) -> tuple[list[MigrationFile], Mapping[Path, str]]:
    """The migrations of a service that has a layout and a folder, and what is rightly not run.

    Raises ConfigError for an unknown layout, FileError for a file that the layout doesn't allow or that only the
    other tool can run (a Go or Java migration).
    """
    assert service.layout is not None and service.folder is not None
    module = LAYOUTS.get(service.layout)
    if module is None:
        names = [*LAYOUTS, "dbconsole"]
        close = difflib.get_close_matches(service.layout, names, 1, 0.5)
        raise ConfigError(f"service {service.name}: there is no layout {service.layout!r}",
                          hint=f"did you mean {close[0]}?" if close else f"known: {', '.join(names)}")
    if service.layout == "flyway":
        from console.migrate.layouts import flyway

        return flyway.read(service.name, service.folder, service.placeholders, next(iter(service.schemas), ""),
                           service.ignores, service.code)
    if service.layout == "goose":
        from console.migrate.layouts import goose

        return goose.read(service.name, service.folder, service.code)
    if service.layout == "liquibase":
        from console.migrate.layouts import liquibase

        return liquibase.read(service.name, service.folder, service.placeholders, service.contexts)
    reader: Reader = import_module(f"{__name__}.{module}").read
    migrations, passed = reader(service.name, service.folder)
    if (name := _ORDERED_BY.get(service.layout)) is not None:
        _check_order(TITLES[service.layout], sorted(migrations, key=lambda file: (name(file), file.key)))
    return migrations, passed


def _check_order(tool: str, by_name: Sequence[MigrationFile]) -> None:
    """Raises FileError where a tool that orders by name has another order than the versions, which the ledger's have
    too: one of the two orders can't have been meant."""
    for before, after in pairwise(by_name):
        if after.key < before.key:
            raise FileError(after.up.path, f"{tool} runs it after {before.version}_{before.name}, by the letters of "
                            "the names, and as numbers the versions have the other order",
                            hint="give all versions the same number of digits")


__all__ = ["LAYOUTS", "read"]
