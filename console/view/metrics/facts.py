"""What stands in words above the charts."""

from __future__ import annotations

from console.metrics.records.vacuum import Autovacuum, RowTotals
from console.metrics.records.wal import ArchiveBacklog, Archiver, Checkpoints, WalDirectory, WalWrites
from console.sampler.records import Snapshot
from console.text import format as fmt
from console.view.table import Line, Tone, line


def load(snapshot: Snapshot) -> Line:
    """The connected database in a sentence."""
    known = snapshot.measures.get
    committed, rolled_back = known("commits_per_s"), known("rollbacks_per_s")
    share = None
    if committed is not None and rolled_back is not None and committed + rolled_back > 0:
        share = 100 * rolled_back / (committed + rolled_back)
    database = snapshot.info.database if snapshot.info is not None else ""
    pieces: list[str | tuple[str, Tone]] = [
        ("database ", "dim"), (database, "strong"), ("  size ", "dim"), fmt.size(snapshot.database_bytes),
        ("  rolled back ", "dim"), fmt.percent(share),
        ("  blocks read/s ", "dim"), fmt.number(known("blocks_read_per_s")),
        ("  round trip ", "dim"), fmt.milliseconds(snapshot.rtt_ms)]
    return line(*pieces)


def host(snapshot: Snapshot) -> Line:
    """This machine, or why nothing is shown of it."""
    found = snapshot.host
    if found is None:
        why = snapshot.why_no_host
        return line((f"    CPU, memory and disk are not shown: {why}", "faint")) if why else ()
    pieces: list[str | tuple[str, Tone]] = [
        ("    this machine ", "dim"), fmt.plural(found.cores, "core"), (" load ", "dim"), fmt.number(found.load),
        (" memory free ", "dim"), fmt.size(found.memory_available_bytes), (" of ", "dim"),
        fmt.size(found.memory_total_bytes)]
    if found.disk_free_bytes is not None:
        pieces += [(" data disk free ", "dim"), fmt.size(found.disk_free_bytes)]
    return line(*pieces)


def checkpoints(found: Checkpoints | None, why: str | None) -> Line:
    """When the last one was, and what brings them."""
    if found is None:
        return line((f"checkpoints: {why or 'reading…'}", "dim"))
    total = found.timed + found.requested
    name = "restartpoint" if found.is_standby else "checkpoint"
    by_request: Tone = "warning" if total >= 20 and found.requested > total / 2 else ""
    late: Tone = "warning" if found.last_age_s > 2 * found.timeout_s + 60 else ""
    return line(
        (f"last {name} ", "dim"), (f"{fmt.duration(found.last_age_s)} ago", late),
        ("  every ", "dim"), fmt.duration(found.timeout_s), (" or ", "dim"), fmt.size(found.max_wal_bytes),
        (" of WAL  since reset ", "dim"), f"{fmt.count(found.timed)} timed, ",
        (f"{fmt.count(found.requested)} requested", by_request))


def archiver(found: Archiver | None, backlog: ArchiveBacklog | None, why: str | None) -> Line:
    """Whether WAL is archived, and how much waits."""
    if found is None:
        return line(("archiver: reading…", "dim"))
    if found.mode == "off":
        return line(("archiving ", "dim"), "off", (" (archive_mode)", "dim"))
    pieces: list[str | tuple[str, Tone]] = [
        ("archiving ", "dim"),
        ("failing" if found.is_failing else found.mode, "critical" if found.is_failing else "ok")]
    if found.last_archived_age_s is not None:
        pieces += [("  last ", "dim"), f"{found.last_archived_wal or ''} {fmt.duration(found.last_archived_age_s)} ago"]
    if found.failed:
        pieces += [("  failed ", "dim"), fmt.count(found.failed)]
        if found.last_failed_age_s is not None:
            pieces.append((f" (last {fmt.duration(found.last_failed_age_s)} ago)", "dim"))
    if backlog is not None:
        pieces += [("  waiting ", "dim"), fmt.plural(backlog.segments, "segment")]
    elif why:
        pieces.append((f"  backlog: {why}", "faint"))
    return line(*pieces)


def wal(directory: WalDirectory | None, writes: WalWrites | None, why: str | None) -> Line:
    """What pg_wal holds, and how long writing takes."""
    pieces: list[str | tuple[str, Tone]] = [("pg_wal ", "dim")]
    if directory is not None:
        pieces += [fmt.size(directory.total_bytes), (" in ", "dim"), fmt.plural(directory.files, "file")]
    else:
        pieces.append((why or "reading…", "faint"))
    if writes is not None:
        if not writes.is_timed:
            pieces.append(("  write and sync times: track_wal_io_timing is off", "faint"))
        elif writes.syncs and writes.sync_ms is not None:
            pieces += [("  a sync takes ", "dim"), fmt.milliseconds(writes.sync_ms / writes.syncs)]
            if writes.writes and writes.write_ms is not None:
                pieces += [("  a write ", "dim"), fmt.milliseconds(writes.write_ms / writes.writes)]
    return line(*pieces)


def vacuum(found: Autovacuum | None, due: str | None, totals: RowTotals | None) -> Line:
    """Workers, how many tables are due, and the oldest transaction against where freezing is forced."""
    if found is None:
        return line(("autovacuum: reading…", "dim"))
    pieces: list[str | tuple[str, Tone]] = []
    if not found.is_enabled:
        pieces.append(("autovacuum is off  ", "critical"))
    busy: Tone = "warning" if found.workers >= found.max_workers else ""
    pieces += [("workers ", "dim"), (f"{found.workers} of {found.max_workers}", busy)]
    if due is not None:
        pieces += [("  tables due ", "dim"), due]
    if totals is not None:
        pieces += [("  dead rows ", "dim"), fmt.count(totals.dead_rows)]
        if totals.live_rows + totals.dead_rows:
            pieces.append((f" ({fmt.percent(100 * totals.dead_rows / (totals.live_rows + totals.dead_rows))})", "dim"))
    forced: Tone = "warning" if found.oldest_transaction_age > found.freeze_max_age else ""
    pieces += [("  oldest transaction ", "dim"), (fmt.count(found.oldest_transaction_age), forced),
               (f" of {fmt.count(found.freeze_max_age)} before freezing is forced", "dim")]
    return line(*pieces)
