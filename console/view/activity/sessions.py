"""Sessions: the verdict, the table, and all about one of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from console.activity.records import Backend, Blocked, HeldLock, SignalOutcome
from console.activity.summary.records import SessionCounts
from console.text import format as fmt
from console.view.activity import true_client
from console.view.activity.true_client import Clients
from console.view.table import Cell, Column, KeyName, Line, Row, Table, Tone, grouped, said_once

LONG_IN_TRANSACTION_S = 60.0
"""From here on a session that is idle in a transaction needs a person: it holds locks and vacuum back."""

STATES: Mapping[str | None, str] = {
    "active": "active", "idle": "idle", "idle in transaction": "idle/tx", "idle in transaction (aborted)": "idle/tx!",
    "fastpath function call": "fastpath", "disabled": "untracked", "starting": "starting"}

SESSION_COLUMNS = (
    Column("mark", "", fixed=True, maximum=1, sortable=False),
    Column("pid", "pid", align="right", fixed=True, minimum=5, maximum=8),
    Column("database", "database", minimum=8, maximum=16, priority=6),
    Column("user", "user", minimum=6, maximum=14, priority=3),
    Column("application", "application", minimum=16, maximum=24),
    Column("client", "client", minimum=8, maximum=22, priority=7),
    Column("state", "state", minimum=8, maximum=9),
    Column("wait", "wait", minimum=12, maximum=20, priority=4),
    Column("transaction_age", "tx age", align="right", minimum=6, maximum=8),
    Column("query_age", "age", align="right", minimum=6, maximum=8, priority=2),
    Column("xmin_age", "xmin age", align="right", minimum=6, maximum=8, priority=8),
    Column("leader", "leader", align="right", minimum=6, maximum=8, priority=9),
    Column("query", "query", flexible=True, minimum=24, maximum=400),
)
TRUE_CLIENT = Column("client", "client (true)", minimum=15, maximum=22, priority=2)
"""Instead of the client where PgBouncer is configured: what the server sees is PgBouncer's own address."""


def key(backend: Backend) -> str:
    """A session's key in tables: another session with the same pid has another one."""
    return f"{backend.pid} {backend.backend_start}"


def state(backend: Backend) -> tuple[str, Tone]:
    """A session's state in a word; one that waits for a lock is "blocked"."""
    if backend.lock_type is not None:
        return "blocked", "critical"
    if backend.state is None:
        return ("hidden", "faint") if backend.is_hidden else ("", "")
    word = STATES.get(backend.state, backend.state)
    if word.startswith("idle/tx"):
        return word, "warning" if (backend.transaction_age_s or 0.0) >= LONG_IN_TRANSACTION_S else ""
    return word, "faint" if word == "idle" else ""


def client(backend: Backend) -> str:
    """Where a session comes from: address and port, "local" for a Unix socket."""
    if backend.client_address is None:
        return "local" if backend.user is not None and not backend.is_hidden else ""
    return f"{backend.client_address}:{backend.client_port}" if backend.client_port else backend.client_address


def wait(backend: Backend) -> str:
    return f"{backend.wait_event_type}:{backend.wait_event}" if backend.wait_event else ""


def one_line(query: str | None) -> str:
    """A query's text with its white space made single."""
    return " ".join((query or "").split())


def who(backend: Backend) -> str:
    """A session in few words: its application, else its user, else what kind of process it is."""
    return backend.application or backend.user or backend.backend_type or ""


def what(backend: Backend) -> str:
    """A client by its application; of any other process the kind stands before the name that it goes by."""
    kind = backend.backend_type or ""
    if kind == "parallel worker" or not backend.application:
        return kind
    is_said = kind in ("", "client backend", backend.application)
    return backend.application if is_said else f"{kind} {backend.application}"


def sessions_table(backends: Sequence[Backend], tagged: Collection[str] = (), followed: str | None = None,
                   empty: str | None = None,
                   clients: Clients | None = None, *, key: KeyName) -> Table:
    """The sessions; `tagged` and `followed` are keys. The order is the caller's.

    `clients` are those who come through PgBouncer, where one is configured.
    """
    columns = SESSION_COLUMNS if clients is None else tuple(
        TRUE_CLIENT if session_column.key == "client" else session_column for session_column in SESSION_COLUMNS)
    leaders = _keys(backends)
    rows = [_session_row(backend, tagged, followed, clients or {}, leaders) for backend in backends]
    found = Table(columns, grouped(rows),
                  empty or f"no session but our own does anything: {key('activity.idle')} shows idle ones")
    return said_once(found, "database", "user")


def _keys(backends: Sequence[Backend]) -> dict[int, str]:
    return {backend.pid: key(backend) for backend in backends}


def client_cell(backend: Backend, clients: Clients, tone: Tone = "dim") -> Cell:
    """Where a session comes from: its client behind PgBouncer where that is known."""
    true = clients.get(backend.pid)
    if true is None:
        return Cell(client(backend), tone)
    return Cell(true_client.words(true), tone if true.place is None else "accent")


def _session_row(backend: Backend, tagged: Collection[str], followed: str | None, clients: Clients,
                 leaders: Mapping[int, str]) -> Row:
    name = key(backend)
    word, tone = state(backend)
    is_idle = backend.state == "idle"
    age = backend.query_age_s if backend.state == "active" else backend.state_age_s
    dim: Tone = "faint" if is_idle or backend.is_hidden else ""
    is_waiting = backend.wait_event_type is not None and backend.wait_event_type not in ("Client", "Activity")
    long = backend.transaction_age_s is not None and backend.transaction_age_s >= LONG_IN_TRANSACTION_S
    leader = leaders.get(backend.leader_pid) if backend.leader_pid not in (None, backend.pid) else None
    is_client = backend.backend_type in (None, "client backend")
    return Row(name, (
        Cell("*" if name in tagged else ">" if name == followed else "", "accent"),
        Cell(str(backend.pid), dim, backend.pid),
        Cell(backend.database or "", dim or "dim"),
        Cell(backend.user or "", dim),
        Cell(f"{'└ ' if leader else ''}{what(backend)}", dim if is_client and backend.application else "dim"),
        client_cell(backend, clients, dim or "dim"),
        Cell(word, tone),
        Cell(wait(backend), dim if is_waiting else "faint"),
        _age(backend.transaction_age_s, "warning" if long and backend.state != "active" else dim),
        _age(age, dim or ("" if backend.state == "active" else "dim")),
        Cell("" if backend.xmin_age is None else fmt.count(backend.xmin_age), dim or "dim", backend.xmin_age),
        Cell("" if backend.leader_pid is None else str(backend.leader_pid), dim or "dim", backend.leader_pid),
        Cell(query(backend), dim or ("dim" if backend.state != "active" else "")),
    ), search=f"{backend.state or ''} {backend.backend_type or ''} {client(backend)}", record=backend,
        under=leader)


def query(backend: Backend) -> str:
    return "not for this role's eyes" if backend.is_hidden else one_line(backend.query)


def _age(seconds: float | None, tone: Tone) -> Cell:
    return Cell("" if seconds is None else fmt.duration(seconds), tone, seconds)


def verdict(counts: SessionCounts | None, blocked: Sequence[Blocked], *, with_idle: bool, with_background: bool,
            width: int = 200, key: KeyName) -> Line:
    """What blocks whom, then how many sessions there are and which of them are shown."""
    pieces: list[tuple[str, Tone]] = [(" ", "")]
    roots = [item for item in blocked if item.is_root and item.blocks]
    waiters = {item.key for item in blocked if not item.is_root or item.closes_cycle}
    waiters |= {item.key for item in blocked if item.is_root and not item.blocks}
    if blocked:
        longest = max((item.longest_wait_s or 0.0 for item in blocked), default=0.0)
        cycles = sum(item.is_root and item.closes_cycle for item in blocked)
        named = fmt.plural(len(roots) - cycles, "root blocker") if len(roots) > cycles else ""
        circles = fmt.plural(cycles, "circle") if cycles else ""
        subject = " and ".join(filter(None, (named, circles))) or "somebody"
        verb = "blocks" if len(roots) <= 1 else "block"
        pieces += [(f"{subject} {verb} {fmt.plural(len(waiters), 'session')} for {fmt.duration(longest)}",
                    "critical"), (" · ", "faint")]
    else:
        pieces += [("nobody waits for a lock", "ok"), (" · ", "faint")]
    if counts is not None:
        pieces += _counted(counts, "" if with_idle else key("activity.idle"), narrow=width < 100)
    if with_background:
        pieces.append((", background too", "dim"))
    return tuple(pieces)


def _counted(counts: SessionCounts, hidden_key: str, *, narrow: bool) -> list[tuple[str, Tone]]:
    """`hidden_key` shows the idle ones; "" where they are shown."""
    idle = f"{counts.idle} idle{f' (hidden, {hidden_key} shows)' if hidden_key else ''}"
    idle = idle if counts.idle and not (hidden_key and narrow) else ""
    in_transaction = f"{counts.idle_in_transaction} idle in tx" if counts.idle_in_transaction else ""
    parts = [f"{counts.active} active", in_transaction, idle, f"{counts.other} other" if counts.other else "",
             f"{counts.hidden} not visible to this role" if counts.hidden else ""]
    return [(f"{fmt.plural(counts.of_others, 'session')}: " if not narrow else "", ""),
            (" · ".join(filter(None, parts)), "dim" if not narrow else "")]


# one session


def facts(backend: Backend, behind: Sequence[tuple[str, Backend | None]], blocks: int, meaning: str | None,
          outcome: SignalOutcome | None = None) -> list[Line]:
    """What is known of a session beside its query and locks. `behind` are its blockers, `meaning` its wait event's."""
    word, tone = state(backend)
    lasting = backend.query_age_s if backend.state == "active" else backend.state_age_s
    first: list[tuple[str, Tone]] = [
        (f"{backend.pid} ", "strong"), (f"{backend.user or ''}", ""), (f" {backend.application or ''}", "accent"),
        (f" on {backend.database}" if backend.database else f" {backend.backend_type or ''}", "")]
    if place := client(backend):
        first.append((f" from {place}", "dim"))
    if backend.leader_pid is not None:
        first.append((f", parallel worker of {backend.leader_pid}", "dim"))
    second: list[tuple[str, Tone]] = [(word or backend.backend_type or "-", tone or "strong")]
    if lasting is not None:
        second.append((f" for {fmt.duration(lasting)}", ""))
    for seconds, what in ((backend.transaction_age_s, "in its transaction for"),):
        if seconds is not None:
            second.append((f", {what} {fmt.duration(seconds)}", ""))
    if backend.xmin_age is not None:
        second.append((f", xmin {fmt.plural(backend.xmin_age, 'transaction')} old", "dim"))
    lines: list[Line] = [tuple(first), tuple(second)]
    if backend.lock_type is not None:
        lines.append((("wants ", "dim"), (f"{backend.lock_mode} {backend.lock_target}", "strong"),
                      (f" for {fmt.duration(backend.lock_wait_s)}", "")))
    elif wait(backend):
        lines.append((("at ", "dim"), (wait(backend), ""), (f": {meaning}" if meaning else "", "dim")))
    for name, blocker in behind:
        lines.append(_behind(name, blocker))
    if blocks:
        lines.append(((f"blocks {fmt.plural(blocks, 'session')}", "critical"),))
    if outcome is not None:
        lines.append(((outcome.happened, "ok" if outcome.is_done else "warning"),))
    return lines


def _behind(name: str, blocker: Backend | None) -> Line:
    if blocker is None:
        prepared = "" if name.isdecimal() else "prepared transaction "
        return (("behind ", "dim"), (f"{prepared}{name}", "strong"))
    word, tone = state(blocker)
    age = f" for {fmt.duration(blocker.state_age_s)}" if blocker.state_age_s is not None else ""
    return (("behind ", "dim"), (f"{name} {who(blocker)}", "strong"), (f" {word}{age}: ", tone or "dim"),
            (query(blocker), "dim"))


LOCK_COLUMNS = (
    Column("granted", "", fixed=True, maximum=5, sortable=False),
    Column("mode", "lock", minimum=10, maximum=24),
    Column("target", "on", flexible=True, minimum=12, maximum=60),
    Column("locks", "", align="right", maximum=6, priority=1),
)


def locks_table(locks: Sequence[HeldLock] | None, why: str | None = None) -> Table:
    """A session's locks; the one that it waits for first."""
    rows = tuple(
        Row(f"{lock.is_granted} {lock.mode} {lock.target}", (
            Cell("" if lock.is_granted else "waits", "critical"),
            Cell(lock.mode, "" if lock.is_granted else "critical"),
            Cell(lock.target, "dim" if lock.target.startswith("virtual transaction") else ""),
            Cell("" if lock.locks == 1 else f"{lock.locks} x", "dim", lock.locks)), record=lock)
        for lock in locks or ())
    return Table(LOCK_COLUMNS, rows, why or ("holds no lock" if locks is not None else "reading…"))


def question(backends: Sequence[Backend]) -> list[tuple[str, Tone]]:
    """The sessions that a signal would go to, for the dialog that asks."""
    paragraphs: list[tuple[str, Tone]] = []
    for backend in backends[:SHOWN_IN_QUESTION]:
        word, tone = state(backend)
        age = backend.transaction_age_s if backend.transaction_age_s is not None else backend.state_age_s
        paragraphs += [
            (f"{backend.pid}  {backend.user or '-'}  {backend.application or backend.backend_type or '-'}  {word} "
             f"{fmt.duration(age)}", "strong"),
            (query(backend)[:QUESTION_CHARACTERS] or "(no query)", tone if tone == "faint" else "dim")]
    if len(backends) > SHOWN_IN_QUESTION:
        paragraphs.append((f"and {fmt.plural(len(backends) - SHOWN_IN_QUESTION, 'more', 'more')}", ""))
    return paragraphs


SHOWN_IN_QUESTION = 6
QUESTION_CHARACTERS = 200


def outcome_words(outcomes: Sequence[SignalOutcome]) -> list[tuple[str, Tone]]:
    """What came of a signal to several sessions, a paragraph each."""
    return [(f"{outcome.pid}: {outcome.happened}", "ok" if outcome.is_done else "warning") for outcome in outcomes]
