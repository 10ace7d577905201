"""`n`: the next migration files of a service; and the name of one, where it has none yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual.app import ComposeResult
from textual.widgets import Input

from console.errors import ConsoleError
from console.migrate.create import next_files, write
from console.migrate.naming import keep_name, proposed, wrong_name
from console.services import Service
from console.ui.dialogs.dialog import Dialog, Words


class NameDialog(Dialog[str]):
    """Asks for the name of a service that has none but its folder's, keeps it in service.toml, and answers with it."""

    HINT = (("input.submit", "keep the name"), "dialog.leave")
    width = 72

    def __init__(self, service: Service) -> None:
        super().__init__("What is this service called?")
        self._service = service

    def body(self) -> ComposeResult:
        yield Words(("", ""), (f"The ledger has nothing of {self._service.folder} yet, and a folder may be checked out "
                               "under any name. The ledger keeps this one, and so does service.toml:", ""))
        yield Input(placeholder=proposed(self._service))
        yield Words(("", ""), id="files")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        name = event.value.strip() or proposed(self._service)
        reason = wrong_name(name)
        try:
            if reason is None:
                keep_name(self._service, name)
        except ConsoleError as error:
            reason = error.summary
        if reason is None:
            self.dismiss(name)
        else:
            self.query_one("#files", Words).say((reason, "critical"))


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
