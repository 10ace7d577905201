"""Connections: slots nearly gone, a storm of new ones, a pool of PgBouncer that is full."""

from __future__ import annotations

from collections.abc import Iterator

from console.activity.read import SESSIONS
from console.activity.records import Backend
from console.activity.summary.read import SESSION_COUNTS
from console.diagnosis import words
from console.diagnosis.case import Case
from console.diagnosis.records import Evidence, Finding, Hurt, Subject
from console.metrics.reads.counters import DATABASE_COUNTERS
from console.pooler.records import Saturation
from console.pooler.saturation import saturations
from console.text import format as fmt

NEARLY_GONE, ALMOST_ALL = 0.80, 0.95
STORM_PER_S = 20.0
WAITS_S, WAITS_TOO_LONG_S = 1.0, 10.0


def _clients(case: Case) -> list[Backend]:
    return [backend for backend in case.sessions.values() if backend.backend_type in (None, "client backend")]


def slots(case: Case) -> Iterator[Finding]:
    """Few connections are left, and who has taken them."""
    counts = case.first(SESSION_COUNTS)
    if counts is None:
        return
    usable = counts.max_connections - counts.reserved_connections
    if usable <= 0 or counts.connections < NEARLY_GONE * usable:
        return
    clients = _clients(case)
    taken = words.owners(clients)
    whose, evidence = "", [Evidence("connections", f"{counts.connections} of {usable}")]
    if taken:
        name, number = taken[0]
        mine = [backend for backend in clients if words.application(backend) == name]
        whose = f": {name} has {number}, {words.states(mine)}"
        evidence += [Evidence(owner, fmt.plural(many, "session")) for owner, many in taken[:5]]
    left = max(0, usable - counts.connections)
    yield Finding(
        kind="connections", severity="critical" if counts.connections >= ALMOST_ALL * usable else "warning",
        summary=f"{counts.connections} of {usable} connections are taken, {left} left{whose}",
        weight=1000.0 * counts.connections / usable, subject=Subject(screen="activity"), checks=("connections",),
        evidence=tuple(evidence), hurts=Hurt(None, "new connections"),
        next="end idle sessions of the one that has most, lower its pool's size, or put PgBouncer between")


def storm(case: Case) -> Iterator[Finding]:
    """Clients that connect for each piece of work: a process is started for each."""
    grown = case.growth(DATABASE_COUNTERS, "sessions_opened", 60.0)
    if grown is None or grown.per_s < STORM_PER_S:
        return
    young = [backend for backend in _clients(case) if backend.backend_start is not None
             and (case.at - backend.backend_start).total_seconds() - case.age_s(SESSIONS) < 2.0]
    by = words.owners(young)
    whose = f", most by {by[0][0]}" if by else ""
    yield Finding(
        kind="connection_storm", severity="warning", weight=grown.per_s,
        summary=f"{fmt.number(grown.per_s)} new connections a second to {words.named(case.info.database)}{whose}",
        subject=Subject(screen="activity", database=case.info.database), hurts=Hurt(None, "everybody who connects"),
        evidence=(Evidence("connections opened", f"{fmt.count(grown.amount)} in {fmt.duration(grown.seconds)}"),
                  *(Evidence(name, f"{fmt.plural(number, 'session')} younger than 2 s") for name, number in by[:3])),
        next="let the application keep its connections in a pool, or put PgBouncer between")


def pools(case: Case) -> Iterator[Finding]:
    """Pools of PgBouncer in which all servers are in use while clients wait."""
    if case.pooler is None:
        return
    for found in saturations(case.pooler.pools, case.pooler.databases):
        pool = found.pool
        if not found.is_saturated or pool.maxwait_s < WAITS_S:
            continue
        users = [backend for backend in _clients(case) if case.pool_of(backend) == pool.key and backend.state != "idle"]
        by = words.owners(users)
        whose = f": {by[0][0]} has {by[0][1]}, {words.states(users)}" if by else ""
        yield Finding(
            kind="pool_saturated", severity="critical" if pool.maxwait_s >= WAITS_TOO_LONG_S else "warning",
            weight=pool.maxwait_s * pool.cl_waiting,
            summary=f"pool {words.named(pool.key)} is full: {found.active} of {_room(found)} in use, "
                    f"{fmt.plural(pool.cl_waiting, 'client')} wait, the longest for {fmt.duration(pool.maxwait_s)}"
                    f"{whose}",
            since=case.ago(pool.maxwait_s), subject=Subject(screen="pgbouncer", pool=pool.key),
            hurts=Hurt(pool.cl_waiting, "clients"), checks=("pooler_pools", "pooler_maxwait", "pooler_client_wait"),
            evidence=tuple(Evidence(name, fmt.plural(number, "server connection")) for name, number in by[:3]),
            next="end what keeps its servers busy or idle in a transaction; a larger pool only moves the queue")


def _room(found: Saturation) -> str:
    """How many servers there may be, as PgBouncer counts them."""
    has_reserve = found.limit is None and found.reserve and found.active > (found.size or 0)
    return f"{found.size} and {found.reserve} in reserve" if has_reserve else str(found.limit or found.size)


KINDS = (slots, storm, pools)
