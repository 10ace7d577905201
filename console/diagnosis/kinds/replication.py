"""Replication: standbys that lag or are gone, slots that keep WAL, an archive that fails."""

from __future__ import annotations

from collections.abc import Iterator

from console.diagnosis import words
from console.diagnosis.case import CALM_S, Case
from console.diagnosis.parts import LEAST_PART, largest
from console.diagnosis.records import Evidence, Finding, Hurt, Severity, Subject
from console.metrics.reads.counters import RECOVERY, REPLICATION_SLOTS, STANDBYS, WAL_COUNTERS
from console.metrics.reads.replication import SUBSCRIPTIONS
from console.metrics.reads.upkeep import ARCHIVER_STATE
from console.metrics.records.counters import ReplicationSlot
from console.text import format as fmt

MB, GB = 2**20, 2**30
LAG_S, LONG_LAG_S = 30.0, 300.0
LAG_BYTES, LONG_LAG_BYTES = GB // 4, 10 * GB
MISSED_AFTER_S = 15.0
KEPT_BYTES, MUCH_KEPT_BYTES = 64 * MB, 10 * GB
UNREAD_AFTER_S = 60.0


def _urgency(seconds: float | None, size: int | None) -> Severity | None:
    if (seconds or 0.0) >= LONG_LAG_S or (size or 0) >= LONG_LAG_BYTES:
        return "critical"
    return "warning" if (seconds or 0.0) >= LAG_S or (size or 0) >= LAG_BYTES else None


def _behind(seconds: float | None, size: int | None) -> str:
    known = [fmt.duration(seconds) if seconds else "", fmt.size(size) if size else ""]
    return " and ".join(filter(None, known))


def lagging(case: Case) -> Iterator[Finding]:
    """Standbys that are far behind."""
    for standby in case.rows(STANDBYS):
        urgency = _urgency(standby.lag_s, standby.lag_bytes)
        if urgency is None or standby.state == "backup":
            continue
        name = words.named(standby.name or f"pid {standby.pid}")
        grown = case.growth(WAL_COUNTERS, "wal_bytes")
        evidence = [Evidence("state", f"{standby.state}, {standby.sync_state}")]
        if grown is not None:
            evidence.append(Evidence("WAL written here", fmt.rate(grown.per_s)))
        if (writer := largest(case, "wal_bytes", LEAST_PART)) is not None:
            evidence.append(Evidence(f"{fmt.share(writer.part)} of it by", writer.statement))
        yield Finding(
            kind="replication_lag", severity=urgency, weight=standby.lag_s or 0.0,
            summary=f"standby {name} is {_behind(standby.lag_s, standby.lag_bytes)} behind",
            subject=Subject(screen="activity", standby=standby.name, pid=standby.pid), checks=("replication_lag",),
            hurts=Hurt(None, "who reads there, and a failover"), evidence=tuple(evidence),
            next="on the standby: a query that replay waits for, a paused replay, or a slow disk; here: a burst of WAL")


def lost(case: Case) -> Iterator[Finding]:
    """Standbys that were there for a while and are no more."""
    if not case.is_known(STANDBYS):
        return
    now = {standby.name for standby in case.rows(STANDBYS)}
    for name, (began, ended, standby) in case.memory.standbys.items():
        gone_s = (case.at - ended).total_seconds()
        if name in now or (ended - began).total_seconds() < CALM_S or gone_s < MISSED_AFTER_S:
            continue
        if standby.state not in ("streaming", "catchup"):
            continue
        yield Finding(
            kind="standby_lost", severity="critical", weight=gone_s, since=ended,
            summary=f"standby {words.named(name)} is gone: it streamed until {fmt.duration(gone_s)} ago",
            subject=Subject(screen="activity", standby=name), hurts=Hurt(None, "who reads there, and a failover"),
            evidence=(Evidence("was", f"{standby.state}, {standby.sync_state}"),), checks=("replication_lag",),
            next="look at the standby and the network to it; its slot, if it has one, keeps WAL meanwhile")


def slots(case: Case) -> Iterator[Finding]:
    """Slots that nobody reads from, or far behind, and that keep WAL."""
    for slot in case.rows(REPLICATION_SLOTS):
        if slot.is_temporary or case.info.is_standby:
            continue
        kept = slot.retained_bytes or 0
        if slot.wal_status == "lost":
            yield _slot(case, slot, "slot_lost", "critical",
                        f"replication slot {words.named(slot.name)} is lost: WAL that its consumer needs was removed",
                        "build the consumer anew, then drop the slot: pg_drop_replication_slot")
        elif not slot.is_active and kept >= KEPT_BYTES and (
                slot.inactive_age_s is None or slot.inactive_age_s >= UNREAD_AFTER_S):
            since = f" since {fmt.duration(slot.inactive_age_s)}" if slot.inactive_age_s is not None else ""
            yield _slot(case, slot, "slot_unread", "critical" if kept >= MUCH_KEPT_BYTES else "warning",
                        f"nobody reads replication slot {words.named(slot.name)}{since}; it keeps {fmt.size(kept)} of "
                        "WAL on the disk", "start its consumer, or drop the slot if that is gone for good")


def _slot(case: Case, slot: ReplicationSlot, kind: str, urgency: Severity, summary: str, advice: str) -> Finding:
    evidence = [Evidence("slot", f"{slot.type}, {slot.wal_status or 'no WAL kept'}")]
    if slot.safe_bytes is not None:
        evidence.append(Evidence("until it is lost", fmt.size(slot.safe_bytes)))
    return Finding(
        kind=kind, severity=urgency, weight=(slot.retained_bytes or 0) / MB, summary=summary,
        since=case.ago(slot.inactive_age_s), subject=Subject(screen="activity", slot=slot.name),
        hurts=Hurt(None, "the disk of pg_wal, and its consumer"), evidence=tuple(evidence), next=advice,
        checks=("replication_slots",))


def archiver(case: Case) -> Iterator[Finding]:
    """An archive that takes no WAL."""
    state = case.first(ARCHIVER_STATE)
    if state is None or not state.is_failing or state.mode == "off":
        return
    waiting = state.waiting_segments
    kept = f"; {fmt.plural(waiting, 'segment')} ({fmt.size(waiting * state.segment_bytes)}) wait" if waiting else ""
    last = fmt.duration(state.last_archived_age_s)
    since = f"{last} ago" if state.last_archived_age_s is not None else "never since the statistics began"
    yield Finding(
        kind="archiver_failing", severity="critical" if (waiting or 0) >= 100 else "warning",
        weight=float(waiting or 0), summary=f"archiving fails at {state.last_failed_wal or 'a segment'}{kept}",
        since=case.ago(state.last_archived_age_s), subject=Subject(screen="overview", page="wal"),
        hurts=Hurt(None, "recovery to a point in time, and the disk of pg_wal"), checks=("archiver",),
        evidence=(Evidence("failures", fmt.count(state.failed_count)), Evidence("last archived", since)),
        next="the server's log has what archive_command said; mend that, the server tries again by itself")


def replay(case: Case) -> Iterator[Finding]:
    """A standby, looked at itself, that doesn't go on."""
    recovery = case.first(RECOVERY)
    if recovery is None or not case.info.is_standby:
        return
    subject, hurts = Subject(screen="activity", page="replication"), Hurt(None, "who reads here")
    behind = f", {fmt.size(recovery.lag_bytes)} behind what it has received" if recovery.lag_bytes else ""
    if recovery.is_paused:
        yield Finding(
            kind="replay_paused", severity="warning", weight=1.0, subject=subject, hurts=hurts,
            summary=f"replay is paused on this standby{behind}", checks=("replication_lag",),
            evidence=(Evidence("last replayed", f"{fmt.duration(recovery.last_replayed_age_s)} ago"),),
            next="SELECT pg_wal_replay_resume()")
    elif not recovery.is_streaming:
        yield Finding(
            kind="standby_not_streaming", severity="warning", weight=1.0, subject=subject, hurts=hurts,
            summary="this standby receives no WAL: its primary is not connected", checks=("replication_lag",),
            evidence=(Evidence("last replayed", f"{fmt.duration(recovery.last_replayed_age_s)} ago"),),
            next="see primary_conninfo, the primary and the network to it; this server's log has the reason")


def subscriptions(case: Case) -> Iterator[Finding]:
    """Logical subscriptions that nobody works for: their worker ends again and again, or an error has disabled them."""
    for subscription in case.rows(SUBSCRIPTIONS):
        errors = (subscription.apply_errors or 0) + (subscription.sync_errors or 0)
        if subscription.pid is not None or not (subscription.is_enabled or errors):
            continue
        failed = f"{fmt.plural(errors, 'error')} since the statistics began" if errors else ""
        state = "which is enabled" if subscription.is_enabled else "which is disabled"
        conflicts = subscription.conflicts or []
        yield Finding(
            kind="subscription_stopped", severity="warning", weight=2.0,
            summary=f"no worker runs for subscription {words.named(subscription.name)}, {state}"
                    f"{f' ({failed})' if failed else ''}: its tables stand still",
            subject=Subject(screen="activity", subscription=subscription.name, slot=subscription.slot),
            hurts=Hurt(None, "the tables that it fills"),
            evidence=(Evidence("publications", words.listed(subscription.publications)),
                      *((Evidence("conflicts", words.listed(conflicts)),) if conflicts else ())),
            next="this server's log says why its worker ends: a conflict, the publisher, or no free worker")


KINDS = (lost, lagging, slots, archiver, replay, subscriptions)
