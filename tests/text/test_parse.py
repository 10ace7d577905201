"""What people, configuration files and PostgreSQL write, as numbers."""

from __future__ import annotations

import pytest

from console.text import parse


@pytest.mark.parametrize(("text", "seconds"), [
    ("250ms", 0.25), ("5s", 5), ("5m", 300), ("5min", 300), ("2h", 7200), ("1d", 86400), ("1.5 h", 5400),
    ("70us", 7e-5), (" 5 s ", 5), ("5", None), ("", None), ("s", None), ("5 weeks", None), ("-5s", None),
    ("1e3s", None), ("5s5s", None), ("٥s", None), ("5%", None), ("5MB", None),
])
def test_durations(text: str, seconds: float | None) -> None:
    found = parse.duration(text)
    assert found == (None if seconds is None else pytest.approx(seconds))
    in_ms = parse.milliseconds(text)
    assert in_ms == (None if seconds is None else pytest.approx(seconds * 1000))


def test_a_bare_number_is_what_it_is_said_to_be() -> None:
    assert parse.duration("5", bare="s") == 5 and parse.duration("5", bare="min") == 300
    assert parse.milliseconds("5", bare="ms") == 5 and parse.size("5", bare="kB") == 5120
    assert parse.duration("5m", bare="s") == 300


@pytest.mark.parametrize(("text", "size"), [
    ("512B", 512), ("8kB", 8192), ("8KB", 8192), ("1.5MB", 1.5 * 2**20), ("2 GB", 2 * 2**30), ("1TB", 2**40),
    ("5", None), ("5mb", None), ("5s", None), ("GB", None),
])
def test_sizes(text: str, size: float | None) -> None:
    assert parse.size(text) == size


@pytest.mark.parametrize(("value", "unit", "number"), [
    ("80%", "%", 80), (80, "%", 80), ("80", "%", 80), ("5min", "s", 300), ("250ms", "ms", 250), ("2s", "ms", 2000),
    ("500MB", "B", 500 * 2**20), (3, "", 3), ("3", "", 3),
])
def test_thresholds(value: str | int, unit: parse.Unit, number: float) -> None:
    assert parse.threshold(value, unit) == pytest.approx(number)


@pytest.mark.parametrize(("value", "unit"), [
    ("80%", "s"), ("5min", "%"), ("5x", "s"), (True, "%"), (-1, ""), (float("nan"), "s"), (float("inf"), "B"),
    ("many", ""),
])
def test_what_is_no_threshold_says_what_may_be_written(value: float, unit: parse.Unit) -> None:
    with pytest.raises(ValueError, match="write "):
        parse.threshold(value, unit)
