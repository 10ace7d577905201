"""Numbers, sizes and durations as text, by cases."""

from __future__ import annotations

import math

import pytest

from console.text import format as fmt

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
    (fmt.percent, 0, "0 %"), (fmt.percent, None, "-"), (fmt.percent, 42.0, "42 %"), (fmt.percent, 0.04, "<0.1 %"),
    (fmt.percent, 60.0000001, "60 %"), (fmt.percent, 120.4, "120 %"), (fmt.percent, 43.3, "43 %"),
    (fmt.percent, 4.33, "4.3 %"), (fmt.share, 0.985, "98.5 %"),
    (fmt.share, None, "-"), (fmt.factor, 3.21, "3.2"), (fmt.factor, 17.4, "17"), (fmt.factor, 1200, "1 200"),
    (fmt.milliseconds, 0.0041, "4.1 µs"), (fmt.milliseconds, 0.3, "0.3 ms"),
    (fmt.milliseconds, 0.42, "0.42 ms"), (fmt.milliseconds, 4.14, "4.1 ms"),
    (fmt.milliseconds, 41, "41 ms"), (fmt.milliseconds, 1234, "1.2 s"), (fmt.milliseconds, 0, "0 ms"),
    (fmt.milliseconds, 840_000, "14 min"), (fmt.milliseconds, None, "-"), (fmt.milliseconds, -4.14, "-4.1 ms"),
    (fmt.duration, 0.84, "840 ms"), (fmt.duration, 48, "48 s"), (fmt.duration, 840, "14 min"),
    (fmt.duration, 0, "0 s"), (fmt.duration, 62 * 60, "1 h 02"), (fmt.duration, 0.00042, "0.42 ms"),
    (fmt.duration, 0.9996, "1.0 s"), (fmt.milliseconds, 999.6, "1.0 s"),
    (fmt.duration, 7500, "2 h 05"), (fmt.duration, 3 * 86400, "3 d"), (fmt.duration, -5, "-5.0 s"),
    (fmt.duration, 59.7 * 60, "1 h 00"), (fmt.duration, math.inf, "inf"), (fmt.duration, None, "-"),
    (fmt.stopwatch, 12, "00:12"), (fmt.stopwatch, 3723, "1:02:03"), (fmt.stopwatch, -3, "00:00"),
])
def test_shown_as(function: object, value: object, text: str) -> None:
    assert function(value) == text  # type: ignore[operator]


def test_one_and_several() -> None:
    assert [fmt.plural(1, "index", "indexes"), fmt.plural(3, "index", "indexes"), fmt.plural(0, "warning")] == [
        "1 index", "3 indexes", "0 warnings"]


def test_a_duration_is_the_same_whatever_unit_it_is_given_in() -> None:
    for exponent in range(-60, 120):
        seconds = 1.37 * 1.3 ** exponent
        assert fmt.duration(seconds) == fmt.milliseconds(seconds * 1000)
