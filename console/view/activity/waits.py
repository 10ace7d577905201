"""What sessions wait for: shares of wait events over the last minutes as bars, and how each went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.activity.records import LockWaits, WaitShare
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

TONES: Mapping[str, Tone] = {"CPU": "ok", "Lock": "critical", "LWLock": "warning", "BufferPin": "warning",
                            "Buffer": "warning"}


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


def lock_waits(found: Sequence[LockWaits]) -> Line:
    """Which locks were waited for longer than deadlock_timeout since the statistics' reset; () where none was."""
    if not found:
        return ()
    waited = [f"{kind.lock_type} {fmt.count(kind.waits)} ({fmt.milliseconds(kind.wait_ms)})"
              for kind in found if kind.waits]
    beyond = sum(kind.beyond_fast_path for kind in found)
    since = f"in {fmt.duration(found[0].counted_s)}" if found[0].counted_s is not None else "since the server began"
    pieces: list[tuple[str, Tone]] = [(f" waited beyond deadlock_timeout {since}: ", "dim"),
                                      (", ".join(waited) or "nothing", "" if waited else "dim")]
    if beyond:
        pieces += [(" · ", "faint"), (f"{fmt.plural(beyond, 'lock')} beyond the fast path", "warning"),
                   (": more max_locks_per_transaction", "dim")]
    return tuple(pieces)


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
