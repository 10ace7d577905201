"""Long values in a form that a person can read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.view.catalog.value_text import indented_json, vector


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


def test_json_keeps_numbers_and_duplicate_keys() -> None:
    text = '{"a":1.10000000000000000001,"a": [1e400, {}, [ ]], "b\\"{": "x,:[\\n"}'
    assert indented_json(text) == (
        '{\n  "a": 1.10000000000000000001,\n  "a": [\n    1e400,\n    {},\n    []\n  ],\n  "b\\"{": "x,:[\\n"\n}')


@pytest.mark.parametrize("text", ['{"a": [1, 2', "", "plain", "[" * 100_000])
def test_what_is_not_json_stays(text: str) -> None:
    assert indented_json(text) == text


_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
                     lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(_JSON)
def test_indenting_is_what_json_does(value: object) -> None:
    assert indented_json(json.dumps(value)) == json.dumps(value, indent=2)
