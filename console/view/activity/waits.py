"""What sessions wait for: shares of wait events over the last minutes as bars, and how each went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.activity.records import WaitShare
from console.text import format as fmt
from console.view.bars import bar, sparkline
from console.view.table import Cell, Column, Line, Row, Table, Tone

BAR_CELLS = 16
PARTS = 20

COLUMNS = (
    Column("event", "waiting at", fixed=True, minimum=16, maximum=34),
    Column("share", "share", align="right", fixed=True, minimum=6),
    Column("bar", "", minimum=BAR_CELLS, maximum=BAR_CELLS, sortable=False),
    Column("sessions", "sessions", align="right", minimum=8),
    Column("course", "last 5 min", minimum=PARTS, maximum=PARTS, priority=1, sortable=False),
    Column("meaning", "meaning", flexible=True, minimum=16, maximum=120, priority=2, sortable=False),
)

TONES: Mapping[str, Tone] = {"CPU": "ok", "Lock": "critical", "LWLock": "warning", "BufferPin": "warning"}


def table(shares: Sequence[WaitShare], meanings: Mapping[tuple[str, str], str], empty: str) -> Table:
    """The events, most first; `sessions` is how many were there on average."""
    most = max((value for share in shares for value in share.course if value is not None), default=0.0)
    rows = []
    for wait_share in shares:
        name = "CPU" if wait_share.event is None else f"{wait_share.type}:{wait_share.event}"
        tone = TONES.get(wait_share.type, "")
        rows.append(Row(name, (
            Cell(name, tone if tone == "critical" else "strong"),
            Cell(fmt.percent(round(wait_share.share * 100, 1)), "", wait_share.share),
            Cell(bar(wait_share.share, BAR_CELLS, " "), tone or "accent"),
            Cell(f"{wait_share.sessions:.2f}", "", wait_share.sessions),
            Cell(sparkline(wait_share.course, most), tone or "accent"),
            Cell(_meaning(wait_share, meanings), "dim"))))
    return Table(COLUMNS, tuple(rows), empty)


def _meaning(share: WaitShare, meanings: Mapping[tuple[str, str], str]) -> str:
    return "running, not waiting" if share.event is None else meanings.get((share.type, share.event), "").rstrip(".")


def summary(shares: Sequence[WaitShare], samples: int, seconds: float, subject: str) -> Line:
    """How busy: average active sessions, how much of them waited, of how many samples."""
    active = sum(share.sessions for share in shares)
    waiting = sum(share.sessions for share in shares if share.event is not None)
    pieces: list[tuple[str, Tone]] = [(f" {subject}: ", "strong")]
    if active:
        part = fmt.percent(round(100 * waiting / active))
        pieces.append((f"{active:.1f} active on average, {part} of it waiting", ""))
    else:
        pieces.append(("nothing was active", ""))
    pieces.append((f" · {fmt.plural(samples, 'sample')} in {fmt.duration(seconds)}", "dim"))
    return tuple(pieces)
