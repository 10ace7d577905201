"""What the header says of a connection, taken together from its pool, its breaker and its sampler."""

from __future__ import annotations

from console.clock import Clock
from console.server.info import ServerInfo
from console.text import format
from console.ui.connection import Connection, ConnectionState
from console.ui.text import clean
from console.view import header as view
from console.view.header import ConnectionWords, HeaderFacts

USUAL_PORT = 5432


def header_facts(connection: Connection, clock: Clock) -> HeaderFacts:
    """The facts as they are now."""
    pool, info = connection.pool, connection.info
    statistics = pool.statistics() if pool is not None else None
    snapshot = connection.sampler.latest if connection.sampler is not None else None
    live = connection.state in (ConnectionState.LIVE, ConnectionState.LOST)
    playback = connection.playback
    return HeaderFacts(
        name=clean(connection.label),
        environment=connection.target.environment if connection.target else "unknown",
        link=_link(connection, clock),
        clock=f"{clock.now().astimezone():{'%H:%M:%S' if playback is None else '%Y-%m-%d %H:%M:%S'}}",
        version=info.version if info else None,
        is_standby=info.is_standby if info else False,
        host=_place(info) if info and info.is_one_of_several else None,
        encryption=info.encryption if info else None,
        is_pooled=info.is_pooled if info else False,
        read_only=connection.read_only or (info is not None and (info.is_standby or info.is_read_only)),
        connections=snapshot.sessions.connections if snapshot and snapshot.sessions and live else None,
        max_connections=info.max_connections if info else None,
        rtt_ms=snapshot.rtt_ms if snapshot and connection.state is ConnectionState.LIVE else None,
        pool_in_use=statistics.in_use if statistics and info and playback is None else None,
        pool_max=statistics.max_size if statistics else None,
        pool_waiting=statistics.waiting if statistics else 0,
        has_critical=connection.sampler is not None and connection.sampler.alerts.has_critical,
        alerts=connection.sampler.alerts.unacknowledged if connection.sampler is not None else 0,
        breaker=pool.breaker.state.value if pool else "closed",
        recorder=_recorder(connection),
        is_recording=playback is not None,
    )


def _place(info: ServerInfo) -> str:
    return clean(f"{info.host}:{info.port}" if info.port != USUAL_PORT else f"{info.host}")


def age_s(connection: Connection, clock: Clock) -> float | None:
    """How old what is shown is, in seconds; None before the first sample."""
    snapshot = connection.sampler.latest if connection.sampler is not None else None
    return None if snapshot is None else max(0.0, clock.monotonic() - snapshot.monotonic_s)


def _recorder(connection: Connection) -> str:
    recorder = connection.recorder
    if recorder is None or recorder.path is None:
        return ""
    return f"● REC {format.stopwatch(recorder.written.seconds)}"


def _link(connection: Connection, clock: Clock) -> ConnectionWords:
    state = connection.state
    if (playback := connection.playback) is not None and playback.latest is not None:
        return view.playing(playback.speed, playback.position_s, playback.length_s, is_paused=playback.paused,
                            is_at_end=playback.is_at_end)
    if state in (ConnectionState.OPENING, ConnectionState.CONNECTING):
        return view.connecting(clock.monotonic() - connection.opened_at)
    age = age_s(connection, clock)
    if state in (ConnectionState.LOST, ConnectionState.FAILED):
        if connection.needs_password:
            return ConnectionWords("○ password needed (r)", "○ password (r)", "critical")
        if connection.has_given_up or connection.pool is None:
            return ConnectionWords("○ not connected", "○ not connected", "critical")
        return view.lost(age or 0.0, connection.pool.breaker.seconds_to_retry, ever=state is ConnectionState.LOST)
    return view.paused(age) if connection.paused else view.live(connection.every_s, age)
