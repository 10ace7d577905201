"""Which files a Liquibase changelog includes, and in which order: a root of XML, YAML or JSON, or the folder itself.

A root may hold include, includeAll and property; without one all files of SQL are read by their paths, as includeAll
does. Changesets that aren't SQL are Liquibase's alone to run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from msgspec import Struct

from console.migrate.faults import FileError
from console.migrate.layouts.scripts import content

_SUFFIXES = (".xml", ".yaml", ".yml", ".json")
_FORMATTED = re.compile(r"\s*--\s*liquibase formatted", re.IGNORECASE)
_YAML_ITEM = re.compile(r"\s*-\s*(\w+):\s*(?:\{(.*)\})?\s*")
_YAML_VALUE = re.compile(r"\s+(\w+):\s*(.*?)\s*")
_PLAIN = ("include", "includeAll", "property")
_KNOWN: Mapping[str, frozenset[str]] = {
    "include": frozenset(("file", "relativeToChangelogFile")),
    "includeAll": frozenset(("path", "relativeToChangelogFile")), "property": frozenset(("name", "value"))}


class Changelog(Struct, frozen=True):
    """The files of formatted SQL in the order in which they run, and what `${name}` stands for by the root's word;
    `roots` are the files that say so."""

    files: tuple[Path, ...]
    properties: Mapping[str, str]
    roots: frozenset[Path]


def read(folder: Path) -> Changelog:
    """The changelog of a folder. Raises FileError for what isn't understood, and for formatted SQL that it leaves out.
    """
    written = {path: _entries(path) for path in sorted(folder.rglob("*")) if path.suffix in _SUFFIXES
               and "databaseChangeLog" in content(path)}
    below = {found for path, entries in written.items() for found in _included(folder, path, entries)}
    roots = [path for path in written if path not in below]
    if len(roots) > 1:
        raise FileError(roots[1], f"is a root of the changelog, and so is {roots[0].name}",
                        hint="one includes the other, or the folder of one of them is the service's")
    formatted = [path for path in sorted(folder.rglob("*.sql")) if is_formatted(path)]
    if not roots:
        return Changelog(tuple(formatted), {}, frozenset())
    properties: dict[str, str] = {}
    files = list(dict.fromkeys(_followed(folder, roots[0], written, properties)))
    if left := [path for path in formatted if path not in files]:
        raise FileError(left[0], f"is formatted SQL that {roots[0].name} doesn't include",
                        hint=f"include it there, or take it out: Liquibase never runs it from {roots[0].name}")
    return Changelog(tuple(files), properties, frozenset(written))


def is_formatted(path: Path) -> bool:
    """Whether a file of SQL is a changelog."""
    return _FORMATTED.match(content(path)) is not None


def _followed(folder: Path, path: Path, written: Mapping[Path, Sequence[tuple[str, Mapping[str, str]]]],
              properties: dict[str, str]) -> Iterator[Path]:
    """The files of SQL that `path` includes, one after the other; its properties are added, the first of a name wins.
    """
    for kind, values in written[path]:
        if kind == "property":
            properties.setdefault(values["name"], values.get("value", ""))
            continue
        for found in _included(folder, path, [(kind, values)]):
            if found in written:
                yield from _followed(folder, found, written, properties)
            elif is_formatted(found):
                yield found
            else:
                raise FileError(found, "has no line --liquibase formatted sql: to Liquibase all of it is one changeset",
                                hint="dbconsole runs formatted SQL: begin it with that line and a --changeset")


def _included(folder: Path, path: Path, entries: Sequence[tuple[str, Mapping[str, str]]]) -> Iterator[Path]:
    for kind, values in entries:
        if kind == "property":
            continue
        name = values.get("file" if kind == "include" else "path", "")
        found = _place(folder, path, name, is_relative=values.get("relativeToChangelogFile", "").lower() == "true")
        if kind == "include" and found.is_file():
            yield found
        elif kind == "includeAll" and found.is_dir():
            yield from sorted(inside for inside in found.rglob("*") if inside != path
                              and inside.suffix in (".sql", *_SUFFIXES))
        else:
            raise FileError(path, f"{kind} {name}: there is no such {'file' if kind == 'include' else 'folder'}",
                            hint=f"it is looked for in {folder}, by the end of its path too")


def _place(folder: Path, path: Path, name: str, *, is_relative: bool) -> Path:
    """Where an include leads: the folder that Liquibase starts from may be several above the service's."""
    parts = Path(name.removeprefix("classpath:").replace("\\", "/").lstrip("/")).parts
    if is_relative:
        return path.parent.joinpath(*parts)
    return next((place for place in (folder.joinpath(*parts[skip:]) for skip in range(len(parts)))
                 if place.exists()), folder.joinpath(*parts))


def _entries(path: Path) -> list[tuple[str, Mapping[str, str]]]:
    """What a root lists. Raises FileError for a changeset and anything else but includes and properties."""
    readers = {".xml": _xml, ".json": _json}
    found = list(readers.get(path.suffix, _yaml)(path))
    for kind, values in found:
        if kind == "changeSet":
            raise FileError(path, "holds changesets that aren't formatted SQL, which only Liquibase can run",
                            hint='leave this service to Liquibase: framework = "liquibase" and its commands as up and '
                                 "down; or write them as SQL (liquibase update-sql on an empty database prints it)")
        if kind not in _PLAIN or (unknown := values.keys() - _KNOWN[kind]):
            what = kind if kind not in _PLAIN else f"{kind} with {', '.join(sorted(unknown))}"
            raise FileError(path, f"{what}: dbconsole reads include, includeAll and property of a changelog alone",
                            hint='leave this service to Liquibase: framework = "liquibase"')
    return found


def _xml(path: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    try:
        root = ElementTree.fromstring(content(path))
    except ElementTree.ParseError as error:
        raise FileError(path, f"is no XML: {error}") from None
    for element in root:
        yield element.tag.rpartition("}")[2], dict(element.attrib)


def _json(path: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    try:
        for item in json.loads(content(path))["databaseChangeLog"]:
            for kind, values in item.items():
                yield kind, {} if kind == "changeSet" else _texts(values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FileError(path, f"is no changelog: {error}") from None


def _texts(values: Mapping[str, Any]) -> Mapping[str, str]:
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in values.items()}


def _yaml(path: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The few forms of YAML that a list of includes has. Raises FileError for any other line."""
    items: list[tuple[str, dict[str, str]]] = []
    for number, line in enumerate(content(path).splitlines(), 1):
        if not (bare := line.split(" #")[0].rstrip()) or bare.lstrip().startswith(("#", "---")) \
                or bare == "databaseChangeLog:":
            continue
        if items and items[-1][0] == "changeSet":
            break
        if item := _YAML_ITEM.fullmatch(bare):
            inline = [pair.partition(":") for pair in (item[2] or "").split(",") if pair.strip()]
            items.append((item[1], {key.strip(): _unquoted(value) for key, _, value in inline}))
        elif items and (value := _YAML_VALUE.fullmatch(bare)):
            items[-1][1][value[1]] = _unquoted(value[2])
        else:
            raise FileError(path, "isn't understood: a list of include, includeAll and property is", line=number)
    yield from items


def _unquoted(value: str) -> str:
    return value.strip().strip("'\"")
