"""What Flyway's own configuration says of its files: flyway.toml or flyway.conf, by the migrations or above them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from console.migrate.faults import FileError
from console.migrate.layouts.scripts import content

_NAMES = ("flyway.toml", "flyway.conf", "conf/flyway.toml", "conf/flyway.conf")
_LEVELS = 6
"""How far above the migrations it is looked for: src/main/resources/db/migration stands five below the project."""
_DEFAULTS = {"sqlmigrationprefix": "V", "undosqlmigrationprefix": "U", "repeatablesqlmigrationprefix": "R",
             "baselinemigrationprefix": "B", "sqlmigrationseparator": "__", "sqlmigrationsuffixes": ".sql"}
"""Settings by which files have other names; only the defaults are read here."""


class FlywaySettings(Struct, frozen=True):
    """How placeholders are written and what they stand for, by name in small letters; `source` says so."""

    placeholders: Mapping[str, str] = field(default_factory=dict)
    prefix: str = "${"
    suffix: str = "}"
    replaces: bool = True
    source: str = "flyway.conf"


def read(folder: Path, given: Mapping[str, str]) -> FlywaySettings:
    """The settings for the migrations in `folder`; `given` placeholders, of service.toml, win.

    Raises FileError for a file that can't be read, and where it gives files names that aren't read here.
    """
    path = next(_candidates(folder), None)
    flat = {} if path is None else _toml(path) if path.suffix == ".toml" else dict(lines(path, lower=False))
    for key, default in _DEFAULTS.items():
        if path is not None and flat.get(key, default) != default:
            raise FileError(path, f"{key} is {flat[key]!r}: files are read by Flyway's own names alone",
                            hint=f'the default is {default!r}; or leave the service to Flyway: framework = "flyway"')
    found = {key.removeprefix("placeholders."): value for key, value in flat.items()
             if key.startswith("placeholders.")}
    return FlywaySettings({**found, **{name.lower(): value for name, value in given.items()}},
                          flat.get("placeholderprefix", "${"), flat.get("placeholdersuffix", "}"),
                          flat.get("placeholderreplacement", "true").lower() != "false",
                          str(path) if path is not None else "flyway.conf")


def lines(path: Path, *, lower: bool = True) -> Iterator[tuple[str, str]]:
    """The key=value lines of a configuration file, keys in small letters without `flyway.`, values too with `lower`."""
    if not path.is_file():
        return
    for line in content(path).splitlines():
        if line.strip() and line.lstrip()[0] not in "#!":
            key, _, value = line.partition("=")
            yield key.strip().lower().removeprefix("flyway."), value.strip().lower() if lower else value.strip()


def _candidates(folder: Path) -> Iterator[Path]:
    """The configuration files of the nearest folder that has one, not beyond the repository's own."""
    for place in (folder.absolute(), *folder.absolute().parents)[:_LEVELS]:
        yield from (place / name for name in _NAMES if (place / name).is_file())
        if (place / ".git").exists():
            return


def _toml(path: Path) -> dict[str, str]:
    try:
        table = tomllib.loads(content(path))
    except tomllib.TOMLDecodeError as error:
        raise FileError(path, f"is no TOML: {error}") from None
    return dict(_flat(table.get("flyway", {}), ""))


def _flat(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _flat(below, f"{key}.{name.lower()}" if key else name.lower())
    elif isinstance(value, list):
        yield key, ",".join(map(str, value))
    else:
        yield key, str(value).lower() if isinstance(value, bool) else str(value)
