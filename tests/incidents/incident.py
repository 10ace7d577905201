"""What an incident is, how it is staged on a real server, and what the diagnosis says of it."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, suppress
from typing import Any, LiteralString, cast

import psycopg
from msgspec import Struct
from psycopg.conninfo import make_conninfo

from console.clock import SystemClock
from console.commands.diagnose import live
from console.config import Config
from console.diagnosis.records import Finding
from console.diagnosis.watch import Diagnosis
from console.local_postgres.cluster import Cluster
from console.recorder.recorder import Recorder
from console.recorder.ring import Ring
from console.sampler.changes import Changes
from console.sampler.records import Snapshot
from console.sampler.sampler import Sampler
from console.server.pool import Pool
from console.server.target import Target
from tests.support.pgbouncer import PgBouncer, PgBouncers
from tests.support.servers import Database, LiveServer, Servers

SETTINGS = {
    "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "autovacuum_naptime": "1h",
    "max_prepared_transactions": "10", "max_wal_size": "1GB", "deadlock_timeout": "200ms",
}
"""As in production, but that tests say themselves when autovacuum comes."""

APART_S = 3.0
LABEL = "embedded"


class Scene:
    """Where one incident happens: a database of its own, and a server of its own where it asks for one."""

    def __init__(self, servers: Servers, shared: LiveServer) -> None:
        self.servers = servers
        self.server = shared
        self.stack = ExitStack()
        self.over = threading.Event()
        self.threads: list[threading.Thread] = []
        self.clients: list[psycopg.Connection[Any]] = []
        """The sessions in the background."""
        self.target_words: dict[str, Any] = {}
        self._database: Database | None = None

    @property
    def database(self) -> Database:
        """A fresh database of the server, with pg_stat_statements."""
        if self._database is None:
            self._database = self.stack.enter_context(self.server.database())
            self.sql("CREATE EXTENSION pg_stat_statements", "SELECT pg_stat_statements_reset()")
        return self._database

    def own_server(self, folder: str | None = None, **settings: str) -> LiveServer:
        """From now on this incident has a server of its own, in a folder of that name if it matters."""
        self.server = self.servers.make(LABEL, SETTINGS | settings, name=folder)
        cluster = self.server.cluster
        assert cluster is not None
        self.stack.callback(cluster.remove)
        self._database = None
        return self.server

    def connect(self, application: str = "api", **words: Any) -> psycopg.Connection[Any]:
        """A session that ends with the incident."""
        connection = psycopg.connect(make_conninfo(self.database.conninfo, application_name=application, **words),
                                     autocommit=True)
        self.stack.callback(_closed, connection)
        return connection

    def sql(self, *statements: str, application: str = "set-up") -> list[Any]:
        """Runs them one after the other; the rows of the last, if it has any."""
        with psycopg.connect(make_conninfo(self.database.conninfo, application_name=application),
                             autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(cast(LiteralString, statement))
            return cursor.fetchall() if cursor.description else []

    def transaction(self, *statements: str, application: str = "nightly-report") -> psycopg.Connection[Any]:
        """A session that has run them in a transaction, and leaves that open."""
        connection = self.connect(application)
        for statement in ("BEGIN", *statements):
            connection.execute(cast(LiteralString, statement))
        return connection

    def runs(self, *statements: str, clients: int = 1, application: str = "api", again: bool = False,
             pause_s: float = 0.0, conninfo: str | None = None) -> None:
        """Sessions that run them in the background, once or until the incident is over."""
        where = conninfo or self.database.conninfo

        def work() -> None:
            with suppress(psycopg.Error), psycopg.connect(
                    make_conninfo(where, application_name=application), autocommit=True,
                    prepare_threshold=None) as connection:
                self.clients.append(connection)
                while not self.over.is_set():
                    for statement in statements:
                        with suppress(psycopg.errors.DeadlockDetected):
                            connection.execute(cast(LiteralString, statement))
                    if not again:
                        break
                    self.over.wait(pause_s)

        for _ in range(clients):
            self.background(work)

    def background(self, work: Callable[[], object]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self.threads.append(thread)
        thread.start()

    def wait_for(self, query: str, within_s: float = 20.0) -> None:
        """Until that query, in the incident's database, says true."""
        until = time.monotonic() + within_s
        while not self.sql(query)[0][0]:
            assert time.monotonic() < until, f"never true: {query}"
            time.sleep(0.1)

    def wait_for_blocked(self, sessions: int, seconds: float) -> None:
        """Until so many sessions wait for locks, and have waited so long together."""
        self.wait_for(f"SELECT count(*) >= {sessions} AND sum(extract(epoch FROM clock_timestamp() - waitstart)) > "
                      f"{seconds} FROM pg_locks WHERE NOT granted", 60.0)

    def restart(self, while_stopped: Callable[[Cluster], object] = lambda cluster: None) -> None:
        """Stops the incident's own server, does something to it, and starts it again."""
        cluster = self.server.cluster
        assert cluster is not None
        cluster.stop()
        while_stopped(cluster)
        cluster.start()

    def pgbouncer(self, **settings: str) -> PgBouncer:
        poolers = PgBouncers(self.servers)
        self.stack.callback(poolers.stop)
        found = poolers.make(self.server, **settings)
        self.target_words["pgbouncer_conninfo"] = found.stats_conninfo
        return found

    @property
    def target(self) -> Target:
        return Target(name="incident", conninfo=self.database.conninfo, **self.target_words)

    def diagnose(self, apart_s: float = APART_S) -> list[Finding]:
        """What two looks say, as `dbconsole diagnose` has them."""
        return asyncio.run(live(self.target, Config(), apart_s)).findings

    def diagnose_target(self, target: Target) -> list[Finding]:
        """The same of another server."""
        return asyncio.run(live(target, Config(), APART_S)).findings

    def watch(self, seconds: float, then: Callable[[], object] | None = None, after_s: float = 0.0) -> list[Finding]:
        """What a console says that watches for so long; `then` happens after a time."""
        return asyncio.run(self._watch(seconds, then, after_s))

    async def _watch(self, seconds: float, then: Callable[[], object] | None, after_s: float) -> list[Finding]:
        clock, diagnosis, changes = SystemClock(), Diagnosis(), Changes()
        pool = Pool(self.target, clock)
        sampler = Sampler(pool, Config(), (), clock, 1.0)
        recorder = Recorder(sampler, self.target, clock, memory=Ring())

        def sampled(snapshot: Snapshot) -> None:
            changes.take(snapshot)
            diagnosis.take(snapshot, changes.found)

        sampler.listeners.append(sampled)
        task = asyncio.create_task(sampler.run())
        try:
            if then is not None:
                await asyncio.sleep(after_s)
                await asyncio.to_thread(then)
            await asyncio.sleep(seconds - after_s)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await recorder.close()
            await pool.close()
        return diagnosis.findings

    def close(self) -> None:
        self.over.set()
        for connection in self.clients:
            with suppress(Exception):
                connection.cancel_safe(timeout=2.0)
        for connection in self.clients:
            _closed(connection)
        self.stack.close()
        for thread in self.threads:
            thread.join(10.0)


def _closed(connection: psycopg.Connection[Any]) -> None:
    with suppress(Exception):
        connection.pgconn.finish()


Stages = Callable[[Scene], Iterator[list[Finding] | None]]


class Incident(Struct, frozen=True):
    """What is staged, and the kinds of finding one of which must be first; none: it is healthy, and nothing is said.

    `names` must stand in the sentence. The quick ones are tried with every change.
    """

    name: str
    what: str
    stages: Stages
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    is_quick: bool = False
    needs: Callable[[], str | None] = lambda: None


class Outcome(Struct):
    """What was said, and what of it is wrong ("" where nothing is)."""

    findings: list[Finding]
    wrong: str
    seconds: float


INCIDENTS: dict[str, Incident] = {}


def incident(*kinds: str, names: tuple[str, ...] = (), quick: bool = False,
             needs: Callable[[], str | None] = lambda: None) -> Callable[[Stages], Stages]:
    """Registers a generator that makes everything ready and then yields: None, to be looked at, or what was found."""
    def register(stages: Stages) -> Stages:
        name = stages.__name__.replace("_", "-")
        assert name not in INCIDENTS, name
        what = " ".join((stages.__doc__ or "").split()).rstrip(".")
        INCIDENTS[name] = Incident(name, what, stages, kinds, names, quick, needs)
        return stages

    return register


healthy = incident
"""The same, for loads of which nothing is to be said: without kinds."""


def attempt(tried: Incident, servers: Servers, shared: LiveServer) -> Outcome:
    """Stages an incident, looks, and judges what was said."""
    began = time.monotonic()
    scene = Scene(servers, shared)
    try:
        stages = cast("Generator[list[Finding] | None]", tried.stages(scene))
        given = next(stages)
        found = scene.diagnose() if given is None else given
        next(stages, None)
    finally:
        scene.close()
    return Outcome(found, judged(tried, found), time.monotonic() - began)


def judged(tried: Incident, found: list[Finding]) -> str:
    """What is wrong with what was said."""
    if not tried.kinds:
        return f"said of what is well: {'; '.join(item.summary for item in found)}" if found else ""
    if not found:
        return "nothing was said"
    first = found[0]
    if first.kind not in tried.kinds:
        return f"first came {first.kind}: {first.summary}"
    missing = [name for name in tried.names if name not in first.summary]
    return f"{', '.join(missing)} is not in: {first.summary}" if missing else ""
