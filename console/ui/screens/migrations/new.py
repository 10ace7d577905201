"""`n`: the next pair of migration files of a service."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Input

from console import files
from console.errors import ConsoleError
from console.migrate.create import next_pair
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

    def _say(self, words: str) -> list[tuple[str, str]]:
        """Shows which files these words make, and returns them with their texts."""
        said = self.query_one("#files", Words)
        if not words.strip():
            said.say(("", ""))
            return []
        try:
            pair = next_pair(self._service, words)
        except ConsoleError as error:
            said.say(*((line, "warning") for line in error.lines()))
            return []
        said.say((f"in {self._service.folder}:", "dim"), *((path.name, "") for path, _ in pair))
        return [(str(path), text) for path, text in pair]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        written = []
        try:
            for path, text in self._say(event.value):
                files.write_new(path, text)
                written.append(path.rpartition("/")[2])
        except OSError as error:
            self.query_one("#files", Words).say((f"{error.filename}: {error.strerror}", "critical"))
            return
        if written:
            self.dismiss(written)
