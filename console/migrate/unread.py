"""Files beside the migrations of a folder that are none: what has a number is not passed over in silence."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from console.errors import ConfigError
from console.migrate.faults import FileError
from console.services import Service
from console.services.recognise import LAYOUT_NAMES, FolderKind, recognise

_CODE = frozenset((".py", ".go", ".rb", ".exs", ".ex", ".cs", ".php", ".java", ".kt", ".ts", ".js", ".mjs", ".cjs",
                   ".mts", ".xml", ".yaml", ".yml", ".json", ".sh", ".bash", ".ps1", ".bat", ".cmd", ".class", ".scala",
                   ".groovy", ".rs", ".clj", ".edn", ".pl"))
_SQL_TOO = frozenset((".psql", ".pgsql", ".pg", ".ddl", ".dml"))
"""Other suffixes that SQL has; no tool reads them, but somebody means a file with a number to be run."""
_NUMBERED_CODE = re.compile(r"[VUBR]?\d.*(?<!_test)\.\w+|R__.*")
_WOULD_READ = (
    (re.compile(r"(.*/)?([VUB]\d[\d._]*|R)__.*\.sql"), "flyway"),
    (re.compile(r"\d[^/]*/(up|down)\.sql"), "diesel"), (re.compile(r"\d[^/]*/migration\.sql"), "prisma"),
    (re.compile(r"\d+(\.\d+)*([_-][^/]*)?\.(up|down)\.sql"), "golang-migrate"), (re.compile(r"\d+_[^/]*\.sql"), "sqlx"),
)
"""Which layout would read a file, by its path below the folder."""
_LISTS = {"sqitch": "sqitch.plan", "drizzle": "meta/_journal.json"}
"""Where a layout lists its files, whose names alone say nothing."""
_TITLED = re.compile(r"(.*/)?[A-Za-z]*?(\d+)[._-]+(.*?)((?:\.(?:up|down))?\.sql)", re.IGNORECASE)


def check(service: Service, read: Collection[str]) -> Iterator[str]:
    """Notes on files of SQL whose names have no number, which no tool takes for migrations; `read` are the paths of
    those that the layout understands.

    Raises FileError for a file with a number in its name that it doesn't, unless the service ignores it; for any file
    of SQL where it understands none.
    """
    folder = service.folder
    assert folder is not None
    passed_over: dict[str, str] = {}
    for inside in _others(os.fspath(folder), read):
        if service.ignores(inside):
            continue
        if not read or any(letter.isdigit() for letter in inside):
            raise _refusal(service, folder, inside)
        top, slash, _ = inside.partition("/")
        passed_over.setdefault(top + slash, f"{top}{slash} is no migration: its name has no number" if not slash else
                               f"{top}/ holds SQL that is no migration: {inside}")
    yield from passed_over.values()


def _others(folder: str, read: Collection[str], below: str = "") -> Iterator[str]:
    """The files of SQL and those of code that have a number, without those `read`, by their paths below the folder."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        name = entry.name
        if name[0] == "." or entry.path in read:
            continue
        suffix = name[name.rfind("."):].lower() if "." in name else ""
        if suffix == ".sql" or (suffix in _CODE | _SQL_TOO and _NUMBERED_CODE.fullmatch(name)):
            yield below + name
        elif suffix not in _CODE | _SQL_TOO and entry.is_dir() and (below or name != "seed"):
            top = folder[:len(folder) - len(below)]
            inside = os.path.join(os.path.realpath(top), "")  # noqa: PTH118
            if entry.is_symlink() and not os.path.realpath(entry.path).startswith(inside):
                raise FileError(Path(entry.path), f"is a link to something outside of {top}")
            yield from _others(entry.path, read, f"{below}{name}/")


def _ignoring(inside: str) -> str:
    return f'ignore = ["{inside}"] in service.toml leaves it out'


def _kind(folder: Path) -> FolderKind:
    with suppress(ConfigError, OSError):
        return recognise(folder)
    return FolderKind()


def _refusal(service: Service, folder: Path, inside: str) -> FileError:
    layout = service.layout or "dbconsole"
    other = next((name for pattern, name in _WOULD_READ if name != layout and pattern.fullmatch(inside)), None)
    top, slash, _ = inside.partition("/")
    if layout in _LISTS and inside.endswith(".sql"):
        way = f"{_LISTS[layout]} doesn't list it"
    elif other is not None:
        way = f'layout = "{other}" would read it'
    elif slash and (kind := _kind(folder / top)) != FolderKind():
        way = f"the folder {top} is {kind.layout or kind.framework}'s: name that"
    elif inside.endswith(".sql") and "/" not in inside and (parts := _TITLED.fullmatch(inside)):
        way = f"call it {parts[2]}_{parts[3]}{parts[4]}"
    elif inside.endswith(".sql"):
        way = 'layout = "..." or framework = "..." says whose it is'
    elif (suffix := Path(inside).suffix).lower() in _SQL_TOO:
        way = f"call it {Path(inside).name.removesuffix(suffix)}.sql"
    else:
        way = 'framework = "..." says what runs it'
    return FileError(folder / inside,
                     f"is not read: in the layout {layout} migrations are called {LAYOUT_NAMES.get(layout, layout)}",
                     hint=f"{way}; {_ignoring(inside)}")
