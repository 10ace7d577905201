"""The blocking tree as a table: who blocks whom, what each waits for, and since when."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from console.activity.records import Backend, Blocked, PreparedHolder
from console.text import format as fmt
from console.view.activity import sessions
from console.view.activity.true_client import Clients
from console.view.table import Cell, Column, Row, Table, Tone, said_once

COLUMNS = (
    Column("mark", "", fixed=True, maximum=1, sortable=False),
    Column("tree", "blocking", fixed=True, minimum=24, maximum=44, sortable=False),
    Column("blocks", "blocks", align="right", minimum=8, sortable=False),
    Column("waits", "waits", align="right", minimum=6, sortable=False),
    Column("wants", "wants", flexible=True, minimum=30, maximum=60, sortable=False),
    Column("query", "query", flexible=True, minimum=24, maximum=400, priority=1, sortable=False),
    Column("user", "user", minimum=6, maximum=14, priority=2, sortable=False),
    Column("client", "client", minimum=8, maximum=22, priority=3, sortable=False),
)

TRUE_CLIENT = Column("client", "client (true, behind pgbouncer)", minimum=24, maximum=31, priority=1, sortable=False)

EMPTY = "nobody waits for a lock"


def table(lines: Sequence[Blocked], backends: Mapping[int, Backend], holders: Mapping[str, PreparedHolder],
          tagged: Collection[str] = (), followed: str | None = None, clients: Clients | None = None) -> Table:
    """The forest's lines as rows; a session that has gone between two looks is there by its pid.

    `clients` are those who come through PgBouncer, where one is configured.
    """
    columns = COLUMNS if clients is None else tuple(TRUE_CLIENT if column.key == "client" else column
                                                    for column in COLUMNS)
    rows = []
    for line in lines:
        backend = backends.get(line.pid) if line.pid is not None else None
        if line.pid is None:
            rows.append(_prepared(line, holders.get(line.gid or "")))
        elif backend is None:
            rows.append(_row(line, line.key, None, tagged, followed, {}))
        else:
            rows.append(_row(line, f"{line.pid} {sessions.who(backend)}", backend, tagged, followed, clients or {}))
    blocking = {line.gid for line in lines}
    rows += [_prepared(_lone(gid), holder) for gid, holder in holders.items() if gid not in blocking]
    return said_once(Table(columns, tuple(rows), EMPTY), "user")


def _lone(gid: str) -> Blocked:
    """A prepared transaction that blocks nobody: it holds VACUUM back, and no session shows it."""
    return Blocked(key=gid, pid=None, gid=gid, ancestry=(), is_last=True, is_root=True, blocks=0, also_behind=(),
                   closes_cycle=False, longest_wait_s=None)


def branch(line: Blocked) -> str:
    """The signs that lead to a line of the tree."""
    if line.is_root:
        return "▾ " if line.blocks else ""
    return "".join("│ " if goes_on else "  " for goes_on in line.ancestry) + ("└ " if line.is_last else "├ ")


def _row(line: Blocked, name: str, backend: Backend | None, tagged: Collection[str],
         followed: str | None, clients: Clients) -> Row:
    key = sessions.key(backend) if backend is not None else line.key
    wants, wait_s, tone = "", None, "dim"  # type: tuple[str, float | None, Tone]
    notes = []
    if backend is None:
        wants = "gone"
    elif backend.lock_type is None:
        wants, tone = _idles(backend)
    else:
        wants, wait_s, tone = f"{backend.lock_mode} {backend.lock_target}", backend.lock_wait_s, ""
    if line.closes_cycle:
        notes.append("in a circle")
    if line.also_behind and not line.is_root:
        notes.append(f"also behind {', '.join(line.also_behind[:3])}{'…' if len(line.also_behind) > 3 else ''}")
    elif line.also_behind:
        notes.append(f"behind {', '.join(line.also_behind[:3])}")
    if backend is not None and backend.leader_pid is not None:
        notes.append(f"worker of {backend.leader_pid}")
    if backend is not None and backend.lock_type is not None and backend.blocked_by is None:
        notes.append("blockers not asked for")
    if notes:
        wants = f"{wants} ({', '.join(notes)})" if wants else ", ".join(notes)
    return Row(key, (
        Cell("*" if key in tagged else ">" if key == followed else "", "accent"),
        Cell(branch(line) + name, "strong" if line.is_root else ""),
        Cell(str(line.blocks) if line.blocks else "", "critical" if line.is_root else "warning", line.blocks),
        Cell("" if wait_s is None else fmt.duration(wait_s), "warning", wait_s),
        Cell(wants, tone),
        Cell(sessions.query(backend) if backend else "", "dim"),
        Cell((backend.user if backend else None) or ""),
        sessions.client_cell(backend, clients) if backend else Cell(""),
    ), record=backend)


def _idles(backend: Backend) -> tuple[str, Tone]:
    """What somebody who waits for no lock does instead."""
    age = backend.query_age_s if backend.state == "active" else backend.state_age_s
    lasting = f" for {fmt.duration(age)}" if age is not None else ""
    return f"{backend.state or 'state hidden'}{lasting}", sessions.state(backend)[1]


def _prepared(line: Blocked, holder: PreparedHolder | None) -> Row:
    age = f"prepared for {fmt.duration(holder.age_s)}" if holder else "prepared"
    database = f" in {holder.database}" if holder else ""
    return Row(f"prepared {line.key}", (
        Cell(""), Cell(f"{branch(line)}prepared {line.gid}", "strong"),
        Cell(str(line.blocks) if line.blocks else "", "critical", line.blocks), Cell(""), Cell(age, "warning"),
        Cell(f"no session: COMMIT or ROLLBACK PREPARED{database} ends it", "dim"),
        Cell(holder.owner if holder else ""), Cell("")), record=line)
