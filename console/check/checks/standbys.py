"""standbys: that every standby which the configuration names is connected.

value = how many names of the target's `standbys` no WAL sender has as its application_name. A standby gives its
cluster_name unless its primary_conninfo says otherwise; the server's own cluster_name is not missed, so that one list
holds before and after a failover. Nothing is expected of a standby: it may have others behind it, or none.
"""

from __future__ import annotations

from console.check.records import Check, CheckContext, CheckVerdict, Status, Thresholds
from console.metrics.reads.counters import CLUSTER_NAME, STANDBYS
from console.server.session import Readings
from console.text import format as fmt


def _why_not(context: CheckContext) -> str | None:
    if not context.target.standbys:
        return "no standby is named in the configuration"
    return "a standby itself: its primary has them" if context.info.is_standby else None


def evaluate(readings: Readings, thresholds: Thresholds, context: CheckContext) -> CheckVerdict:
    connected, own = readings.rows(STANDBYS) or [], readings.first(CLUSTER_NAME)
    if any(standby.state is None for standby in connected):
        number = fmt.plural(len(connected), "standby", "standbys")
        return CheckVerdict(Status.UNKNOWN, f"{number}, hidden from this role",
                            hint=f"GRANT pg_monitor TO {context.info.quoted_user}")
    present = {standby.name for standby in connected} | {own.name if own else None}
    missing = [name for name in context.target.standbys if name not in present]
    if not missing:
        return CheckVerdict(thresholds.status(0), f"all {len(context.target.standbys)} are connected", 0)
    return CheckVerdict(thresholds.status(len(missing)), f"not connected: {', '.join(missing)}", len(missing),
                        "see whether it runs, its log, and primary_conninfo; its slot keeps WAL meanwhile")


CHECK = Check(name="standbys", title="Expected standbys", evaluate=evaluate, reads=(STANDBYS, CLUSTER_NAME),
              excuse=_why_not, critical=0, screen="activity")
