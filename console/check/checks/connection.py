"""connection: that the server answers, how long a round trip takes, and how the connection is protected.

value = the wall time of the refresh - (clock_timestamp() of its last read - its transaction_timestamp()), in
milliseconds: what network, pooler and client add to the server's own work. No thresholds by default, a link's round
trip is what it is. CRITICAL without an answer: that result is made where connecting failed.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.rates import network_ms
from console.metrics.reads.counters import SERVER_CLOCK
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    clock = readings.first(SERVER_CLOCK)
    assert clock is not None
    rtt_ms = network_ms(readings.rtt_ms, clock)
    through = ", through a pooler" if context.info.is_pooled else ""
    place = f" at {context.info.host}:{context.info.port}" if context.info.is_one_of_several else ""
    protection = f", {context.info.encryption.words}" if context.info.encryption else ""
    status = thresholds.status(rtt_ms)
    hint = None if status is Status.OK else "the network or a pooler is slow: compare with ping, and with SHOW POOLS"
    took = fmt.milliseconds(rtt_ms)
    return CheckVerdict(
        status, f"database {context.info.database}{place}, round trip {took}{through}{protection}", rtt_ms, hint)


CHECK = Check(name="connection", title="Connection", evaluate=evaluate, reads=(SERVER_CLOCK,), unit="ms")
