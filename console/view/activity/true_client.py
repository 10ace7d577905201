"""The client behind PgBouncer, in a cell and in a line."""

from __future__ import annotations

from collections.abc import Mapping

from console.pooler.records import TrueClient
from console.view.table import Line

Clients = Mapping[int, TrueClient]
"""By the session's pid."""


def words(client: TrueClient) -> str:
    """A client in a cell."""
    return f"{client.place or 'PgBouncer'} (pool {client.pool})"


def fact(client: TrueClient) -> Line:
    """A client in a line of what is known of its session."""
    if client.place is None:
        return (("through PgBouncer, pool ", "dim"), (client.pool, ""), (": for no client that is certain now", "dim"))
    who = f", {client.application}" if client.application else ""
    since = f", connected {client.connect_time}" if client.connect_time else ""
    return (("through PgBouncer, pool ", "dim"), (client.pool, ""), (": its client is ", "dim"),
            (client.place, "strong"), (f"{who}{since}", "dim"))
