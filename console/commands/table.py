"""The commands of `dbconsole`: what the help says of them, what they need, and the module that is imported for one.

A module has two functions. `add_arguments(parser, common)` adds its own options; `common` adds those that the entry
says it needs, to the parser or to that of each of its own commands. `run(opening)` does it and returns the exit status:
a coroutine function, or a plain one where it is no matter of servers that may be silent.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Need = Literal["target", "services"]
"""target: a server, with psql's options and the configuration; services: those whose migrations there are."""


class CommandEntry(Struct, frozen=True, kw_only=True):
    """A command. `usage` stands behind its name in the list; `description` is its own help's first sentence.

    `timeout_s`: by default it waits so long for a connection or an answer; None: it has no such option.
    """

    name: str
    module: str
    usage: str = ""
    help: str
    description: str
    needs: tuple[Need, ...] = ("target",)
    timeout_s: float | None = 30.0


COMMANDS = (
    CommandEntry(
        name="help", module="console.ui.manual_pages", usage="[TOPIC]",
        help="the manual: its topics, one of them, or where words stand in it",
        description="The manual, which the console has under ? too.", needs=(), timeout_s=None),
    CommandEntry(
        name="migrate", module="console.commands.migrate", usage="COMMAND",
        help="status, plan, up, down, verify, lint, drift, new, baseline, repair, seed",
        description="Run, roll back and prove migrations.", needs=("target", "services")),
    CommandEntry(
        name="search", module="console.commands.search",
        help="the rows that are nearest to a vector, a row, or a text",
        description="The rows that are nearest to a vector, a row, or a text."),
    CommandEntry(
        name="recall", module="console.commands.recall",
        help="how much of that the vector index finds, how fast, and what to set",
        description="How much of what is nearest a vector index finds, and how fast.", timeout_s=60.0),
    CommandEntry(
        name="vectors", module="console.commands.vectors", usage="COMMAND",
        help="health: what is in a vector column; load, store: vectors from a file, to a file",
        description="What is in a vector column, and vectors from files and to files.", timeout_s=60.0),
    CommandEntry(
        name="explain", module="console.commands.explain", usage="SQL",
        help="the plan of a statement or of a saved plan: verdict, findings, times that add up",
        description="The plan of a statement, or of a file: what takes the time, why, and what to do about it."),
    CommandEntry(
        name="diagnose", module="console.commands.diagnose", usage="[FILE]",
        help="what is wrong, most urgent first: of a target in two looks, or of a recording",
        description="What is wrong with a server, or was when it was recorded, in sentences: most urgent first."),
    CommandEntry(
        name="advisories", module="console.commands.advisories",
        help="known faults of the versions that run: what they do, where they are mended, what to rebuild",
        description="Known faults of the versions that run, and the indexes here that they may have spoilt."),
    CommandEntry(
        name="ddl", module="console.commands.ddl", usage="[OBJECT...]",
        help="the script that makes the schema again: of all, of a service, or of some objects",
        description="Write the script that makes a database's schema again, in an order in which it runs.",
        needs=("target", "services"), timeout_s=120.0),
    CommandEntry(
        name="dashboard", module="console.commands.dashboard",
        help="a Grafana dashboard of what --check --listen serves, as JSON",
        description="Write a Grafana dashboard of what dbconsole --check --listen serves, as JSON.", needs=(),
        timeout_s=None),
    CommandEntry(
        name="backup", module="console.commands.backup", usage="COMMAND",
        help="status, run, verify, restore, prune, schedule: backups that are proved by restoring them",
        description="Make backups, and prove them by restoring them.", needs=("target", "services")),
    CommandEntry(
        name="record", module="console.commands.record", usage="FILE",
        help="samples of a target to a file, until Ctrl-C",
        description="Record what the console would show, for dbconsole replay.", needs=("target", "services"),
        timeout_s=None),
    CommandEntry(
        name="replay", module="console.ui.replaying", usage="FILE",
        help="the console on such a recording, without a server",
        description="The console on a recording: the same screens, no server.", needs=(), timeout_s=None),
    CommandEntry(
        name="config", module="console.commands.config", usage="COMMAND",
        help="path, trust, forget: which configuration file holds, and whether one that lies here may act",
        description="Which configuration file holds, and whether one that lies here may act.", needs=(),
        timeout_s=None),
    CommandEntry(
        name="demo", module="console.commands.demo", usage="COMMAND",
        help="start, stop, status, reset: the demo server without the console",
        description="The demo server without the console.", needs=(), timeout_s=None),
)


def entry_named(name: str) -> CommandEntry | None:
    return next((entry for entry in COMMANDS if entry.name == name), None)


def help_lines() -> list[str]:
    """The commands for the help: a line each, what one writes and what it does."""
    written = [f"{entry.name} {entry.usage}".strip() for entry in COMMANDS]
    width = max(map(len, written)) + 4
    return [f"  {words:<{width}}{entry.help}" for words, entry in zip(written, COMMANDS, strict=True)]
