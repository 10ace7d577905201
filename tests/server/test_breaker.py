"""The circuit breaker: when a try may go to the server."""

from __future__ import annotations

from console.server.breaker import Breaker, BreakerState
from tests.support.fake_clock import FakeClock


def test_closed_open_half_open_and_closed_again() -> None:
    clock = FakeClock()
    breaker = Breaker(clock=clock)
    assert breaker.admits()
    breaker.failed()
    assert breaker.state is BreakerState.OPEN and not breaker.admits()
    clock.advance(breaker.seconds_to_retry)
    assert breaker.admits() and breaker.state is BreakerState.HALF_OPEN
    assert not breaker.admits(), "only one try passes while half-open"
    breaker.succeeded()
    assert breaker.state is BreakerState.CLOSED and breaker.admits() and breaker.failures == 0


def test_the_wait_doubles_up_to_the_longest_with_jitter() -> None:
    clock = FakeClock()
    breaker = Breaker(first_s=1, longest_s=30, clock=clock)
    waits = []
    for _ in range(12):
        breaker.failed()
        waits.append(breaker.seconds_to_retry)
        clock.advance(waits[-1])
        assert breaker.admits()
    for number, wait in enumerate(waits):
        full = min(30, 2.0**number)
        assert full / 2 <= wait <= full
    assert len({round(wait, 6) for wait in waits[6:]}) > 1, "no jitter"


def test_a_person_may_retry_now() -> None:
    clock = FakeClock()
    breaker = Breaker(clock=clock)
    breaker.failed()
    clock.advance(0.1)
    breaker.retry_now()
    assert breaker.admits()
