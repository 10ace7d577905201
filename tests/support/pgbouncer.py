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
def find() -> tuple[str, str] | None:
    """The program and its version, None where it isn't installed."""
    path = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        return None
    done = subprocess.run([path, "--version"], capture_output=True, text=True)
    return path, done.stdout.split()[1]  # PgBouncer 1.18.0


def report() -> str:
    found = find()
    return f"pooler: PgBouncer {found[1]}" if found else "pooler: no PgBouncer"


class PgBouncer(Struct):
    """A running pooler. Every database of the server is there under its own name."""

    server: LiveServer
    version: str
    folder: Path
    program: str
    settings: Mapping[str, str]
    databases: Mapping[str, str]
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
        lines = ["[databases]", *(f"{name} = {value}" for name, value in self.databases.items()), f"* = {upstream}"]
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
        """SIGINT is orderly, SIGTERM at once, SIGKILL an accident."""
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
    """Makes poolers with settings of their own; all are stopped at the end."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._made: list[PgBouncer] = []

    def make(self, server: LiveServer, *, databases: Mapping[str, str] | None = None, **settings: str) -> PgBouncer:
        """A running pooler; `databases` are lines of its [databases] section, `settings` of its [pgbouncer]."""
        found = find()
        if found is None:
            missing("pgbouncer", "it isn't installed")
        folder = self._servers.folder / f"pgbouncer-{len(self._made)}"
        self._servers.as_account(folder)
        pooler = PgBouncer(server, found[1], folder, found[0], SETTINGS | settings, databases or {})
        self._made.append(pooler)
        pooler.allow("postgres", ADMIN, STATS)
        pooler.start()
        return pooler

    def stop(self) -> None:
        for pooler in self._made:
            with contextlib.suppress(OSError):
                pooler.stop(signal.SIGTERM)


@pytest.fixture(scope="session")
def pgbouncers(servers: Servers) -> Iterator[PgBouncers]:
    found = PgBouncers(servers)
    yield found
    found.stop()


@pytest.fixture(scope="session")
def pgbouncer(pgbouncers: PgBouncers, embedded: LiveServer) -> PgBouncer:
    """PgBouncer in transaction mode in front of the embedded server."""
    return pgbouncers.make(embedded)
