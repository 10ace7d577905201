"""Who is really behind a session that comes through PgBouncer: pg_stat_activity joined to SHOW SERVERS and CLIENTS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from console.activity.records import Backend
from console.pooler.records import PoolerConnection, PoolerSample, TrueClient

SESSION_MODE = "session"


def true_clients(backends: Iterable[Backend], look: PoolerSample, looked_s_ago: float) -> dict[int, TrueClient]:
    """The client of each session that a server connection of the pooler certainly is.

    The process must be the same, and both must name the same two ends of the connection: a pid alone is found on any
    server that the pooler has. The look is older than the sessions by `looked_s_ago` seconds: in transaction mode a
    transaction that has begun since may be another client's, so of that only the pool is told.
    """
    servers = {connection.remote_pid: connection for connection in look.servers or () if connection.remote_pid}
    clients = {connection.ptr: connection for connection in look.clients or ()}
    databases = {database.name: database.database for database in look.databases}
    modes = {(use.database, use.user): use.pool_mode for use in look.pools}
    found: dict[int, TrueClient] = {}
    for backend in backends:
        server = servers.get(backend.pid)
        if server is None or not _is_same(backend, server, databases):
            continue
        pool = f"{server.database}/{server.user}"
        client = clients.get(server.link) if server.link else None
        lasts = modes.get((server.database or "", server.user or "")) == SESSION_MODE or (
            (backend.transaction_age_s or 0.0) >= looked_s_ago)
        found[backend.pid] = TrueClient(None, None, pool, None) if client is None or client.link != server.ptr \
            or not lasts else TrueClient(client.place, client.application_name or None, pool, client.connect_time)
    return found


def _is_same(backend: Backend, server: PoolerConnection, databases: Mapping[str, str | None]) -> bool:
    """Whether both speak of one connection: its address and port as the server sees them, or its socket and names."""
    if server.addr != "unix":
        return (backend.client_address, backend.client_port) == (server.local_addr, server.local_port)
    return (backend.client_address is None and not backend.is_hidden and backend.user == server.user
            and backend.database == databases.get(server.database or "", server.database))
