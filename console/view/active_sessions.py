"""Average active sessions over time: what they wait for or whose they are, against the server's cores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from console.text import format as fmt
from console.view import stack
from console.view.stack import Layer, Stack, TimeMark
from console.view.table import Line, Tone

WAITS: tuple[tuple[str, str, str, Tone], ...] = (
    ("active_cpu", "CPU", "c", "ok"), ("active_io", "I/O", "i", "accent"), ("active_lock", "Lock", "L", "critical"),
    ("active_lwlock", "LWLock", "w", "warning"), ("active_client", "Client", "n", "dim"),
    ("active_other", "other", "o", "faint"))
"""The sampler's series of active sessions, from below: with the name, letter and tone of each."""

RECENT_S = 60.0

NEAR = 3.0
"""The cores are within the picture while they are at most so many times what there is: else that would be flat."""

Values = Sequence[float | None]


def by_wait(values: Mapping[str, Values], span_s: float) -> tuple[Layer, ...]:
    """The wait classes that were seen, and CPU; none where nothing is known at all."""
    if not any(value is not None for name, *_ in WAITS for value in values.get(name, ())):
        return ()
    return tuple(Layer(name, letter, tone, tuple(values[series]), number(recent(values[series], span_s)))
                 for series, name, letter, tone in WAITS if series == "active_cpu" or any(values[series]))


def recent(values: Values, span_s: float) -> float | None:
    """The average of the last minute, or of the last value where one lasts longer; None where nothing is known."""
    last = max(1, round(len(values) * RECENT_S / span_s))
    known = [value for value in values[-last:] if value is not None]
    return sum(known) / len(known) if known else None


def number(value: float | None) -> str:
    """An average number of sessions: one digit after the point where it says something."""
    if value is None:
        return "-"
    return f"{value:.1f}" if value < 10 and round(value, 1) % 1 else fmt.count(round(value))


def picture(layers: Sequence[Layer], *, by: str, cores: int | None, hidden: int, edge: dt.datetime, span_s: float,
            width: int, aside: Line = (), marks: Sequence[TimeMark] = (), empty: str = "nothing known yet") -> Stack:
    """The layers as the main chart, up to `edge` (local time), `width` cells wide. `by` is what tells them apart.
    `cores` None: not known. `hidden` are sessions whose state this role may not see."""
    now = sum(recent(layer.values, span_s) or 0.0 for layer in layers)
    title: list[tuple[str, Tone]] = [("active sessions", "strong"), (f" by {by}  ", "dim")]
    if layers:
        over = cores is not None and now > cores
        title.append((number(now), "critical" if over else "strong"))
    if hidden and layers:
        title.append((f" ({fmt.plural(hidden, 'hidden one')} left out)", "warning"))
    top = max(1.0, stack.highest([layer.values for layer in layers]))
    if cores is not None and cores <= NEAR * top:
        top = max(top, cores * 1.1)
    high = stack.rounded_up(top)
    return Stack(
        title=tuple(title), layers=tuple(layers), aside=aside, high=high,
        rows=tuple((value, f"{value:g}") for value in (0.0, high / 2, high)),
        limits=() if cores is None else ((float(cores), f"{cores} cpu", "warning"),), span_s=span_s,
        columns=stack.times(edge, span_s, max(2, width // 18)), marks=tuple(marks), empty=empty)
