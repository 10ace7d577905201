"""Incidents of disks: small ones of their own, where this machine lets us mount such."""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from console.diagnosis.records import Finding
from console.local_postgres.cluster import Cluster
from tests.incidents.incident import Scene, incident

MEGABYTES, USED_PERCENT = 600, 93
ROWS = "INSERT INTO log SELECT n, repeat('x', 900) FROM generate_series(1, 1000) n"


@cache
def why_not() -> str | None:
    """Why nothing can be mounted here; None where it can."""
    folder = mkdtemp()
    try:
        found = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
        if found.returncode:
            return "no right to mount a small disk"
        subprocess.run(["umount", folder], check=True)
    except OSError as error:
        return f"mount: {error.strerror}"
    finally:
        Path(folder).rmdir()
    return None


def mounted(scene: Scene, folder: Path) -> None:
    """That folder is a disk of its own until the incident is over, and its server's then."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0755", "tmpfs", folder], check=True)
    scene.stack.callback(subprocess.run, ["umount", "-l", folder], check=False)


@incident("disk_full", names=("the data directory's disk is", "full"), needs=why_not)
def disk_nearly_full(scene: Scene) -> Iterator[None]:
    """Next to nothing is free on the disk of the data directory."""
    name = f"small-{secrets.token_hex(3)}"
    mounted(scene, scene.servers.folder / name)
    scene.own_server(f"{name}/data", max_wal_size="64MB", min_wal_size="32MB")
    scene.sql("CREATE TABLE log (n int, note text)", "CHECKPOINT")
    found = os.statvfs(scene.servers.folder / name)
    others = found.f_bavail - found.f_blocks * (100 - USED_PERCENT) // 100
    (scene.servers.folder / name / "others").write_bytes(bytes(others * found.f_frsize))
    yield None


@incident("disk_full", names=("the disk of pg_wal is", "will be full in", "replication slot gone_consumer keeps"),
          needs=why_not)
def wal_fills_its_disk(scene: Scene) -> Iterator[list[Finding]]:
    """A slot whose consumer is gone keeps all WAL, and pg_wal will be full within minutes."""
    scene.own_server()
    folder = scene.servers.folder / f"wal-{secrets.token_hex(3)}"
    mounted(scene, folder)
    scene.restart(lambda cluster: moved(cluster, folder / "pg_wal"))
    scene.sql("CREATE TABLE log (n int, note text)",
              "SELECT pg_create_physical_replication_slot('gone_consumer', true)", *[ROWS] * 120)
    scene.runs(ROWS, again=True, pause_s=1.0, application="etl")
    time.sleep(1.0)
    yield scene.watch(150.0)


def moved(cluster: Cluster, to: Path) -> None:
    """pg_wal of a stopped server is elsewhere from now on."""
    wal = cluster.data_dir / "pg_wal"
    subprocess.run(["cp", "-a", wal, to], check=True)
    subprocess.run(["rm", "-r", wal], check=True)
    wal.symlink_to(to)
