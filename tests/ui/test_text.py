"""Whatever a server sends becomes harmless text of a known width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from textual.color import Color

from console.text import sanitiser
from console.ui import text
from tests.support.builders import HOSTILE


@pytest.mark.parametrize(("given_", "shown"), [
    ("plain", "plain"), ("[/x] [red]", "[/x] [red]"), ("a\nb", "a↵b"), ("a\r\nb\tc", "a↵b c"),
    ("\x1b[31mred\x07", "\ufffd[31mred\ufffd"), ("abc\u202egnp", "abc\ufffdgnp"), ("x\u2066y\u2069", "x\ufffdy\ufffd"),
    ("zero\u200bwidth\ufeff", "zero\ufffdwidth\ufffd"), ("❤\ufe0f", "❤"), ("\ud800", "\ufffd"), ("nb\u00a0sp", "nb sp"),
    ("\x9b31m", "\ufffd31m"), ("日本", "日本"),
])
def test_clean(given_: str, shown: str) -> None:
    assert text.clean(given_) == shown


@given(st.text(st.characters()), st.integers(0, 30))
def test_anything_is_printable_encodable_and_fits(value: str, cells: int) -> None:
    cleaned = text.clean(value)
    assert "\x1b" not in cleaned and "\n" not in cleaned
    cleaned.encode()
    assert text.width(text.cut(cleaned, cells)) <= cells
    assert text.width(text.fit(value, cells)) == cells


@given(st.text(st.characters(blacklist_categories=["Cs"])), st.integers(2, 20))
def test_wrapped_lines_fit_and_lose_nothing_but_spaces(value: str, cells: int) -> None:
    lines = text.wrap(value, cells)
    assert all(text.width(line) <= cells for line in lines)
    kept = "".join(lines).replace(" ", "")
    assert kept == "".join("".join(sanitiser.lines(value)).split(" "))


@pytest.mark.parametrize("value", HOSTILE)
def test_ascii_keeps_the_width(value: str) -> None:
    cleaned = text.clean(value)
    shown = text.asciify(cleaned)
    assert shown.isascii() and len(shown) == text.width(cleaned)


def test_signs_become_what_is_like_them() -> None:
    assert text.asciify("1.000 ± 0.001") == "1.000 ~ 0.001"


def test_braille_becomes_density() -> None:
    assert text.asciify("\u2800\u2801\u28c0\u28f6\u28ff") == " ..:#" or text.asciify("\u28ff") == "#"


def test_the_filter_translates_whatever_a_widget_draws() -> None:
    drawn = text.AsciiFilter().apply([Segment("╭─ │ ● …"), Segment("日")], Color(0, 0, 0))
    assert "".join(segment.text for segment in drawn) == "+- | * ~??"


def test_content_reads_no_markup() -> None:
    assert text.content("[/x] [bold]a[/bold]").plain == "[/x] [bold]a[/bold]"
