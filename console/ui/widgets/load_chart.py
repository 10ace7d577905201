"""The main chart: average active sessions of the connection's target, told apart as a person chose."""

from __future__ import annotations

from console.ui.keymap import letter
from console.ui.load import cores
from console.ui.widgets.painting import console_app
from console.ui.widgets.stack_chart import StackChart
from console.view.table import Line


class LoadChart(StackChart):
    """`show_load` draws what is new. What is chosen holds for all of these charts."""

    def show_load(self) -> None:
        """Draws what is known now, where there is room and something to draw."""
        host = console_app(self)
        connection = host.connection
        if not self.display or not self.size.width or (sampler := connection.sampler) is None:
            return
        hint: Line = ((letter("load.slice"), "accent"), (" slice  ", "dim"), (letter("load.shorter"), "accent"),
                      (" ", ""), (letter("load.longer"), "accent"), (" span", "dim"))
        picture = connection.load.picture(sampler, host.clock, cores(sampler, connection.name, host.config),
                                          self.buckets, hint)
        if picture is not None:
            self.show(picture)

    def choose_next(self) -> None:
        """The sessions by something else."""
        console_app(self).connection.load.choose_next()
        self.show_load()

    def change_span(self, steps: int) -> None:
        """More or less time."""
        console_app(self).connection.load.change_span(steps)
        self.show_load()

    def on_resize(self) -> None:
        self.show_load()
