"""A streaming pair: failover with a DSN of two hosts, and a standby that is promoted while it is watched."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.faults.fault import Scene, fault
from tests.faults.network import SILENT
from tests.faults.server import GONE
from tests.support.servers import LiveServer


def pair(scene: Scene) -> tuple[LiveServer, LiveServer]:
    """A primary and its streaming standby; the console's DSN names both, and wants the one that takes writes."""
    primary, standby = scene.server, scene.servers.standby(scene.server)
    parts = [conninfo_to_dict(server.dsn) for server in (primary, standby)]
    scene.conninfo = make_conninfo(
        primary.dsn, host=",".join(str(part["host"]) for part in parts),
        port=",".join(str(part["port"]) for part in parts), target_session_attrs="read-write")
    return primary, standby


@fault(rf"{GONE}|session is read-only", quick="embedded")
def failover(scene: Scene) -> Iterator[None]:
    """The primary of a pair is killed and the standby promoted; the DSN names both."""
    primary, standby = pair(scene)
    yield
    assert primary.cluster is not None
    primary.cluster.stop("immediate")
    yield
    scene.server = standby
    scene.sql("SELECT pg_promote()")
    yield
    primary.cluster.remove()


@fault(SILENT)
def failover_from_frozen(scene: Scene) -> Iterator[None]:
    """The primary of a pair hangs and goes on hanging, and the standby is promoted; the DSN names both."""
    primary, standby = pair(scene)
    yield
    with primary.frozen():
        yield
        scene.server = standby
        scene.sql("SELECT pg_promote()")
        yield
    assert primary.cluster is not None
    primary.cluster.remove()


@fault(r"PostgreSQL \S+ primary", check=0, stays_live=True)
def standby_promoted(scene: Scene) -> Iterator[None]:
    """A standby that is watched is promoted."""
    primary = scene.server
    scene.server = scene.servers.standby(primary)
    yield
    scene.sql("SELECT pg_promote()")
    yield
    assert primary.cluster is not None
    primary.cluster.remove()
