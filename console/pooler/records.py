"""What PgBouncer's SHOW commands say, as records. Fields have the columns' names unless a unit had to be added.

Columns that a version doesn't have are None; columns that nobody here knows are kept in `more`, by their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from console.errors import ConsoleError

More = Mapping[str, Any]


class PoolUse(Struct, frozen=True, kw_only=True):
    """A pool, of one database and user (SHOW POOLS). `maxwait_s`: how long the client has waited that waits longest."""

    database: str
    user: str
    cl_active: int = 0
    cl_waiting: int = 0
    sv_active: int = 0
    sv_idle: int = 0
    sv_used: int = 0
    sv_tested: int = 0
    sv_login: int = 0
    sv_active_cancel: int | None = None
    sv_being_canceled: int | None = None
    cl_active_cancel_req: int | None = None
    cl_waiting_cancel_req: int | None = None
    maxwait: int | None = None
    maxwait_us: int | None = None
    pool_mode: str | None = None
    load_balance_hosts: str | None = None
    more: More = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.database}/{self.user}"

    @property
    def maxwait_s(self) -> float:
        """`maxwait` are whole seconds and `maxwait_us` the rest; either alone reads 0 where clients wait."""
        return (self.maxwait or 0) + (self.maxwait_us or 0) / 1e6

    @property
    def servers(self) -> int:
        """Connections to the server that count against the pool's size."""
        return self.sv_active + self.sv_idle + self.sv_used + self.sv_tested + self.sv_login + (
            self.sv_active_cancel or 0) + (self.sv_being_canceled or 0)


class PoolerDatabase(Struct, frozen=True, kw_only=True):
    """A database as clients know it (SHOW DATABASES); `database` is its name on the server at `host` and `port`.

    `pool_size` and `reserve_pool_size` hold for each of its pools; `max_connections` for all together, 0: no limit.
    """

    name: str
    host: str | None = None
    port: int | None = None
    database: str | None = None
    force_user: str | None = None
    pool_size: int | None = None
    min_pool_size: int | None = None
    reserve_pool_size: int | None = None
    pool_mode: str | None = None
    max_connections: int | None = None
    current_connections: int | None = None
    max_client_connections: int | None = None
    current_client_connections: int | None = None
    server_lifetime: int | None = None
    load_balance_hosts: str | None = None
    paused: int | None = None
    disabled: int | None = None
    more: More = field(default_factory=dict)


class PoolerConnection(Struct, frozen=True, kw_only=True):
    """A connection of a client to the pooler, or of the pooler to a server (SHOW CLIENTS, SHOW SERVERS).

    `addr` and `port` are the other side, `local_addr` and `local_port` the pooler's own; "unix" for a socket.
    `link` is the `ptr` of whom it is coupled with now, "" with nobody. `remote_pid` is the other side's process, of a
    server that of its backend. Times are PgBouncer's texts.
    """

    user: str | None = None
    database: str | None = None
    replication: str | None = None
    state: str = ""
    addr: str = ""
    port: int | None = None
    local_addr: str = ""
    local_port: int | None = None
    connect_time: str | None = None
    request_time: str | None = None
    wait: int | None = None
    wait_us: int | None = None
    close_needed: int | None = None
    ptr: str = ""
    link: str = ""
    remote_pid: int | None = None
    tls: str | None = None
    application_name: str | None = None
    prepared_statements: int | None = None
    id: int | None = None
    type: str | None = None
    more: More = field(default_factory=dict)

    @property
    def wait_s(self) -> float | None:
        return None if self.wait is None else self.wait + (self.wait_us or 0) / 1e6

    @property
    def place(self) -> str:
        """The other side's address and port."""
        return self.addr if self.addr == "unix" or not self.port else f"{self.addr}:{self.port}"


class Totals(Struct, frozen=True, kw_only=True):
    """Counters of a database since the pooler started (SHOW STATS, its total_ columns); times in microseconds.

    `server_assignment_count` (1.23+) is how often a client was given a server; the next three (1.24+) count messages
    of the extended protocol: Parse from clients and to servers, Bind from clients; `client_login_count` (1.26+) logins.
    They fall where pool_idle_timeout (1.26+) frees a pool, whose share goes with it, without the pooler starting anew.
    """

    database: str
    xact_count: int | None = None
    query_count: int | None = None
    received: int | None = None
    sent: int | None = None
    xact_time: int | None = None
    query_time: int | None = None
    wait_time: int | None = None
    server_assignment_count: int | None = None
    client_parse_count: int | None = None
    server_parse_count: int | None = None
    bind_count: int | None = None
    client_login_count: int | None = None
    more: More = field(default_factory=dict)


class Rates(Struct, frozen=True, kw_only=True):
    """What went through a database in one interval; None where no rate can be formed. Times are means.

    `wait_ms` is how long a client waited for a server each time that it was given one: per transaction before 1.23,
    which is the same in transaction mode. `xact_ms` and `query_ms` hold that wait too: 1.18 counts them from the moment
    that the client asked (measured).
    """

    database: str
    xacts_per_s: float | None = None
    queries_per_s: float | None = None
    received_bytes_per_s: float | None = None
    sent_bytes_per_s: float | None = None
    xact_ms: float | None = None
    query_ms: float | None = None
    wait_ms: float | None = None


class PoolerSetting(Struct, frozen=True, kw_only=True):
    """A setting (SHOW CONFIG); `changeable`: by SET or RELOAD, without a restart."""

    key: str
    value: str | None = None
    default: str | None = None
    changeable: str | None = None
    more: More = field(default_factory=dict)

    @property
    def is_changeable(self) -> bool:
        return self.changeable == "yes"


class PoolerInfo(Struct, frozen=True):
    """Which pooler it is. `is_admin` None: it doesn't say who its administrators are; then it may refuse."""

    version: str
    place: str
    user: str
    is_admin: bool | None
    settings: Mapping[str, PoolerSetting] = field(default_factory=dict)

    def setting(self, key: str) -> str | None:
        found = self.settings.get(key)
        return found.value if found is not None else None

    @property
    def max_client_conn(self) -> int | None:
        value = self.setting("max_client_conn")
        return int(value) if value is not None and value.isdecimal() else None


class ShowTable(Struct, frozen=True):
    """Any other SHOW, as it is."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class PoolerSample(Struct, frozen=True):
    """The pooler at one moment, `taken_s` of the observer's monotonic clock.

    `clients`, `servers` and `shown` (other SHOWs by name) only where they were asked for. `unavailable` says by the
    SHOW's name why it brought nothing.
    """

    taken_s: float
    pools: tuple[PoolUse, ...] = ()
    databases: tuple[PoolerDatabase, ...] = ()
    totals: tuple[Totals, ...] = ()
    clients: tuple[PoolerConnection, ...] | None = None
    servers: tuple[PoolerConnection, ...] | None = None
    shown: Mapping[str, ShowTable] = field(default_factory=dict)
    unavailable: Mapping[str, str] = field(default_factory=dict)

    @property
    def stopped(self) -> str | None:
        """Whether the whole pooler is "paused" or "suspended" (SHOW STATE, 1.19+); None: not, or it doesn't say."""
        state = self.shown.get("STATE")
        return next((str(row[0]) for row in state.rows if row[0] != "active" and row[1] == "yes"), None) \
            if state is not None else None


class PoolerReading(Struct, frozen=True):
    """What a pooler said, or with `error` why it said nothing; then `sample` is an older one, if there ever was one.

    `version` in its own words ("PgBouncer 1.24.1"), None where it wasn't asked.
    """

    sample: PoolerSample | None
    error: ConsoleError | None = None
    version: str | None = None


class Saturation(Struct, frozen=True):
    """How full a pool is. `active` servers are in use, of `size` (and `reserve` more once clients have waited).

    None where SHOW DATABASES doesn't say. `limited_by` is the database's own limit where that is what holds it up.
    """

    pool: PoolUse
    active: int
    size: int | None
    reserve: int
    limit: int | None
    is_paused: bool
    is_disabled: bool
    is_saturated: bool

    @property
    def percent(self) -> float | None:
        return 100.0 * self.active / self.size if self.size else None


class TrueClient(Struct, frozen=True):
    """Who uses a server's session through the pooler now; `place` None: the pooler does, for whom is not certain."""

    place: str | None
    application: str | None
    pool: str
    connect_time: str | None


class Pending(Struct, frozen=True):
    """A command that has not been answered yet; `since_s` of a monotonic clock."""

    command: str
    since_s: float
