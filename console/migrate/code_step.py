"""A migration that is code, as a step: the service's `code` command runs it, and the ledger has its row.

The command commits by itself, so that its row says running before it and applied after it: what is stopped in between
is failed, and `repair retry` runs the command again. No shell runs it; it gets the connection by its environment.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from console.errors import UsageError
from console.migrate.directives import Directives
from console.migrate.events import Notice
from console.migrate.faults import FileError, MigrationError
from console.migrate.frameworks import commands
from console.migrate.frameworks.commands import CommandEvent, OutputLine, Program
from console.migrate.records import Script, Step
from console.text.parse import command_words

if TYPE_CHECKING:
    from console.migrate.apply import Runner
    from console.migrate.events import Event


def script(path: Path, command: str) -> Script:
    """The script of a file of code: there are no statements in it, its checksum is the file's."""
    return Script(path, filled="", given=Directives(no_transaction=True, command=command))


def program(step: Step) -> Program:
    """What is run for a step. Raises UsageError where the command isn't one."""
    file, line = step.migration, step.script.directives.command
    assert line is not None
    given = {"{version}": file.version, "{direction}": step.direction, "{name}": file.name,
             "{file}": str(step.script.path)}
    try:
        words = command_words(line)
    except ValueError as error:
        raise UsageError(f"service {file.service}: code = {line!r}: {error}") from None
    filled = []
    for word in words:
        for name, value in given.items():
            word = word.replace(name, value)
        filled.append(word)
    return Program(" ".join(filled), tuple(filled))


async def run(runner: Runner, step: Step) -> None:
    """Runs it, with what it prints as notes. Raises FileError when it fails."""
    def tell(event: Event | CommandEvent) -> None:
        if isinstance(event, OutputLine):
            runner.on_event(Notice(step, "NOTE", event.text))

    try:
        await commands.carry_out(runner.target, step.migration.service, program(step), tell)
    except (MigrationError, UsageError) as error:
        raise FileError(step.script.path, error.summary, detail=error.detail, hint=error.hint) from error
