"""What a person types to go to a moment of a recording."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

import pytest

from console.errors import UsageError
from console.recorder.replay.moment import parse

FIRST = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)
LAST = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
NOW = dt.datetime(2026, 3, 1, 23, 45, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def moment(text: str) -> str:
    return f"{parse(text, first=FIRST, last=LAST, now=NOW):%d %H:%M:%S}"


@pytest.mark.parametrize(("text", "at"), [
    ("23:50", "01 23:50:00"), ("0:10:30", "02 00:10:30"), (" 00:10 ", "02 00:10:00"), ("+90s", "01 23:46:30"),
    ("+90", "01 23:46:30"), ("- 5 min", "01 23:40:00"), ("+1h", "02 00:45:00"), ("+99999d", "02 01:00:00"),
    ("-2h", "01 23:30:00"), ("start", "01 23:30:00"), ("END", "02 01:00:00"), ("2026-03-02 00:15", "02 00:15:00"),
    ("2026-03-02T02:15:00+02:00", "02 00:15:00"), ("23:29:30", "01 23:30:00"), ("1:00:20", "02 01:00:00")])
def test_moments(text: str, at: str) -> None:
    assert moment(text) == at


@pytest.mark.parametrize("text", ["", "soon", "25:00", "12:61", "12:00", "2026-03-05 00:00", "+", "5 parsecs",
                                  "99999-01-01", "\x1b[31m"])
def test_nonsense_is_refused_with_what_can_be_typed(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        moment(text)
    assert raised.value.hint is not None and "14:02" in raised.value.hint
