"""Vectors in a form that a person can read."""

from __future__ import annotations

import pytest

from console.view.catalog.value_text import vector


@pytest.mark.parametrize(("text", "note", "shown"), [
    ("[0.12,-0.33,0.0512345,0.4,0.1", "384:1.0000001", "[0.12, -0.33, 0.0512, …] 384 d, norm 1.00"),
    ("[1,2,3]", "3:3.7416", "[1, 2, 3] 3 d, norm 3.74"),
    ("[1,2,3,4]", "4:5.477", "[1, 2, 3, …] 4 d, norm 5.48"),
    ("{1:0.5,3:0.25}/5", "5:0.559", "{1:0.5, 3:0.25} 5 d, norm 0.56"),
    ("{}/5", "5:0", "{} 5 d, norm 0.00"),
    ("[1e+38,1", "2:Infinity", "[1e+38, 1, …] 2 d, norm unknown"),
    (None, "16000:2", "16000 d, norm 2.00"),
])
def test_vector(text: str | None, note: str, shown: str) -> None:
    assert vector(text, note) == shown
