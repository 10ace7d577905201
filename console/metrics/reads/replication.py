"""The reads of replication; asked by `Session.refresh`. Slots with what they retain: metrics.read.REPLICATION_SLOTS."""

from __future__ import annotations

from console.metrics.records.replication import RecoveryState, SlotFacts, SubscriptionState, WalReceiver, WalSender
from console.server.query import load

WAL_SENDERS = load("console.metrics", "wal_senders", WalSender)
WAL_RECEIVER = load("console.metrics", "wal_receiver", WalReceiver)
RECOVERY_STATE = load("console.metrics", "recovery_state", RecoveryState)
SLOT_FACTS = load("console.metrics", "slot_facts", SlotFacts)
SUBSCRIPTIONS = load("console.metrics", "subscriptions", SubscriptionState)
