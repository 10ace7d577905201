"""PgBouncer between: killed, paused, full, of another mode after a reload."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psycopg

from tests.faults.fault import LIVE, Scene, fault
from tests.faults.network import SILENT
from tests.faults.server import GONE
from tests.support import pgbouncer
from tests.support.pgbouncer import PgBouncer


def needs_pgbouncer() -> str | None:
    return None if pgbouncer.programs() else "no PgBouncer here"


def pooled(scene: Scene, **settings: str) -> PgBouncer:
    """The console goes through a pooler in transaction mode."""
    pooler = scene.poolers.make(scene.server, **settings)
    scene.conninfo, scene.is_pooled = pooler.conninfo(), True
    return pooler


@fault(GONE, quick="pgbouncer", needs=needs_pgbouncer)
def pooler_killed(scene: Scene) -> Iterator[None]:
    """PgBouncer is killed, and started again."""
    pooler = pooled(scene)
    yield
    pooler.stop(signal.SIGKILL)
    yield
    pooler.start()


@fault(SILENT, needs=needs_pgbouncer)
def pooler_paused(scene: Scene) -> Iterator[None]:
    """PgBouncer is paused, and resumed."""
    pooler = pooled(scene)
    yield
    pooler.command("PAUSE")
    yield
    pooler.command("RESUME")


@fault(r"the server has no connection left", needs=needs_pgbouncer)
def pooler_full(scene: Scene) -> Iterator[None]:
    """Others take all of PgBouncer's client connections after the console's own were ended."""
    pooler = pooled(scene, max_client_conn="10")
    yield
    held: list[psycopg.Connection[Any]] = []
    admin = psycopg.connect(pooler.admin_conninfo, autocommit=True)
    psycopg.ClientCursor(admin).execute("KILL postgres")
    psycopg.ClientCursor(admin).execute("RESUME postgres")
    admin.close()
    with suppress(psycopg.OperationalError):
        while True:
            held.append(psycopg.connect(pooler.conninfo(), autocommit=True))
    yield
    for connection in held:
        connection.close()


@fault(SILENT, needs=needs_pgbouncer)
def pool_exhausted(scene: Scene) -> Iterator[None]:
    """Others' transactions hold all server connections of PgBouncer's pool."""
    pooler = pooled(scene, default_pool_size="2")
    yield
    held = [psycopg.connect(pooler.conninfo()) for _ in range(2)]
    for connection in held:
        connection.execute("SELECT 1")
    yield
    for connection in held:
        connection.close()


def reloaded(scene: Scene, mode: str) -> Iterator[None]:
    pooler = pooled(scene)
    ini = pooler.folder / "pgbouncer.ini"
    text = ini.read_text()
    yield
    ini.write_text(text.replace("pool_mode = transaction", f"pool_mode = {mode}"))
    pooler.command("RELOAD")
    assert any(row[:2] == ("pool_mode", mode) for row in pooler.command("SHOW CONFIG"))
    yield
    ini.write_text(text)
    pooler.command("RELOAD")


@fault(LIVE, check=0, needs=needs_pgbouncer, stays_live=True)
def pooler_in_session_mode(scene: Scene) -> Iterator[None]:
    """PgBouncer is reloaded with pool_mode = session, and back."""
    yield from reloaded(scene, "session")


@fault(LIVE, check=0, needs=needs_pgbouncer, stays_live=True)
def pooler_in_statement_mode(scene: Scene) -> Iterator[None]:
    """PgBouncer is reloaded with pool_mode = statement, which takes transactions of one round trip only, and back."""
    yield from reloaded(scene, "statement")
