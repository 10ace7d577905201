"""goose: `N_name.sql` with `-- +goose Up`, `-- +goose Down` and, for the whole file, `-- +goose NO TRANSACTION`.

StatementBegin and StatementEnd tell goose where a statement with semicolons ends; here the splitter knows, and only
their pairing is checked. ENVSUB would change the text that is run, so it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from console.migrate import code_step
from console.migrate.faults import FileError
from console.migrate.layouts.scripts import content, only_the_tool, section
from console.migrate.layouts.sections import Mark, marks, nothing_before
from console.migrate.records import MigrationFile, Script

_NAME = re.compile(r"(\d+)_(.*)\.(sql|go)")
_MARK = re.compile(r"^--\s*\+goose[ \t]+(.*?)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)


def read(service: str, folder: Path, code: str | None = None) -> tuple[list[MigrationFile], dict[Path, str]]:
    """The migrations; `code` is the command that runs those in Go.

    Raises FileError for wrong annotations, and for migrations in Go where there is no such command.
    """
    found = [(path, match) for path in sorted(folder.iterdir()) if (match := _NAME.fullmatch(path.name)) is not None
             and not path.name.endswith("_test.go")]
    in_go = [path for path, match in found if match[3] == "go"]
    if in_go and code is None:
        raise _code(in_go)
    return [MigrationFile(service, match[1], match[2], *_ways(path, code)) for path, match in found], {}


def _ways(path: Path, code: str | None) -> tuple[Script, Script | None]:
    if path.suffix == ".go" and code is not None:
        return code_step.script(path, code), code_step.script(path, code)
    return _sections(path)


def _code(paths: Sequence[Path]) -> FileError:
    """The error for migrations in Go, with all of them named."""
    first = only_the_tool(paths[0], "goose", "Go")
    names = ", ".join(path.name for path in paths)
    return FileError(paths[0], first.message, detail=f"so are all of these: {names}" if len(paths) > 1 else None,
                     hint=f"{first.hint}; or write what each does as SQL into a file of the same number, "
                          f"{paths[0].stem}.sql: goose's ledger knows the number alone")


def _sections(path: Path) -> tuple[Script, Script | None]:
    text = content(path)
    found = _Annotations(path)
    written = list(marks(text, _MARK))
    for mark in written:
        found.take(mark)
    if found.open_line is not None:
        raise FileError(path, "StatementBegin without StatementEnd", line=found.open_line)
    first = next((mark for mark in written if mark.words.lower() in ("up", "down")), None)
    nothing_before(path, text, first, "goose", "-- +goose Up")
    up, down = found.starts["up"], found.starts.get("down")
    begin = text[up.offset:down.offset if down else len(text)]
    back = section(path, text[down.offset:], down.line, no_transaction=found.no_transaction) if down else None
    return section(path, begin, up.line, no_transaction=found.no_transaction), back


class _Annotations:
    """What a file's annotations say, one after the other. Raises FileError for those that are wrong."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.starts: dict[str, Mark] = {}
        self.no_transaction = False
        self.open_line: int | None = None

    def take(self, mark: Mark) -> None:
        match " ".join(mark.words.lower().split()):
            case "up" | "down" as direction:
                self._begin(direction, mark)
            case "statementbegin":
                if self.open_line is not None:
                    raise self._fault(mark, f"StatementBegin inside the one of line {self.open_line}")
                self.open_line = mark.line
            case "statementend":
                if self.open_line is None:
                    raise self._fault(mark, "StatementEnd without StatementBegin")
                self.open_line = None
            case "no transaction":
                self.no_transaction = True
            case "envsub on":
                raise self._fault(mark, "ENVSUB puts environment variables into the SQL, which dbconsole doesn't do",
                                  "the file's own text is run: write the values into it")
            case "envsub off":
                pass
            case _:
                raise self._fault(mark, f"goose knows no annotation {mark.words!r}",
                                  "Up, Down, StatementBegin, StatementEnd, NO TRANSACTION, ENVSUB ON or OFF")

    def _begin(self, direction: str, mark: Mark) -> None:
        if direction in self.starts:
            raise self._fault(mark, f"-- +goose {mark.words} is there twice")
        if direction == "down" and "up" not in self.starts:
            raise self._fault(mark, "-- +goose Down stands before -- +goose Up")
        self.starts[direction] = mark

    def _fault(self, mark: Mark, summary: str, hint: str | None = None) -> FileError:
        return FileError(self.path, summary, line=mark.line, hint=hint)
