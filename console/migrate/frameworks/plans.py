"""Frameworks that list their migrations in a file of their own: Drizzle, sqitch and Liquibase; and Flyway's names."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

from console.errors import ConsoleError
from console.migrate.frameworks.files import FileMigration, content, flyway_checksum, line_end_variants

_SHA256 = line_end_variants("sha256")
_FLYWAY = re.compile(r"(?:V(\d+(?:[._]\d+)*)|R)__(.*)\.sql")
_CHANGE = re.compile(r"(?P<name>[^\s@%#:][^\s:]*)(?:\s+\[(?P<needs>[^]]*)\])?\s+\d{4}-\d\d-\d\dT")
_SQL_CHANGESET = re.compile(r'^[ \t]*--[ \t]*changeset[ \t]+("[^"]+"|[^:\s][^:\n]*):("[^"]+"|\S+)(.*)',
                            re.MULTILINE | re.IGNORECASE)
_LOGICAL = re.compile(r"\blogicalFilePath:(\S+)", re.IGNORECASE)
_XML_CHANGESET = re.compile(r"<changeSet\b([^>]*)>")
_ATTRIBUTE = re.compile(r"""(\w+)\s*=\s*["']([^"']*)["']""")


def drizzle_entries(folder: Path) -> Iterator[FileMigration]:
    """The journal's entries: version is `when` in milliseconds, the checksum the sha256 of the entry's file."""
    journal = folder / "meta" / "_journal.json"
    if not journal.is_file():
        raise ConsoleError(f"{folder}: there is no meta/_journal.json in it", hint="migrations = drizzle's out folder")
    try:
        entries = [(str(int(entry["when"])), str(entry["tag"])) for entry in json.loads(content(journal))["entries"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ConsoleError(f"{journal}: is no journal of Drizzle's: {error}") from None
    for when, tag in entries:
        file = folder / f"{tag}.sql"
        yield FileMigration(when, tag, file.name, checksums=_SHA256(file) if file.is_file() else frozenset())


def sqitch_changes(folder: Path) -> Iterator[FileMigration]:
    """The changes of sqitch.plan in its order; the checksum is the SHA-1 of the deploy script."""
    plan = folder / "sqitch.plan"
    if not plan.is_file():
        raise ConsoleError(f"{folder}: there is no sqitch.plan in it", hint="migrations = the folder with sqitch.plan")
    text = content(plan).decode("utf-8", "replace")
    project = match[1] if (match := re.search(r"^%project=(\S+)", text, re.MULTILINE)) else None
    names = [match["name"] for line in text.splitlines() if (match := _CHANGE.match(line))]
    for index, name in enumerate(names):
        script = folder / "deploy" / f"{name}.sql"
        # A reworked change's earlier script was renamed, name@tag.sql: only the last one is deploy/name.sql.
        is_last = name not in names[index + 1:]
        digests = [hashlib.sha1(content(script)).hexdigest()] if is_last and script.is_file() else []
        yield FileMigration(name, None, f"deploy/{name}.sql", line=project, checksums=frozenset(digests))


def liquibase_changesets(folder: Path) -> Iterator[FileMigration]:
    """The changesets of formatted SQL and XML changelogs; a line of history is the file as Liquibase's ledger names it,
    and the author. YAML and JSON changelogs are not read."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".sql", ".xml"):
            continue
        text = content(path).decode("utf-8", "replace")
        relative = path.relative_to(folder).as_posix()
        if path.suffix == ".sql":
            head = _LOGICAL.search(text.partition("\n")[0])
            found = [(match[2].strip('"'), match[1].strip('"'), _LOGICAL.search(match[3]) or head)
                     for match in _SQL_CHANGESET.finditer(text)]
        else:
            tags = [dict(_ATTRIBUTE.findall(match[1])) for match in _XML_CHANGESET.finditer(text)]
            found = [(tag.get("id", ""), tag.get("author", ""), None) for tag in tags]
        for identity, author, logical in found:
            yield FileMigration(identity, None, relative, line=f"{logical[1] if logical else relative}::{author}")


def same_changelog(recorded: str, line: str) -> bool:
    """Whether a row of Liquibase's, `file::author`, is about a changeset of the line `line`: the ledger has the file as
    Liquibase was told of it, from whatever folder it was started."""
    there, _, author = recorded.rpartition("::")
    here, _, own = line.rpartition("::")
    paths = [name.removeprefix("classpath:").replace("\\", "/").lstrip("./") for name in (there, here)]
    return author == own and any(f"/{long}".endswith(f"/{short}") for long, short in (paths, paths[::-1]))


def flyway_files(folder: Path) -> Iterator[FileMigration]:
    """V and R files with their checksums; a repeatable one's version is its file's path, as in the ledger."""
    for path in sorted(folder.rglob("*.sql")):
        if match := _FLYWAY.fullmatch(path.name):
            relative = path.relative_to(folder).as_posix()
            version = match[1].replace("_", ".") if match[1] else relative
            yield FileMigration(version, match[2].replace("_", " "), relative, checksums=flyway_checksum(path),
                                is_repeatable=match[1] is None)
