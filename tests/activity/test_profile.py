"""Wait profiles: what counts, whose, and over which time."""

from __future__ import annotations

import pytest

from console.activity.profile import KEPT_S, WaitProfile, waiting_at
from tests.support.activity import backend, idle, idle_in_transaction


def test_what_a_session_is_at() -> None:
    assert waiting_at(backend(1)) == ("CPU", None)
    assert waiting_at(backend(1, 2)) == ("Lock", "transactionid")
    assert waiting_at(idle(1)) is None
    assert waiting_at(idle_in_transaction(1)) is None
    assert waiting_at(backend(1, wait_event_type="Client", wait_event="ClientWrite")) == ("Client", "ClientWrite")
    checkpointer = backend(1, state=None, user=None, backend_type="checkpointer")
    assert waiting_at(checkpointer) is None  # a background process says nothing of being on a CPU
    assert waiting_at(backend(1, state=None, wait_event_type="IO", wait_event="WALWrite")) == ("IO", "WALWrite")
    assert waiting_at(backend(1, state=None, wait_event_type="Activity", wait_event="CheckpointerMain")) is None


def test_shares_and_averages() -> None:
    profile = WaitProfile()
    profile.add_sample(0.0, [backend(1), backend(2, 1), backend(3, 1)])
    profile.add_sample(2.0, [backend(2, 1), idle(3)])
    lock, cpu = profile.shares()
    assert (lock.event, lock.sessions, lock.share) == ("transactionid", 1.5, 0.75)
    assert (cpu.type, cpu.event, cpu.sessions, cpu.share) == ("CPU", None, 0.5, 0.25)
    assert lock.course[-1] == 1.5 and lock.course[0] is None
    (own,) = profile.shares(pid=1)
    assert (own.type, own.sessions, own.share) == ("CPU", 0.5, 1.0)
    assert profile.shares(pid=99) == []


def test_old_samples_go() -> None:
    profile = WaitProfile()
    for second in range(0, 1000, 2):
        profile.add_sample(float(second), [backend(1)] if second < 500 else [])
    assert len(profile) == KEPT_S / 2 and profile.seconds == pytest.approx(KEPT_S - 2)
    assert profile.shares() == []


def test_nothing_yet() -> None:
    assert WaitProfile().shares() == [] and WaitProfile().seconds == 0
