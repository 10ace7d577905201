"""Made-up servers and readings for the pure tests of checks."""

from __future__ import annotations

import datetime as dt
from typing import Any

from console.check.records import CheckContext
from console.check.registry import every_check
from console.metrics.records.counters import ServerClock
from console.server.info import Extension, ServerInfo
from console.server.query import Query
from console.server.session import Readings
from console.server.target import Target
from console.services import Service

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
CLOCK = ServerClock(NOW, NOW + dt.timedelta(milliseconds=3))
CHECKS = {check.name: check for check in every_check()}


def server(version_num: int = 180006, **changed: Any) -> ServerInfo:
    values: dict[str, Any] = {
        "version_num": version_num, "version": f"{version_num // 10000}.{version_num % 10000}", "database": "app",
        "user": "ann", "quoted_user": "ann", "is_superuser": True, "is_standby": False, "is_read_only": False,
        "server_encoding": "UTF8", "backend_pid": 1, "max_connections": 100, "started_at": NOW,
        "system_identifier": None,
    }
    return ServerInfo(**values | changed)


def vector(version: str, available: str | None) -> dict[str, Extension]:
    return {"vector": Extension("vector", version, "public", available)}


def context(*, read_only: bool | None = None, services: tuple[Service, ...] = (), **changed: Any) -> CheckContext:
    return CheckContext(server(**changed), Target(name="t", read_only=read_only), services)


def readings(*answers: tuple[Query[Any], list[Any]], rtt_ms: float = 5.0) -> Readings:
    return Readings({query.name: rows for query, rows in answers}, {}, rtt_ms)
