"""What the readers share: a script of a whole file or of a section, and what cannot run in a transaction."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from console.migrate import directives
from console.migrate.faults import FileError
from console.migrate.records import Script
from console.sql.tokens import significant
from console.sql.transactions import VERBS, outside_transaction


def whole(path: Path, *, no_transaction: bool | None = None) -> Script:
    """A file as a script. `no_transaction` None: as its statements demand, for tools that find that out."""
    return as_marked(Script(path), no_transaction=no_transaction)


def as_marked(script: Script, *, no_transaction: bool | None = None) -> Script:
    """The same of a script."""
    if no_transaction is None:
        no_transaction = runs_outside(script)
    return marked(script, no_transaction=no_transaction)


def section(path: Path, text: str, first_line: int, *, no_transaction: bool = False) -> Script:
    """A part of a file; there may be nothing in it: a way that changes nothing is one."""
    return marked(Script(path, text, first_line), no_transaction=no_transaction)


def marked(script: Script, *, no_transaction: bool) -> Script:
    """The script with the layout's own marks added to dbconsole's directives, which are obeyed in any layout; its own
    BEGIN and COMMIT are obeyed too."""
    own = directives.read(script.text, script.path, script.first_line)
    return replace(script, given=replace(own, no_transaction=no_transaction or own.no_transaction,
                                         own_transaction=True))


def says_something(text: str) -> bool:
    """Whether there is anything but blank lines and comments."""
    return next(significant(text), None) is not None


def runs_outside(script: Script) -> bool:
    """Whether a statement of it can't run in a transaction block."""
    return any(statement.verb in VERBS and (outside := outside_transaction(statement.sql)) is not None
               and outside.is_certain for statement in script.statements())


def content(path: Path) -> str:
    """The file's text without a byte order mark. Raises FileError as Script.text does."""
    return Script(path).text


def only_the_tool(path: Path, tool: str, language: str, *, by_code: bool = True) -> FileError:
    """The error for a migration that isn't SQL; `by_code`: the service's `code` command could run it."""
    leave = f'leave the service to {tool}: framework = "{tool}" and its commands as up and down'
    return FileError(path, f"is a {language} migration, which only {tool} can run",
                     hint='code = "COMMAND {version} {direction}" of the service in the configuration runs such files '
                          f"as steps; or {leave}" if by_code else leave)
