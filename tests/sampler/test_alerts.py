"""Alerts: raised, worsened, acknowledged, ended; by the server's clock."""

from __future__ import annotations

import datetime as dt

from console.check.records import CheckResult, Status
from console.sampler.alerts import Alerts
from tests.check.given import NOW
from tests.support.builders import result

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN


def at(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def found(status: Status, value: float | None = 1.0, *, name: str = "lag", lower_is_worse: bool = False) -> CheckResult:
    return result(name, status, f"{value}", value=value, lower_is_worse=lower_is_worse)


def kinds(alerts: Alerts, status: Status, seconds: float, value: float | None = 1.0) -> list[str]:
    return [event.kind for event in alerts.add_sample([found(status, value)], at(seconds))]


def test_a_life() -> None:
    alerts = Alerts()
    told = [kinds(alerts, status, seconds, value) for seconds, (status, value) in enumerate([
        (OK, 1), (WARNING, 40), (WARNING, 60), (CRITICAL, 90), (WARNING, 50), (UNKNOWN, None), (OK, 2)])]
    assert told == [[], ["raised"], [], ["worsened"], [], [], ["ended"]]
    (ended,) = alerts.ended
    assert (ended.since, ended.ended_at, ended.worst.value, ended.worst.status) == (at(1), at(6), 90, CRITICAL)
    assert ended.result.value == 50 and not alerts.active


def test_what_is_bad_from_the_first_look_on_is_listed_and_no_event() -> None:
    alerts = Alerts()
    assert kinds(alerts, CRITICAL, 0) == [] and alerts.unacknowledged == 1
    assert kinds(alerts, OK, 1) == ["ended"] and kinds(alerts, WARNING, 2) == ["raised"]


def test_an_acknowledgement_holds_until_it_gets_worse_or_ends() -> None:
    alerts = Alerts()
    kinds(alerts, OK, 0)
    kinds(alerts, WARNING, 1)
    alerts.acknowledge("lag")
    assert alerts.unacknowledged == 0
    kinds(alerts, WARNING, 2, 99)
    assert alerts.unacknowledged == 0
    kinds(alerts, CRITICAL, 3)
    assert alerts.unacknowledged == 1
    alerts.acknowledge_all()
    kinds(alerts, WARNING, 4)
    assert kinds(alerts, CRITICAL, 5) == [] and alerts.unacknowledged == 0
    kinds(alerts, OK, 6)
    kinds(alerts, WARNING, 7)
    assert alerts.unacknowledged == 1


def test_an_acknowledgement_can_be_taken_back() -> None:
    alerts = Alerts()
    kinds(alerts, WARNING, 0)
    alerts.acknowledge("lag")
    alerts.acknowledge("lag")
    alerts.acknowledge("no such alert")
    assert alerts.unacknowledged == 1


def test_lower_can_be_worse() -> None:
    alerts = Alerts()
    for value in (80.0, 60.0, 70.0):
        alerts.add_sample([found(WARNING, value, lower_is_worse=True)], at(0))
    assert alerts.active[0].worst.value == 60 and alerts.active[0].result.value == 70


def test_the_worst_comes_first_and_a_clock_that_is_set_back_ends_nothing_before_it_began() -> None:
    alerts = Alerts()
    alerts.add_sample([found(WARNING, name="a"), found(CRITICAL, name="b")], at(100))
    assert [alert.name for alert in alerts.active] == ["b", "a"]
    alerts.add_sample([found(OK, name="a"), found(OK, name="b")], at(0))
    assert all(alert.ended_at == alert.since for alert in alerts.ended)
