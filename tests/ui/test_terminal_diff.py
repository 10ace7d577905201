"""What is sent to the terminal: no more than what differs, and afterwards everything stands as it should."""

from __future__ import annotations

import random

import pyte
import pytest
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from console.text.sanitiser import harmful
from console.ui.terminal_diff import ScreenBuffer, changed_spans
from tests.support.builders import HOSTILE

WIDTH, HEIGHT = 40, 4
WORDS = ("abc", "漢字", "  ", "O", "12.5 %", "é", "────", "x")
STYLES = (Style(), Style(bold=True), Style(color="#aabbcc"), Style(color="#aabbcc", bgcolor="#112233"))
CONSOLE = Console(force_terminal=True, color_system="truecolor", legacy_windows=False)


def strip(random_: random.Random, width: int) -> Strip:
    """Random words in random styles, exactly so wide."""
    segments = [Segment(random_.choice(WORDS), random_.choice(STYLES)) for _ in range(width)]
    return Strip(segments).adjust_cell_length(width, STYLES[0])


def text_and_colours(screen: pyte.Screen) -> list[list[tuple[str, str, str, bool]]]:
    return [[(cell.data, cell.fg, cell.bg, cell.bold) for cell in (screen.buffer[y][x] for x in range(WIDTH))]
            for y in range(HEIGHT)]


@pytest.mark.parametrize("seed", range(20))
def test_pieces_written_over_one_another_leave_what_whole_lines_would(seed: int) -> None:
    random_ = random.Random(seed)
    written, ours, whole = ScreenBuffer(), pyte.Screen(WIDTH, HEIGHT), pyte.Screen(WIDTH, HEIGHT)
    lines = [Strip.blank(WIDTH, STYLES[0]) for _ in range(HEIGHT)]
    for _ in range(60):
        y, x = random_.randrange(HEIGHT), random_.choice((0, 0, random_.randrange(WIDTH)))
        piece = strip(random_, WIDTH - x if x == 0 else random_.randint(1, WIDTH - x))
        lines[y] = Strip.join([lines[y].crop(0, x), piece, lines[y].crop(x + piece.cell_length)])
        pyte.Stream(ours).feed(written.change(0, y, lines[y], CONSOLE))
        pyte.Stream(whole).feed(f"\x1b[{y + 1};1H" + lines[y].render(CONSOLE))
    assert text_and_colours(ours) == text_and_colours(whole)


def test_marks_that_combine_take_no_cell() -> None:
    before, after = (Strip([Segment("e\u0301" * 9 + f" ab{last}d")]) for last in "cX")
    assert list(changed_spans(before, after)) == [(12, 1)]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_a_widget_draws_moves_no_cursor_and_names_no_window(hostile: str) -> None:
    sent = ScreenBuffer().change(0, 0, Strip([Segment(hostile + "x", STYLES[0])]), CONSOLE)
    assert sent.startswith("\x1b[1;1H")
    assert not [character for character in sent[6:] if harmful().match(character)]
    assert Strip([Segment(sent[6:])]).cell_length == Strip([Segment(hostile + "x")]).cell_length


def test_what_stands_there_is_not_sent_again() -> None:
    written, line = ScreenBuffer(), Strip([Segment("connections 42", STYLES[2])])
    assert "connections 42" in written.change(0, 0, line, CONSOLE)
    assert written.change(0, 0, line, CONSOLE) == ""
    split = Strip([Segment("connections ", STYLES[2]), Segment("42", STYLES[2])])
    assert written.change(0, 0, split, CONSOLE) == ""
    changed = written.change(0, 0, Strip([Segment("connections 43", STYLES[2])]), CONSOLE)
    assert "3" in changed and "conn" not in changed


def test_a_part_that_was_never_written_is_sent() -> None:
    written = ScreenBuffer()
    assert "     " in written.change(10, 0, Strip.blank(5), CONSOLE)
    assert written.change(10, 0, Strip.blank(5), CONSOLE) == ""
    assert " " * 10 in written.change(0, 0, Strip.blank(20), CONSOLE)


def test_after_another_size_or_a_repaint_everything_is_sent() -> None:
    written, line = ScreenBuffer(), Strip([Segment("connections 42", STYLES[2])])
    written.resize(Size(80, 24))
    written.change(0, 0, line, CONSOLE)
    written.resize(Size(80, 24))
    assert written.change(0, 0, line, CONSOLE) == ""
    written.resize(Size(100, 24))
    assert "connections 42" in written.change(0, 0, line, CONSOLE)
    written.forget()
    assert "connections 42" in written.change(0, 0, line, CONSOLE)
