"""The machine's CPU, memory and disk, where the server is proven to run on it; from /proc, so on Linux only.

Another machine's numbers beside a server's would mislead, and a loopback address proves nothing: it may be a tunnel's
or a container's end. So the backend that serves us must be a process here, with the pid that the server says and begun
when the server says, and its parent must be the postmaster, begun when that says.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import time
from pathlib import Path

from msgspec import Struct

from console.metrics.records.processes import Process
from console.server.query import load

BACKEND_WITHIN_S = 2.0
POSTMASTER_WITHIN_S = 10.0
"""How far start times may lie apart: the kernel counts in ticks of a clock that is not the one that gets set."""


class LocalFacts(Struct, frozen=True):
    """What the server says of itself; addresses are None over a Unix socket, `data_directory` where the role may not
    know it (pg_read_all_settings)."""

    backend_pid: int
    backend_started_at: dt.datetime | None
    started_at: dt.datetime
    server_address: str | None
    client_address: str | None
    data_directory: str | None


LOCAL_FACTS = load("console.metrics", "local_facts", LocalFacts)


class Processor(Struct, frozen=True):
    """What all processors have done since boot, in ticks: `busy` of `total`, and waited for disks."""

    busy: int
    waiting: int
    total: int


class HostLoad(Struct, frozen=True):
    """The machine at one moment. Percentages of the interval since the look before, None at the first.

    `disk` is what holds the data directory, None where that isn't known; `wal_disk_percent` is how full that of pg_wal
    is, where it is another one. `load` is the 1-minute average.
    """

    cores: int
    cpu_percent: float | None
    io_percent: float | None
    load: float
    memory_total_bytes: int
    memory_available_bytes: int
    disk_total_bytes: int | None
    disk_free_bytes: int | None
    wal_disk_percent: float | None = None

    @property
    def memory_percent(self) -> float:
        return 100.0 * (1 - self.memory_available_bytes / self.memory_total_bytes)

    @property
    def disk_percent(self) -> float | None:
        if self.disk_total_bytes is None or self.disk_free_bytes is None or not self.disk_total_bytes:
            return None
        return 100.0 * (1 - self.disk_free_bytes / self.disk_total_bytes)


def read_process(pid: int, started_at: dt.datetime | None, proc: Path = Path("/proc")) -> Process | None:
    """A backend's process, where `doubt` has none: None when there is none that began when the server says."""
    found = _process(pid, proc)
    if found is None or started_at is None or abs(found[2] - started_at.timestamp()) > BACKEND_WITHIN_S:
        return None
    try:
        ticks = (proc / str(pid) / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[11:13]
        status = (proc / str(pid) / "status").read_text("utf-8", "replace")
    except OSError:
        return None
    sizes = {name: rest.split() for name, _, rest in (row.partition(":") for row in status.splitlines())}
    own = sizes.get("RssAnon")
    return Process(sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"), int(own[0]) * 1024 if own else None)


def doubt(facts: LocalFacts, *, is_pooled: bool = False, proc: Path = Path("/proc")) -> str | None:
    """Why it isn't proven that the server runs on this machine; None when it is."""
    if is_pooled:
        return "a pooler stands between"
    for address in (facts.server_address, facts.client_address):
        if address is not None and not ipaddress.ip_address(address).is_loopback:
            return f"connected over the network ({address})"
    if not hasattr(time, "CLOCK_BOOTTIME") or not (proc / "self" / "stat").exists():
        return "only Linux's /proc tells"
    backend = _process(facts.backend_pid, proc)
    if backend is None:
        return f"no process {facts.backend_pid} here: a tunnel, a container or another machine"
    name, parent, started_s = backend
    if not name.startswith("postgres") or facts.backend_started_at is None \
            or abs(started_s - facts.backend_started_at.timestamp()) > BACKEND_WITHIN_S:
        return f"process {facts.backend_pid} here is another one"
    postmaster = _process(parent, proc)
    if postmaster is None or abs(postmaster[2] - facts.started_at.timestamp()) > POSTMASTER_WITHIN_S:
        return f"process {parent} here is not the server's postmaster"
    return None


def _process(pid: int, proc: Path) -> tuple[str, int, float] | None:
    """A process's name, parent and start (seconds since the epoch); None where there is none or it is hidden."""
    try:
        text = (proc / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")
    fields = rest.split()
    boot_s = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return name, int(fields[1]), boot_s + int(fields[19]) / os.sysconf("SC_CLK_TCK")


class LocalHost:
    """Looks at the machine again and again. Every look reads three small files and asks one file system."""

    def __init__(self, data_directory: str | None, proc: Path = Path("/proc")) -> None:
        self.data_directory = data_directory
        self._proc = proc
        self._before: Processor | None = None

    def read(self) -> HostLoad:
        """The machine now. Raises OSError where /proc can't be read."""
        lines = (self._proc / "stat").read_text().splitlines()
        now, before = _processor(lines[0]), self._before
        self._before = now
        ticks = now.total - before.total if before is not None else 0
        memory = {name: int(rest.split()[0]) * 1024
                  for name, _, rest in (line.partition(":") for line in
                                        (self._proc / "meminfo").read_text().splitlines()[:8])}
        disk = self._disk()
        return HostLoad(
            cores=sum(line.startswith("cpu") for line in lines) - 1,
            cpu_percent=100.0 * (now.busy - before.busy) / ticks if before is not None and ticks > 0 else None,
            io_percent=100.0 * (now.waiting - before.waiting) / ticks if before is not None and ticks > 0 else None,
            load=float((self._proc / "loadavg").read_text().split()[0]),
            memory_total_bytes=memory["MemTotal"], memory_available_bytes=memory["MemAvailable"],
            disk_total_bytes=disk[0] if disk else None, disk_free_bytes=disk[1] if disk else None,
            wal_disk_percent=self._wal_disk_percent())

    def _disk(self) -> tuple[int, int] | None:
        return _space(Path(self.data_directory)) if self.data_directory is not None else None

    def _wal_disk_percent(self) -> float | None:
        """None, too, where nobody but the server may look into its data directory."""
        if self.data_directory is None:
            return None
        wal = Path(self.data_directory, "pg_wal")
        try:
            if wal.stat().st_dev == Path(self.data_directory).stat().st_dev:
                return None
        except OSError:
            return None
        space = _space(wal)
        return 100.0 * (1 - space[1] / space[0]) if space is not None and space[0] else None


def _space(folder: Path) -> tuple[int, int] | None:
    """Bytes in all, and bytes that may still be written, of a folder's file system; None where nobody may look."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    return found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize


def _processor(line: str) -> Processor:
    """The first line of /proc/stat. Guests' time is in user's already; iowait may go back, and then counts as none."""
    user, nice, system, idle, waiting, *rest = map(int, line.split()[1:9])
    busy = user + nice + system + sum(rest)
    return Processor(busy, waiting, busy + idle + waiting)
