"""WAL, checkpoints, cache and disk."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest

from console.diagnosis import words
from console.diagnosis.case import DATA, PG_WAL, Case
from console.diagnosis.parts import LEAST_PART, largest
from console.diagnosis.records import Evidence, Finding, Hurt, Subject
from console.metrics.reads.counters import DATABASE_COUNTERS, REPLICATION_SLOTS, WAL_COUNTERS
from console.metrics.reads.wal import CHECKPOINTS, WAL_DIRECTORY
from console.statements import counters
from console.text import format as fmt

FORCED_AT_LEAST, FORCED_EVERY_S = 2, 30.0
COLD_S = 900.0
COLD_PERCENT, WARM_PERCENT, COLD_BLOCKS_PER_S = 80.0, 90.0, 500.0
MOST_READ = 20
"""So many statements, those that read most, tell of the cache."""

LEAST_PAST_CALLS = 20
"""A statement that has run less often says nothing of how it was before."""

DISK_FULL, DISK_NEARLY_FULL = 95.0, 90.0
SOON_S, VERY_SOON_S = 3600.0, 900.0
WATCHED_S, LEAST_FILLED = 120.0, 0.2
"""A disk must have been watched for so long and have filled by so many percent to say when it is full."""

DISKS = {DATA: "the data directory's disk", PG_WAL: "the disk of pg_wal"}

FORESEEN = 5.0
"""How many times as far ahead as it was watched: a load of two minutes says nothing of the next hour."""

MOST_OF_IT = 0.5

WAL_TIMES = 3.0


def checkpoints(case: Case) -> Iterator[Finding]:
    """Checkpoints that come because max_wal_size is used up, one after the other."""
    forced = case.growth(CHECKPOINTS, "requested", 180.0)
    now = case.first(CHECKPOINTS)
    if forced is None or now is None or now.is_standby or forced.amount < FORCED_AT_LEAST:
        return
    every_s = forced.seconds / forced.amount
    wal = case.growth(WAL_COUNTERS, "wal_bytes", 180.0)
    # others than those by volume are asked for: by a backup, or a person
    if every_s > FORCED_EVERY_S or wal is None or wal.amount < 0.2 * now.max_wal_bytes * forced.amount:
        return
    writer = largest(case, "wal_bytes", LEAST_PART)
    whose = f"; {fmt.share(writer.part)} of it comes of {writer.named}" if writer is not None else ""
    yield Finding(
        kind="checkpoints_forced", severity="warning", weight=60 / every_s,
        summary=f"a checkpoint is forced every {fmt.duration(every_s)}: {fmt.rate(wal.per_s)} of WAL against "
                f"max_wal_size {fmt.size(now.max_wal_bytes)}{whose}",
        subject=Subject(screen="overview", page="wal", setting="max_wal_size"),
        hurts=Hurt(None, "all who write: pages go into WAL whole after each"),
        checks=("checkpoints_requested",),
        evidence=(Evidence("forced", f"{fmt.count(forced.amount)} in {fmt.duration(forced.seconds)}"),
                  *((Evidence("statement", writer.statement),) if writer is not None else ())),
        next="raise max_wal_size until checkpoints come by time, if the disk has room for it")


def cold_cache(case: Case) -> Iterator[Finding]:
    """A cache that is empty because the server has just started: the same statements found their blocks in it before.
    """
    if case.info.started_at is None or (up_s := (case.at - case.info.started_at).total_seconds()) > COLD_S:
        return
    window = case.statements_window(60.0)
    if window is None:
        return
    most = nlargest(MOST_READ, window.added, key=lambda key: window.added[key][counters.SHARED_READ])
    pairs = [(window.added[key], case.memory.journal.total(key)) for key in most]
    known = [(grown, past) for grown, total in pairs
             if (past := counters.difference(grown, total))[counters.CALLS] >= LEAST_PAST_CALLS]
    if not known:
        return
    now, before = (counters.usage(counters.total(parts)) for parts in zip(*known, strict=True))
    if now.hit_percent is None or before.hit_percent is None:
        return
    read_per_s = now.shared_read / window.seconds
    if read_per_s < COLD_BLOCKS_PER_S or now.hit_percent > COLD_PERCENT or before.hit_percent < WARM_PERCENT:
        return
    yield Finding(
        kind="cold_cache", severity="warning", weight=read_per_s, since=case.info.started_at,
        summary=f"the cache is cold: the server started {fmt.duration(up_s)} ago, and {fmt.percent(now.hit_percent)} "
                f"of the blocks are found in memory instead of {fmt.percent(before.hit_percent)}",
        subject=Subject(screen="overview", page="load"), hurts=Hurt(None, "all statements"), checks=("cache_hit",),
        evidence=(Evidence("blocks read", f"{fmt.count(read_per_s)} a second"),),
        next="it passes as the cache fills; pg_prewarm brings back large tables at once")


def disks(case: Case) -> Iterator[Finding]:
    """A disk of the server's is nearly full, or will be soon as it fills now."""
    for name, used in case.disks.items():
        left_s = _left_s(case, name, used)
        if used < DISK_NEARLY_FULL and (left_s is None or left_s > SOON_S):
            continue
        is_urgent = used >= DISK_FULL or (left_s is not None and left_s < VERY_SOON_S)
        more = f" and will be full in {fmt.duration(left_s)} as it fills now" \
            if left_s is not None and left_s <= SOON_S else ""
        keeper, evidence = _keeps_wal(case)
        yield Finding(
            kind="disk_full", severity="critical" if is_urgent else "warning", weight=used,
            summary=f"{DISKS[name]} is {fmt.percent(used)} full{more}{keeper}",
            subject=Subject(screen="overview", page="sizes" if name == DATA else "wal"),
            hurts=Hurt(None, "the whole server"), evidence=evidence,
            next="see Sizes for what grows, slots and the archiver for what keeps WAL; a full disk stops the server")


def _keeps_wal(case: Case) -> tuple[str, tuple[Evidence, ...]]:
    """How large pg_wal is, and the slot that keeps most of that."""
    directory = case.first(WAL_DIRECTORY)
    if directory is None:
        return "", ()
    slot = max(case.rows(REPLICATION_SLOTS), key=lambda slot: slot.retained_bytes or 0, default=None)
    kept = (slot.retained_bytes or 0) if slot is not None else 0
    words_of = f"; replication slot {words.named(slot.name)} keeps {fmt.size(kept)} of WAL" \
        if slot is not None and kept >= MOST_OF_IT * directory.total_bytes and kept >= 2**26 else ""
    wal = case.growth(WAL_COUNTERS, "wal_bytes", 180.0)
    return words_of, (Evidence("pg_wal", fmt.size(directory.total_bytes)),
                      *((Evidence("WAL written", fmt.rate(wal.per_s)),) if wal is not None else ()))


def _left_s(case: Case, name: str, used: float) -> float | None:
    """Seconds until the disk is full, as it has filled in the last minutes; None where it hasn't, or not for long."""
    kept = [(at, disks[name]) for at, disks in case.memory.disks if name in disks]
    if len(kept) < 2:
        return None
    (began, before), (ended, now) = kept[0], kept[-1]
    seconds = (ended - began).total_seconds()
    if seconds < WATCHED_S or now - before < LEAST_FILLED:
        return None
    left_s = (100.0 - used) / ((now - before) / seconds)
    return left_s if left_s <= FORESEEN * seconds else None


def checksums(case: Case) -> Iterator[Finding]:
    """Pages that came from the disk otherwise than they were written."""
    found = case.first(DATABASE_COUNTERS)
    if found is None or not found.checksum_failures:
        return
    name = words.named(case.info.database)
    yield Finding(
        kind="checksum_failures", severity="critical", weight=1e6,
        summary=f"{fmt.plural(found.checksum_failures, 'page')} of {name} failed the checksum: its data is damaged "
                "on the disk",
        subject=Subject(screen="overview", page="load", database=case.info.database),
        hurts=Hurt(None, "whoever reads these pages"),
        evidence=(Evidence("checksum_failures", fmt.count(found.checksum_failures)),),
        next="the log names file and block; fail over or restore, and look at disk and memory before anything else")


def wal_directory(case: Case) -> Iterator[Finding]:
    """pg_wal is far larger than max_wal_size, for whatever reason."""
    directory, now = case.first(WAL_DIRECTORY), case.first(CHECKPOINTS)
    if directory is None or now is None or directory.total_bytes < max(WAL_TIMES * now.max_wal_bytes, 2**30):
        return
    yield Finding(
        kind="wal_directory", severity="info", weight=directory.total_bytes / 2**30,
        summary=f"pg_wal holds {fmt.size(directory.total_bytes)}, max_wal_size is {fmt.size(now.max_wal_bytes)}",
        subject=Subject(screen="overview", page="wal"), hurts=Hurt(None, "the disk of pg_wal"),
        evidence=(Evidence("files", fmt.count(directory.files)),),
        next="a slot, wal_keep_size or a failing archiver keeps it")


KINDS = (checksums, checkpoints, cold_cache, disks, wal_directory)
