"""wal_gap: that the archive holds all WAL that a recovery to any moment since the newest base backup needs.

value = how many segments are missing in the `archive` of `[targets.NAME.backup]`, from the first one that the newest
base backup needs to the last that the server says it has archived (pg_stat_archiver). Nothing after the first missing
one can be recovered. UNKNOWN where the folder can't be read or has no base backup. Names are counted, not opened.
"""

from __future__ import annotations

from console.check.checks.backup_age import backups
from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.errors import ConsoleError
from console.metrics.reads.upkeep import ARCHIVER_STATE
from console.metrics.reads.wal import ARCHIVER
from console.server.session import Readings
from console.text import format as fmt


def _why_not(context: CheckContext) -> str | None:
    backup = context.target.backup
    return None if backup and backup.folder and backup.archive else "no archive of WAL is configured"


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    from console.backup import wal
    from console.backup.folder import newest

    state, archiver = readings.first(ARCHIVER_STATE), readings.first(ARCHIVER)
    assert state is not None and archiver is not None
    assert context.target.backup is not None and context.target.backup.archive is not None
    archive = context.target.backup.archive
    try:
        names = wal.archived(archive)
    except OSError as error:
        raise ConsoleError(f"{archive}: {error.strerror}", hint="archive of [targets.NAME.backup]") from None
    base = newest([each for each in backups(context) if each.manifest and each.manifest.first_wal])
    if base is None or base.manifest is None or base.manifest.first_wal is None:
        return CheckVerdict(Status.UNKNOWN, "there is no base backup to recover from",
                            hint="dbconsole backup run --kind base makes one")
    last = archiver.last_archived_wal
    if last is None or wal.number_of(last, state.segment_bytes) is None:
        return CheckVerdict(Status.UNKNOWN, "the server doesn't say which segment it archived last")
    lost = wal.missing(names, base.manifest.first_wal, last, state.segment_bytes)
    status = thresholds.status(len(lost))
    if not lost:
        return CheckVerdict(status, f"all WAL from {base.manifest.name} to {last} is in the archive", 0)
    return CheckVerdict(status, f"{fmt.plural(len(lost), 'segment')} missing in the archive since "
                        f"{base.manifest.name}, first {lost[0]}", len(lost),
                        "a recovery ends there: make a base backup now, then see archive_command and who deletes files")


CHECK = Check(name="wal_gap", title="Archive of WAL", evaluate=evaluate, reads=(ARCHIVER_STATE, ARCHIVER),
              excuse=_why_not, critical=0)
