"""disk_write: that the server can still write to the disk of the database's files.

A temporary file of 110 kB is written, and is gone at once. CRITICAL when the disk is full or fails: then writes fail
before anybody is told. Other disks (that of pg_wal, other tablespaces, temp_tablespaces) are not tried, nor does it say
how much room is left, which no SQL tells: on the server's own machine the console and `diagnose` do. UNKNOWN where the
role's temp_file_limit is below 1 MB and allows no try. Each try is one of the database's temporary files in its
counters, and in the log with log_temp_files = 0.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.upkeep import DISK_WRITE
from console.server.session import Readings
from console.text import format as fmt


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    written = readings.first(DISK_WRITE)
    assert written is not None
    if written.bytes is None:
        return CheckVerdict(Status.UNKNOWN, "this role's temp_file_limit allows no try",
                            hint="ALTER ROLE ... SET temp_file_limit = '1MB' or more, or leave the check out: "
                                 "enabled = false in [checks.disk_write]")
    return CheckVerdict(Status.OK, f"a temporary file of {fmt.size(written.bytes)} was written")


CHECK = Check(name="disk_write", title="Disk takes writes", evaluate=evaluate, reads=(DISK_WRITE,))
