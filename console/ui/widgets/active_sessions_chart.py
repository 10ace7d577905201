"""The main chart: average active sessions of the connection's target, told apart as a person chose."""

from __future__ import annotations

from console.ui.active_sessions import cores
from console.ui.keymap import letter
from console.ui.widgets.painting import console_app
from console.ui.widgets.stack_chart import StackChart
from console.view.table import Line


class ActiveSessionsChart(StackChart):
    """`show_latest` draws what is new. What is chosen holds for all of these charts."""

    def show_latest(self) -> None:
        """Draws what is known now, where there is room and something to draw."""
        host = console_app(self)
        connection = host.connection
        if not self.display or not self.size.width or (sampler := connection.sampler) is None:
            return
        slice_, shorter, longer = (letter(f"active_sessions.{name}") for name in ("slice", "shorter", "longer"))
        hint: Line = ((slice_, "accent"), (" slice  ", "dim"), (shorter, "accent"), (" ", ""), (longer, "accent"),
                      (" span", "dim"))
        picture = connection.active_sessions.picture(
            sampler, host.clock, cores(sampler, connection.name, host.config), self.buckets, hint)
        if picture is not None:
            self.show(picture)

    def choose_next(self) -> None:
        """The sessions by something else."""
        console_app(self).connection.active_sessions.choose_next()
        self.show_latest()

    def change_span(self, steps: int) -> None:
        """More or less time."""
        console_app(self).connection.active_sessions.change_span(steps)
        self.show_latest()

    def on_resize(self) -> None:
        self.show_latest()
