"""Which tool a folder of migrations was written for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from console import files
from console.errors import ConfigError

_OWN = re.compile(r"\d[\d.]*([_-][^.]*)?\.(up|down)\.sql", re.IGNORECASE)
_FLYWAY = re.compile(r"([VUB]\d[\d._]*|R)__.*\.sql")
_NUMBERED = re.compile(r"\d+.*\.sql")
_MARKS = {
    "dbmate": re.compile(rb"^--\s*migrate:up", re.MULTILINE),
    "goose": re.compile(rb"^--\s*\+goose\s+up", re.MULTILINE | re.IGNORECASE),
    "sql-migrate": re.compile(rb"^--\s*\+migrate\s+up", re.MULTILINE | re.IGNORECASE),
}
_LOOKED_INTO = 50


def detect(folder: Path) -> str | None:
    """The layout that the folder's names, and then its first files, speak of; None for dbconsole's own or nothing.

    Pairs of .up.sql and .down.sql are dbconsole's own layout, which golang-migrate's and sqlx's pairs are as well
    (see `detect_pairs`). Raises ConfigError when it could be two.
    """
    found: dict[str, str] = {}
    pairs: list[str] = []
    numbered: list[str] = []
    for name in sorted(os.listdir(folder)):  # noqa: PTH208 - names alone, of which there are thousands
        if _OWN.fullmatch(name):
            pairs.append(name)
        elif _FLYWAY.fullmatch(name):
            found.setdefault("flyway", name)
        elif _NUMBERED.fullmatch(name):
            numbered.append(name)
        elif name[0].isdigit() and "diesel" not in found and (folder / name / "up.sql").is_file():
            found["diesel"] = f"{name}/up.sql"
    for name in numbered[:_LOOKED_INTO]:
        text = files.read_inside(folder / name)
        marks = [layout for layout, mark in _MARKS.items() if mark.search(text)]
        for layout in marks or ["sqlx"]:
            found.setdefault(layout, name)
    if pairs:
        # A lone 0007_x.sql among pairs is a slip of the pen, not sqlx: the own layout says so in a note.
        found.pop("sqlx", None)
        found["dbconsole"] = pairs[0]
    if len(found) > 1:
        seen = " and ".join(f"{layout}'s ({name})" for layout, name in found.items())
        raise ConfigError(f"{folder}: it isn't clear whose migrations these are: {seen}",
                          hint='say which: layout = "..." in the configuration or service.toml, or --layout')
    if pairs:
        return detect_pairs(folder / name for name in pairs)
    return next(iter(found), None)


def detect_pairs(paths: Iterable[Path]) -> str | None:
    """sqlx where one of the first pairs has its mark, which the own layout would pass over; else None."""
    return "sqlx" if any(map(_begins_like_sqlx, islice(paths, _LOOKED_INTO))) else None


def _begins_like_sqlx(path: Path) -> bool:
    return files.beginning(path, 17).startswith(b"-- no-transaction")
