"""The flight recorder's dialog: save what is in memory, record to a file from now on, and stop that."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Input

from console.errors import ConsoleError
from console.text import format as fmt
from console.ui.bindings import bindings
from console.ui.dialogs.dialog import Dialog, Words
from console.ui.widgets.painting import console_app

if TYPE_CHECKING:
    from console.recorder.recorder import Recorder
    from console.recorder.records import Extent
    from console.ui.host import Host

SUFFIX = ".dbrec"


class RecorderDialog(Dialog[None]):
    """A name for the file, and two ways to fill it. While one is being recorded, a question whether to end that."""

    BINDINGS = bindings("recorder")
    width = 76

    def __init__(self, recorder: Recorder, name: str) -> None:
        self.HINT = ("recorder.stop", ("dialog.leave", "go on")) if recorder.path is not None else (
            ("input.submit", "record from now on"), "recorder.save", "dialog.leave")
        super().__init__("Flight recorder")
        self._recorder = recorder
        self._name = name

    def body(self) -> ComposeResult:
        recorder = self._recorder
        if console_app(self).connection.paused:
            yield Words(("The console is paused: nothing is recorded until it goes on.", "warning"))
        if recorder.path is not None:
            yield Words(("", ""), (f"Recording to {recorder.path}", "strong"), (told(recorder.written), ""), ("", ""))
            return
        if recorder.error is not None:
            yield Words((f"The last recording ended: {recorder.error.summary}", "critical"), ("", ""))
        held = recorder.remembered
        words = f"In memory: {told(held)}." if held.samples else "Nothing is in memory yet."
        yield Words((words, ""), ("Texts of queries are recorded as they are. The file is for you alone.", "dim"),
                    ("", ""), ("File:", ""))
        yield Input(self._name, select_on_focus=False)
        yield Words(id="told")

    @property
    def _path(self) -> Path | None:
        """The file that was typed; None, with a word about it, where it can't be one."""
        typed = self.query_one(Input).value.strip()
        try:
            path = Path(typed).expanduser()
            if typed and not path.is_dir():
                return path.absolute()
            self._complain("Type the name of a file.")
        except (OSError, RuntimeError, ValueError) as error:
            self._complain(getattr(error, "strerror", None) or str(error))
        return None

    def _complain(self, words: str) -> None:
        self.query_one("#told", Words).say((words, "warning"))

    def on_input_submitted(self) -> None:
        if (path := self._path) is None:
            return
        try:
            self._recorder.start(path)
        except ConsoleError as error:
            self._complain(f"{error.summary}: {error.hint}")
            return
        console_app(self).tell(f"recording to {path}")
        console_app(self).show_state()
        self.dismiss(None)

    def action_stop(self) -> None:
        if self._recorder.path is not None:
            self.run_worker(stop(console_app(self), self._recorder), exit_on_error=False)

    def action_save(self) -> None:
        if self._recorder.path is None and (path := self._path) is not None:
            self.run_worker(self._save(path), group="save", exclusive=True, exit_on_error=False)

    async def _save(self, path: Path) -> None:
        try:
            saved = await self._recorder.save(path)
        except ConsoleError as error:
            self._complain(": ".join(filter(None, (error.summary, error.hint))))
            return
        console_app(self).tell(f"{told(saved)} saved to {path}")
        self.dismiss(None)


def told(extent: Extent) -> str:
    """How much has been recorded."""
    return f"{fmt.plural(extent.samples, 'sample')} in {fmt.duration(extent.seconds)}, {fmt.size(extent.total_bytes)}"


async def stop(app: Host, recorder: Recorder) -> None:
    path = recorder.path
    written = await asyncio.shield(recorder.stop())
    app.tell(f"{told(written)} recorded to {path}")
    if isinstance(app.screen, RecorderDialog):
        app.screen.dismiss(None)
    app.show_state()


def file_name(app: Host) -> str:
    """A name that says whose recording it is and when it was made."""
    label = re.sub(r"[^\w.-]+", "_", app.connection.label).strip("._")[:60] or "dbconsole"
    return f"{label}-{app.clock.now().astimezone():%Y%m%d-%H%M%S}{SUFFIX}"


def open_recorder(app: Host) -> None:
    """`F`."""
    recorder = app.connection.recorder
    if recorder is None:
        app.tell("there is nothing to record yet")
        return
    app.push_screen(RecorderDialog(recorder, file_name(app)))
