"""A real PgBouncer in front of a live server, run as an ordinary user from a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec import Struct, field
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from console.local_postgres.binaries import server_account
from console.local_postgres.cluster import free_port
from tests.support import debian
from tests.support.servers import LiveServer, Servers, missing

ADMIN = "pgbouncer_admin"
STATS = "pgbouncer_stats"
SETTINGS = {
    "pool_mode": "transaction",
    "listen_addr": "127.0.0.1",
    "auth_type": "trust",
    "admin_users": ADMIN,
    "stats_users": STATS,
    "default_pool_size": "5",
    "max_client_conn": "50",
    "stats_period": "1",
    "server_login_retry": "1",
}


@cache
def programs() -> dict[str, str]:
    """The PgBouncers at hand: a program by its version, oldest first, one of each minor version."""
    paths = [str(root / "usr/sbin/pgbouncer") for label in debian.RELEASES if (root := debian.find(label))]
    if path := shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"):
        paths.append(path)
    found: dict[str, str] = {}
    for path in paths:
        version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout.split()[1]
        if not any(_minor(version) == _minor(other) for other in found):
            found[version] = path
    return dict(sorted(found.items(), key=lambda item: _minor(item[0])))


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])  # 1.18.0, 1.24.1


def report() -> str:
    return "pooler: " + (", ".join(f"PgBouncer {version}" for version in programs()) or "no PgBouncer")


class PgBouncer(Struct):
    """A running pooler. Every database of the server is there under its own name."""

    server: LiveServer
    version: str
    folder: Path
    program: str
    settings: Mapping[str, str]
    databases: Mapping[str, str]
    every_database: bool = True
    host: str = "127.0.0.1"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def conninfo(self, dbname: str = "postgres", user: str = "postgres", **words: Any) -> str:
        return make_conninfo(host=self.host, port=self.port, dbname=dbname, user=user, **words)

    @property
    def admin_conninfo(self) -> str:
        """Its console, for somebody who may also PAUSE, KILL and RELOAD."""
        return self.conninfo("pgbouncer", ADMIN)

    @property
    def stats_conninfo(self) -> str:
        """Its console, for somebody who may only SHOW."""
        return self.conninfo("pgbouncer", STATS)

    def command(self, text: str) -> list[Any]:
        """Runs an administrator's command, such as PAUSE or SHOW POOLS."""
        with psycopg.connect(self.admin_conninfo, autocommit=True) as connection:
            cursor = psycopg.ClientCursor(connection)  # it knows the simple query protocol only
            cursor.execute(text)
            return cursor.fetchall() if cursor.description else []

    def allow(self, *users: str) -> None:
        """Lets more users in."""
        with (self.folder / "users.txt").open("a") as file:
            file.writelines(f'"{user}" ""\n' for user in users)
        if self.process:
            self.command("RELOAD")

    def start(self) -> None:
        words = conninfo_to_dict(self.server.dsn)
        upstream = " ".join(f"{key}={words[key]}" for key in ("host", "port", "password") if words.get(key))
        settings = dict(self.settings) | {
            "listen_port": str(self.port),
            "auth_file": str(self.folder / "users.txt"),
            "unix_socket_dir": str(self.folder),
        }
        lines = ["[databases]", *(f"{name} = {value}" for name, value in self.databases.items()),
                 *([f"* = {upstream}"] if self.every_database else [])]
        lines += ["[pgbouncer]", *(f"{name} = {value}" for name, value in settings.items())]
        ini = self.folder / "pgbouncer.ini"
        ini.write_text("\n".join(lines) + "\n")
        account = server_account()
        with (self.folder / "pgbouncer.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.program, str(ini)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **(account.identity() if account else {}),
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                self.command("SHOW VERSION")
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "pgbouncer.log").read_text()) from None
                time.sleep(0.05)

    def stop(self, signum: int = signal.SIGINT) -> None:
        """SIGINT is orderly, SIGQUIT at once (SIGTERM waits for the clients from 1.23 on), SIGKILL an accident."""
        if self.process is None:
            return
        self.process.send_signal(signum)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


class PgBouncers:
    """Makes poolers of one version, by default the newest at hand, and stops all of them at the end."""

    def __init__(self, servers: Servers, version: str | None = None) -> None:
        self._servers = servers
        self._version = version or next(reversed(programs()), None)
        self._made: list[PgBouncer] = []

    def make(self, server: LiveServer, *, databases: Mapping[str, str] | None = None,
             every_database: bool = True, **settings: str) -> PgBouncer:
        """A running pooler; `databases` are lines of its [databases] section, besides `every_database` by its own name,
        and `settings` of its [pgbouncer]."""
        if self._version is None:
            missing("pgbouncer", f"it isn't installed, and no Debian folder that has it is made; {debian.HOW}")
        folder = self._servers.folder / f"pgbouncer-{self._version}-{len(self._made)}"
        self._servers.as_account(folder)
        pooler = PgBouncer(
            server, self._version, folder, programs()[self._version], SETTINGS | settings, databases or {},
            every_database,
        )
        self._made.append(pooler)
        pooler.allow("postgres", ADMIN, STATS)
        pooler.start()
        return pooler

    def stop(self) -> None:
        for pooler in self._made:
            with contextlib.suppress(OSError):
                pooler.stop(signal.SIGQUIT)


@pytest.fixture(scope="session")
def pgbouncers(request: pytest.FixtureRequest, servers: Servers) -> Iterator[PgBouncers]:
    """Each version at hand in turn."""
    found = PgBouncers(servers, request.param)
    yield found
    found.stop()


@pytest.fixture(scope="session")
def pgbouncer(pgbouncers: PgBouncers, embedded: LiveServer) -> PgBouncer:
    """PgBouncer in transaction mode in front of the embedded server."""
    return pgbouncers.make(embedded)
