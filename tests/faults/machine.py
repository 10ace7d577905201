"""The machine: disks that are full, clocks that are stepped."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from tests.faults.fault import LIVE, Scene, fault, needs_root

MIB = 1 << 20


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Path]:
    """A file system of that size in `folder`; root alone can."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=755", "none", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path) -> Path:
    """A file that takes all the space there is."""
    path = folder / "filler"
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(MIB // 16)):
            pass
    return path


@fault(LIVE, check=2, needs=needs_root, stays_live=True)
def data_disk_full(scene: Scene) -> Iterator[None]:
    """The disk under the server's data directory is full, while others write."""
    folder = scene.servers.folder / f"{scene.name}-disk"
    with small_disk(folder, 200):
        scene.servers.as_account(folder)
        scene.server = scene.servers.make("embedded", {"max_wal_size": "64MB"}, name=f"{folder.name}/data")
        scene.sql("CREATE TABLE grows (x text)")
        yield
        filler = fill(folder)
        with pytest.raises(psycopg.OperationalError):  # a full disk, or a server that fell over it
            scene.sql("INSERT INTO grows SELECT repeat(md5(g::text), 50) FROM generate_series(1, 50000) g")
        yield
        filler.unlink()
        assert scene.server.cluster is not None
        scene.server.cluster.start()  # where it fell over
        scene.sql("DROP TABLE grows")
        yield
        scene.server.cluster.stop("immediate")


@fault(LIVE, check=0, needs=needs_root, stays_live=True)
def state_disk_full(scene: Scene) -> Iterator[None]:
    """The disk under dbconsole's own state and configuration is full, from the start."""
    with small_disk(scene.folder / "state", 1) as folder:
        scene.environment |= dict.fromkeys(scene.environment, str(folder))
        filler = fill(folder)
        yield
        yield
        filler.unlink()
        yield


@fault(LIVE, check=0, needs=needs_root, stays_live=True)
def temporary_disk_full(scene: Scene) -> Iterator[None]:
    """The disk of temporary files is full."""
    with small_disk(scene.folder / "tmp", 1) as folder:
        scene.environment["TMPDIR"] = str(folder)
        yield
        filler = fill(folder)
        yield
        filler.unlink()
        yield


def faketime() -> Path | None:
    return next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)


def needs_faketime() -> str | None:
    return None if faketime() else "no libfaketime here"


def stepped(scene: Scene, environment: dict[str, str], step: str) -> Iterator[None]:
    clock = scene.folder / "clock"
    clock.write_text("+0")
    scene.folder.chmod(0o755)
    environment |= {"LD_PRELOAD": str(faketime()), "FAKETIME_TIMESTAMP_FILE": str(clock), "NO_FAKE_STAT": "1",
                    "FAKETIME_CACHE_DURATION": "1", "DONT_FAKE_MONOTONIC": "1"}
    yield
    clock.write_text(step)
    yield
    clock.write_text("+0")


@fault(LIVE, check=0, needs=needs_faketime, stays_live=True)
def clock_forward(scene: Scene) -> Iterator[None]:
    """The console's clock is set a day forward, and back (libfaketime)."""
    yield from stepped(scene, scene.environment, "+1d")


@fault(LIVE, check=0, quick="faketime", needs=needs_faketime, stays_live=True)
def clock_back(scene: Scene) -> Iterator[None]:
    """The console's clock is set a day back, and forward (libfaketime)."""
    yield from stepped(scene, scene.environment, "-1d")


@fault(LIVE, check=0, needs=needs_faketime, stays_live=True)
def server_clock_back(scene: Scene) -> Iterator[None]:
    """The server's clock is set an hour back, and forward (libfaketime)."""
    environment: dict[str, str] = {}
    steps = stepped(scene, environment, "-1h")
    next(steps)
    os.environ.update(environment)  # the server's programs inherit it
    try:
        scene.server  # noqa: B018  (it is started now)
    finally:
        for name in environment:
            del os.environ[name]
    yield
    yield from steps
