"""Flyway: `V1.2__description.sql`, undone by `U1.2__description.sql`; versions dotted or with underscores.

Sub-folders are searched as well, as Flyway does. `NAME.sql.conf` beside a file may say executeInTransaction=false;
without it, a file with a statement that can't run in a transaction runs outside one. A baseline (`B5__x.sql`) takes
the place of the versions up to its own where those files are gone. Repeatable files (`R__description.sql`) are run
again whenever they change. Callbacks are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from console.migrate.faults import FileError
from console.migrate.layouts.scripts import content, only_the_tool, whole
from console.migrate.records import MigrationFile, Script
from console.migrate.version import REPEATABLE, VersionKey, version_key

_NAME = re.compile(r"([VUB])(\d+(?:[._]\d+)*)(?:__(.*))?\.(sql|java|class|kt|py|sh|ps1|bat|cmd)")
_REPEATABLE = re.compile(r"R__(.+)\.(sql|java|class|kt|py|sh|ps1|bat|cmd)")
_LANGUAGES = {"java": "Java", "class": "Java", "kt": "Kotlin", "py": "Python"}
_PLACEHOLDER = re.compile(r"\$\{[^}\n]*\}")


def read(service: str, folder: Path) -> tuple[list[MigrationFile], dict[Path, str]]:
    """The migrations. Raises FileError for scripts that only Flyway runs, placeholders and lone undo files."""
    found: dict[str, dict[VersionKey, tuple[str, str, Path]]] = {"V": {}, "U": {}, "B": {}}
    passed: dict[Path, str] = {}
    repeatable: list[MigrationFile] = []
    for path in sorted(folder.rglob("*")):
        if (again := _REPEATABLE.fullmatch(path.name)) is not None:
            if again[2] != "sql":
                raise only_the_tool(path, "flyway", _LANGUAGES.get(again[2], "script"))
            repeatable.append(MigrationFile(service, REPEATABLE + again[1], "", _script(path)))
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        if match[4] != "sql":
            raise only_the_tool(path, "flyway", _LANGUAGES.get(match[4], "script"))
        version = match[2].replace("_", ".")
        known = found[match[1]].setdefault(version_key(version), (version, match[3] or "", path))
        if known[2] != path:
            raise FileError(path, f"version {version} is there twice, also in {known[2].name}")
    for key, (_, _, path) in found["U"].items():
        if key not in found["V"]:
            raise FileError(path, "undoes a version that has no file", hint="its V file is missing")
    versions = found["V"]
    if found["B"]:
        newest = max(found["B"])
        if any(key <= newest for key in versions):
            passed = {path: f"{path.name} is a baseline: not run, the versions before it are all there"
                      for _, _, path in found["B"].values()}
        else:
            versions = {newest: found["B"][newest], **versions}
    return [MigrationFile(service, version, name.replace("_", " "), _script(path),
                          _script(found["U"][key][2]) if key in found["U"] else None)
            for key, (version, name, path) in versions.items()] + repeatable, passed


def _script(path: Path) -> Script:
    settings = _settings(path.with_name(path.name + ".conf"))
    text = content(path)
    if settings.get("placeholderreplacement", "true") != "false" and (match := _PLACEHOLDER.search(text)):
        raise FileError(path, f"{match[0]} is a placeholder of Flyway's, which dbconsole doesn't fill in",
                        line=text.count("\n", 0, match.start()) + 1,
                        hint=f"write the value, or placeholderReplacement=false into {path.name}.conf if it is SQL")
    execute = settings.get("executeintransaction")
    return whole(path, no_transaction=None if execute is None else execute == "false")


def _settings(path: Path) -> Mapping[str, str]:
    """A script configuration file: key=value lines, keys without regard to case."""
    if not path.is_file():
        return {}
    lines = (line for line in content(path).splitlines() if line.strip() and line.lstrip()[0] not in "#!")
    pairs = (line.partition("=") for line in lines)
    return {key.strip().lower().removeprefix("flyway."): value.strip().lower() for key, _, value in pairs}
