"""A cluster of its own for one command: made, used, removed; what a killed command left is removed by the next."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from console.errors import ConsoleError
from console.local_postgres.binaries import Binaries, available, own_folder
from console.local_postgres.cluster import Cluster, quote_conninfo
from console.server.target import Target
from console.waiting import finish

SETTINGS = {
    "fsync": "off",  # nothing here outlives the command
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
    "max_connections": "20",
    "cluster_name": "dbconsole throwaway",
}


def choose(major: int, extensions: Collection[str] = ()) -> Binaries | None:
    """The PostgreSQL on this machine that comes nearest to a server of `major` with `extensions` to be installed.

    The same major version first, then the next later one; None where only older ones are here.
    """
    found = [binaries for binaries in available() if binaries.major >= major]
    return min(found,
               key=lambda binaries: (sum(not binaries.has_extension(name) for name in extensions), binaries.major),
               default=None)


@asynccontextmanager
async def throwaway_cluster(binaries: Binaries) -> AsyncIterator[Target]:
    """The empty database `postgres` of a new cluster, which is gone after the block. Raises ConsoleError."""
    async with throwaway_folder(binaries) as folder, running(folder, binaries) as target:
        yield target


@asynccontextmanager
async def throwaway_folder(binaries: Binaries) -> AsyncIterator[Path]:
    """A folder for one cluster and what it needs, which is gone after the block with whatever runs in it."""
    folder = await asyncio.to_thread(_folder)
    try:
        yield folder
    finally:
        await finish(asyncio.to_thread(_remove, Cluster(folder / "data", binaries), folder))


@asynccontextmanager
async def running(folder: Path, binaries: Binaries, settings: Mapping[str, str] | None = None,
                  timeout_s: float = 60.0, superuser: str = "postgres") -> AsyncIterator[Target]:
    """The server on `folder`/data, a new cluster where there is none, until the end of the block. Raises ConsoleError.

    `settings` are more of them; `superuser` is a role of a cluster that was there. It must take connections within
    `timeout_s` seconds.
    """
    libraries = [text for text in ("pg_stat_statements",) if binaries.has_library(text)]
    chosen = SETTINGS | {"shared_preload_libraries": ",".join(libraries)} | dict(settings or {})
    cluster = Cluster(folder / "data", binaries, chosen, initdb_options=("--no-sync",))
    # A thread can't be cancelled: what is on its way to start has to be there before it can be stopped.
    await finish(asyncio.to_thread(cluster.start, timeout_s))
    conninfo = f"{cluster.conninfo()} {quote_conninfo({'user': superuser})}"
    yield Target(name="a throwaway cluster", conninfo=conninfo, environment="development", read_only=False)


def _folder() -> Path:
    """A new folder of this process, after those of processes that are gone have been cleared away."""
    base = Path(tempfile.gettempdir()) / f"dbconsole-throwaway-{os.geteuid() if hasattr(os, 'geteuid') else 'user'}"
    own_folder(base, mode=0o755)
    for left in base.glob("*-*"):
        if not _is_alive(left.name.partition("-")[0]):
            binaries = next(available(), None)
            if binaries is not None:
                _remove(Cluster(left / "data", binaries), left)
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=base))
    folder.chmod(0o755)
    return folder


def _remove(cluster: Cluster, folder: Path) -> None:
    with suppress(ConsoleError, OSError):
        cluster.remove()
    shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except OSError:
        return True
    return True
