"""role: as whom we are connected, and whether the server lets anybody write.

WARNING where a primary has default_transaction_read_only on (providers set it when a disk is full) and the target is
not configured read_only. A role without pg_read_all_stats is OK: the hint says what it would see more.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.server.session import Readings


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    info = context.info
    kind = "a superuser" if info.is_superuser else "no superuser"
    place = "standby, read-only" if info.is_standby else "primary, read-only" if info.is_read_only \
        else "primary, read-write"
    summary = f"{place}; role {info.user}, {kind}"
    if info.is_read_only and not info.is_standby and not context.target.read_only:
        return CheckVerdict(Status.WARNING, summary,
                       hint="default_transaction_read_only is on: a full disk or an administrator may be the cause")
    hint = None if info.sees_all_sessions else f"it sees its own sessions only: GRANT pg_monitor TO {info.quoted_user}"
    return CheckVerdict(Status.OK, summary, hint=hint)


CHECK = Check(name="role", title="Role", evaluate=evaluate)
