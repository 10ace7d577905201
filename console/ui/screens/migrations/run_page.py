"""The run: what happens now, statement by statement, and the log of the last one."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer

from console.ui.jobs import Job
from console.ui.widgets.painting import console_app
from console.ui.widgets.paper import Paper
from console.view.table import Line

PAINT_EVERY_S = 0.1
"""Events come by the thousand; they are painted together."""

CLOCK_EVERY_S = 0.5


class RunPage(Vertical):
    """Shows the application's latest run for as long as it is displayed."""

    _painting: Timer | None = None

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._log = Paper(id="run-log")

    def compose(self) -> ComposeResult:
        yield self._log

    def on_mount(self) -> None:
        self.set_interval(CLOCK_EVERY_S, self._tick)

    @property
    def run_shown(self) -> Job | None:
        return console_app(self).runs.latest

    def take_keys(self) -> None:
        """Gives the keys to the log."""
        self.screen.set_focus(self._log)

    def changed(self) -> None:
        """Something has happened: paints it soon."""
        if self.display and self._painting is None:
            self._painting = self.set_timer(PAINT_EVERY_S, self.paint)

    def _tick(self) -> None:
        if self.display and self.run_shown is not None and not self.run_shown.is_over:
            self.paint()

    def paint(self) -> None:
        """Shows the run as it is now; who reads further up stays there."""
        self._painting = None
        if (run := self.run_shown) is not None and self.is_mounted:
            now_s = run.began_s + console_app(self).runs.elapsed_s(run)
            self._log.show_paragraphs(run.log.paragraphs(now_s), follow=True)

    def headline(self) -> Line:
        """The run in one line, for the top of the screen."""
        run = self.run_shown
        if run is None:
            return ((" no migration was run since the console was opened", "dim"),)
        runs = console_app(self).runs
        if not run.is_over:
            return run.log.headline(f"{run.title} on {run.target}", runs.elapsed_s(run))
        outcome = run.log.outcome[0] if run.log.outcome else ("", "")
        return ((f" {run.title} on {run.target}: ", "strong"), outcome)
