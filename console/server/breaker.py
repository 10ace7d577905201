"""The circuit breaker in front of a server that may be gone: closed, open, half-open."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct, field

from console.clock import Clock, SystemClock
from console.waiting import backoff_s, jittered


class BreakerState(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker(Struct):
    """Counts failures in a row and says when the next try is due.

    Closed: every call may pass. After a failure it opens; each further one doubles the wait, from `first_s`
    up to `longest_s` seconds, with jitter (half to the whole of it), so that many consoles don't return at once.
    When the wait is over it is half-open: one try passes, and its outcome closes or opens it again.
    """

    first_s: float = 1.0
    longest_s: float = 30.0
    clock: Clock = field(default_factory=SystemClock)
    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    retry_at: float | None = None

    def succeeded(self) -> None:
        self.state = BreakerState.CLOSED
        self.failures = 0
        self.retry_at = None

    def failed(self) -> None:
        now = self.clock.monotonic()
        self.failures += 1
        self.retry_at = now + jittered(backoff_s(self.failures, self.first_s, self.longest_s))
        self.state = BreakerState.OPEN

    def retry_now(self) -> None:
        """A person doesn't want to wait: the next try is due at once."""
        if self.state is BreakerState.OPEN:
            self.retry_at = self.clock.monotonic()

    @property
    def seconds_to_retry(self) -> float:
        return 0.0 if self.retry_at is None else max(0.0, self.retry_at - self.clock.monotonic())

    def admits(self) -> bool:
        """Whether a try may go to the server now; while open, the first admitted one makes it half-open."""
        if self.state is BreakerState.CLOSED:
            return True
        if self.state is BreakerState.OPEN and self.seconds_to_retry == 0.0:
            self.state = BreakerState.HALF_OPEN
            return True
        return False
