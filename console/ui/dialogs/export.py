"""Asking where to write rows and as what, and writing them with the progress shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from textual.app import ComposeResult
from textual.widgets import Input

from console.catalog.export import Format, write
from console.errors import ConsoleError
from console.text import format as fmt
from console.ui import text
from console.ui.bindings import bindings
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.keymap import key
from console.ui.widgets.painting import console_app
from console.view.export import csv_chunks, json_chunks
from console.view.table import Table

FORMATS: tuple[Format, ...] = ("csv", "json")

Form = TypeVar("Form", bound=str)

Write = Callable[[Path, Form, Callable[[int], None]], Awaitable[int]]
"""Writes the file, tells how many rows it has so far, and returns how many they are. Raises ConsoleError."""


class ExportDialog(Dialog[None], Generic[Form]):
    """A path and a format; enter writes, escape cancels what is being written and leaves nothing behind."""

    HINT = (("input.submit", "write"), "export.format", ("dialog.leave", "cancel"))
    BINDINGS = bindings("export")
    width = 72

    def __init__(self, name: str, what: str, write: Write[Form], formats: Sequence[Form], unit: str = "row") -> None:
        """`name` is of what is exported, `what` says which rows these are; a format is a file's ending too."""
        super().__init__(f"Export {name}")
        self._what = what
        self._write_to = write
        self._formats = formats
        self._unit = unit
        self._format = formats[0]
        self._start = f"{_file_name(name)}.{self._format}"
        self._replaces: Path | None = None

    def body(self) -> ComposeResult:
        yield Words((f"{self._what} The file appears when it is complete.", "dim"), ("", ""), ("File:", ""))
        yield Input(self._start, select_on_focus=False)
        yield Words(id="format")
        yield Words(id="told")

    def on_mount(self) -> None:
        self._show_format()

    def _show_format(self) -> None:
        chosen = "  ".join(f"[{format_.upper()}]" if format_ == self._format else f" {format_.upper()} "
                           for format_ in self._formats)
        change = f"   {key('export.format')} changes it" if len(self._formats) > 1 else ""
        self.query_one("#format", Words).say((f"Format: {chosen}{change}", ""), ("", ""))

    def action_switch(self) -> None:
        self._format = self._formats[(self._formats.index(self._format) + 1) % len(self._formats)]
        path = self.query_one(Input)
        for format_ in self._formats:
            if path.value.endswith(f".{format_}"):
                path.value = f"{path.value[:-len(format_)]}{self._format}"
                break
        self._show_format()

    def on_input_changed(self) -> None:
        self._replaces = None

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            path = Path(event.value).expanduser()
            is_folder, is_there = path.is_dir(), path.exists()
        except (OSError, RuntimeError, ValueError) as error:  # too long a name, an unknown user's home, a NUL
            self._tell(getattr(error, "strerror", None) or str(error), failed=True)
            return
        if not event.value.strip() or is_folder:
            self._tell("Type the name of a file.", failed=True)
        elif is_there and self._replaces != path:
            self._replaces = path
            self._tell(f"{path} is there already: {key('input.submit')} once more replaces it.", failed=True)
        else:
            event.input.disabled = True
            self._tell(f"writing… 0 {self._unit}s")
            self.run_worker(self._write(path.absolute()), group="export", exclusive=True, exit_on_error=False)

    async def _write(self, path: Path) -> None:
        try:
            count = await self._write_to(
                path, self._format, lambda rows: self._tell(f"writing… {fmt.plural(rows, self._unit)}"))
        except ConsoleError as error:
            self._tell(" ".join(filter(None, (error.summary, error.hint))), failed=True)
            self.query_one(Input).disabled = False
            self.query_one(Input).focus()
            return
        console_app(self).tell(f"{fmt.plural(count, self._unit)} written to {path}")
        self.dismiss(None)

    def _tell(self, words: str, *, failed: bool = False) -> None:
        self.query_one("#told", Words).say((words, "warning" if failed else "strong"), ("", ""))

    def action_leave(self) -> None:
        """Leaves; what is being written ends with the dialog, which cancels the statement."""
        if self.query_one(Input).disabled:
            self.workers.cancel_group(self, "export")
            console_app(self).tell("export cancelled, nothing was written")
        self.dismiss(None)


def of_table(name: str, table: Table) -> ExportDialog[Format]:
    """Asks where to write the rows of `table`, as they are now."""
    async def write_rows(path: Path, form: Format, progress: Callable[[int], None]) -> int:
        async def chunks() -> AsyncIterator[bytes]:
            for chunk in (csv_chunks if form == "csv" else json_chunks)(table):
                yield chunk

        return await write(chunks(), path, progress)

    return ExportDialog(name, f"{fmt.plural(len(table.rows), 'row')}, as shown.", write_rows, FORMATS)


def _file_name(name: str) -> str:
    """A file name that any file system takes, made of an object's name."""
    kept = "".join(item if item.isalnum() or item in "._-" else "_" for item in text.clean(name))
    return kept.strip("._")[:80] or "rows"
