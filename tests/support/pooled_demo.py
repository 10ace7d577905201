"""A PgBouncer in front of a server with more clients than its pools can serve, for pictures and trials by hand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from msgspec.structs import replace
from psycopg.conninfo import conninfo_to_dict

from console.server.target import Target
from tests.support.pgbouncer import PgBouncer, PgBouncers
from tests.support.servers import LiveServer, Servers

CLIENTS = (
    ("shop", "api", 9, 0.35), ("shop", "worker", 5, 0.8), ("reports", "nightly", 2, 0.6), ("billing", "api", 3, 0.1))
"""Database, application, clients, and how long each one's statements take, in seconds."""


@asynccontextmanager
async def pooled(target: Target) -> AsyncIterator[Target]:
    """`target` with a pooler of its own, in which clients queue for three servers."""
    servers = Servers()
    poolers = PgBouncers(servers)
    words = conninfo_to_dict(target.conninfo)
    place = f"host='{words['host']}' port={words['port']} dbname={words['dbname']} user={words['user']}"
    pooler = await asyncio.to_thread(
        poolers.make, LiveServer.behind("pooled", target.conninfo),
        databases={name: f"{place} pool_size={size}" for name, size in (("shop", 3), ("reports", 5), ("billing", 5))},
        reserve_pool_size="1", max_client_conn="200")
    tasks = [asyncio.create_task(_work(pooler, name, application, seconds))
             for name, application, number, seconds in CLIENTS for _ in range(number)]
    try:
        yield replace(target, name="shop", pgbouncer_conninfo=pooler.admin_conninfo)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        poolers.stop()
        servers.stop()


async def _work(pooler: PgBouncer, name: str, application: str, seconds: float) -> None:
    with contextlib.suppress(psycopg.Error):
        async with await psycopg.AsyncConnection.connect(
                pooler.conninfo(name, application_name=application), autocommit=True, prepare_threshold=None
        ) as connection:
            while True:
                await connection.execute("SELECT pg_sleep(%s)", [seconds])
                await asyncio.sleep(0.02)
