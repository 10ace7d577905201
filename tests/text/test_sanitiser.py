"""What strangers write becomes harmless, and nothing else changes."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.text import sanitiser
from tests.support.builders import HOSTILE

EVERYTHING = st.text(st.characters())
BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
INVISIBLE = "\u200b\u2060\ufeff\u034f\u3164\u115f\uffa0\u180e\U000e0041\U000e0100"


@pytest.mark.parametrize(("given_", "shown"), [
    ("plain", "plain"), ("a\nb", "a b"), ("a\r\nb\tc", "a b c"), ("a\rb", "a b"), ("a\u2028b\u2029c", "a b c"),
    ("\x1b[31mred\x07", "\ufffd[31mred\ufffd"), ("abc\u202egnp", "abc\ufffdgnp"), ("x\u2066y\u2069", "x\ufffdy\ufffd"),
    ("zero\u200bwidth\ufeff", "zero\ufffdwidth\ufffd"), ("❤\ufe0f", "❤"), ("1\ufe0f\u20e3", "1\u20e3"),
    ("👩\u200d👧", "👩👧"), ("می\u200cخواهم", "میخواهم"), ("admin\u200d", "admin\ufffd"), ("\u200da", "\ufffda"),
    ("\ud800", "\ufffd"), ("nb\u00a0sp\u2009x", "nb sp x"), ("co\u00adop", "co-op"), ("\x9b31m\x7f", "\ufffd31m\ufffd"),
    ("日本\u3000語", "日本\u3000語"), ("e\u0301", "e\u0301"), ("\ue000", "\ufffd"),
])
def test_on_one_line(given_: str, shown: str) -> None:
    assert sanitiser.single_line(given_) == shown


def test_line_breaks_may_have_a_sign() -> None:
    assert sanitiser.single_line("a\r\nb\u2029c", "↵") == "a↵b↵c"


@pytest.mark.parametrize("harmful", [*map(chr, range(0x20)), *map(chr, range(0x7f, 0xa0)), *BIDIRECTIONAL, *INVISIBLE,
                                     "\u2028", "\u2029", "\udfff"])
def test_whatever_acts_or_hides_is_gone(harmful: str) -> None:
    assert harmful not in sanitiser.single_line(f"a{harmful}b")
    assert harmful not in "".join(sanitiser.lines(f"a{harmful}b"))
    assert harmful not in sanitiser.single_line(f"ü{harmful}b")


@given(EVERYTHING)
def test_anything_is_one_line_without_controls_and_can_be_encoded(text: str) -> None:
    shown = sanitiser.single_line(text)
    shown.encode()
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in shown)
    assert sanitiser.single_line(shown) == shown
    assert sanitiser.block(text).split("\n") == (sanitiser.lines(text) or [""])
    assert "\n" not in "".join(sanitiser.lines(text))


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd", "Po", "So"], exclude_characters=INVISIBLE + "\u1160")))
def test_what_people_write_stays(text: str) -> None:
    assert sanitiser.single_line(text) == text


def test_lines_expand_tabs_and_keep_empty_lines() -> None:
    assert sanitiser.lines("a\tb\r\n\r\n  c\rd\n") == ["a   b", "", "  c", "d"]
    assert sanitiser.lines("") == [] and sanitiser.block("") == ""


@given(st.recursive(EVERYTHING, lambda inner: st.lists(inner) | st.dictionaries(EVERYTHING, inner), max_leaves=8))
def test_json_escapes_mean_the_same(value: object) -> None:
    document = sanitiser.json_escaped(json.dumps(value, ensure_ascii=False))
    assert json.loads(document) == json.loads(json.dumps(value))
    assert sanitiser.single_line(document).count(sanitiser.REPLACEMENT) == document.count(sanitiser.REPLACEMENT)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_clipboard_gets_the_true_text_without_what_a_shell_obeys(text: str) -> None:
    pasted = sanitiser.for_pasting(text)
    pasted.encode()
    assert not any(unicodedata.category(character) == "Cc" for character in pasted if character not in "\n\t")
    assert [character for character in pasted if character in BIDIRECTIONAL + INVISIBLE] == [
        character for character in text if character in BIDIRECTIONAL + INVISIBLE]
