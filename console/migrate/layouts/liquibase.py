"""Liquibase's formatted SQL: `--changeset author:id` parts a file into migrations, `--rollback` is their way down.

Changesets run in the order of the changelog. A file's number, or its place among them, is the version of its first
changeset; the second is N.2, and so on. `runOnChange:true` makes a repeatable file of one. What would do something else
here than with Liquibase (preconditions, contexts of which nothing is said, errors to be passed over) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from console.migrate.faults import FileError
from console.migrate.layouts import liquibase_changelog
from console.migrate.layouts.scripts import content, section
from console.migrate.layouts.sections import marks, nothing_before
from console.migrate.records import MigrationFile, Script
from console.migrate.version import REPEATABLE, VersionKey, version_key

CHANGESET = re.compile(r"^[ \t]*--[ \t]*changeset[ \t]+(.*?)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
IDENTITY = re.compile(r'("[^"]+"|[^:\s][^:]*):("[^"]+"|\S+)(.*)')
ATTRIBUTE = re.compile(r'(\w+):("[^"]*"|\S+)')
_LINE = re.compile(r"[ \t]*--[ \t]*(rollback|preconditions?[\w-]*|property|ignoreLines|comment|validCheckSum)\b[: \t]?"
                   r"(.*?)(\r?\n)?", re.IGNORECASE)
_ROLLBACK_BLOCK = re.compile(r"\s*/\*\s*liquibase\s*rollback\s*", re.IGNORECASE)
_PROPERTY = re.compile(r"name:(\S+)\s+value:(.*)")
_NUMBER = re.compile(r"\d+(?:[._-]\d+)*")
_DELIMITER = re.compile(r"[/@;!#~|]+|[A-Za-z]+")
_PASSED = ("splitstatements", "stripcomments", "rollbacksplitstatements", "labels", "objectquotingstrategy", "runorder",
           "logicalfilepath")
"""What changes nothing here: statements are told from each other by the grammar, comments are part of the text."""


class _Changeset(Struct, frozen=True):
    """One changeset: `text` from its header on, which stands in `line`; attributes by their names in small letters."""

    path: Path
    author: str
    identity: str
    attributes: Mapping[str, str]
    text: str
    line: int

    @property
    def name(self) -> str:
        return f"{self.author}:{self.identity}"

    def fault(self, summary: str, hint: str | None = None, line: int | None = None) -> FileError:
        return FileError(self.path, f"changeset {self.name}: {summary}", line=line or self.line, hint=hint)

    def is_true(self, attribute: str) -> bool:
        return self.attributes.get(attribute, "").lower() == "true"


def read(service: str, folder: Path, placeholders: Mapping[str, str] | None = None,
         contexts: Sequence[str] = ()) -> tuple[list[MigrationFile], dict[Path, str]]:
    """The changesets; `placeholders` win over the changelog's own properties, changesets of other `contexts` are left
    out. Raises FileError for what only Liquibase does.
    """
    changelog = liquibase_changelog.read(folder)
    texts = {path: _without_ignored(path, content(path)) for path in changelog.files}
    found = {path: list(_changesets(path, text)) for path, text in texts.items()}
    properties = {**changelog.properties, **_properties(texts), **(placeholders or {})}
    reading = _Reading(properties, contexts)
    migrations: list[MigrationFile] = []
    notes: dict[Path, list[str]] = {path: [] for path in changelog.roots}
    for number, (path, changesets) in zip(_numbers(folder, changelog.files), found.items(), strict=True):
        for place, changeset in enumerate(changesets, 1):
            if reason := reading.left_out(changeset):
                notes.setdefault(path, []).append(f"changeset {changeset.name} is not run: {reason}")
                continue
            version = number if place == 1 else f"{number}.{place}"
            if changeset.is_true("runonchange"):
                version = REPEATABLE + version
            migrations.append(MigrationFile(service, version, changeset.name, *reading.ways(changeset)))
    return migrations, {path: f"{path.name}: {'; '.join(words)}" if words else "" for path, words in notes.items()}


def _numbers(folder: Path, paths: Sequence[Path]) -> list[str]:
    """Each file's version: the numbers in their names where these order them and none is the beginning of another, else
    their places."""
    found = [match[0] if (match := _NUMBER.search(path.stem)) else "" for path in paths]
    keys: list[VersionKey] = [version_key(number) for number in found]
    if all(found) and all(before < after and after[:len(before)] != before for before, after in pairwise(keys)):
        return found
    return [f"{number:04}" for number in range(1, len(paths) + 1)]


def _changesets(path: Path, text: str) -> Iterator[_Changeset]:
    found = list(marks(text, CHANGESET))
    nothing_before(path, text, next(iter(found), None), "Liquibase", "--changeset author:id")
    ends = [mark.offset for mark in found[1:]] + [len(text)]
    for mark, end in zip(found, ends, strict=True):
        match = IDENTITY.fullmatch(mark.words)
        if match is None:
            raise FileError(path, "is no --changeset author:id", line=mark.line)
        attributes = {name.lower(): value.strip('"') for name, value in ATTRIBUTE.findall(match[3])}
        yield _Changeset(path, match[1].strip('"'), match[2].strip('"'), attributes, text[mark.offset:end], mark.line)


def _without_ignored(path: Path, text: str) -> str:
    """The text, blank where --ignoreLines says so: between start and end, or for so many lines."""
    kept: list[str] = []
    left = 0  # lines still to be ignored; -1: up to the end mark
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        match = _LINE.fullmatch(line)
        word = match[2].strip().lower() if match and match[1].lower() == "ignorelines" else None
        if left and not (left < 0 and word == "end"):
            kept.append(line[len(line.rstrip("\r\n")):])
            left -= left > 0
        elif word is None:
            kept.append(line)
        else:
            if word not in ("start", "end") and not word.isdigit():
                raise FileError(path, f"--ignoreLines:{word} isn't understood", line=number,
                                hint="start, end, or how many lines")
            left = -1 if word == "start" else 0 if word == "end" else int(word)
            kept.append(line)
    return "".join(kept)


def _properties(texts: Mapping[Path, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            if (match := _LINE.fullmatch(line)) and match[1].lower() == "property":
                words = _PROPERTY.fullmatch(match[2].strip())
                if words is None or ATTRIBUTE.search(words[2]):
                    raise FileError(path, "this property isn't understood", line=number,
                                    hint="--property name:NAME value:VALUE is, nothing that depends on a context")
                found.setdefault(words[1], words[2].strip())
    return found


class _Reading(Struct, frozen=True):
    """How the changesets of one folder are read."""

    properties: Mapping[str, str]
    contexts: Sequence[str]

    def left_out(self, changeset: _Changeset) -> str | None:
        """Why a changeset is rightly not run. Raises FileError for what only Liquibase does."""
        attributes = changeset.attributes
        if changeset.is_true("ignore"):
            return "it says ignore:true"
        if (dbms := attributes.get("dbms")) and not _is_ours(dbms):
            return f"it is for {dbms}"
        context = attributes.get("contextfilter") or attributes.get("context")
        if context and not self.contexts:
            raise changeset.fault(f"is run in the context {context} alone, and nothing says which there are",
                                  'contexts = ["production"] in service.toml says in which dbconsole runs')
        if context and not _holds(changeset, context, {name.lower() for name in self.contexts}):
            return f"it is for the context {context}"
        if changeset.is_true("runalways"):
            raise changeset.fault("runAlways:true runs it with every update, which dbconsole doesn't",
                                  "runOnChange:true runs it again when it changes")
        if attributes.get("failonerror", "true").lower() != "true":
            raise changeset.fault("failOnError:false passes over errors, which dbconsole doesn't",
                                  "let the statement itself say so: IF EXISTS, IF NOT EXISTS")
        if unknown := attributes.keys() - {*_PASSED, "ignore", "dbms", "contextfilter", "context", "runalways",
                                           "runonchange", "failonerror", "runintransaction", "enddelimiter",
                                           "rollbackenddelimiter"}:
            raise changeset.fault(f"{', '.join(sorted(unknown))} isn't understood",
                                  'leave this service to Liquibase: framework = "liquibase"')
        return None

    def ways(self, changeset: _Changeset) -> tuple[Script, Script | None]:
        """The changeset's own text, and its rollback, each line at its place in the file."""
        no_transaction = changeset.attributes.get("runintransaction", "true").lower() == "false"
        up, down = _parted(changeset)
        scripts = [self._script(changeset, text, delimiter, no_transaction=no_transaction) if text is not None else None
                   for text, delimiter in ((up, "enddelimiter"), (down, "rollbackenddelimiter"))]
        assert scripts[0] is not None
        return scripts[0], None if changeset.is_true("runonchange") else scripts[1]

    def _script(self, changeset: _Changeset, text: str, delimiter: str, *, no_transaction: bool) -> Script:
        own = section(changeset.path, text, changeset.line, no_transaction=no_transaction)
        given = changeset.attributes.get(delimiter, ";")
        if (run := self._filled(changeset, _delimited(changeset, text, given))) == text:
            return own
        return Script(changeset.path, text, changeset.line, own.given, run)

    def _filled(self, changeset: _Changeset, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1].startswith(":"):
                return f"${{{match[1][1:]}}}"
            if (found := self.properties.get(match[1].strip())) is None:
                raise changeset.fault(f"{match[0]} is a property of Liquibase's, and nothing says what it stands for",
                                      "[placeholders] in service.toml does; ${:name} is the text itself",
                                      changeset.line + text.count("\n", 0, match.start()))
            return found

        return re.sub(r"\$\{([^}\n]*)\}", value, text)


def _parted(changeset: _Changeset) -> tuple[str, str | None]:
    """The way up, and that down, None where there is none; what belongs to the other one is blank."""
    up: list[str] = []
    down: list[str] = []
    in_block = False
    says = ""
    for number, line in enumerate(changeset.text.splitlines(keepends=True), changeset.line):
        end = line[len(line.rstrip("\r\n")):]
        match = _LINE.fullmatch(line)
        word = match[1].lower() if match else ""
        if in_block:
            in_block = "*/" not in line
            part = line.replace("*/", "  ", 1) if not in_block else line
            says += part
            up.append(end)
            down.append(part)
        elif _ROLLBACK_BLOCK.fullmatch(line):
            in_block = True
            up.append(end)
            down.append(end)
        elif word.startswith("precondition"):
            raise changeset.fault(f"--{word} is checked by Liquibase, not by dbconsole",
                                  "what has served its purpose may go: Liquibase's checksum doesn't count it", number)
        elif match is not None and word == "rollback":
            says += match[2] + "\n"
            up.append(end)
            down.append(" " * match.start(2) + match[2] + end)
        else:
            up.append(line)
            down.append(end)
    if in_block:
        raise changeset.fault("its /* liquibase rollback never ends")
    says = says.strip().lower()
    if "changesetid:" in says:
        raise changeset.fault("rolls back by running another changeset", "write its SQL after --rollback")
    if says.startswith(("not required", "empty")):
        return "".join(up), "".join("\n" for _ in down)
    return "".join(up), "".join(down) if says else None


def _delimited(changeset: _Changeset, text: str, delimiter: str) -> str:
    """The text with semicolons where another `delimiter` ends a line."""
    mark = delimiter.replace("\\n", "").replace("\\r", "")
    if mark != delimiter:
        mark = mark.rstrip("$")  # a pattern, of what stands alone on its line
    if mark in ("", ";"):
        return text
    if not _DELIMITER.fullmatch(mark):
        raise changeset.fault(f"endDelimiter:{delimiter} isn't understood", "write semicolons")
    return re.sub(rf"{re.escape(mark)}(?=[ \t]*\r?$)", lambda found: ";" + " " * (len(found[0]) - 1), text,
                  flags=re.MULTILINE)


def _is_ours(dbms: str) -> bool:
    """Whether `dbms` names PostgreSQL: "postgresql,oracle", "!h2", "all"."""
    names = [name.strip().lower() for name in dbms.split(",") if name.strip()]
    if any(name in ("!postgresql", "none") for name in names):
        return False
    wanted = [name for name in names if not name.startswith("!")]
    return not wanted or "postgresql" in wanted or "all" in wanted


def _holds(changeset: _Changeset, expression: str, contexts: set[str]) -> bool:
    """Whether an expression of contexts (`a and !b`, `a or b`, `a, b`) is true of `contexts`. Raises FileError."""
    if re.search(r"[()]", expression):
        raise changeset.fault(f"the context {expression!r} isn't understood", "and, or, not and commas are")

    def term(text: str) -> bool:
        name = re.sub(r"^(!|not\s+)\s*", "", text.strip(), flags=re.IGNORECASE)
        is_not = name != text.strip()
        return (name.lower() in contexts) != is_not

    return any(all(term(part) for part in re.split(r"\s+and\s+", side, flags=re.IGNORECASE))
               for side in re.split(r"\s+or\s+|,", expression, flags=re.IGNORECASE))
