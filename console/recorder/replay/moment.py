"""A moment of a recording, as a person types it. Pure."""

from __future__ import annotations

import datetime as dt
import re

from console.errors import UsageError
from console.text.parse import duration

FORMS = '14:02, 14:02:31, 2026-03-01 14:02, +90s, -5min, start or end'


def parse(text: str, *, first: dt.datetime, last: dt.datetime, now: dt.datetime) -> dt.datetime:
    """The moment that `text` means: a time of day, a date and time, so long before or after `now`, start or end.

    Dates and times without a zone are local. A time of day is that of the recording's day on which it lies, where it
    lasts for several, the one nearest to `now`. Raises UsageError, also for what lies outside of the recording.
    """
    words = text.strip().lower()
    if words in ("start", "end"):
        return first if words == "start" else last
    if words[:1] in ("+", "-") and (seconds := duration(words[1:], bare="s")) is not None:
        return min(last, max(first, now + dt.timedelta(seconds=min(seconds, 1e9) * (1 if words[0] == "+" else -1))))
    if match := re.fullmatch(r"(\d{1,2}):(\d\d)(?::(\d\d))?", words):
        try:
            time = dt.time(int(match[1]), int(match[2]), int(match[3] or 0))
        except ValueError:
            raise UsageError(f"{text.strip()} is no time of day", hint=f"type {FORMS}") from None
        days = (last.astimezone().date() - first.astimezone().date()).days
        found = [dt.datetime.combine(first.astimezone().date() + dt.timedelta(day), time).astimezone()
                 for day in range(days + 1)]
        return _inside(min(found, key=lambda datetime: (not first <= datetime <= last, abs(datetime - now))), first,
                       last)
    try:
        return _inside(dt.datetime.fromisoformat(text.strip()).astimezone(), first, last)
    except (ValueError, OverflowError):
        raise UsageError(f"{text.strip() or 'nothing'} is no time", hint=f"type {FORMS}") from None


def _inside(found: dt.datetime, first: dt.datetime, last: dt.datetime) -> dt.datetime:
    minute = dt.timedelta(minutes=1)
    if not first - minute < found < last + minute:
        raise UsageError(f"the recording goes from {first.astimezone():%Y-%m-%d %H:%M:%S} to "
                         f"{last.astimezone():%Y-%m-%d %H:%M:%S}", hint=f"type {FORMS}")
    return min(last, max(first, found))
