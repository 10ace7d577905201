"""The line that stands on top of every screen: where we are, on what, and how fresh what is shown is."""

from __future__ import annotations

import unicodedata

from msgspec import Struct

from console.server.tls import Encryption
from console.text import format as fmt
from console.view.table import Line, Tone

Item = tuple[int, str, Tone]
"""How much it matters, 0 the most; its text; its tone."""

SHORT_NAME, SHORT_HOST = 12, 15
"""Cells for the target's name and for a host where there is little room."""

SAID_SHORT = 2
"""What matters as much as this is said in shorter words before it is left out."""


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
    host: str | None = None
    """Who answered, where the target names several hosts."""
    encryption: Encryption | None = None
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
    has_critical: bool = False
    """Whether one of the alerts is critical."""
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
    name = shortened(facts.name, max(SHORT_NAME, width // 4))
    label = facts.environment.upper() if facts.environment != "unknown" else "UNKNOWN ENVIRONMENT"
    is_production = facts.environment == "production"
    rest: list[Item] = [(0 if is_production else 3, label, "strong")]
    full: list[Item] = [(0, name, "strong"), *rest, *_server_items(facts), *_load_items(facts)]
    short: list[Item] = [(0, name, "strong"), *rest, *_server_items(facts, is_short=True)]
    shortest: list[Item] = [(0, shortened(name, SHORT_NAME), "strong"), *short[1:]]
    for link in (facts.link.text, facts.link.short):
        end: list[Item] = [(0, link, facts.link.tone), (0 if facts.is_recording else 6, facts.clock, "")]
        for limit in range(10, SAID_SHORT - 1, -1):
            if (fitting := _fitting(full, end, width, limit)) is not None:
                return fitting
        for items in (short, shortest, _that_fit(shortest, end, width)):
            if (fitting := _fitting(items, end, width, SAID_SHORT)) is not None:
                return fitting
    return ((f" {name} ", "strong"), (label if is_production else "", "strong"), (f" {facts.link.short}", ""))


def _server_items(facts: HeaderFacts, *, is_short: bool = False) -> list[Item]:
    """What server it is, and what is to be known of it before anything else."""
    items: list[Item] = []
    if facts.version is not None:
        role = "standby" if facts.is_standby else "primary"
        items.append((1, f"{'' if is_short else 'PostgreSQL '}{facts.version} {role}", ""))
        if not facts.is_recording:
            items.append((0 if facts.read_only else 4, "read-only" if facts.read_only else "read-write", ""))
    if facts.is_recording:
        items.append((0, "RECORDING", "warning"))
    if facts.recorder:
        items.append((2, facts.recorder, "critical"))
    if facts.alerts:
        items.append((2, f"! {fmt.plural(facts.alerts, 'alert')}", "critical" if facts.has_critical else "warning"))
    if facts.host is not None:
        items.append((1, f"at {shortened(facts.host, SHORT_HOST) if is_short else facts.host}", ""))
    if facts.encryption is not None:
        items.append(_protection(facts.encryption))
    if facts.is_pooled:
        items.append((5, "via pooler", "strong"))
    return items


def _protection(found: Encryption) -> Item:
    """Whether anybody on the way can read along comes before who it is that answers."""
    if found.kind == "none":
        return (1, "no TLS", "warning")
    words = "TLS unverified" if found.verified == "nothing" else found.kind
    return (8 if found.kind == "socket" else 2, words, "")


def _load_items(facts: HeaderFacts) -> list[Item]:
    """Connections, time of a round trip and pool."""
    items: list[Item] = []
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


def _that_fit(items: list[Item], end: list[Item], width: int) -> list[Item]:
    """Of what is said short, one after the other while there is room, what matters most first."""
    kept = [item for item in items if item[0] == 0]
    for item in sorted(items, key=lambda item: item[0]):
        if 0 < item[0] <= SAID_SHORT and _fitting([*kept, item], end, width, SAID_SHORT) is not None:
            kept.append(item)
    return [item for item in items if item in kept or item[0] > SAID_SHORT]


def _fitting(items: list[Item], end: list[Item], width: int, limit: int) -> Line | None:
    """What matters as much as `limit`, with what is of the end flush right; None where it doesn't fit."""
    left = [(text, tone) for priority, text, tone in items if priority <= limit]
    right = [(text, tone) for priority, text, tone in end if priority <= limit]
    if 1 + sum(cells(text) + 2 for text, _ in (*left, *right)) > width:
        return None
    pieces: list[tuple[str, Tone]] = [(" ", "")]
    for index, (text, tone) in enumerate(left):
        separator = "" if index == 0 else " · " if index == 1 and len(items) > 1 and text == items[1][1] else "  "
        pieces += [(separator, ""), (text, tone)]
    space = width - 1 - sum(cells(text) for text, _ in pieces) - sum(cells(text) + 2 for text, _ in right) + 2
    pieces.append((" " * space, ""))
    for index, (text, tone) in enumerate(right):
        pieces += [("  " if index else "", ""), (text, tone)]
    return (*pieces, (" ", ""))
