"""goose: `N_name.sql` with `-- +goose Up`, `-- +goose Down` and, for the whole file, `-- +goose NO TRANSACTION`.

StatementBegin and StatementEnd tell goose where a statement with semicolons ends; here the splitter knows, and only
their pairing is checked. ENVSUB would change the text that is run, so it is refused.
"""

from __future__ import annotations

import re
from pathlib import Path

from console.migrate.faults import FileError
from console.migrate.layouts.scripts import content, only_the_tool, section
from console.migrate.layouts.sections import marks, nothing_before
from console.migrate.records import MigrationFile, Script

_NAME = re.compile(r"(\d+)_(.*)\.(sql|go)")
_MARK = re.compile(r"^--\s*\+goose[ \t]+(.*?)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)


def read(service: str, folder: Path) -> tuple[list[MigrationFile], list[str]]:
    """The migrations. Raises FileError for wrong annotations and for migrations written in Go."""
    migrations = []
    notes = []
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if match is None or path.name.endswith("_test.go"):
            if path.suffix == ".sql":
                notes.append(f"{path.name} is no migration: its name is not N_name.sql")
            continue
        if match[3] == "go":
            raise only_the_tool(path, "goose", "Go")
        up, down = _sections(path)
        migrations.append(MigrationFile(service, match[1], match[2], up, down))
    return migrations, notes


def _sections(path: Path) -> tuple[Script, Script | None]:
    text = content(path)
    starts: dict[str, tuple[int, int]] = {}
    no_transaction = False
    open_line: int | None = None
    found = list(marks(text, _MARK))
    for mark in found:
        word = " ".join(mark.words.lower().split())
        match word:
            case "up" | "down":
                if word in starts:
                    raise FileError(path, f"-- +goose {mark.words} is there twice", line=mark.line)
                if word == "down" and "up" not in starts:
                    raise FileError(path, "-- +goose Down stands before -- +goose Up", line=mark.line)
                starts[word] = mark.offset, mark.line
            case "statementbegin":
                if open_line is not None:
                    raise FileError(path, f"StatementBegin inside the one of line {open_line}", line=mark.line)
                open_line = mark.line
            case "statementend":
                if open_line is None:
                    raise FileError(path, "StatementEnd without StatementBegin", line=mark.line)
                open_line = None
            case "no transaction":
                no_transaction = True
            case "envsub on":
                raise FileError(path, "ENVSUB puts environment variables into the SQL, which dbconsole doesn't do",
                                line=mark.line, hint="the file's own text is run: write the values into it")
            case "envsub off":
                pass
            case _:
                raise FileError(path, f"goose knows no annotation {mark.words!r}", line=mark.line,
                                hint="Up, Down, StatementBegin, StatementEnd, NO TRANSACTION, ENVSUB ON or OFF")
    if open_line is not None:
        raise FileError(path, "StatementBegin without StatementEnd", line=open_line)
    ordered = [mark for mark in found if mark.words.lower() in ("up", "down")]
    nothing_before(path, text, next(iter(ordered), None), "goose", "-- +goose Up")
    begin, line = starts["up"]
    end = starts["down"][0] if "down" in starts else len(text)
    up = section(path, text[begin:end], line, no_transaction=no_transaction)
    down = None
    if "down" in starts:
        down = section(path, text[end:], starts["down"][1], no_transaction=no_transaction)
    return up or Script(path, text[begin:end], line), down
