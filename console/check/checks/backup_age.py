"""backup_age: that the newest complete backup isn't older than it should be.

value = seconds since the newest backup in the folder of `[targets.NAME.backup]` ended, of any kind. CRITICAL too where
there is none, UNKNOWN where the folder can't be read. What was interrupted, or has a damaged manifest or files that are
missing or have another size, doesn't count.
Targets without such a folder are none of its business.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.server.session import Readings
from console.text import format as fmt

if TYPE_CHECKING:
    from console.backup.records import BackupEntry


def why_not(context: CheckContext) -> str | None:
    """Why a target's backups are not looked at."""
    return None if context.target.backup and context.target.backup.folder else "no folder of backups is configured"


def backups(context: CheckContext) -> list[BackupEntry]:
    """The backups in the target's folder. Raises ConsoleError."""
    from console.backup.folder import entries

    assert context.target.backup is not None and context.target.backup.folder is not None
    return entries(context.target.backup.folder)


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    from console.backup.folder import newest

    backup = newest(backups(context))
    if backup is None or backup.manifest is None:
        return CheckVerdict(Status.CRITICAL, "there is no complete backup", hint="dbconsole backup run makes one")
    age_s = max(0.0, (dt.datetime.now(dt.UTC) - backup.manifest.ended_at).total_seconds())
    status = thresholds.status(age_s)
    return CheckVerdict(status, f"{backup.manifest.name} is {fmt.duration(age_s)} old, "
                        f"{fmt.size(backup.manifest.bytes)}", age_s,
                        None if status is Status.OK else "see whether its schedule still runs, and what it says")


CHECK = Check(name="backup_age", title="Newest backup", evaluate=evaluate, excuse=why_not, unit="s",
              warning=26 * 3600, critical=50 * 3600)
"""The defaults are for a backup each night that may take two hours longer or shorter."""
