"""Active sessions by whose they are: names, courses, bounds."""

from __future__ import annotations

import pytest

from console.pooler.records import TrueClient
from console.sampler import slices as module
from console.sampler.slices import KINDS, MOST_NAMES, OTHERS, Slices
from tests.support.activity import backend, idle, idle_in_transaction

BUSY = [backend(1), backend(2, wait_event_type="IO", wait_event="DataFileRead"), backend(3, 1, application="billing"),
        idle(4), idle_in_transaction(5), backend(6, backend_type="walsender"),
        backend(7, wait_event_type="Activity", wait_event="WalSenderMain")]


def shares(taken: Slices, kind: str, now_s: float = 100.0) -> dict[str, float]:
    return dict(taken.shares(kind, now_s, 60.0))


def test_who_is_at_work_is_told_apart_by_each_kind() -> None:
    taken = Slices()
    taken.take(95.0, BUSY, {})
    taken.take(100.0, [], {})
    assert shares(taken, "event") == {"CPU": 0.5, "IO:DataFileRead": 0.5, "Lock:transactionid": 0.5}
    assert shares(taken, "application") == {"api": 1.0, "billing": 0.5}
    assert shares(taken, "user") == {"app_rw": 1.5} and shares(taken, "database") == {"console": 1.5}
    assert shares(taken, "statement") == {"update accounts set balance = ? where id = ?": 1.5}
    assert shares(taken, "client") == {"api 10.0.4.7": 1.0, "billing 10.0.4.7": 0.5}


def test_the_client_is_the_one_behind_the_pooler() -> None:
    taken = Slices()
    through = {1: TrueClient("10.9.9.9:4711", "nightly", "app/rw", None), 2: TrueClient(None, None, "app/rw", None)}
    taken.take(100.0, BUSY, through)
    assert shares(taken, "client") == {"nightly 10.9.9.9": 1.0, "pool app/rw": 1.0, "billing 10.0.4.7": 1.0}
    assert shares(taken, "application") == {"nightly": 1.0, "api": 1.0, "billing": 1.0}


@pytest.mark.parametrize("kind", KINDS)
def test_a_course_is_the_average_in_each_part(kind: str) -> None:
    taken = Slices()
    for second in range(0, 120, 10):
        taken.take(1081.0 + second, [backend(1)] * (4 if second >= 70 else 2), {})
    (course,) = taken.courses(kind, 1199.0, 120.0, 4)
    assert [round(value or 0) for value in course.values] == [2, 2, 4, 4]
    assert [found.values for found in taken.courses(kind, 9000.0, 120.0, 4)] == [(None,) * 4]


def test_names_beyond_the_first_are_summed_up() -> None:
    taken = Slices()
    for second in (1.0, 10.0, 19.0, 25.0):
        taken.take(second, [backend(number, user=f"u{number:02}")
                            for number in range(30) for _ in range(30 - number)], {})
    total = sum(range(1, 31))
    found = taken.courses("user", 25.0, 30.0, 1, most=3)
    assert [course.name for course in found] == ["u00", "u01", "u02", OTHERS]
    assert sum(course.values[0] or 0 for course in found) == pytest.approx(total)
    kept = taken._fine[0].sessions["user"]
    assert len(kept) == MOST_NAMES + 1 and kept.total() == total, "of the samples of ten seconds"


def test_a_day_is_kept_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_S", 7200.0)
    taken = Slices()
    for second in range(0, 20_000, 10):
        taken.take(float(second), [backend(1), backend(2)], {})
    assert len(taken._fine) == 181 and len(taken._coarse) <= 122
    assert taken.first_s is not None and 19_990 - 7200 - 60 <= taken.first_s <= 19_990 - 7200 + 60
    (course,) = taken.courses("user", 19_990.0, 7000.0, 20)
    assert [round(value or 0, 3) for value in course.values] == [2] * 20, "coarse or fine"


def test_a_recording_that_is_wound_back_begins_anew() -> None:
    taken = Slices()
    taken.take(500.0, BUSY, {})
    taken.take(20.0, [backend(1)], {})
    assert taken.first_s == 20.0 and shares(taken, "user", 20.0) == {"app_rw": 1.0}
