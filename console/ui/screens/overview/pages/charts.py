"""Pages that are made of charts: a row of two where there is room, all over the same span of time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll

from console.text import format as fmt
from console.ui.bindings import bindings
from console.ui.keymap import letter
from console.ui.screens.overview.pages.page import OverviewPage
from console.ui.widgets.fact_lines import FactLines
from console.ui.widgets.painting import console_app
from console.ui.widgets.time_chart import TimeChart
from console.view.metrics import plots as view
from console.view.metrics.plots import Plot
from console.view.stack import stretched
from console.view.table import Line

LEAST_HEIGHT = 6
MOST_HEIGHT = 12


class Charts(VerticalScroll, can_focus=True):
    """The charts of a page, two in a row; scrolled where they are higher than the screen."""

    BINDINGS = bindings("move", without=("move.left", "move.right"))

    def __init__(self, plots: Sequence[Plot], *, id: str) -> None:
        super().__init__(id=id)
        self.plots = plots

    def compose(self) -> ComposeResult:
        for _ in self.plots:
            yield TimeChart()

    def action_move(self, lines: int) -> None:
        self.scroll_relative(y=lines, animate=False)

    def action_page(self, direction: int) -> None:
        self.action_move(direction * max(1, self.size.height - 1))

    def action_half(self, direction: int) -> None:
        self.action_move(direction * max(1, self.size.height // 2))

    def action_edge(self, direction: int) -> None:
        self.action_move(direction * self.virtual_size.height)

    def show_plots(self, plots: Sequence[Plot]) -> None:
        """Other charts from now on: more or fewer of them."""
        self.plots = plots
        self.refresh(recompose=True)
        self.on_resize()

    def on_resize(self) -> None:
        """Shares the height out among the rows."""
        rows = max(1, (len(self.plots) + 1) // 2)
        height = max(LEAST_HEIGHT, min(MOST_HEIGHT, self.size.height // rows))
        self.styles.grid_rows = f"{height}"


class ChartsPage(OverviewPage):
    """A page with charts. A subclass says which in `PLOTS`, and what to say above them in `facts`."""

    FOCUS = "Charts"
    PLOTS: ClassVar[Sequence[Plot]] = ()
    FACTS = 1
    """Lines above the charts."""
    BINDINGS = bindings("charts")

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._values: dict[str, tuple[float | None, ...]] = {}
        self._totals: dict[str, float] = {}
        self._edge = dt.datetime.min
        self._holds_until_s = self._held_span_s = 0.0

    def compose(self) -> ComposeResult:
        facts = FactLines(id="facts", least=self.FACTS)
        facts.styles.height = "auto"
        yield facts
        yield Charts(self.PLOTS, id="charts")

    def facts(self) -> Sequence[Line]:
        """What stands above the charts."""
        return ()

    def plots(self) -> Sequence[Plot]:
        """The charts that there are now."""
        return self.PLOTS

    def show(self) -> None:
        self.query_one("#facts", FactLines).show(*self.facts())
        sampler, snapshot = self.connection.sampler, self.state.snapshot
        box = self.query_one(Charts)
        if len(box.plots) != len(self.plots()):
            self._holds_until_s = 0.0
            box.show_plots(self.plots())
            return
        charts = list(box.query(TimeChart))
        if sampler is None or snapshot is None or not charts or not charts[0].size.width:
            return
        first_s = sampler.history.first_s
        span_s = stretched(max(1.0, console_app(self).clock.monotonic() - (first_s or 0.0)), view.SPANS[self.span][0])
        count = min(chart.buckets for chart in charts)
        self._gather(span_s, count)
        latest = dict(snapshot.measures)
        if snapshot.sessions is not None:
            latest["usable_connections"] = snapshot.sessions.max_connections - snapshot.sessions.reserved_connections
        results = {result.name: result for result in snapshot.results}
        ahead_s = (self._edge - console_app(self).clock.now().astimezone()).total_seconds()
        marks = self.connection.active_sessions.marks(snapshot, console_app(self).clock.monotonic(), ahead_s, span_s)
        for chart, plot in zip(charts, box.plots, strict=True):
            chart.show(view.drawing(plot, self._values, latest, results, span_s=span_s, edge=self._edge,
                                    totals=self._totals, marks=marks))

    def _gather(self, span_s: float, count: int) -> None:
        """The values of all charts, four times for each of theirs: more often nothing would be seen of it."""
        clock, sampler = console_app(self).clock, self.connection.sampler
        now_s = clock.monotonic()
        if sampler is None or (now_s < self._holds_until_s and span_s == self._held_span_s):
            return
        width_s = span_s / count
        self._holds_until_s, self._held_span_s = now_s + width_s / 4, span_s
        self._edge = clock.now().astimezone() + dt.timedelta(seconds=width_s - now_s % width_s)
        interval_s, end_s = view.counted_s(span_s), (now_s // width_s + 1) * width_s
        for plot in self.plots():
            for name in plot.series:
                if plot.shape == "counts":
                    counts = sampler.time_series(name, span_s + interval_s).counts(interval_s)
                    self._values[name] = view.bars(counts, interval_s, end_s, span_s, count)
                    self._totals[name] = sum(
                        found for number, found in counts.items() if (number + 1) * interval_s > end_s - span_s)
                else:
                    self._values[name] = sampler.time_series(name, span_s + width_s).buckets(now_s, span_s, count)

    def draw_anew(self) -> None:
        """After another span or size: not only what is new."""
        self._holds_until_s = 0.0
        self.show_if_there()

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw_anew)

    @property
    def span(self) -> int:
        """The index in view.SPANS, the same for all charts of a target."""
        return self.connection.active_sessions.span

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "span":
            return 0 <= self.span + int(str(parameters[0])) < len(view.SPANS)
        return super().check_action(action, parameters)

    def action_span(self, direction: int) -> None:
        self.connection.active_sessions.change_span(direction)
        self.draw_anew()
        self.screen.refresh_bindings()

    def span_words(self) -> Line:
        """What the charts show, for the facts."""
        shown_s, most = self._held_span_s, view.SPANS[self.span]
        is_less = 0.0 < shown_s < most[0]
        return (("the last ", "dim"), (fmt.duration(shown_s) if is_less else most[1], "strong"),
                (f" (up to {most[1]})  " if is_less else "  ", "dim"),
                (f"{letter('charts.shorter')} {letter('charts.longer')}", "accent"), (" shorter, longer", "dim"))
