"""A sampler's snapshot as what the Overview shows."""

from __future__ import annotations

from typing import Any

from console.view.overview import Card, services_table
from console.view.series import Series
from console.view.table import Table


def cards(snapshot: Any, history: Any) -> tuple[Card, ...]:
    return tuple(Card(title, "-", "", Series(title, ())) for title in ("transactions/s", "connections", "cache hit", "WAL"))


def services(snapshot: Any, services: Any) -> Table:
    return services_table(None)
