"""The line that stands on top of every screen: where we are, on what, and how fresh what is shown is."""

from __future__ import annotations

import unicodedata

from msgspec import Struct

from console.text import format as fmt
from console.view.table import Line, Tone


class ConnectionWords(Struct, frozen=True):
    """The state of the connection as words: `text` in full, `short` for narrow terminals."""

    text: str
    short: str
    tone: Tone


class HeaderFacts(Struct, frozen=True, kw_only=True):
    """What the header says; what isn't known yet is None and left out."""

    name: str
    environment: str
    link: ConnectionWords
    clock: str
    version: str | None = None
    is_standby: bool = False
    is_pooled: bool = False
    read_only: bool = True
    connections: int | None = None
    max_connections: int | None = None
    rtt_ms: float | None = None
    pool_in_use: int | None = None
    pool_max: int | None = None
    pool_waiting: int = 0
    breaker: str = "closed"
    alerts: int = 0
    recorder: str = ""
    is_recording: bool = False


def connecting(seconds: float) -> ConnectionWords:
    text = "◐ connecting" if seconds < 2 else f"◐ connecting {fmt.stopwatch(seconds)}"
    return ConnectionWords(text, text, "warning")


def live(every_s: float, age_s: float | None) -> ConnectionWords:
    """Refreshed every so many seconds; the age is said when it is more than it should be."""
    text = f"● live {fmt.number(every_s)} s"
    if age_s is not None and age_s > 2 * every_s + 2:
        late = f"● data {fmt.duration(age_s)} old"
        return ConnectionWords(late, late, "warning")
    return ConnectionWords(text, text, "ok")


def paused(age_s: float | None) -> ConnectionWords:
    text = "‖ paused" if age_s is None else f"‖ paused, {fmt.duration(age_s)} old"
    return ConnectionWords(text, "‖ paused", "warning")


def playing(speed: float, position_s: float, length_s: float, *, is_paused: bool, is_at_end: bool) -> ConnectionWords:
    """Where in a recording what is shown was read."""
    place = fmt.stopwatch(position_s)
    state = "■ end" if is_at_end else "‖ paused" if is_paused else f"▶ x{fmt.number(speed)}"
    return ConnectionWords(f"{state} {place} of {fmt.stopwatch(length_s)}", f"{state[0]} {place}",
                "warning" if is_at_end or is_paused else "ok")


def lost(seconds: float, retry_in_s: float, *, ever: bool) -> ConnectionWords:
    """`ever`: there was a connection before, and the last answer came `seconds` ago; otherwise none came about yet."""
    state = f"○ lost {fmt.stopwatch(seconds)}" if ever else "○ not connected"
    when = f"next try in {fmt.seconds(retry_in_s)} (r now)" if retry_in_s >= 0.5 else "trying now"
    short = f"○ retry {fmt.seconds(retry_in_s)}" if retry_in_s >= 0.5 else "○ trying"
    return ConnectionWords(f"{state}, {when}", short, "critical")


def header(facts: HeaderFacts, width: int) -> Line:
    """The header in `width` cells. What matters least in a hurry goes first when there is no room."""
    name = shortened(facts.name, max(12, width // 4))
    label = facts.environment.upper() if facts.environment != "unknown" else "UNKNOWN ENVIRONMENT"
    is_production = facts.environment == "production"
    items: list[tuple[int, str, Tone]] = [
        (0, name, "strong"), (0 if is_production else 3, label, "strong"), *_server_items(facts), *_load_items(facts)]
    for link in (facts.link.text, facts.link.short):
        end = [(0, link, facts.link.tone), (0 if facts.is_recording else 6, facts.clock, "")]
        fitting = _fitting(items, end, width)
        if fitting is not None:
            return fitting
    return ((f" {name} ", "strong"), (label if is_production else "", "strong"), (f" {facts.link.short}", ""))


def _server_items(facts: HeaderFacts) -> list[tuple[int, str, Tone]]:
    """What server it is, and what is to be known of it before anything else."""
    items: list[tuple[int, str, Tone]] = []
    if facts.version is not None:
        role = "standby" if facts.is_standby else "primary"
        items.append((1, f"PostgreSQL {facts.version} {role}", ""))
        if not facts.is_recording:
            items.append((0 if facts.read_only else 4, "read-only" if facts.read_only else "read-write", ""))
    if facts.is_recording:
        items.append((0, "RECORDING", "warning"))
    if facts.recorder:
        items.append((2, facts.recorder, "critical"))
    if facts.alerts:
        items.append((2, f"! {fmt.plural(facts.alerts, 'alert')}", "critical"))
    if facts.is_pooled:
        items.append((5, "via pooler", "strong"))
    return items


def _load_items(facts: HeaderFacts) -> list[tuple[int, str, Tone]]:
    """Connections, time of a round trip and pool."""
    items: list[tuple[int, str, Tone]] = []
    if facts.connections is not None and facts.max_connections:
        items.append((8, f"{facts.connections}/{facts.max_connections} conn", ""))
    if facts.rtt_ms is not None:
        items.append((7, f"rtt {fmt.milliseconds(facts.rtt_ms)}", ""))
    if facts.pool_in_use is not None:
        waiting = f" +{facts.pool_waiting}" if facts.pool_waiting else ""
        items.append((9, f"pool {facts.pool_in_use}/{facts.pool_max}{waiting}", ""))
    if facts.breaker != "closed":
        items.append((10, f"breaker {facts.breaker}", ""))
    return items


def cells(text: str) -> int:
    """How many terminal cells `text` takes: wide characters two, those that combine none."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(item) else 2 if unicodedata.east_asian_width(item) in "WF" else 1
               for item in text)


def shortened(name: str, most: int) -> str:
    """A name in at most `most` cells, its middle left out: a connection's host and database stand at its ends."""
    if cells(name) <= most:
        return name
    head, tail = name, name
    while cells(head) > (most - 1) // 2:
        head = head[:-1]
    while cells(tail) > most - 1 - cells(head):
        tail = tail[1:]
    return f"{head}…{tail}"


def _fitting(items: list[tuple[int, str, Tone]], end: list[tuple[int, str, Tone]], width: int) -> Line | None:
    """The items that fit, those at the end flush right; None when what must be said doesn't fit."""
    for limit in range(10, -1, -1):
        left = [(text, tone) for priority, text, tone in items if priority <= limit]
        right = [(text, tone) for priority, text, tone in end if priority <= limit]
        used = 1 + sum(cells(text) + 2 for text, _ in (*left, *right))
        if used > width:
            continue
        pieces: list[tuple[str, Tone]] = [(" ", "")]
        for index, (text, tone) in enumerate(left):
            separator = "" if index == 0 else " · " if index == 1 and len(items) > 1 and text == items[1][1] else "  "
            pieces += [(separator, ""), (text, tone)]
        space = width - 1 - sum(cells(text) for text, _ in pieces) - sum(cells(text) + 2 for text, _ in right) + 2
        pieces.append((" " * space, ""))
        for index, (text, tone) in enumerate(right):
            pieces += [("  " if index else "", ""), (text, tone)]
        return (*pieces, (" ", ""))
    return None
