"""Which tool a folder of migrations was written for, told from its files' names and first lines; nothing is run.

A layout is files of SQL, which dbconsole's own engine runs; a framework is left to its own tool.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from msgspec import Struct

from console import files
from console.errors import ConfigError

LAYOUT_NAMES: Mapping[str, str] = {
    "dbconsole": "VERSION_slug.up.sql and VERSION_slug.down.sql, or R__name.sql",
    "golang-migrate": "N_title.up.sql and N_title.down.sql",
    "diesel": "YYYY-MM-DD-HHMMSS_title/up.sql and down.sql",
    "sqlx": "N_description.sql, or N_description.up.sql and .down.sql",
    "dbmate": "N_name.sql with -- migrate:up",
    "goose": "N_name.sql with -- +goose Up",
    "sql-migrate": "name.sql with -- +migrate Up",
    "flyway": "V1.2__description.sql, U1.2__description.sql, R__description.sql",
    "prisma": "N_name/migration.sql",
    "tern": "N_name.sql, with ---- create above / drop below ----",
    "drizzle": "NNNN_tag.sql, as meta/_journal.json lists them",
    "sqitch": "deploy/NAME.sql and revert/NAME.sql, as sqitch.plan lists them",
    "liquibase": "--changeset author:id in files that begin with --liquibase formatted sql",
}
"""The layouts that the engine reads, each with what its files are called."""

_LOOKED_INTO = 50
_BEGINNING_BYTES = 4096
_OWN_BEGIN = rb"(?i)(?:\xef\xbb\xbf)?(?:\s|--[^\n]*\n)*(?:BEGIN|START TRANSACTION)\s*;"
_PAIR = re.compile(r"\d+(\.\d+)*([_-].*)?\.(up|down)\.sql", re.IGNORECASE)
_FLYWAY = re.compile(r"[VUB]\d[\d._]*__.*\.sql")
_REPEATABLE = re.compile(r"R__.*\.sql")
_NUMBERED = re.compile(r"\d+.*\.sql", re.IGNORECASE)
_GO = re.compile(r"\d+_.*(?<!_test)\.go")
_MARKS: Mapping[str, bytes] = {
    "dbmate": rb"(?m)^--\s*migrate:up",
    "goose": rb"(?mi)^--\s*\+goose\s+up",
    "sql-migrate": rb"(?mi)^--\s*\+migrate\s+up",
    "liquibase": rb"(?mi)^--\s*liquibase formatted sql",
    "tern": rb"(?m)^---- (create above / drop below|tern: disable-tx) ----",
}
"""What a file of SQL says, by whose it is."""
_TELLING = {
    "sqitch.plan": "sqitch", "env.py": "alembic", "alembic.ini": "alembic", "migration_lock.toml": "prisma",
    "meta/_journal.json": "drizzle", "committed": "graphile-migrate",
}
"""What one framework alone has in its folder."""
_CODE: Sequence[tuple[tuple[str, ...], str, Mapping[str, bytes]]] = (
    ((".exs",), r"\d+_.+", {"ecto": b""}),
    ((".rb",), r"\d+_.+", {"rails": b""}),
    ((".cs",), r"\d{14}_[^.]+", {"ef-core": b""}),
    ((".php",), r"\d{4}_\d\d_\d\d_\d{6}_.+", {"laravel": b""}),
    ((".py",), r"(?!__).+", {"django": rb"migrations\.Migration\b", "alembic": rb"(?m)^down_revision\b",
                            "yoyo": rb"\byoyo\b"}),
    ((".ts", ".js", ".mjs", ".cjs", ".mts"), r".*\d.*", {
        "typeorm": rb"\bMigrationInterface\b", "node-pg-migrate": rb"\bpgm\b|node-pg-migrate", "knex": rb"\bknex\b",
        "sequelize": rb"\bqueryInterface\b|umzug", "kysely": rb"\bkysely\b|\bdb\.schema\b"}),
    ((".xml", ".yaml", ".yml", ".json"), r".+", {"liquibase": rb"databaseChangeLog", "pgroll": rb"\boperations\b"}),
)
"""Migrations in code: suffixes, what stands before them, and by what its text a framework is told."""


class FolderKind(Struct, frozen=True):
    """What a folder holds: a `layout` or a `framework`, and the file that tells; neither for own pairs or nothing."""

    layout: str | None = None
    framework: str | None = None
    file: str = ""


def recognise(folder: Path) -> FolderKind:
    """Raises ConfigError when it could be two, OSError when it can't be read.

    Pairs of .up.sql and .down.sql are dbconsole's own layout, which golang-migrate's and sqlx's pairs are as well;
    those are told by what the own layout would pass over or refuse: sqlx's mark, a file that begins a transaction.
    """
    names = sorted(os.listdir(folder))  # noqa: PTH208 - names alone, of which there are thousands
    for name, framework in _TELLING.items():
        if name.split("/")[0] in names and (folder / name).exists():
            return _kind(framework, name)
    found = {**_found(folder, names)}
    if "dbconsole" in found:
        # A lone 0007_x.sql among pairs is a slip of the pen, not sqlx: what isn't read is told by its name.
        found.pop("sqlx", None)
        if len(found) == 1:
            return _kind_of_pairs(folder, islice(filter(_PAIR.fullmatch, names), _LOOKED_INTO))
    if len(found) > 1:
        seen = " and ".join(f"{tool}'s ({name})" for tool, name in found.items())
        raise ConfigError(f"{folder}: it isn't clear whose migrations these are: {seen}",
                          hint='say which: layout = "..." or framework = "..." in the configuration or '
                               "service.toml, or --layout")
    if not found and (first := next(filter(_REPEATABLE.fullmatch, names), None)):
        return _kind("flyway", first)  # among pairs they are dbconsole's own
    return next((_kind(*item, folder) for item in found.items() if item[0] != "dbconsole"), FolderKind())


def holds_migrations(folder: Path) -> bool:
    """Whether files right in it are migrations of any tool, so that it is no folder of services. Raises OSError."""
    try:
        kind = recognise(folder)
    except ConfigError:
        return True
    return kind != FolderKind() or any(map(_PAIR.fullmatch, os.listdir(folder)))  # noqa: PTH208


def _kind(tool: str, file: str, folder: Path | None = None) -> FolderKind:
    if folder is not None and tool == "liquibase" and _has_other_changesets(folder):
        return FolderKind(framework=tool, file=file)
    return FolderKind(layout=tool, file=file) if tool in LAYOUT_NAMES else FolderKind(framework=tool, file=file)


def _has_other_changesets(folder: Path) -> bool:
    """Whether a changelog of Liquibase's has changesets that aren't SQL, which only Liquibase can run."""
    return any(path.suffix in (".xml", ".yaml", ".yml", ".json") and path.is_file()
               and re.search(rb"<changeSet\b|\bchangeSet\"?\s*:", files.beginning(path, files.CHUNK_BYTES))
               for path in sorted(folder.rglob("*")))


def _found(folder: Path, names: Iterable[str]) -> Mapping[str, str]:
    """Every tool that a file or a folder speaks of, with the first that does."""
    found: dict[str, str] = {}
    looked = 0
    for name in names:
        tools = [*_by_name(folder, name)]
        if not tools and looked < _LOOKED_INTO:
            tools = [*_by_text(folder, name)]
            looked += bool(tools)
        for tool in tools:
            found.setdefault(tool, name)
    return found


def _by_name(folder: Path, name: str) -> Iterator[str]:
    if _PAIR.fullmatch(name):
        yield "dbconsole"
    elif _FLYWAY.fullmatch(name):
        yield "flyway"
    elif _GO.fullmatch(name):
        yield "goose"
    elif name[0].isdigit() and "." not in name:
        if (folder / name / "up.sql").is_file():
            yield "diesel"
        elif (folder / name / "migration.sql").is_file():
            yield "prisma"


def _by_text(folder: Path, name: str) -> Iterator[str]:
    stem, _, suffix = name.rpartition(".")
    is_numbered = _NUMBERED.fullmatch(name) is not None
    marks = _MARKS if suffix.lower() == "sql" else next(
        (marks for suffixes, pattern, marks in _CODE if f".{suffix}" in suffixes and re.fullmatch(pattern, stem)), None)
    if marks is not None and (folder / name).is_file():
        text = files.beginning(folder / name, files.CHUNK_BYTES)
        told = [tool for tool, mark in marks.items() if re.search(mark, text)]
        yield from told or (["sqlx"] if is_numbered else [])


def _kind_of_pairs(folder: Path, names: Iterable[str]) -> FolderKind:
    for name in names:
        text = files.beginning(folder / name, _BEGINNING_BYTES)
        if text.startswith(b"-- no-transaction"):
            return FolderKind(layout="sqlx", file=name)
        if re.match(_OWN_BEGIN, text):
            return FolderKind(layout="golang-migrate", file=name)
    return FolderKind()
