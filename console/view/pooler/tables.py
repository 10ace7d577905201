"""PgBouncer's SHOWs as tables; columns that only some version has stand at the end under its own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from console.pooler.records import (
    More,
    PoolerConnection,
    PoolerDatabase,
    PoolerSample,
    PoolerSetting,
    Rates,
    Saturation,
)
from console.pooler.records import ShowTable as Shown
from console.text import format as fmt
from console.view.pooler.facts import LONG_WAIT_S
from console.view.table import Cell, Column, Row, Table, Tone


class _HasMore(Protocol):
    @property
    def more(self) -> More: ...


POOL_COLUMNS = (
    Column("database", "database", fixed=True, minimum=8, maximum=20),
    Column("user", "user", fixed=True, minimum=4, maximum=16),
    Column("clients", "clients", align="right", minimum=7, maximum=8),
    Column("waiting", "waiting", align="right", minimum=7, maximum=8),
    Column("maxwait", "maxwait", align="right", minimum=7, maximum=8),
    Column("active", "active", align="right", minimum=6, maximum=7),
    Column("idle", "idle", align="right", minimum=5, maximum=6, priority=1),
    Column("used", "used", align="right", minimum=5, maximum=6, priority=3),
    Column("size", "size", align="right", minimum=5, maximum=9),
    Column("full", "full", align="right", minimum=5, maximum=7, priority=4),
    Column("xacts_per_s", "xact/s", align="right", minimum=6, maximum=8, priority=2),
    Column("queries_per_s", "query/s", align="right", minimum=7, maximum=8, priority=2),
    Column("query_ms", "avg query", align="right", minimum=9, maximum=9, priority=2),
    Column("wait_ms", "avg wait", align="right", minimum=8, maximum=8, priority=1),
    Column("login", "login", align="right", minimum=6, maximum=6, priority=5),
    Column("tested", "tested", align="right", minimum=7, maximum=7, priority=6),
    Column("cancelling", "cancelling", align="right", minimum=10, maximum=10, priority=7),
    Column("mode", "mode", minimum=6, maximum=12, priority=5),
)


def pools_table(pools: Sequence[Saturation], rates: Sequence[Rates], why: str | None = None) -> Table:
    """The pools. Rates are a database's: they stand where it has one pool, else in the view of the statistics."""
    by_database = {rate.database: rate for rate in rates}
    users: dict[str, int] = {}
    for saturation in pools:
        users[saturation.pool.database] = users.get(saturation.pool.database, 0) + 1
    rows = []
    for found in pools:
        pool = found.pool
        passed = by_database.get(pool.database) if users[pool.database] == 1 else None
        waits: Tone = "" if not pool.cl_waiting else "critical" if pool.maxwait_s >= LONG_WAIT_S else "warning"
        full: Tone = "critical" if found.is_saturated else "warning" if (found.percent or 0) >= 90 else ""
        cancelling = (pool.sv_active_cancel or 0) + (pool.sv_being_canceled or 0)
        state = " paused" if found.is_paused else " disabled" if found.is_disabled else ""
        rows.append(Row(pool.key, (
            Cell(f"{pool.database}{state}", "warning" if state else "strong", pool.database), Cell(pool.user),
            _count(pool.cl_active), Cell(str(pool.cl_waiting), waits or "faint", pool.cl_waiting),
            Cell(fmt.duration(pool.maxwait_s) if pool.cl_waiting else "", waits, pool.maxwait_s),
            Cell(str(found.active), full or ("" if found.active else "faint"), found.active),
            _count(pool.sv_idle), _count(pool.sv_used),
            Cell(_size(found), "", found.size),
            Cell("" if found.percent is None else fmt.percent(round(found.percent)), full, found.percent),
            *_rate_cells(passed), _count(pool.sv_login), _count(pool.sv_tested), _count(cancelling),
            Cell(pool.pool_mode or "", "dim")), record=found))
    empty = "no client has asked for a database yet: PgBouncer makes a pool for each database and user that is used"
    return _with_more(Table(POOL_COLUMNS, tuple(rows), why or empty), [pool.pool for pool in pools])


def _size(saturation: Saturation) -> str:
    if saturation.size is None:
        return fmt.UNKNOWN
    return f"{saturation.size} + {saturation.reserve}" if saturation.reserve else str(saturation.size)


def _rate_cells(rates: Rates | None) -> tuple[Cell, Cell, Cell, Cell]:
    if rates is None:
        return Cell(""), Cell(""), Cell(""), Cell("")
    return (Cell(fmt.number(rates.xacts_per_s), "", rates.xacts_per_s),
            Cell(fmt.number(rates.queries_per_s), "", rates.queries_per_s),
            Cell(fmt.milliseconds(rates.query_ms), "", rates.query_ms),
            Cell(fmt.milliseconds(rates.wait_ms), "warning" if (rates.wait_ms or 0) >= 100 else "", rates.wait_ms))


DATABASE_COLUMNS = (
    Column("name", "database", fixed=True, minimum=8, maximum=24),
    Column("state", "state", minimum=8, maximum=8),
    Column("server", "server", minimum=10, maximum=34),
    Column("database", "there", minimum=6, maximum=20, priority=3),
    Column("force_user", "as user", minimum=7, maximum=14, priority=4),
    Column("connections", "connections", align="right", minimum=11),
    Column("max_connections", "limit", align="right", minimum=6, priority=2),
    Column("pool_size", "pool size", align="right", minimum=9),
    Column("reserve", "reserve", align="right", minimum=7, priority=1),
    Column("min_pool_size", "min", align="right", minimum=4, priority=5),
    Column("mode", "mode", minimum=6, maximum=12, priority=2),
    Column("clients", "clients", align="right", minimum=7, priority=6),
)


def databases_table(databases: Sequence[PoolerDatabase], why: str | None) -> Table:
    rows = []
    for database in databases:
        state, tone = _state(database)
        rows.append(Row(database.name, (
            Cell(database.name, "strong"), Cell(state, tone),
            Cell(f"{database.host or 'local'}:{database.port}" if database.port else database.host or "local"),
            Cell(database.database or "", "dim"), Cell(database.force_user or "", "dim"),
            _count(database.current_connections),
            Cell("none" if not database.max_connections else str(database.max_connections),
                                                  "dim", database.max_connections),
            _count(database.pool_size), _count(database.reserve_pool_size), _count(database.min_pool_size),
            Cell(database.pool_mode or "default", "dim"), _count(database.current_client_connections)),
            record=database))
    return _with_more(Table(DATABASE_COLUMNS, tuple(rows), why or "no database is configured"), databases)


def _state(database: PoolerDatabase) -> tuple[str, Tone]:
    if database.paused:
        return "paused", "warning"
    if database.disabled:
        return "disabled", "warning"
    return ("", "") if database.paused is None else ("open", "ok")


LINK_COLUMNS = (
    Column("database", "database", minimum=8, maximum=18, priority=1),
    Column("user", "user", minimum=6, maximum=16, priority=1),
    Column("application", "application", minimum=16, maximum=24),
    Column("state", "state", minimum=8, maximum=14),
)
CLIENT_COLUMNS = (
    Column("place", "client", fixed=True, minimum=15, maximum=28), *LINK_COLUMNS,
    Column("wait", "waits", align="right", minimum=6, maximum=8),
    Column("server", "server pid", align="right", minimum=10, maximum=10),
    Column("connect_time", "since", minimum=19, maximum=23, priority=2),
    Column("request_time", "last request", minimum=19, maximum=23, priority=3),
    Column("tls", "tls", minimum=3, maximum=24, priority=5),
    Column("prepared", "prepared", align="right", minimum=8, priority=6),
)
SERVER_COLUMNS = (
    Column("pid", "server pid", align="right", fixed=True, minimum=10, maximum=10), *LINK_COLUMNS,
    Column("client", "client (true)", minimum=15, maximum=28),
    Column("place", "server", minimum=8, maximum=24, priority=4),
    Column("connect_time", "since", minimum=19, maximum=23, priority=2),
    Column("request_time", "last request", minimum=19, maximum=23, priority=3),
    Column("tls", "tls", minimum=3, maximum=24, priority=5),
    Column("closing", "closing", minimum=7, maximum=7, priority=1),
)


def clients_table(sample: PoolerSample) -> Table:
    """The clients, with the server's process that works for each."""
    servers = {connection.ptr: connection for connection in sample.servers or ()}
    rows = []
    for client in sample.clients or ():
        server = servers.get(client.link) if client.link else None
        waits = client.state == "waiting" and client.wait_s is not None
        tone: Tone = "critical" if waits and (client.wait_s or 0) >= LONG_WAIT_S else "warning" if waits else ""
        rows.append(Row(client.ptr or client.place, (
            Cell(client.place, "strong"), *_link_cells(client, tone),
            Cell(fmt.duration(client.wait_s) if waits else "", tone, client.wait_s if waits else 0.0),
            _pid(server), _time(client.connect_time), _time(client.request_time), Cell(client.tls or "", "dim"),
            _count(client.prepared_statements)), record=client))
    return _with_more(Table(CLIENT_COLUMNS, tuple(rows), _why(sample, "CLIENTS", sample.clients, "no client")),
                      sample.clients or ())


def servers_table(sample: PoolerSample) -> Table:
    """The connections to servers, with the client that each works for."""
    clients = {connection.ptr: connection for connection in sample.clients or ()}
    rows = []
    for server in sample.servers or ():
        client = clients.get(server.link) if server.link else None
        rows.append(Row(server.ptr or str(server.remote_pid), (
            _pid(server), *_link_cells(server, ""), Cell(client.place if client else "", "accent"),
            Cell(server.place, "dim"), _time(server.connect_time), _time(server.request_time),
            Cell(server.tls or "", "dim"),
            Cell("yes" if server.close_needed else "", "warning")), record=server))
    return _with_more(Table(SERVER_COLUMNS, tuple(rows), _why(sample, "SERVERS", sample.servers,
                                                              "no connection to a server is open")),
                      sample.servers or ())


def _link_cells(connection: PoolerConnection, tone: Tone) -> tuple[Cell, ...]:
    quiet: Tone = tone or ("faint" if connection.state == "idle" else "")
    return (Cell(connection.database or "", "dim"), Cell(connection.user or ""),
            Cell(connection.application_name or ""),
            Cell(connection.state, quiet))


def _pid(connection: PoolerConnection | None) -> Cell:
    return Cell("") if connection is None or not connection.remote_pid else Cell(str(connection.remote_pid), "strong",
                                                                                 connection.remote_pid)


def _time(text: str | None) -> Cell:
    return Cell((text or "").removesuffix(" UTC"), "dim", text or "")


STATS_COLUMNS = (
    Column("database", "database", fixed=True, minimum=8, maximum=24),
    Column("xacts_per_s", "xact/s", align="right", minimum=7),
    Column("queries_per_s", "query/s", align="right", minimum=7),
    Column("query_ms", "avg query", align="right", minimum=9),
    Column("wait_ms", "avg wait", align="right", minimum=8),
    Column("xact_ms", "avg xact", align="right", minimum=8, priority=1),
    Column("received_per_s", "in", align="right", minimum=9, priority=2),
    Column("sent_per_s", "out", align="right", minimum=9, priority=2),
    Column("total_xacts", "xacts", align="right", minimum=8, priority=3),
    Column("total_queries", "queries", align="right", minimum=8, priority=3),
    Column("total_received", "in, total", align="right", minimum=9, priority=4),
    Column("total_sent", "out, total", align="right", minimum=10, priority=4),
)


def stats_table(sample: PoolerSample, rates: Sequence[Rates]) -> Table:
    """What goes through each database: of the last interval, and since the pooler started."""
    by_database = {rate.database: rate for rate in rates}
    rows = []
    for total in sample.totals:
        now = by_database.get(total.database)
        rows.append(Row(total.database, (
            Cell(total.database, "strong"), *_rate_cells(now or Rates(database=total.database)),
            Cell(fmt.milliseconds(now.xact_ms if now else None), "", now.xact_ms if now else None),
            Cell(fmt.rate(now.received_bytes_per_s if now else None), "", now.received_bytes_per_s if now else None),
            Cell(fmt.rate(now.sent_bytes_per_s if now else None), "", now.sent_bytes_per_s if now else None),
            _count(total.xact_count), _count(total.query_count),
            Cell(fmt.size(total.received), "dim", total.received), Cell(fmt.size(total.sent), "dim", total.sent)),
            record=total))
    return _with_more(Table(STATS_COLUMNS, tuple(rows), sample.unavailable.get("STATS", "no statistics yet")),
                      sample.totals)


CONFIG_COLUMNS = (
    Column("key", "setting", fixed=True, minimum=16, maximum=32),
    Column("value", "value", minimum=16, maximum=60, flexible=True),
    Column("default", "default", minimum=10, maximum=30, priority=1),
    Column("changeable", "changeable", minimum=10, maximum=10),
)


def config_table(settings: Mapping[str, PoolerSetting]) -> Table:
    """The settings; those that differ from their default stand out."""
    rows = []
    for setting in settings.values():
        differs = setting.default is not None and setting.value != setting.default
        rows.append(Row(setting.key, (
            Cell(setting.key, "strong" if differs else ""), Cell(_flat(setting.value), "accent" if differs else ""),
            Cell(_flat(setting.default), "dim"),
            Cell("yes" if setting.is_changeable else "restart", "" if setting.is_changeable else "faint")),
            record=setting))
    return _with_more(Table(CONFIG_COLUMNS, tuple(rows), "reading…"), list(settings.values()))


def shown_table(shown: Shown | None, why: str | None) -> Table:
    """Any SHOW as it is: columns under the names that PgBouncer gives them."""
    if shown is None:
        return Table((), (), why or "reading…")
    columns = tuple(
        Column(name, name.replace("_", " "), fixed=index == 0, minimum=4, maximum=40, priority=max(0, index - 6),
               align="right" if any(isinstance(row[index], int) for row in shown.rows) else "left")
        for index, name in enumerate(shown.columns))
    rows = tuple(Row(f"{number} {row[0]}", tuple(_any(value) for value in row))
                 for number, row in enumerate(shown.rows))
    return Table(columns, rows, "PgBouncer has none")


def _with_more(table: Table, records: Sequence[_HasMore]) -> Table:
    """`table` with the columns that only this version of PgBouncer has, under its own names, at the end."""
    names = list(dict.fromkeys(name for record in records for name in record.more))
    if not names:
        return table
    columns = tuple(Column(f"more {name}", name.replace("_", " "), minimum=4, maximum=30, priority=9,
                           align="right" if any(isinstance(record.more.get(name), int) for record in records)
                           else "left")
                    for name in names)
    extra = {id(record): tuple(_any(record.more.get(name)) for name in names) for record in records}
    rows = tuple(replace(row, cells=(*row.cells, *extra[id(more)]))
                 for row, more in zip(table.rows, records, strict=True))
    return replace(table, columns=(*table.columns, *columns), rows=rows)


def _any(value: Any) -> Cell:
    if value is None:
        return Cell("", "faint")
    return Cell(fmt.count(value), "", value) if isinstance(value, int) else Cell(_flat(value))


def _flat(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _count(value: int | None) -> Cell:
    return Cell("", "faint") if value is None else Cell(fmt.count(value), "" if value else "faint", value)


def _why(sample: PoolerSample, name: str, rows: Sequence[PoolerConnection] | None, none: str) -> str:
    return sample.unavailable.get(name) or ("reading…" if rows is None else none)
