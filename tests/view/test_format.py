"""Numbers as text, by cases."""

from __future__ import annotations

import math

import pytest

from console.view import format as fmt

NAN = math.nan


@pytest.mark.parametrize(("function", "value", "text"), [
    (fmt.count, 12480, "12 480"), (fmt.count, 0, "0"), (fmt.count, None, "-"), (fmt.count, NAN, "-"),
    (fmt.count, 999_999, "999 999"), (fmt.count, 1_000_000, "1.0 M"), (fmt.count, -5, "-5"),
    (fmt.count, math.inf, "inf"), (fmt.count, 2_147_483_648, "2.1 B"),
    (fmt.number, 0.4231, "0.42"), (fmt.number, 2.0, "2"), (fmt.number, 0.5, "0.5"), (fmt.number, 34.56, "34.6"),
    (fmt.number, 1240.4, "1 240"), (fmt.number, 0, "0"), (fmt.number, None, "-"), (fmt.number, 0.0001, "0"),
    (fmt.size, 0, "0 B"), (fmt.size, 1023, "1023 B"), (fmt.size, 8192, "8.0 kB"), (fmt.size, 340 * 2**20, "340 MB"),
    (fmt.size, 2.1 * 2**30, "2.1 GB"), (fmt.size, None, "-"), (fmt.size, 2**80, "1073741824 PB"),
    (fmt.rate, 3.4 * 2**20, "3.4 MB/s"), (fmt.rate, None, "-"),
    (fmt.percent, 99.24, "99.2 %"), (fmt.percent, 100, "100 %"), (fmt.percent, 99.99, "99.9 %"),
    (fmt.percent, 0, "0 %"), (fmt.percent, None, "-"), (fmt.percent, 42.0, "42 %"),
    (fmt.milliseconds, 0.3, "0.3 ms"), (fmt.milliseconds, 41, "41 ms"), (fmt.milliseconds, 1234, "1.2 s"),
    (fmt.milliseconds, 840_000, "14 min"), (fmt.milliseconds, None, "-"),
    (fmt.duration, 0.84, "0.8 s"), (fmt.duration, 48, "48 s"), (fmt.duration, 840, "14 min"),
    (fmt.duration, 7500, "2 h 05"), (fmt.duration, 3 * 86400, "3 d"), (fmt.duration, -5, "-5.0 s"),
    (fmt.duration, 59.7 * 60, "1 h 00"), (fmt.duration, math.inf, "inf"), (fmt.duration, None, "-"),
    (fmt.stopwatch, 12, "00:12"), (fmt.stopwatch, 3723, "1:02:03"), (fmt.stopwatch, -3, "00:00"),
])
def test_shown_as(function: object, value: object, text: str) -> None:
    assert function(value) == text  # type: ignore[operator]


def test_one_and_several() -> None:
    assert [fmt.plural(1, "index", "indexes"), fmt.plural(3, "index", "indexes"), fmt.plural(0, "warning")] == [
        "1 index", "3 indexes", "0 warnings"]
