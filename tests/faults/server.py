"""The server: stopped, killed, frozen, restarted, full."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import psycopg

from tests.faults.fault import LIVE, Scene, fault
from tests.support import processes

NONE_IN_A_ROW = 3
"""So often nobody but others had a connection: the slot of the one that ended is taken too."""

GONE = r"no server answers there|the server is starting, stopping or recovering|server closed the connection"


@fault(GONE, quick="embedded")
def server_stopped(scene: Scene) -> Iterator[None]:
    """The server is stopped (fast), and started again."""
    yield
    assert scene.server.cluster is not None
    scene.server.cluster.stop("fast")
    yield
    scene.server.cluster.start()


@fault(GONE)
def server_killed(scene: Scene) -> Iterator[None]:
    """All processes of the server are killed, and it is started again."""
    yield
    cluster = scene.server.cluster
    assert cluster is not None and (status := cluster.status()) is not None
    for pid in (status.pid, *processes.children(status.pid)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    yield
    cluster.start()


@fault(r"the server has not answered in \d+ s|no answer in time")
def server_frozen(scene: Scene) -> Iterator[None]:
    """The server's processes are stopped (SIGSTOP), as when its disk hangs, and go on."""
    yield
    with scene.server.frozen():
        yield


@fault(LIVE, check=0)
def server_restarted(scene: Scene) -> Iterator[None]:
    """The server is restarted, and is back before anybody has noticed."""
    yield
    assert scene.server.cluster is not None
    scene.server.cluster.stop("immediate")
    scene.server.cluster.start()
    yield


@fault(r"the server has no connection left|too many clients already", quick="embedded")
def slots_taken(scene: Scene) -> Iterator[None]:
    """Others take all connections after the console's own was ended."""
    yield
    held: list[psycopg.Connection[tuple[object, ...]]] = []
    none = 0
    while none < NONE_IN_A_ROW:
        with suppress(psycopg.OperationalError):
            while True:
                held.append(scene.server.connect())
        (ended,) = held[0].execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                   "WHERE application_name = %s", [scene.name]).fetchone() or (None,)
        none = none + 1 if ended == 0 else 0
    yield
    for connection in held:
        connection.close()
