"""Flyway: `V1.2__description.sql`, undone by `U1.2__description.sql`; versions dotted or with underscores.

Sub-folders are searched as well, as Flyway does. `NAME.sql.conf` beside a file may say executeInTransaction=false;
without it, a file with a statement that can't run in a transaction runs outside one. A baseline (`B5__x.sql`) takes
the place of the versions up to its own where those files are gone. Repeatable files (`R__description.sql`) are run
again whenever they change. Placeholders stand for what Flyway's own configuration says, or service.toml. Callbacks in
SQL (`beforeMigrate.sql`, `afterEachMigrate__description.sql`...) are run where Flyway runs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from console.migrate import callbacks, code_step
from console.migrate.faults import FileError
from console.migrate.layouts import flyway_settings
from console.migrate.layouts.flyway_settings import FlywaySettings
from console.migrate.layouts.scripts import as_marked, only_the_tool
from console.migrate.records import MigrationFile, Script
from console.migrate.version import REPEATABLE, VersionKey, version_key

_SUFFIX = r"\.(sql|java|class|kt|scala|groovy|py|bash|sh|ps1|bat|cmd)"
_NAME = re.compile(r"([VUB])(\d+(?:[._]\d+)*)(?:__(.*))?" + _SUFFIX)
_REPEATABLE = re.compile(r"R__(.+)" + _SUFFIX)
_CALLBACK = re.compile(r"((?:before|after)[A-Z]\w*?|createSchema)(?:__.*)?" + _SUFFIX)
_OF_OTHER_COMMANDS = re.compile(r"(before|after)(Validate|Clean|Info|Baseline|Repair)(Error)?|createSchema"
                                r"|beforeCreateSchema")
"""Callbacks around what is none of dbconsole's: its runs take no such steps."""
_LANGUAGES = {"java": "Java", "class": "Java", "kt": "Kotlin", "scala": "Scala", "groovy": "Groovy", "py": "Python"}


def read(service: str, folder: Path, placeholders: Mapping[str, str] | None = None,
         schema: str = "", ignored: Callable[[str], bool] = lambda inside: False, code: str | None = None
         ) -> tuple[list[MigrationFile], dict[Path, str]]:
    """The migrations, with `placeholders` beside those of Flyway's own configuration; `schema` is the service's,
    `ignored` tells by its path below the folder what it leaves out, `code` is the command that runs what isn't SQL.

    Raises FileError for scripts that only Flyway runs, unknown placeholders, lone undo files, and callbacks of events
    that there are none of here.
    """
    reading = _Reading(flyway_settings.read(folder, placeholders or {}), schema, code)
    found: dict[str, dict[VersionKey, tuple[str, str, Path]]] = {"V": {}, "U": {}, "B": {}}
    passed: dict[Path, str] = {}
    repeatable: list[MigrationFile] = []
    for path in sorted(folder.rglob("*")):
        if (again := _REPEATABLE.fullmatch(path.name)) is not None:
            if again[2] != "sql":
                raise only_the_tool(path, "flyway", _LANGUAGES.get(again[2], "script"), by_code=False)
            repeatable.append(MigrationFile(service, REPEATABLE + again[1], "",
                                            reading.script(path, is_repeatable=True)))
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        if match[4] != "sql" and (code is None or match[4] == "class"):
            raise only_the_tool(path, "flyway", _LANGUAGES.get(match[4], "script"), by_code=match[4] != "class")
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
    called = _callbacks(folder, ignored, reading, passed)
    return [MigrationFile(service, version, name.replace("_", " "), reading.script(path),
                          reading.script(found["U"][key][2]) if key in found["U"] else None, callbacks=called)
            for key, (version, name, path) in versions.items()] + [
                replace(file, callbacks=called) for file in repeatable], passed


def _callbacks(folder: Path, ignored: Callable[[str], bool], reading: _Reading,
               passed: dict[Path, str]) -> dict[str, tuple[Script, ...]]:
    """The callbacks by event, in order of name; in `passed` what is said of them and of those that aren't run."""
    found: dict[str, tuple[Script, ...]] = {}
    for path in sorted(folder.rglob("*"), key=lambda path: path.name):
        match = _CALLBACK.fullmatch(path.name)
        if match is None or ignored(inside := path.relative_to(folder).as_posix()):
            continue
        if match[2] != "sql":
            if match[1] in callbacks.RUN:
                language = _LANGUAGES.get(match[2], "a script")
                raise FileError(path, f"is a callback in {language}, which only flyway runs",
                                hint=f'ignore = ["{inside}"] in service.toml leaves it out')
        elif match[1] in callbacks.RUN:
            found[match[1]] = (*found.get(match[1], ()), reading.script(path))
            passed[path] = (f"{path.name} is a callback: it is run with the migrations, and plan and lint don't look "
                            "into it")
        elif _OF_OTHER_COMMANDS.fullmatch(match[1]):
            passed[path] = f"{path.name} is a callback of what Flyway alone does: it is not run"
        else:
            raise FileError(path, "is a callback of Flyway's, of an event that dbconsole has none of",
                            hint=f'ignore = ["{path.name}"] in service.toml leaves it out')
    return found


class _Reading(Struct, frozen=True):
    """How the scripts of one folder are read."""

    settings: FlywaySettings
    schema: str
    code: str | None

    def script(self, path: Path, *, is_repeatable: bool = False) -> Script:
        """A file as it runs. What its placeholders stand for is no part of a version's checksum, as with Flyway: a
        value that changes is no edit of what is applied; a repeatable file is run again for it."""
        if self.code is not None and path.suffix != ".sql":
            return code_step.script(path, self.code)
        own = dict(flyway_settings.lines(path.with_name(path.name + ".conf")))
        execute = own.get("executeintransaction")
        script = Script(path)
        replaces = own.get("placeholderreplacement", str(self.settings.replaces).lower()) != "false"
        if replaces and (filled := self._filled(path, script.text)) != script.text:
            script = Script(path, filled) if is_repeatable else Script(path, filled=filled)
        return as_marked(script, no_transaction=None if execute is None else execute == "false")

    def _filled(self, path: Path, text: str) -> str:
        prefix, suffix = self.settings.prefix, self.settings.suffix
        known = {**self.settings.placeholders, "flyway:filename": path.name, "flyway:table": "flyway_schema_history",
                 **({"flyway:defaultschema": self.schema} if self.schema else {})}

        def value(match: re.Match[str]) -> str:
            if (found := known.get(match[1].strip().lower())) is None:
                raise FileError(
                    path, f"{match[0]} is a placeholder of Flyway's, and nothing says what it stands for",
                    line=text.count("\n", 0, match.start()) + 1,
                    hint=f"write flyway.placeholders.{match[1].strip()}=... into {self.settings.source}, or "
                         "[placeholders] into service.toml; "
                         f"placeholderReplacement=false into {path.name}.conf if it is SQL")
            return found

        return re.sub(f"{re.escape(prefix)}([^\\n]*?){re.escape(suffix)}", value, text)
