"""Commands that report how far they are: phase in words, a bar, and the time that is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from console.activity.records import CommandProgress
from console.text import format as fmt
from console.view.bars import bar
from console.view.table import Cell, Column, Row, Table

BAR_CELLS = 16

COLUMNS = (
    Column("pid", "pid", align="right", fixed=True, minimum=5),
    Column("command", "command", fixed=True, minimum=8, maximum=18),
    Column("relation", "on", minimum=12, maximum=30),
    Column("phase", "phase", flexible=True, minimum=20, maximum=60),
    Column("bar", "", minimum=BAR_CELLS, maximum=BAR_CELLS, priority=1, sortable=False),
    Column("percent", "%", align="right", minimum=5),
    Column("left", "left", align="right", minimum=6),
    Column("elapsed", "elapsed", align="right", minimum=7, priority=2),
    Column("amount", "done", minimum=20, maximum=44, priority=3, sortable=False),
)

EMPTY = "nothing that reports its progress is running: vacuum, analyze, create index, cluster, " \
        "repack, copy, base backup"

PHASES = {
    "initializing": "beginning", "scanning heap": "reading the table", "vacuuming indexes": "clearing the indexes",
    "vacuuming heap": "clearing the table", "cleaning up indexes": "tidying the indexes",
    "truncating heap": "giving space back", "performing final cleanup": "finishing",
    "acquiring sample rows": "reading a sample", "acquiring inherited sample rows": "reading a sample of partitions",
    "computing statistics": "computing statistics", "finalizing analyze": "finishing",
    "waiting for writers before build": "waiting for writers, before it builds",
    "building index": "building", "waiting for writers before validation": "waiting for writers, before it checks",
    "index validation: scanning index": "checking: reading the index",
    "index validation: sorting tuples": "checking: sorting",
    "index validation: scanning table": "checking: reading the table",
    "waiting for old snapshots": "waiting for old snapshots",
    "waiting for readers before marking dead": "waiting for readers, before the old index dies",
    "waiting for readers before dropping": "waiting for readers, before the old index goes",
    "seq scanning heap": "reading the table", "index scanning heap": "reading by the index",
    "sorting tuples": "sorting rows", "writing new heap": "writing the new table",
    "catch-up": "catching up with changes made meanwhile",
    "swapping relation files": "swapping files", "rebuilding index": "rebuilding indexes",
    "waiting for checkpoint to finish": "waiting for a checkpoint", "estimating backup size": "estimating the size",
    "streaming database files": "sending files", "waiting for wal archiving to finish": "waiting for the WAL archive",
    "transferring wal files": "sending WAL",
}
"""The server's phases in plainer words; others are shown as they are."""


def phase(name: str) -> str:
    """A phase in words: "building index: loading tuples in tree" is "building: loading tuples in tree"."""
    if name in PHASES:
        return PHASES[name]
    head, colon, rest = name.partition(": ")
    return f"{PHASES.get(head, head)}: {rest}" if colon else name


def share(command: CommandProgress) -> float | None:
    """How much of its phase is done, 0 to 1; None where that isn't known."""
    if command.done is None or not command.total:
        return None
    return min(1.0, command.done / command.total)


def amount(command: CommandProgress) -> str:
    """What is done, in the phase's own unit."""
    if command.done is None:
        return command.detail or ""
    show: Callable[[float | None], str] = fmt.size if command.unit == "bytes" else fmt.count
    unit = "" if command.unit == "bytes" else f" {command.unit}"
    counted = f"{show(command.done)} of {show(command.total)}{unit}" if command.total else f"{show(command.done)}{unit}"
    return f"{counted}, {command.detail}" if command.detail else counted


def table(commands: Sequence[CommandProgress], seconds_left: Callable[[CommandProgress], float | None],
          unavailable: str | None = None) -> Table:
    """The commands, the longest at work first. The bar is that of the phase, not of the whole."""
    rows = []
    for command in sorted(commands, key=lambda command_progress: -(command_progress.elapsed_s or 0.0)):
        part, left = share(command), seconds_left(command)
        rows.append(Row(f"{command.pid} {command.backend_start} {command.command}", (
            Cell(str(command.pid), "", command.pid), Cell(command.command, "strong"), Cell(command.relation or ""),
            Cell(phase(command.phase), "warning" if command.phase.startswith("waiting") else ""),
            Cell("" if part is None else bar(part, BAR_CELLS), "accent"),
            Cell("" if part is None else f"{int(part * 100)} %", "", part),
            Cell("" if left is None else fmt.duration(left), "", left),
            Cell("" if command.elapsed_s is None else fmt.duration(command.elapsed_s), "dim", command.elapsed_s),
            Cell(amount(command), "dim")), search=command.phase, record=command))
    return Table(COLUMNS, tuple(rows), unavailable or EMPTY)
