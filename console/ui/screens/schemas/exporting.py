"""Asking where to write the rows of a relation and as what, and writing them with the progress shown."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from console.catalog.export import Format, export
from console.errors import ConsoleError
from console.server.rows import Sessions
from console.ui import text
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.widgets.painting import console_app
from console.view import format as fmt

FORMATS: tuple[Format, ...] = ("csv", "json")


class ExportDialog(Dialog[None]):
    """A path and a format; enter writes, escape cancels what is being written and leaves nothing behind."""

    KEYS = "enter write   ^t format   esc cancel"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+t", "switch", "format", show=False, priority=True)]
    width = 72

    def __init__(self, sessions: Sessions, oid: int, name: str) -> None:
        super().__init__(f"Export {name}")
        self._sessions = sessions
        self._oid = oid
        self._format: Format = "csv"
        self._start = f"{_file_name(name)}.csv"
        self._replaces: Path | None = None

    def body(self) -> ComposeResult:
        yield Words(("All rows, not only those shown. The file appears when it is complete.", "dim"), ("", ""),
                    ("File:", ""))
        yield Input(self._start, select_on_focus=False)
        yield Words(id="format")
        yield Words(id="told")

    def on_mount(self) -> None:
        self._show_format()

    def _show_format(self) -> None:
        chosen = "  ".join(f"[{one.upper()}]" if one == self._format else f" {one.upper()} " for one in FORMATS)
        self.query_one("#format", Words).say((f"Format: {chosen}   ^t changes it", ""), ("", ""))

    def action_switch(self) -> None:
        self._format = FORMATS[(FORMATS.index(self._format) + 1) % len(FORMATS)]
        path = self.query_one(Input)
        for one in FORMATS:
            if path.value.endswith(f".{one}"):
                path.value = f"{path.value[:-len(one)]}{self._format}"
                break
        self._show_format()

    def on_input_changed(self) -> None:
        self._replaces = None

    def on_input_submitted(self, event: Input.Submitted) -> None:
        path = Path(event.value).expanduser()
        if not event.value.strip() or path.is_dir():
            self._tell("Type the name of a file.", failed=True)
        elif path.exists() and self._replaces != path:
            self._replaces = path
            self._tell(f"{path} is there already: enter once more replaces it.", failed=True)
        else:
            event.input.disabled = True
            self._tell("writing… 0 rows")
            self.run_worker(self._write(path.absolute()), group="export", exclusive=True, exit_on_error=False)

    async def _write(self, path: Path) -> None:
        try:
            async with self._sessions() as session:
                count = await export(session, self._oid, path, self._format,
                                     progress=lambda rows: self._tell(f"writing… {fmt.plural(rows, 'row')}"))
        except ConsoleError as error:
            self._tell(" ".join(filter(None, (error.summary, error.hint))), failed=True)
            self.query_one(Input).disabled = False
            self.query_one(Input).focus()
            return
        console_app(self).tell(f"{fmt.plural(count, 'row')} written to {path}")
        self.dismiss(None)

    def _tell(self, words: str, *, failed: bool = False) -> None:
        self.query_one("#told", Words).say((words, "warning" if failed else "strong"), ("", ""))

    def action_leave(self) -> None:
        """Leaves; what is being written ends with the dialog, which cancels the statement."""
        if self.query_one(Input).disabled:
            self.workers.cancel_group(self, "export")
            console_app(self).tell("export cancelled, nothing was written")
        self.dismiss(None)


def _file_name(name: str) -> str:
    """A file name that any file system takes, made of an object's name."""
    kept = "".join(one if one.isalnum() or one in "._-" else "_" for one in text.clean(name))
    return kept.strip("._")[:80] or "rows"
