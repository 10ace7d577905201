"""`n`: the next migration files of a service."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.app import ComposeResult
from textual.widgets import Input

from console.errors import ConsoleError
from console.migrate.create import next_files, write
from console.services import Service
from console.ui.dialogs.dialog import Dialog, Words


class NewDialog(Dialog[list[str]]):
    """Asks what the migration is about; answers with the names of the files that it wrote."""

    HINT = (("input.submit", "write the files"), "dialog.leave")
    width = 72

    def __init__(self, service: Service) -> None:
        super().__init__(f"New migration of {service.name}")
        self._service = service

    def body(self) -> ComposeResult:
        yield Words(("", ""), ("What does it change? A few words:", ""))
        yield Input(placeholder="add owner to documents")
        yield Words(("", ""), id="files")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._say(event.value)

    def _say(self, words: str) -> Sequence[tuple[Path, str]]:
        """Shows which files these words make, and returns them with their texts."""
        said = self.query_one("#files", Words)
        if not words.strip():
            said.say(("", ""))
            return ()
        try:
            files = next_files(self._service, words)
        except ConsoleError as error:
            said.say(*((line, "warning") for line in error.lines()))
            return ()
        said.say((f"in {self._service.folder}:", "dim"), *((name, "") for name in self._names(files)))
        return files

    def _names(self, files: Sequence[tuple[Path, str]]) -> list[str]:
        assert self._service.folder is not None
        return [path.relative_to(self._service.folder).as_posix() for path, _ in files]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        files = self._say(event.value)
        try:
            write(files)
        except ConsoleError as error:
            self.query_one("#files", Words).say(*((line, "critical") for line in error.lines()))
            return
        if files:
            self.dismiss(self._names(files))
