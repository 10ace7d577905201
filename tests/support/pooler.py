"""A pooler for tests: what PgBouncer's console says, by version, and a console that answers from memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from console.errors import ConsoleError, Missing
from console.pooler.records import PoolerConnection, PoolerDatabase, PoolerSample, PoolUse, Totals
from console.server.admin_console import ShowResult
from console.server.target import Target


def pool(database: str = "app", user: str = "rw", **changes: Any) -> PoolUse:
    """A pool in which nobody waits."""
    return PoolUse(**{"database": database, "user": user, "cl_active": 5, "sv_active": 4, "sv_idle": 2,
                      "pool_mode": "transaction", "maxwait": 0, "maxwait_us": 0, **changes})


def waiting(database: str = "app", user: str = "rw", *, clients: int = 14, seconds: float = 3.2, **changes: Any
            ) -> PoolUse:
    """A pool that is full: twenty servers work, and `clients` wait."""
    return pool(database, user, cl_active=20, cl_waiting=clients, sv_active=20, sv_idle=0, maxwait=int(seconds),
                maxwait_us=round(seconds % 1 * 1e6), **changes)


def database(name: str = "app", **changes: Any) -> PoolerDatabase:
    return PoolerDatabase(**{"name": name, "host": "db1", "port": 5432, "database": name, "pool_size": 20,
                             "reserve_pool_size": 0, "max_connections": 0, "current_connections": 6, "paused": 0,
                             "disabled": 0, **changes})


def client(ptr: str = "c1", link: str = "s1", **changes: Any) -> PoolerConnection:
    return PoolerConnection(**{"ptr": ptr, "link": link, "user": "rw", "database": "app", "state": "active",
                               "addr": "10.0.4.7",
                   "port": 51234, "local_addr": "10.0.0.9", "local_port": 6432, "application_name": "report",
                   "connect_time": "2026-03-01 11:00:00 UTC", "wait": 0, "wait_us": 0, "remote_pid": 0, **changes})


def server(pid: int, ptr: str = "s1", link: str = "c1", **changes: Any) -> PoolerConnection:
    """The pooler's connection to the backend `pid`, from 10.0.0.9:40000."""
    return PoolerConnection(**{"ptr": ptr, "link": link, "user": "rw", "database": "app", "state": "active",
                               "addr": "10.0.0.1",
                   "port": 5432, "local_addr": "10.0.0.9", "local_port": 40000, "remote_pid": pid, **changes})


def look(*pools: PoolUse, databases: tuple[PoolerDatabase, ...] = (), **changes: Any) -> PoolerSample:
    return PoolerSample(**{"taken_s": 1000.0, "pools": pools, "databases": databases or tuple(
        database(name) for name in dict.fromkeys(pool.database for pool in pools)), **changes})


def totals(name: str = "app", **changes: Any) -> Totals:
    return Totals(**{"database": name, "xact_count": 1000, "query_count": 3000, "received": 10_000, "sent": 90_000,
                     "xact_time": 5_000_000, "query_time": 4_000_000, "wait_time": 1_000_000, **changes})


SAID: Mapping[str, ShowResult] = {
    "VERSION": ShowResult(("version",), (("PgBouncer 1.18.0",),)),
    "POOLS": ShowResult(
        ("database", "user", "cl_active", "cl_waiting", "cl_active_cancel_req", "cl_waiting_cancel_req", "sv_active",
         "sv_active_cancel", "sv_being_canceled", "sv_idle", "sv_used", "sv_tested", "sv_login", "maxwait",
         "maxwait_us", "pool_mode"),
        (("app", "rw", 20, 14, 0, 0, 20, 0, 0, 0, 0, 0, 0, 3, 200_000, "transaction"),
         ("app", "ro", 2, 0, 0, 0, 1, 0, 0, 3, 0, 0, 0, 0, 0, "transaction"),
         ("billing", "billing", 7, 0, 0, 0, 4, 0, 0, 2, 1, 0, 0, 0, 0, "session"),
         ("pgbouncer", "pgbouncer", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "statement"))),
    "DATABASES": ShowResult(
        ("name", "host", "port", "database", "force_user", "pool_size", "min_pool_size", "reserve_pool", "pool_mode",
         "max_connections", "current_connections", "paused", "disabled"),
        (("app", "10.0.0.1", 5432, "app", None, 20, 0, 5, None, 0, 24, 0, 0),
         ("billing", "10.0.0.1", 5432, "billing", None, 20, 0, 0, "session", 60, 7, 0, 0),
         ("pgbouncer", None, 6432, "pgbouncer", "pgbouncer", 2, 0, 0, "statement", 0, 0, 0, 0))),
    "CONFIG": ShowResult(("key", "value", "default", "changeable"),
                    (("admin_users", "admin, pgbouncer", "", "yes"), ("default_pool_size", "20", "20", "yes"),
                     ("listen_port", "6432", "6432", "no"), ("max_client_conn", "200", "100", "yes"),
                     ("pool_mode", "transaction", "session", "yes"))),
    "CLIENTS": ShowResult(
        ("type", "user", "database", "state", "addr", "port", "local_addr", "local_port", "connect_time",
         "request_time", "wait", "wait_us", "close_needed", "ptr", "link", "remote_pid", "tls", "application_name"),
        (("C", "rw", "app", "active", "10.0.4.7", 51234, "10.0.0.9", 6432, "2026-03-01 11:00:00 UTC",
          "2026-03-01 11:59:58 UTC", 0, 0, 0, "c1", "s1", 0, "", "report"),
         ("C", "rw", "app", "waiting", "10.0.4.8", 51300, "10.0.0.9", 6432, "2026-03-01 11:10:00 UTC",
          "2026-03-01 11:59:57 UTC", 3, 200_000, 0, "c2", "", 0, "", "api"))),
    "SERVERS": ShowResult(
        ("type", "user", "database", "state", "addr", "port", "local_addr", "local_port", "connect_time",
         "request_time", "wait", "wait_us", "close_needed", "ptr", "link", "remote_pid", "tls", "application_name"),
        (("S", "rw", "app", "active", "10.0.0.1", 5432, "10.0.0.9", 40000, "2026-03-01 11:00:00 UTC",
          "2026-03-01 11:59:58 UTC", 0, 0, 0, "s1", "c1", 4711, "", "report"),
         ("S", "ro", "app", "idle", "10.0.0.1", 5432, "10.0.0.9", 40001, "2026-03-01 11:00:00 UTC",
          "2026-03-01 11:58:00 UTC", 0, 0, 0, "s2", "", 4712, "", ""))),
    "LISTS": ShowResult(("list", "items"), (("databases", 3), ("users", 4), ("pools", 4), ("used_clients", 34))),
    "USERS": ShowResult(("name", "pool_mode"), (("rw", None), ("billing", "session"))),
}
"""What PgBouncer 1.18 says to SHOW; it knows no STATE and no PEERS."""


class FakeConsole:
    """Answers SHOW from `said`; `error` makes every answer fail. Counts what it was asked."""

    is_local = False
    place = "10.0.0.9:6432"

    def __init__(self, said: Mapping[str, ShowResult] = SAID, user: str = "admin") -> None:
        self.said = dict(said)
        self.user = user
        self.error: ConsoleError | None = None
        self.asked: list[str] = []
        self.opened = 0
        self.password: str | None = None
        self.ticks = 0

    @asynccontextmanager
    async def open(self, target: Target, password: str | None) -> AsyncIterator[FakeConsole]:
        self.opened += 1
        self.password = password
        if self.error is not None:
            raise self.error
        yield self

    async def show(self, what: str) -> ShowResult:
        self.asked.append(what)
        if self.error is not None:
            raise self.error
        if what == "STATS":
            self.ticks += 1
            return ShowResult(("database", "total_xact_count", "total_query_count", "total_received", "total_sent",
                          "total_xact_time", "total_query_time", "total_wait_time", "avg_xact_count"),
                         tuple((name, 2480 * self.ticks, 7440 * self.ticks, 10_000 * self.ticks, 90_000 * self.ticks,
                                9_000_000 * self.ticks, 15_624_000 * self.ticks, 101_680_000 * self.ticks, 1240)
                               for name in ("app", "billing", "pgbouncer")))
        if what not in self.said:
            raise Missing(f"PgBouncer at 10.0.0.9:6432: invalid command 'SHOW {what}', use SHOW HELP;",
                          hint="this version of PgBouncer does not know it")
        return self.said[what]

    async def run(self, command: str) -> str:
        raise AssertionError("commands have a connection of their own")
