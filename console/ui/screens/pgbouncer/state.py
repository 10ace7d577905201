"""What a person chose on the screen, and what its rows are about; what was read is the watch's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from console.pooler.actions import PoolerCommand
from console.pooler.records import PoolerConnection, PoolerDatabase, PoolerSample, Saturation, Totals
from console.sampler.pooler_watch import PoolerWatch
from console.view.metrics.plots import SPANS
from console.view.table import of_column

ViewName = Literal["pools", "databases", "clients", "servers", "stats", "config", "lists", "users", "peers",
                   "peer_pools"]
VIEWS: tuple[ViewName, ...] = get_args(ViewName)

NEEDS: Mapping[ViewName, tuple[str, ...]] = {
    "clients": ("CLIENTS", "SERVERS"), "servers": ("CLIENTS", "SERVERS"), "lists": ("LISTS",), "users": ("USERS",),
    "peers": ("PEERS",), "peer_pools": ("PEER_POOLS",)}
"""The SHOWs that a view needs beside those that are read anyway."""


class PgBouncerState:
    """The view, the time that the charts show, and the command that was given."""

    def __init__(self) -> None:
        self.view: ViewName = "pools"
        self.command: PoolerCommand | None = None
        """Ours that hasn't been answered yet."""
        self._span = 0

    @property
    def needs(self) -> tuple[str, ...]:
        """The SHOWs that the view needs beside those that are read anyway."""
        return NEEDS.get(self.view, ())

    @property
    def span_s(self) -> float:
        """How many seconds the charts show."""
        return SPANS[self._span][0]

    def choose_view(self, name: ViewName) -> None:
        """Shows that view; the same again goes back to the pools."""
        self.view = "pools" if name == self.view else name

    def change_span(self, step: int) -> None:
        """More or less time in the charts, as far as there is any."""
        self._span = max(0, min(len(SPANS) - 1, self._span + step))

    def can(self, action: str, watch: PoolerWatch) -> bool:
        """Whether an action of the screen is possible now."""
        match action:
            case "retry_pooler":
                return watch.error is not None
            case "give_up":
                return watch.pending is not None
            case "command":
                return watch.sample is not None and watch.pending is None and not (
                    watch.info is not None and watch.info.is_admin is False)
            case "back":
                return self.view != "pools"
            case "span":
                return self.view == "pools"
        return True

    def server_pid(self, record: PoolerConnection, sample: PoolerSample | None) -> int | None:
        """The server's process that works for a connection in the list; None where there is none now."""
        if sample is None:
            return None
        server = record if self.view == "servers" else next(
            (connection for connection in sample.servers or () if connection.ptr == record.link), None)
        return server.remote_pid or None if server is not None else None


def clients_of(pool: Saturation) -> str:
    """The filter that leaves the clients of a pool."""
    return " ".join(of_column(*pair) for pair in (("database", pool.pool.database), ("user", pool.pool.user)))


def pool_of(record: object) -> str | None:
    """The pool that a row is about, as its history is named; None for all of them."""
    return record.pool.key if isinstance(record, Saturation) else None


def database_of(record: object) -> str | None:
    """The database that a row is about."""
    match record:
        case Saturation(pool=pool):
            return pool.database
        case PoolerDatabase(name=name):
            return name
        case PoolerConnection(database=name) | Totals(database=name):
            return name
    return None
