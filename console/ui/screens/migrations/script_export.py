"""What a run would do, written into a file as the script that `dbconsole migrate plan --sql` prints."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from console import files
from console.clock import Clock
from console.migrate.faults import FileError, MigrationError
from console.migrate.records import RunRange
from console.server.target import Target
from console.services import Service
from console.ui.dialogs.export import ExportDialog


def of_run(target: Target, service: Service, asked: RunRange, beside: Sequence[Service],
           clock: Clock) -> ExportDialog[Literal["sql"]]:
    """Asks for the file; `beside` are services of other frameworks."""
    async def write(path: Path, form: Literal["sql"], progress: Callable[[int], None]) -> int:
        from console.migrate import plan_script

        found = await plan_script.read(target, [service], asked, beside, clock.now())
        if not found.text:
            raise MigrationError("; ".join(["nothing to run", *found.notes]))
        await asyncio.to_thread(_put, path, found.text)
        return found.steps

    way = "rolls back" if asked.direction == "down" else "runs"
    return ExportDialog(f"{service.name} {asked.direction}", f"A script for psql that {way} what a run would now, with "
                        "the ledger's rows.", write, ("sql",), "migration")


def _put(path: Path, text: str) -> None:
    try:
        with files.replacing(path, files.BY_UMASK) as file:
            file.write(text.encode())
    except OSError as error:
        raise FileError(path, f"can't be written: {error.strerror}") from None
