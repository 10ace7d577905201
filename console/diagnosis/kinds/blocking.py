"""Who blocks others: idle in a transaction, a long statement, a prepared transaction, DDL in a queue, vacuum, a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from console.activity.read import PREPARED_HOLDERS, SESSIONS
from console.activity.records import Backend
from console.activity.summary.read import BLOCKED_SESSIONS, OPEN_TRANSACTIONS, SESSION_COUNTS
from console.activity.summary.records import WAITED_CRITICAL_S, WAITED_WARNING_S
from console.diagnosis import words
from console.diagnosis.case import SESSIONS_REMEMBERED_S, Case
from console.diagnosis.records import Evidence, Finding, Hurt, Severity, Subject
from console.diagnosis.waits import Root, circles, roots
from console.metrics.reads.counters import DATABASE_COUNTERS
from console.text import format as fmt

CHECKS = ("blocked_sessions", "idle_in_transaction", "long_transactions")
TO_PREVENT_WRAPAROUND = "(to prevent wraparound)"
BRIEF_S = 3.0
"""A row that is held no longer than that blocks nobody for long: many such transactions, one after another, do."""

LOOKS = 4
"""A line for a row is seen in two of the last so many looks: between two of them nobody may hold the row."""

QUEUE_AT_LEAST = 4
"""So many sessions in line for one row are a queue."""

DEADLOCKS_AT_LEAST, DEADLOCKS_PER_MIN = 3, 2.0
"""Programs try again after a deadlock: one now and then costs less than to be called for it."""

SYNCHRONOUS = "SyncRep"
STRONG_LOCKS = {"AccessExclusiveLock", "ExclusiveLock", "ShareRowExclusiveLock", "ShareLock"}


def severity(waited_s: float) -> Severity | None:
    """How urgent it is that sessions have waited so long together; None: it is normal."""
    return "critical" if waited_s > WAITED_CRITICAL_S else "warning" if waited_s > WAITED_WARNING_S else None


def root_blockers(case: Case) -> Iterator[Finding]:
    """Each session or prepared transaction behind which much time is lost."""
    blocked = case.rows(BLOCKED_SESSIONS)
    if case.is_known(BLOCKED_SESSIONS) and not blocked:
        return
    still = {item.pid for item in blocked}
    found = [root for root in roots(case.sessions.values())
             if not blocked or any(waiter.pid in still for waiter in root.waiters)]
    if not found:
        yield from _by_the_longest(case)
    for root in found:
        waited_s = root.waited_s + case.age_s(SESSIONS) * len(root.waiters)
        if (urgency := severity(waited_s)) is not None and not (_is_line(root) and _lets_go(case, root)):
            yield _finding(case, root, urgency, waited_s)


def _by_the_longest(case: Case) -> Iterator[Finding]:
    """While all sessions have not been read yet: by those that have waited longest."""
    blocked = case.rows(BLOCKED_SESSIONS)
    waiting = {item.pid for item in blocked}
    holders = Counter(pid for item in blocked for pid in set(item.blocked_by or ()) if pid and pid not in waiting)
    if not holders:
        return
    pid, _ = holders.most_common(1)[0]
    waited_s = blocked[0].waited_s or sum(item.wait_age_s or 0.0 for item in blocked)
    if (urgency := severity(waited_s)) is None:
        return
    number = blocked[0].blocked if len(holders) == 1 else len(blocked)
    known = next((item for item in case.rows(OPEN_TRANSACTIONS) if item.pid == pid), None)
    who = words.session(pid, known.application, known.user) if known else f"pid {pid}"
    is_idle = known is not None and (known.state or "").startswith("idle in")
    does = f"is idle in a transaction for {fmt.duration(known.state_age_s)}" if known is not None and is_idle \
        else "holds a lock"
    longest_s = max((item.wait_age_s or 0.0 for item in blocked), default=0.0)
    yield Finding(
        kind="idle_in_transaction" if is_idle else "long_statement", severity=urgency,
        summary=f"{who} {does} and blocks {fmt.plural(number, 'session')}", weight=waited_s, since=case.ago(longest_s),
        subject=Subject(screen="activity", pid=pid), hurts=Hurt(number, "sessions"), checks=CHECKS,
        evidence=(Evidence("longest wait", fmt.duration(longest_s)),
                  Evidence("waited together", fmt.duration(waited_s))),
        next=_end(pid))


def _finding(case: Case, root: Root, urgency: Severity, waited_s: float) -> Finding:
    age_s = case.age_s(SESSIONS)
    longest_s = root.longest_s + age_s
    kind, summary, advice, subject, evidence = _told(case, root, age_s)
    counts = case.first(SESSION_COUNTS)
    of = f" of {fmt.count(counts.of_others)}" if counts is not None else ""
    targets = Counter(waiter.lock_target for waiter in root.waiters if waiter.lock_target)
    evidence += [
        Evidence("blocked sessions", f"{len(root.waiters)}{of}"), Evidence("longest wait", fmt.duration(longest_s)),
        Evidence("waited together", fmt.duration(waited_s))]
    if targets:
        evidence.append(Evidence("they wait for", words.listed(target for target, _ in targets.most_common())))
    return Finding(
        kind=kind, severity=urgency, summary=summary, weight=waited_s, since=case.ago(longest_s), subject=subject,
        hurts=_hurt(root.waiters), evidence=tuple(evidence), next=advice, checks=CHECKS)


def _hurt(waiters: tuple[Backend, ...]) -> Hurt:
    return Hurt(len(waiters), "sessions", tuple(name for name, _ in words.owners(waiters)))


_Told = tuple[str, str, str, Subject, list[Evidence]]
"""Kind, sentence, advice, subject and what proves it."""


def _told(case: Case, root: Root, age_s: float) -> _Told:
    blocks = f"blocks {fmt.plural(len(root.waiters), 'session')}"
    backend = root.backend
    if backend is None:
        return _prepared(case, root, blocks)
    who, subject = words.backend(backend, case.pool_of(backend)), Subject(screen="activity", pid=backend.pid)
    proof = [Evidence("its last statement" if backend.query_age_s is None else "its statement",
                      words.statement(backend.query))] if backend.query else []
    if backend.transaction_age_s is not None:
        proof.append(Evidence("its transaction", fmt.duration(backend.transaction_age_s + age_s)))
    if backend.is_hidden:
        return ("root_blocker", f"{who} {blocks}; this role may not see what it does",
                "GRANT pg_monitor to this role shows what it runs; then end it in its application", subject, [])
    if backend.backend_type == "autovacuum worker":
        reason = " to prevent wraparound" if TO_PREVENT_WRAPAROUND in (backend.query or "") else ""
        return ("autovacuum", f"autovacuum{reason} (pid {backend.pid}) {blocks}: it doesn't give way to them",
                "let it finish and cancel the statements that need its table exclusively; try these again later",
                subject, proof)
    state = backend.state or ""
    idle = state.startswith("idle in transaction")
    idle_s = (backend.state_age_s or 0.0) + age_s
    does = f"is idle in a transaction for {fmt.duration(idle_s)}" if idle else \
        f"runs {words.command(backend.query)} for {fmt.duration((backend.query_age_s or 0.0) + age_s)}"
    if backend.wait_event == "ClientWrite":
        does += ", whose result its client doesn't read,"
    if (queued := _queued_ddl(root)) is not None and len(root.waiters) > 1:
        others = len(root.waiters) - 1
        wait = "waits" if others == 1 else "wait"
        return ("ddl_queue",
                f"{words.command(queued.query)} of {words.backend(queued)} waits for {who}, which {does}; "
                f"{fmt.plural(others, 'session')} {wait} behind it",
                f"cancel pid {queued.pid} and the others go on at once; run it again with a lock_timeout, after pid "
                f"{backend.pid} has ended", subject,
                [*proof, Evidence("in the queue", words.statement(queued.query))])
    if idle:
        return ("idle_in_transaction", f"{who} {does} and {blocks}", _end(backend.pid), subject, proof)
    if (state == "idle" or backend.query_age_s is None) and _is_advisory(root):
        return ("advisory_lock", f"{who} holds an advisory lock of its session and {blocks}", _end(backend.pid),
                subject, proof)
    return ("long_statement", f"{who} {does} and {blocks}",
            f"wait for it or cancel it: SELECT pg_cancel_backend({backend.pid})", subject, proof)


def _is_advisory(root: Root) -> bool:
    return any(waiter.lock_type == "advisory" for waiter in root.waiters)


def _prepared(case: Case, root: Root, blocks: str) -> _Told:
    if isinstance(root.node, int):
        return ("long_statement", f"pid {root.node} {blocks}", _end(root.node),
                Subject(screen="activity", pid=root.node), [])
    holder = next((item for item in case.rows(PREPARED_HOLDERS) if item.gid == root.node), None)
    since = f", prepared {fmt.duration(holder.age_s)} ago by {holder.owner}," if holder is not None else ""
    gid = words.named(root.node)
    return ("prepared_transaction", f"the prepared transaction {gid}{since} {blocks}",
            "commit or roll it back as its coordinator says: COMMIT PREPARED or ROLLBACK PREPARED with its name",
            Subject(screen="activity", gid=root.node), [])


def _queued_ddl(root: Root) -> Backend | None:
    """Who waits for a strong lock on a relation at the root's feet, with half of the others behind itself."""
    for waiter in root.waiters:
        if waiter.lock_type == "relation" and waiter.lock_mode in STRONG_LOCKS and \
                waiter.backend_type == "client backend":
            behind = [other for other in root.waiters if waiter.pid in (other.blocked_by or ())]
            if len(behind) * 2 >= len(root.waiters) - 1 and root.node in (waiter.blocked_by or ()):
                return waiter
    return None


def _end(pid: int) -> str:
    return f"end it in its application, or SELECT pg_terminate_backend({pid}); its work is rolled back"


def hot_rows(case: Case) -> Iterator[Finding]:
    """A line of sessions that want the same row, behind one short transaction after another."""
    lines = [(at, line) for at, backends in case.memory.kept(SESSIONS, SESSIONS_REMEMBERED_S)[-LOOKS:]
             if (line := _line(backends)) is not None]
    if len(lines) < 2 or (lines[-1][0] - lines[0][0]).total_seconds() < BRIEF_S / 2 \
            or (case.is_known(BLOCKED_SESSIONS) and not case.rows(BLOCKED_SESSIONS)):
        return
    before, now = lines[0][1], lines[-1][1]
    statement, number = Counter(words.statement(waiter.query) for waiter in now.waiters).most_common(1)[0]
    if not _lets_go(case, now) or number * 2 < len(now.waiters):
        return  # it holds the row for long, or what they want has nothing in common
    rows = Counter(waiter.lock_target for waiter in now.waiters if waiter.lock_type == "tuple")
    yield Finding(
        kind="hot_row", severity="warning", weight=float(len(now.waiters)),
        summary=f"{fmt.count(len(now.waiters))} sessions are in line for the same row, behind one short "
                f"transaction after another: {words.command(statement)}{words.relation(statement)}",
        subject=Subject(screen="activity", page="blocking"), hurts=_hurt(now.waiters), checks=CHECKS,
        evidence=(Evidence("statement", statement),
                  *(Evidence("row", words.statement(row)) for row, _ in rows.most_common(1) if row),
                  Evidence("in line", f"{len(now.waiters)}, before {len(before.waiters)}"),
                  Evidence("the longest wait", fmt.duration(now.longest_s))),
        next="update that row last in the transaction and commit at once, or spread what it counts over "
             "several rows")


def _line(backends: Iterable[Backend]) -> Root | None:
    """The longest line for a row: its root, and all who wait want what another transaction has written."""
    lines = [root for root in roots(backends) if _is_line(root)]
    return max(lines, key=lambda root: len(root.waiters), default=None)


def _is_line(root: Root) -> bool:
    return len(root.waiters) >= QUEUE_AT_LEAST and all(
        waiter.lock_type in ("transactionid", "tuple") for waiter in root.waiters)


def _lets_go(case: Case, root: Root) -> bool:
    """Whether the root has what they wait for only since a moment, and so one of them is the next root: who is first in
    line has waited for this transaction just as long. The transaction itself may be older, as it stood in line too."""
    return all(wait_s is not None and wait_s <= BRIEF_S for wait_s in _first_waits(case, root))


def _first_waits(case: Case, root: Root) -> Iterator[float | None]:
    """How long those who are first in line have waited for this root by now, where they still do: all sessions are
    read more seldom than those that have waited longest."""
    known = {item.pid: item for item in case.rows(BLOCKED_SESSIONS)}
    is_complete = case.is_known(BLOCKED_SESSIONS) and all(item.blocked <= len(known) for item in known.values())
    node = root.node if isinstance(root.node, int) else 0  # of prepared transactions
    for waiter in root.waiters:
        if waiter.lock_type != "transactionid" or node not in (waiter.blocked_by or ()):
            continue
        now = known.get(waiter.pid)
        if now is None:
            if not is_complete:
                yield None if waiter.lock_wait_s is None else waiter.lock_wait_s + case.age_s(SESSIONS)
        elif now.blocked_by is None or node in now.blocked_by:
            yield now.wait_age_s


def synchronous_standby(case: Case) -> Iterator[Finding]:
    """Commits that wait for a standby that doesn't confirm them."""
    waiting = [backend for backend in case.sessions.values() if backend.wait_event == SYNCHRONOUS]
    waits = [(backend.query_age_s or 0.0) + case.age_s(SESSIONS) for backend in waiting]
    if (urgency := severity(sum(waits))) is None:
        return
    yield Finding(
        kind="synchronous_standby", severity=urgency, weight=sum(waits), since=case.ago(max(waits)),
        summary=f"{fmt.plural(len(waiting), 'commit')} wait for a synchronous standby that does not confirm them, "
                f"the longest for {fmt.duration(max(waits))}",
        subject=Subject(screen="activity", page="replication", setting="synchronous_standby_names"),
        hurts=_hurt(tuple(waiting)),
        evidence=(Evidence("wait event", f"IPC:{SYNCHRONOUS}"),),
        next="bring the standby back, or take it out of synchronous_standby_names and reload: what was waiting commits")


def deadlocks(case: Case) -> Iterator[Finding]:
    """Transactions that the server had to end because they waited for each other."""
    grown = case.growth(DATABASE_COUNTERS, "deadlocks", 300.0)
    if grown is None or grown.amount < DEADLOCKS_AT_LEAST or 60 * grown.per_s < DEADLOCKS_PER_MIN:
        return
    met = [circle for _, backends in case.memory.kept(SESSIONS, 60.0) for circle in circles(backends)]
    sides = Counter(" and ".join(sorted({words.application(backend) for backend in circle})) for circle in met)
    between = f", between {sides.most_common(1)[0][0]}" if sides else ""
    yield Finding(
        kind="deadlocks", severity="warning", weight=grown.amount,
        summary=f"{fmt.plural(grown.amount, 'deadlock')} in the last {fmt.duration(grown.seconds)} in "
                f"{words.named(case.info.database)}{between}: each cost one transaction",
        subject=Subject(screen="overview", page="load", database=case.info.database),
        hurts=Hurt(int(grown.amount), "transactions"), checks=("deadlocks",),
        evidence=(Evidence("deadlocks", f"{fmt.count(grown.amount)} in {fmt.duration(grown.seconds)}"),
                  *(Evidence(words.backend(backend), words.statement(backend.query))
                    for backend in (met[-1] if met else ()))),
        next="the server's log names the statements of each; take locks in one order everywhere")


KINDS = (root_blockers, hot_rows, synchronous_standby, deadlocks)
