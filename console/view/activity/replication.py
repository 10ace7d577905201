"""Replication as a topology: where this server's WAL comes from, who gets it, and what is kept for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from console.metrics.records.counters import Recovery, ReplicationSlot
from console.metrics.records.replication import RecoveryState, SlotFacts, SubscriptionState, WalReceiver, WalSender
from console.server.info import ServerInfo
from console.text import format as fmt
from console.view.table import Cell, Column, Line, Row, Table, Tone

COLUMNS = (
    Column("node", "replication", fixed=True, minimum=24, maximum=44, sortable=False),
    Column("kind", "", minimum=8, maximum=20, sortable=False),
    Column("state", "state", minimum=9, maximum=18, sortable=False),
    Column("lag", "lag", align="right", minimum=7, sortable=False),
    Column("lag_s", "replay lag", align="right", minimum=6, sortable=False),
    Column("retained", "retains", align="right", minimum=7, priority=1, sortable=False),
    Column("slot", "slot", minimum=8, maximum=24, priority=3, sortable=False),
    Column("note", "", flexible=True, minimum=16, maximum=80, priority=2, sortable=False),
)

LAG_WARNING_BYTES = 64 * 2**20
BEHIND_S = 30.0


class Replication(Struct, frozen=True):
    """All that was read; None: the server did not answer, `unavailable` says why by the read's title."""

    senders: Sequence[WalSender] | None
    receiver: WalReceiver | None
    slots: Sequence[ReplicationSlot] | None
    slot_facts: Mapping[str, SlotFacts]
    subscriptions: Sequence[SubscriptionState] | None
    unavailable: Mapping[str, str]
    recovery: Recovery | None = None
    recovery_state: RecoveryState | None = None


def table(found: Replication, info: ServerInfo) -> Table:
    """Upstream, this server, and below it senders, slots nobody uses, and subscriptions."""
    rows = []
    inner: list[tuple[str, list[Cell]]] = []
    used = set()
    for sender in found.senders or ():
        used.add(sender.slot)
        inner.append((f"sender {sender.pid}", _sender(sender, found)))
    for slot in found.slots or ():
        if slot.name not in used:
            inner.append((f"slot {slot.name}", _slot(slot, found.slot_facts.get(slot.name))))
    for subscription in found.subscriptions or ():
        inner.append((f"subscription {subscription.name}", _subscription(subscription)))
    for name, why in found.unavailable.items():
        inner.append((name, _cells(name, "", "", tone="unknown", note=why)))
    depth = ""
    if info.is_standby:
        rows.append(Row("upstream", tuple(_receiver(found.receiver))))
        depth = "└ "
    note = f"PostgreSQL {info.version}" if inner else "no receivers, no slots, no subscriptions"
    rows.append(Row("here", tuple(_here(f"{depth}this server", found, info, note))))
    indent = "  " if info.is_standby else ""
    for index, (key, cells) in enumerate(inner):
        sign = "└ " if index == len(inner) - 1 else "├ "
        first = cells[0]
        rows.append(Row(key, (Cell(f"{indent}{sign}{first.text}", first.tone), *cells[1:])))
    return Table(COLUMNS, tuple(rows))


def verdict(found: Replication, info: ServerInfo) -> Line:
    """What of it needs a person, else how much there is."""
    pieces: list[tuple[str, Tone]] = [(" ", "")]
    worries = [f"slot {slot.name} is {slot.wal_status}" for slot in found.slots or ()
               if slot.wal_status in ("unreserved", "lost")]
    worries += [f"slot {slot.name} is used by nobody and retains {fmt.size(slot.retained_bytes)}"
                for slot in found.slots or () if not slot.is_active and (slot.retained_bytes or 0) >= LAG_WARNING_BYTES]
    worries += [f"{sender.application or sender.pid} is {fmt.size(sender.lag_bytes)} behind"
                for sender in found.senders or ()
                if (sender.lag_bytes or 0) >= LAG_WARNING_BYTES]
    worries += [f"subscription {subscription.name} has no worker" for subscription in found.subscriptions or ()
                if subscription.is_enabled and subscription.pid is None]
    if info.is_standby and found.recovery is not None and found.recovery.is_paused:
        worries.append("replay is paused: SELECT pg_wal_replay_resume()")
    if info.is_standby and found.receiver is None and "wal receiver" not in found.unavailable:
        worries.append("this standby receives no WAL")
    counted = ", ".join((fmt.plural(len(found.senders or ()), "receiver"), fmt.plural(len(found.slots or ()), "slot"),
                         fmt.plural(len(found.subscriptions or ()), "subscription")))
    pieces.append((" · ".join(worries), "warning") if worries else (counted, "ok" if found.senders else "dim"))
    return tuple(pieces)


def _cells(node: str, kind: str, state: str, *, lag: int | None = None, lag_s: float | None = None,
           retained: int | None = None, slot: str | None = None, note: str = "", tone: Tone = "",
           state_tone: Tone = "", lag_tone: Tone = "") -> list[Cell]:
    return [Cell(node, tone), Cell(kind, "dim"), Cell(state, state_tone),
            Cell("" if lag is None else fmt.size(lag), lag_tone, lag),
            Cell("" if lag_s is None else fmt.milliseconds(lag_s * 1000),
                 "warning" if lag_s is not None and lag_s >= BEHIND_S else "", lag_s),
            Cell("" if retained is None else fmt.size(retained), "", retained), Cell(slot or "", "dim"),
            Cell(note, "dim")]


def _here(node: str, found: Replication, info: ServerInfo, note: str) -> list[Cell]:
    """This server; of a standby how far it has replayed what it received."""
    recovery, more = found.recovery, found.recovery_state
    if not info.is_standby or recovery is None:
        return _cells(node, "standby" if info.is_standby else "primary", "", note=note, tone="strong")
    notes = [note]
    if more is not None:
        notes += [f"timeline {more.timeline}"] if more.timeline is not None else []
        notes += ["promotion triggered"] if more.is_promoting else []
        if more.chunk_age_s is not None and more.chunk_age_s >= BEHIND_S:
            notes.append(f"replaying for {fmt.duration(more.chunk_age_s)}")
    state = "paused" if recovery.is_paused else "replaying"
    if more is not None and more.pause_state == "pause requested":
        state = "pause requested"
    return _cells(node, "standby", state, lag=recovery.lag_bytes, note=", ".join(notes), tone="strong",
                  state_tone="ok" if state == "replaying" else "warning")


def _sender(sender: WalSender, found: Replication) -> list[Cell]:
    slot = next((slot for slot in found.slots or () if slot.name == sender.slot), None)
    kind = _kind(sender, slot)
    place = sender.address or ("local" if sender.state is not None else "")
    notes = [f"{name} {fmt.milliseconds(value * 1000)}" for name, value in (
        ("write", sender.write_lag_s), ("flush", sender.flush_lag_s)) if value is not None]
    if sender.unsent_bytes:
        notes.append(f"{fmt.size(sender.unsent_bytes)} not sent yet")
    if sender.state is None:
        notes.append("GRANT pg_read_all_stats shows more")
    state = " ".join(filter(None, (sender.state, sender.sync_state)))
    behind = (sender.lag_bytes or 0) >= LAG_WARNING_BYTES
    return _cells(f"{sender.application or sender.pid}  {place}".rstrip(), kind, state or "-", lag=sender.lag_bytes,
                  lag_s=sender.replay_lag_s, retained=slot.retained_bytes if slot else None, slot=sender.slot,
                  note=", ".join(notes), state_tone="ok" if sender.state == "streaming" else "warning",
                  lag_tone="warning" if behind else "")


def _kind(sender: WalSender, slot: ReplicationSlot | None) -> str:
    """What receives the WAL: only who replays it is a standby."""
    if sender.state == "backup":
        return "base backup"
    if slot is not None and slot.type == "logical":
        return "logical"
    return "standby" if sender.is_replaying else "stores WAL only"


def _slot(slot: ReplicationSlot, facts: SlotFacts | None) -> list[Cell]:
    notes = []
    if facts is not None and facts.inactive_age_s is not None:
        notes.append(f"inactive for {fmt.duration(facts.inactive_age_s)}")
    if facts is not None and facts.invalidation_reason:
        notes.append(f"invalid: {facts.invalidation_reason}")
    if facts is not None and facts.sync_skip_reason:
        notes.append(f"not synchronised: {facts.sync_skip_reason.replace('_', ' ')}")
    if facts is not None and facts.is_conflicting:
        notes.append("conflicts with recovery")
    if facts is not None and (oldest := max(facts.xmin_age or 0, facts.catalog_xmin_age or 0)):
        notes.append(f"keeps vacuum {fmt.plural(oldest, 'transaction')} back")
    if slot.wal_status not in (None, "reserved"):
        notes.append(f"WAL {slot.wal_status}")
    if slot.safe_bytes is not None:
        notes.append(f"lost after {fmt.size(slot.safe_bytes)} more")
    bad = slot.wal_status in ("unreserved", "lost")
    plugin = f" {facts.plugin}" if facts is not None and facts.plugin else ""
    return _cells(slot.name, f"{slot.type} slot{plugin}", "active" if slot.is_active else "unused",
                  retained=slot.retained_bytes, slot=slot.name, note=", ".join(notes),
                  state_tone="ok" if slot.is_active else "critical" if bad else "warning")


def _subscription(subscription: SubscriptionState) -> list[Cell]:
    notes = [f"publications {', '.join(subscription.publications)}"]
    if subscription.unready_tables:
        notes.append(f"{fmt.plural(subscription.unready_tables, 'table')} not synchronised")
    if subscription.parallel_workers:
        notes.append(fmt.plural(subscription.parallel_workers, "parallel worker"))
    failed = [f"{fmt.plural(errors, 'error')} {when}" for errors, when in (
        (subscription.apply_errors, "applying"), (subscription.sync_errors, "synchronising")) if errors]
    notes += [*failed, *(["conflicts: " + ", ".join(subscription.conflicts)] if subscription.conflicts else [])]
    if subscription.last_message_age_s is not None:
        notes.append(f"heard {fmt.duration(subscription.last_message_age_s)} ago")
    state, tone = (("running", "ok") if subscription.pid is not None
                   else ("no worker", "critical") if subscription.is_enabled else ("disabled", "dim"))
    return _cells(subscription.name, "subscription", state, lag=subscription.lag_bytes,
                  slot=subscription.slot, note=", ".join(notes),
                  state_tone=tone)  # type: ignore[arg-type]


def _receiver(receiver: WalReceiver | None) -> list[Cell]:
    if receiver is None:
        return _cells("no upstream", "primary", "not receiving", note="reads archived WAL, or waits to connect",
                      state_tone="warning")
    place = ":".join(filter(None, (receiver.host, str(receiver.port) if receiver.port
                                   else None))) or f"receiver {receiver.pid}"
    note = "" if receiver.last_message_age_s is None else f"heard {fmt.duration(receiver.last_message_age_s)} ago"
    return _cells(place, "upstream", receiver.status or "-", lag=receiver.lag_bytes, slot=receiver.slot, note=note,
                  state_tone="ok" if receiver.status == "streaming" else "warning")
