"""Alerts as rows, those that go on first, then those that have ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.config import AlertsConfig
from console.text import format as fmt
from console.view.overview import TONES, value_text
from console.view.table import Cell, Column, Line, Row, Table, Tone, line

if TYPE_CHECKING:
    from console.sampler.records import Alert

COLUMNS = (
    Column("status", "", fixed=True, sortable=False),
    Column("name", "alert", fixed=True, minimum=14, maximum=24),
    Column("state", "state", minimum=12, maximum=14, priority=3),
    Column("since", "since", minimum=8),
    Column("lasted", "for", align="right", minimum=7),
    Column("value", "value", align="right", minimum=7),
    Column("worst", "worst", align="right", minimum=7, priority=2),
    Column("summary", "what", flexible=True, minimum=20, maximum=200, sortable=False),
)


def table(active: Sequence[Alert], ended: Sequence[Alert], now: dt.datetime) -> Table:
    """`now` is by the server's clock, as the alerts' times are; nothing is younger than now."""
    rows = tuple(_row(alert, now) for alert in (*active, *ended))
    return Table(COLUMNS, rows, "no check has been beyond its threshold since the console watches this target")


def _row(alert: Alert, now: dt.datetime) -> Row:
    result, worst = alert.result, alert.worst
    seconds = max(0.0, ((alert.ended_at or now) - alert.since).total_seconds())
    is_over = alert.ended_at is not None
    tone: Tone = "dim" if is_over else TONES[result.status]
    state = "ended" if is_over else "acknowledged" if alert.acknowledged is not None else "new"
    return Row(alert.key, (
        Cell("-" if is_over else result.status.letter, tone, order=(is_over, -result.status.badness)),
        Cell(result.name, "dim" if is_over else "strong" if alert.acknowledged is None else ""),
        Cell(state, "dim" if state != "new" else ""),
        Cell(_time(alert.since, now), order=alert.since),
        Cell(fmt.duration(seconds), order=seconds),
        Cell("" if result.value is None else value_text(result.value, result.unit), order=result.value),
        Cell("" if worst.value is None else value_text(worst.value, worst.unit),
             "dim" if is_over else TONES[worst.status], order=worst.value),
        Cell(result.summary, "dim" if is_over or alert.acknowledged is not None else ""),
    ), record=alert)


def _time(moment: dt.datetime, now: dt.datetime) -> str:
    """The time of day here, with the day where it is another one."""
    local, today = moment.astimezone(), now.astimezone()
    return f"{local:%H:%M:%S}" if local.date() == today.date() else f"{local:%d %b %H:%M}"


def facts(unacknowledged: int, active: int, config: AlertsConfig, failure: str | None, left_out: int) -> Line:
    """How many, and where they are told of."""
    pieces: list[str | tuple[str, Tone]] = []
    if active:
        pieces += [(f"{fmt.plural(active, 'alert')} ", "strong"),
                   (f"({unacknowledged} new)" if unacknowledged else "(all acknowledged)", "dim")]
    else:
        pieces.append(("no alert goes on", "ok"))
    told = [word for word, is_on in (("bell", config.bell), ("command", config.command is not None)) if is_on]
    pieces.append((f"   told by {' and '.join(told)}" if told else
                   "   [alerts] in config.toml can ring the bell or run a command", "dim"))
    if left_out:
        pieces.append((f"   {fmt.count(left_out)} not told, too often", "dim"))
    if failure is not None:
        pieces.append((f"   {failure}", "critical"))
    return line(*pieces)


def detail(alert: Alert) -> list[tuple[str, Tone]]:
    """An alert in full."""
    result, worst = alert.result, alert.worst
    words: list[tuple[str, Tone]] = [(f"{result.status.name}: {result.summary}", TONES[result.status])]
    if worst != result:
        words.append((f"at its worst {worst.status.name}: {worst.summary}", TONES[worst.status]))
    if result.hint:
        words += [("", ""), (result.hint, "")]
    words += [("", ""), (f"since {alert.since.astimezone():%Y-%m-%d %H:%M:%S}", "dim")]
    if alert.ended_at is not None:
        words.append((f"ended {alert.ended_at.astimezone():%Y-%m-%d %H:%M:%S}", "dim"))
    elif alert.acknowledged is not None:
        words.append((f"acknowledged as {alert.acknowledged.name}, until it gets worse or ends", "dim"))
    words.append((f"[checks.{result.name}] in config.toml changes the thresholds", "dim"))
    return words
