"""backup_verified: that a backup was restored and compared, and not too long ago.

value = seconds since the newest successful `dbconsole backup verify` of a backup that is still in the folder of
`[targets.NAME.backup]`. WARNING too where none was ever proved; CRITICAL where the last verify of the newest backup
says that it is worth nothing. A proof of other files than those that are there now doesn't count.
"""

from __future__ import annotations

import datetime as dt

from console.check.checks.backup_age import backups, why_not
from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.server.session import Readings
from console.text import format as fmt

_HINT = "dbconsole backup verify"


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    from console.backup.folder import newest

    entries = backups(context)
    latest = newest(entries)
    if latest is not None and latest.verdict in ("damaged", "differs", "failed"):
        return CheckVerdict(Status.CRITICAL, f"the newest backup, {latest.path.name}, was verified and is not good: "
                            f"{latest.verdict}", hint=f"{_HINT} says why; make another one")
    proved = max(filter(None, (each.proved_at for each in entries)), default=None)
    if proved is None:
        return CheckVerdict(Status.WARNING, "no backup here was ever proved", hint=_HINT)
    age_s = max(0.0, (dt.datetime.now(dt.UTC) - proved).total_seconds())
    status = thresholds.status(age_s)
    return CheckVerdict(status, f"a backup was proved {fmt.duration(age_s)} ago", age_s,
                        None if status is Status.OK else _HINT)


CHECK = Check(name="backup_verified", title="Backup proved", evaluate=evaluate, excuse=why_not, unit="s",
              warning=8 * 86400)
"""The default is for a proof each week."""
