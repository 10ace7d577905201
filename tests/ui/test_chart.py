"""Charts: what is drawn in how many cells, and that plotext waits until there is one."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import pytest
from textual.app import ComposeResult

from console.ui.frame import ConsoleScreen
from console.ui.screens import ScreenEntry
from console.ui.widgets.chart import INKS, NUMBERS, Chart, draw, draw_plane
from console.ui.widgets.paper import Paper
from console.ui.widgets.time_chart import plot
from console.view.metrics.plots import Plot, drawing
from console.view.plane import Cloud, Plane, ticks
from console.view.series import Series
from tests.support.builders import HOSTILE
from tests.support.screen_text import screen_text
from tests.ui.conftest import World, live

WAVE = Series("up [/x]", tuple(float(n % 17) for n in range(60)))
GAPS = Series("gaps", (None, 3.0, None, float("nan"), 9.0, 9.0, None))


class ChartScreen(ConsoleScreen):
    FOCUS = "#detail"

    def body(self) -> ComposeResult:
        chart = Chart(id="chart")
        chart.styles.height = 12
        yield chart
        yield Paper(id="detail")


ENTRIES = (ScreenEntry(1, "chart", "Chart", "tests.ui.test_chart:ChartScreen"),)


@pytest.mark.parametrize("size", [(12, 4), (40, 10), (120, 30)])
def test_a_chart_has_the_size_that_was_asked_for(size: tuple[int, int]) -> None:
    lines = draw([WAVE, GAPS], *size, 2.0).split("\n")
    assert len(lines) <= size[1] and max(line.cell_len for line in lines) <= size[0]
    assert "up [/x]" in draw([WAVE, GAPS], 60, 12, 2.0).plain


def test_the_time_axis_says_its_unit() -> None:
    axis = draw([WAVE], 60, 12, 2.0).plain.splitlines()[-1].split("  ")
    assert [words.strip() for words in axis if words.strip()] == ["-2 min", "-59 s", "now"]


@pytest.mark.parametrize("values", [(1.0,), (0.0,), (None, 5.0), (0.0, 0.0, 0.0), (7.0, 7.0)])
def test_a_single_value_and_those_that_never_change_are_drawn(values: tuple[float | None, ...]) -> None:
    assert "now" in draw([Series("one", values)], 40, 10, 1.0).plain


def test_nothing_known_says_so() -> None:
    assert draw([Series("x", (None, None))], 40, 10, 1.0).plain == "no data yet"
    assert draw([], 40, 10, 1.0).plain == "no data yet"


def test_ascii_is_ascii() -> None:
    assert draw([WAVE], 60, 12, 1.0, is_ascii=True).plain.isascii()


POINTS = ((0.7, 0.8, "10"), (1.5, 0.94, "40"), (4.1, 0.991, "160 relaxed [/x]"), (21.3, 1.0, "1000"))
CLOUDS = (Cloud("Pareto", POINTS[:3], "●", "ok", joined=True), Cloud("left the index", POINTS[3:], "×", "warning"))
PLANE = Plane("p95 ms", CLOUDS, ((18.0, "exact 18 ms"),), 1.005)


@pytest.mark.parametrize("size", [(24, 6), (44, 12), (110, 30)])
def test_points_in_a_plane(size: tuple[int, int]) -> None:
    lines = draw_plane(PLANE, *size).split("\n")
    assert len(lines) <= size[1] and max(line.cell_len for line in lines) <= size[0]
    shown = draw_plane(PLANE, 110, 30).plain
    assert all(words in shown for words in ("●10", "●40", "●160 relaxed [/x]", "×1000", "exact 18 ms", "p95 ms"))
    ascii_only = draw_plane(PLANE, 80, 20, is_ascii=True).plain
    assert ascii_only.isascii() and "*40" in ascii_only and "?" not in ascii_only


def test_a_plane_of_one_point_and_of_none() -> None:
    assert "●only" in draw_plane(Plane("ms", (Cloud("", ((2.0, 1.0, "only"),), "●"),)), 60, 12).plain
    assert draw_plane(Plane("ms", ()), 60, 12).plain == ""


def test_each_ink_is_drawn_in_its_colour() -> None:
    """plotext takes a colour that it doesn't know for none."""
    for number, ink in zip(NUMBERS, INKS, strict=True):
        cloud = Cloud("", ((1.0, 1.0, "a"), (2.0, 2.0, "b")), "●", ink)
        drawn = draw_plane(Plane("x", (cloud,)), 40, 12)
        assert number in {span.style.color.number for span in drawn.spans if span.style.color}  # type: ignore[union-attr]


def test_why_there_is_no_curve_is_said_in_full() -> None:
    nothing = drawing(Plot(title="x", series={"x": ""}, needs="measured every 30 s: known from the second time on"),
                      {}, {}, {}, span_s=300, edge=dt.datetime(2026, 3, 1, 12))
    lines = plot(nothing, 30, 4).plain.split("\n")
    assert " ".join(" ".join(lines).split()) == nothing.empty and max(map(len, lines)) <= 30
    assert plot(nothing, 30, 0).plain == "" and len(plot(nothing, 30, 1).plain.split("\n")) == 1


def test_ticks_are_round() -> None:
    assert ticks(0.6, 25, True) == [1, 2, 5, 10, 20]
    assert ticks(0.78, 1.0, False, 3) == pytest.approx([0.8, 0.9, 1.0])
    assert len(ticks(0.001, 10_000, True)) <= 7 and ticks(3, 3, False) == [3]


def test_plotext_is_not_part_of_the_start() -> None:
    code = ("import sys, console.ui.app, console.ui.screens.overview.screen;"
            "print({'plotext', 'postgast', 'pygments', 'markdown_it'} & sys.modules.keys())")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


async def test_chart_and_detail_on_a_screen(world: World) -> None:
    async with world.console(size=(80, 24), entries=ENTRIES) as (app, pilot):
        await live(app, pilot)
        app.screen.query_one(Chart).show(WAVE, GAPS)
        pane = app.screen.query_one(Paper)
        pane.say(*[(name, "warning") for name in HOSTILE], *[(f"line {number}", "dim") for number in range(50)])
        await pilot.pause()
        shown = screen_text(app)
        assert "[/x] [bold]not bold[/bold]" in shown and max(shown) > "⠁" and "line 49" not in shown
        await pilot.press(*["pagedown"] * 12)
        assert "line 49" in screen_text(app)
        await pilot.press("y")
        assert "line 3" in app.clipboard
