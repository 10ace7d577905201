"""What runs now, and a minute of statements and waits."""

from __future__ import annotations

import pytest

from console.ui import text
from console.view import running


@pytest.mark.parametrize("name", ["select ? from t", "select ? from " + "表" * 40, "insert into \x1b[31mt values (?)"])
def test_figures_stand_in_their_columns_whatever_the_statement(name: str) -> None:
    lines = running.minute([(name, 1.5), ("", 0.5)], [("CPU", 2.0)], 40, 5, text.fit)
    written = ["".join(words for words, _ in line) for line in lines]
    assert {text.width(line) for line in written} == {40}
    assert [line[-12:].split() for line in written] == [["active", "%"], ["1.5", "75"], ["0.5", "25"],
                                                        ["active", "%"], ["2", "100"]]
    assert "\x1b" not in "".join(written)
