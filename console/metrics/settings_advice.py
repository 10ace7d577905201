"""What to think of a server's settings, each with its reason. Pure: settings and the machine in, advice out.

The rules of thumb are those of PostgreSQL's documentation (Resource Consumption, WAL Configuration, Query Planning) and
of PGTune. They are starting points for a machine that serves PostgreSQL alone; what was measured wins over them. Rules
that depend on the machine say nothing where its size is unknown: another machine's size would mislead.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from console.metrics.records.settings import Area, Machine, ServerSetting, SettingAdvice
from console.text import format as fmt
from console.text.parse import SETTING_BYTES

KB, MB, GB = 2**10, 2**20, 2**30

GUARDING: Mapping[str, str] = {
    "fsync": "a crash of the machine destroys the whole cluster",
    "full_page_writes": "a crash in the middle of a write leaves pages that are half old",
    "autovacuum": "tables bloat until the server stops to save itself from wraparound",
    "track_counts": "autovacuum knows of no work, and all statistics stand still"}
"""What must be on, and what comes of it where it is off."""


class SettingValues:
    """The settings by name, as numbers in bytes or seconds where they have a unit. KeyError where there is none."""

    def __init__(self, settings: Mapping[str, ServerSetting]) -> None:
        self._settings = settings

    def __contains__(self, name: str) -> bool:
        return name in self._settings

    def text(self, name: str) -> str:
        return self._settings[name].reset_setting or self._settings[name].setting

    def number(self, name: str) -> float:
        """In bytes, or in the setting's own unit where that is no size; a negative one has a meaning, and no unit."""
        value = float(self.text(name))
        return value if value < 0 else value * SETTING_BYTES.get(self._settings[name].unit or "", 1)

    def choices(self, name: str) -> list[str]:
        """What this server was built to take."""
        return self._settings[name].choices or []

    def is_on(self, name: str) -> bool:
        return self.text(name) == "on"


def advise(settings: Mapping[str, ServerSetting], machine: Machine, major: int) -> list[SettingAdvice]:
    """All advice for a server of that major version, the worst first. A setting that it doesn't have says nothing."""
    found: list[SettingAdvice] = []
    values = SettingValues(settings)
    for rule in RULES:
        try:
            found += rule(values, machine, major)
        except (KeyError, ValueError):  # hidden from this role, or a version that names it otherwise
            continue
    order = {"critical": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda advice: (order[advice.severity], advice.name))


def amount(size: float) -> str:
    """Bytes as a setting takes them, rounded to what a person would write: 512MB, 3GB."""
    for unit, word in ((GB, "GB"), (MB, "MB"), (KB, "kB")):
        if size >= 4 * unit or (size >= unit and size % unit == 0):
            return f"{round(size / unit)}{word}"
    return f"{max(1, round(size / KB))}kB" if size < MB else f"{round(size / MB)}MB"


def _suggested(size: float) -> str:
    """About `size`, as a person would set it: one of four steps between powers of two."""
    step = 2.0 ** (math.floor(math.log2(size)) - 2)
    return amount(round(size / step) * step)


def _safety(values: SettingValues, machine: Machine, major: int) -> Iterator[SettingAdvice]:
    for name, harm in GUARDING.items():
        if not values.is_on(name):
            area: Area = "autovacuum" if name in ("autovacuum", "track_counts") else "safety"
            yield SettingAdvice(name, area, "critical", "on", f"{name} is off: {harm}")
    if values.text("synchronous_commit") == "off":
        yield SettingAdvice("synchronous_commit", "safety", "info", None,
                     "off: a crash loses the commits of the last moments (no more than that), which clients believe in")
    if values.text("password_encryption") == "md5":
        yield SettingAdvice("password_encryption", "safety", "warning", "scram-sha-256",
                     "md5 hashes are weak and will no longer be accepted by a coming version; passwords set from then "
                     "on are stored safely")
    if float(values.text("idle_in_transaction_session_timeout")) == 0:
        yield SettingAdvice("idle_in_transaction_session_timeout", "safety", "info", "10min",
                     "none: a client that forgets its transaction holds its locks and blocks vacuum for ever")


def _memory(values: SettingValues, machine: Machine, major: int) -> Iterator[SettingAdvice]:
    if machine.memory_bytes is None:
        return
    memory, shared = machine.memory_bytes, values.number("shared_buffers")
    share = 100 * shared / memory
    if memory >= GB and (share < 15 or share > 40):
        yield SettingAdvice("shared_buffers", "memory", "info" if 5 <= share <= 60 else "warning",
                            _suggested(memory / 4),
                     f"{amount(shared)} is {fmt.percent(round(share))} of {amount(memory)}: a quarter is a good "
                     "beginning, and more than 40 % seldom helps, as the system caches too")
    cache = values.number("effective_cache_size")
    if cache < memory * 0.4 or cache > memory * 0.95:
        yield SettingAdvice("effective_cache_size", "memory", "info", _suggested(memory * 0.75),
                     f"the planner believes in {amount(cache)} of cache on a machine of {amount(memory)}; it reserves "
                     "nothing, it only makes index scans look as cheap as they are")
    if shared >= 8 * GB and values.text("huge_pages") == "off":
        yield SettingAdvice("huge_pages", "memory", "info", "try",
                     f"{amount(shared)} in pages of 4 kB costs every backend page tables of its own")


def _work_memory(values: SettingValues, machine: Machine, major: int) -> Iterator[SettingAdvice]:
    if machine.memory_bytes is None:
        return
    work, connections = values.number("work_mem"), values.number("max_connections")
    left = machine.memory_bytes - values.number("shared_buffers")
    parallel = max(1.0, values.number("max_parallel_workers_per_gather"))
    suggested = max(4.0 * MB, left / (connections * 3) / parallel)
    if work * connections > left:
        yield SettingAdvice("work_mem", "memory", "warning", _suggested(suggested),
                     f"{amount(work)} for each sort and hash of {connections:.0f} connections can be more than the "
                     f"{amount(max(0, left))} beside shared_buffers; give more to single statements or roles instead")
    elif work < suggested / 2:
        yield SettingAdvice("work_mem", "memory", "info", _suggested(suggested),
                     f"{amount(work)} makes sorts and hashes go to temporary files (see temp_files) that this machine "
                     f"has memory for, with {connections:.0f} connections")


def _maintenance_memory(values: SettingValues, machine: Machine, major: int) -> Iterator[SettingAdvice]:
    if machine.memory_bytes is None:
        return
    now, workers = values.number("maintenance_work_mem"), values.number("autovacuum_max_workers")
    # Before 17 vacuum uses no more than 1 GB of it.
    suggested = min(machine.memory_bytes / 16, 2 * GB if major >= 17 else GB)
    each = values.number("autovacuum_work_mem")
    if (now if each < 0 else each) * workers > machine.memory_bytes / 2:
        name = "maintenance_work_mem" if each < 0 else "autovacuum_work_mem"
        yield SettingAdvice(name, "memory", "warning", _suggested(suggested),
                     f"{workers:.0f} autovacuum workers may take {amount((now if each < 0 else each) * workers)} of "
                     f"{amount(machine.memory_bytes)}")
    elif now < suggested / 2:
        yield SettingAdvice("maintenance_work_mem", "memory", "info", _suggested(suggested),
                     f"{amount(now)} for building indexes (vectors' above all) and for vacuum is little here")


def _wal(values: SettingValues, machine: Machine, major: int) -> Iterator[SettingAdvice]:
    if values.number("max_wal_size") < 2 * GB:
        yield SettingAdvice("max_wal_size", "WAL", "info", "4GB",
                     f"{amount(values.number('max_wal_size'))} of WAL brings a checkpoint before its time on a server "
                     "that writes much (see checkpoints_requested); it costs disk, and time to recover")
    if float(values.text("checkpoint_completion_target")) < 0.8:
        yield SettingAdvice("checkpoint_completion_target", "WAL", "warning", "0.9",
                     "checkpoints write in bursts; 0.9 spreads them over the time that there is")
    if values.text("wal_compression") == "off":
        yield SettingAdvice("wal_compression", "WAL", "info", "lz4" if "lz4" in values.choices("wal_compression")
                            else "on",
                     "whole pages after each checkpoint are most of the WAL, and they compress well for little CPU")


def _autovacuum(values: SettingValues, machine: Machine, major: int) -> Iterator[SettingAdvice]:
    limit = values.number("autovacuum_vacuum_cost_limit")
    limit = values.number("vacuum_cost_limit") if limit < 0 else limit
    delay = values.number("autovacuum_vacuum_cost_delay")
    if delay > 0 and limit / delay <= 100:
        yield SettingAdvice("autovacuum_vacuum_cost_limit", "autovacuum", "warning" if delay >= 20 else "info", "1000",
                     f"{limit:.0f} with a pause of {delay:g} ms lets all workers together write a few MB a second; "
                     "solid-state disks bear much more, and vacuum that falls behind costs more later")
    if machine.cores is not None and machine.cores >= 16 and values.number("autovacuum_max_workers") <= 3:
        yield SettingAdvice("autovacuum_max_workers", "autovacuum", "info", str(min(8, machine.cores // 4)),
                     f"3 workers for {machine.cores} cores: one large table holds a worker for hours. They share the "
                     "cost limit, so raise that too")


def _planner(values: SettingValues, machine: Machine, major: int) -> Iterator[SettingAdvice]:
    if float(values.text("random_page_cost")) >= 4:
        yield SettingAdvice("random_page_cost", "planner", "info", "1.1",
                     "4 is for disks that turn; on solid-state and most cloud disks it makes the planner avoid indexes")
    if values.number("effective_io_concurrency") < 16 and major < 18:
        yield SettingAdvice("effective_io_concurrency", "planner", "info", "200",
                     "bitmap scans read ahead by so many pages; solid-state disks answer hundreds at once")


def _workers(values: SettingValues, machine: Machine, major: int) -> Iterator[SettingAdvice]:
    if machine.cores is None:
        return
    cores, connections = machine.cores, values.number("max_connections")
    if cores > 8 and values.number("max_worker_processes") < cores:
        yield SettingAdvice("max_worker_processes", "planner", "info", str(cores),
                     f"{values.number('max_worker_processes'):.0f} workers on {cores} cores bound parallel queries "
                     "and index builds (max_parallel_workers, max_parallel_maintenance_workers with it)")
    if connections > max(200, 20 * cores):
        yield SettingAdvice("max_connections", "memory", "warning", None,
                     f"{connections:.0f} sessions on {cores} cores would mostly wait for each other; a pooler in "
                     "front needs a few per core")


def _observing(values: SettingValues, machine: Machine, major: int) -> Iterator[SettingAdvice]:
    if "pg_stat_statements" not in values.text("shared_preload_libraries"):
        yield SettingAdvice("shared_preload_libraries", "observing", "warning", None,
                     "add pg_stat_statements (restart, then CREATE EXTENSION): without it nobody knows what takes the "
                     "time")
    for name, gain in (("track_io_timing", "plans and statistics then tell reading from computing; "
                                           "pg_test_timing says what it costs"),
                       ("log_lock_waits", "waits longer than deadlock_timeout are then in the log, with both sides"),
                       ("log_checkpoints", "each checkpoint's cause and cost is then in the log")):
        if not values.is_on(name):
            yield SettingAdvice(name, "observing", "info", "on", gain)


RULES: tuple[Callable[[SettingValues, Machine, int], Iterator[SettingAdvice]], ...] = (
    _safety, _memory, _work_memory, _maintenance_memory, _wal, _autovacuum, _planner, _workers, _observing)
