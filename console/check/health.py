"""Reports as health documents: what a load balancer, an orchestrator or a page of probes asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from console.activity.summary.read import SESSION_COUNTS
from console.check.records import Report, Status


def is_well(reports: Sequence[Report]) -> bool:
    """Whether every target answered and none is critical."""
    return all(report.info is not None and report.status is not Status.CRITICAL for report in reports)


def document(report: Report, at: dt.datetime) -> dict[str, Any]:
    """{"status", "target", "checks", "pool", "latency_ms", "at"}: `at` when it was asked, `latency_ms` of a round trip,
    `checks` {name: {"status", "summary"}}; what isn't known is null."""
    latency = next((result.value for result in report.results if result.name == "connection"), None)
    return {
        "status": report.status.name, "target": report.target,
        "checks": {result.name: {"status": result.status.name, "summary": result.summary}
                   for result in report.results},
        "pool": _pool(report), "latency_ms": None if latency is None else round(latency, 3),
        "at": at.isoformat(timespec="milliseconds")}


def _pool(report: Report) -> dict[str, Any] | None:
    """The server's connections, and PgBouncer's pools where it is known and answered."""
    sessions = report.readings.first(SESSION_COUNTS) if report.readings is not None else None
    sample = report.pooler.sample if report.pooler is not None and report.pooler.error is None else None
    if sessions is None and sample is None:
        return None
    return {
        "connections": sessions.connections if sessions is not None else None,
        "max_connections": sessions.max_connections if sessions is not None else None,
        "pgbouncer": None if sample is None else [
            {"database": pool.database, "user": pool.user, "clients_active": pool.cl_active,
             "clients_waiting": pool.cl_waiting, "servers_active": pool.sv_active, "servers_idle": pool.sv_idle,
             "maxwait_s": pool.maxwait_s} for pool in sample.pools]}
