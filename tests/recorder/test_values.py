"""Values go into a recording and come out as they were."""

from __future__ import annotations

import datetime as dt
import json
import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.recorder.values import decode, decode_column, encode, encode_column
from tests.support.builders import HOSTILE

OFFSETS = st.integers(-82_800, 82_800).map(lambda seconds: dt.timezone(dt.timedelta(seconds=seconds)))
"""What comes back has an offset instead of a zone: Python calls the hours of a clock set back unequal across those. Its
fromisoformat reads an offset of less than a second as none at all, and no server has such."""

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(HOSTILE)
    | st.text(st.characters(categories=("Cs", "Cc", "Lo"))) | st.decimals(allow_nan=False)
    | st.datetimes() | st.datetimes(timezones=OFFSETS) | st.dates() | st.times() | st.timedeltas() | st.uuids()
    | st.binary() | st.ip_addresses())
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner)
                      | st.dictionaries(st.text(max_size=5), inner, max_size=3) | st.frozensets(SCALARS, max_size=3),
                      max_leaves=8)


def through_json(value: Any) -> Any:
    """What a strict reader of JSON makes of what was written."""
    text = json.dumps(value, allow_nan=False)
    assert text.isascii() and "\n" not in text
    return json.loads(text)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES)
def test_every_value_comes_back(value: Any) -> None:
    assert decode(through_json(encode(value))) == value


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SCALARS | st.floats() | st.lists(st.integers() | st.none(), max_size=3), max_size=6))
def test_every_column_comes_back(column: list[Any]) -> None:
    back = decode_column(through_json(encode_column(column)))
    assert len(back) == len(column)
    for item, other in zip(back, column, strict=True):
        assert type(item) is type(other)
        assert item == other or (isinstance(other, float) and math.isnan(other) and math.isnan(item))


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinity_is_strict_json(value: float) -> None:
    assert decode(through_json(encode(value))) == value


def test_what_nobody_knows_comes_back_as_its_text() -> None:
    assert decode(through_json(encode(slice(1, 2)))) == "slice(1, 2, None)"


@pytest.mark.parametrize("value", [{}, {"$nobody": 1}, {"$datetime": "soon"}, {"$decimal": "x"}, {"$map": [1]},
                                   {"$datetime": 5}, {"a": 1, "b": 2}, {"$timedelta": [10**12, 0, 0]}])
def test_what_nobody_writes_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="no value of a recording"):
        decode(value)
