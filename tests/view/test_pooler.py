"""PgBouncer as lines and tables, and who is behind a session."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.activity.blocking import forest
from console.errors import Unreachable
from console.pooler.read import records
from console.pooler.records import PoolerInfo, PoolerSetting, PoolUse, Rates, TrueClient
from console.pooler.records import ShowTable as Shown
from console.pooler.saturation import saturations
from console.pooler.true_client import true_clients
from console.server.admin_console import ShowResult as Answer
from console.view.activity import blocking, sessions, true_client
from console.view.pooler import facts as view
from console.view.pooler import tables as tables
from console.view.table import Table, filtered, plain
from tests.support.activity import backend, idle
from tests.support.builders import HOSTILE
from tests.support.pooler import client, database, look, pool, server, totals, waiting


def cells(table: Table, row: int = 0) -> dict[str, str]:
    return {column.key: cell.text for column, cell in zip(table.columns, table.rows[row].cells, strict=True)}


def said(*pools: PoolUse, **changes: object) -> str:
    databases = [database(pool.database, **changes) for pool in pools]
    return plain(view.verdict(saturations(pools, databases), None, 0.0)).strip()


def test_the_verdict_names_the_pool_that_holds_clients_up() -> None:
    assert said(waiting()) == "pool app/rw saturated: 20 of 20 active, 14 clients wait, longest 3.2 s"
    assert said(waiting(clients=1, seconds=0.2)) == \
        "pool app/rw saturated: 20 of 20 active, 1 client waits, longest 200 ms"
    assert said(waiting(), waiting("b", seconds=1.0)).endswith("· 1 more pool with 14 clients waiting")


def test_the_verdict_says_why_they_wait() -> None:
    assert said(waiting(), paused=1) == "database app is paused: 14 clients wait, longest 3.2 s"
    assert said(pool(cl_waiting=2, sv_active=0, sv_idle=0), disabled=1).startswith("database app is disabled: 2")
    assert said(pool(cl_waiting=2, sv_active=0, sv_idle=0)).startswith("pool app/rw: no server connection is open, 2")
    assert said(pool(cl_waiting=2, sv_login=1)).startswith("pool app/rw: server connections are being opened")
    assert said(pool(cl_waiting=2)).startswith("pool app/rw: 4 of 20 active, 2 clients wait")
    assert "22 of 20 + 5 reserve active" in said(pool(cl_waiting=2, sv_active=22), reserve_pool_size=5)
    assert "the database's limit of 30 is reached" in said(pool(cl_waiting=2), max_connections=30,
                                                           current_connections=30)


def test_the_verdict_when_all_is_well() -> None:
    assert said(pool(), pool("b", sv_active=10)) == "no client waits · the fullest pool is b/rw: 10 of 20 active"
    assert said() == "no client waits · no pool is in use"
    assert said(pool(), paused=1) == "database app is paused; no client waits"


def test_the_verdict_of_a_pooler_that_is_away_or_stopped() -> None:
    line = view.verdict([], Unreachable("PgBouncer at db1:6432: no server answers there"), 4.0)
    assert plain(line).strip() == "PgBouncer at db1:6432: no server answers there · next try in 4 s (r now)"
    found = saturations([waiting()], [database()])
    assert plain(view.verdict(found, None, 0.0, "paused")).strip() == \
        "the whole pooler is paused: 14 clients waiting, longest 3.2 s · RESUME ends it"
    assert "suspended: no client waits yet" in plain(view.verdict([], None, 0.0, "suspended"))


def test_which_pooler_it_is() -> None:
    settings = {"max_client_conn": PoolerSetting(key="max_client_conn", value="200"),
                "pool_mode": PoolerSetting(key="pool_mode", value="transaction")}
    info = PoolerInfo("PgBouncer 1.18.0", "db1:6432", "stats", False, settings)
    line = plain(view.about(info, look(waiting())))
    assert line == " PgBouncer 1.18.0 at db1:6432 · transaction mode · 34 of 200 clients · as stats (looks only)"
    assert "db1" not in plain(view.about(info, look(waiting()), 80))
    assert plain(view.about(PoolerInfo("PgBouncer 2.0", "db1:6432", "x", None), None)) == \
        " PgBouncer 2.0 at db1:6432 · as x (rights unknown)"


def test_a_pool_in_a_row() -> None:
    rates = [Rates(database="app", xacts_per_s=1240.0, queries_per_s=3720.0, query_ms=2.1, wait_ms=41.0)]
    row = cells(tables.pools_table(saturations([waiting()], [database(reserve_pool_size=5)]), rates))
    assert row["database"] == "app" and (row["clients"], row["waiting"], row["maxwait"]) == ("20", "14", "3.2 s")
    assert (row["active"], row["size"], row["full"]) == ("20", "20 + 5", "100 %")
    assert (row["xacts_per_s"], row["queries_per_s"]) == ("1 240", "3 720")
    assert (row["query_ms"], row["wait_ms"]) == ("2.1 ms", "41 ms")


def test_rates_of_a_database_stand_in_no_row_of_several_pools() -> None:
    rates = [Rates(database="app", xacts_per_s=1240.0)]
    table = tables.pools_table(saturations([pool(), pool(user="ro")], [database()]), rates)
    assert [cells(table, row)["xacts_per_s"] for row in (0, 1)] == ["", ""]
    assert cells(tables.stats_table(look(totals=(totals(),)), rates))["xacts_per_s"] == "1 240"


def test_a_rate_that_is_not_known_is_not_nought() -> None:
    row = cells(tables.stats_table(look(totals=(totals(),)), [Rates(database="app")]))
    assert (row["xacts_per_s"], row["query_ms"], row["received_per_s"]) == ("-", "-", "-")
    assert row["total_xacts"] == "1 000"


def test_columns_of_a_version_never_seen_are_shown() -> None:
    answer = Answer(("database", "user", "cl_waiting", "mood", "shard"), (("app", "rw", 0, "sleepy", 7),))
    table = tables.pools_table(saturations(records(PoolUse, answer), [database()]), [])
    assert [column.title for column in table.columns][-2:] == ["mood", "shard"]
    assert (cells(table)["more mood"], cells(table)["more shard"]) == ("sleepy", "7")


def test_any_show_is_a_table() -> None:
    table = tables.shown_table(Shown(("peer_id", "host_name"), ((1, "db2"), (2, None))), None)
    assert [column.title for column in table.columns] == ["peer id", "host name"]
    assert [cells(table, row)["host_name"] for row in (0, 1)] == ["db2", ""]
    assert tables.shown_table(None, "SHOW PEERS: this version of PgBouncer does not know it").empty.startswith("SHOW")


def test_clients_and_servers_name_each_other() -> None:
    seen = look(pool(), clients=(client(), client("c2", "", state="waiting", wait=3, wait_us=200_000)),
                servers=(server(4711), server(4712, "s2", "", state="idle")))
    clients = tables.clients_table(seen)
    assert [cells(clients, row)["server"] for row in (0, 1)] == ["4711", ""]
    assert [cells(clients, row)["wait"] for row in (0, 1)] == ["", "3.2 s"]
    servers = tables.servers_table(seen)
    assert [cells(servers, row)["client"] for row in (0, 1)] == ["10.0.4.7:51234", ""]
    assert filtered(clients, "database:app user:rw").rows == clients.rows
    assert tables.clients_table(look(pool())).empty == "reading…"


def test_settings_that_need_a_restart_say_so() -> None:
    table = tables.config_table({"listen_port": PoolerSetting(key="listen_port", value="6432", default="6432",
                                                        changeable="no")})
    assert cells(table)["changeable"] == "restart"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_kept_as_text(text: str) -> None:
    found = saturations([pool(text, text)], [database(text)])
    assert cells(tables.pools_table(found, []))["user"] == text
    assert tables.databases_table([database(text)], None).rows[0].key == text


def test_what_to_configure_names_the_target_and_where_the_connection_goes() -> None:
    words = " ".join(line for line, _ in view.unconfigured("staging", True, "/etc/dbconsole.toml", "db7:6543"))
    assert "[targets.staging]" in words and "/etc/dbconsole.toml" in words and "goes through a pooler" in words
    assert 'pgbouncer = "host=db7 port=6543 dbname=pgbouncer user=stats"' in words
    plainly = " ".join(line for line, _ in view.unconfigured("me@db1/app", False, None, None))
    assert "[targets.NAME]" in plainly and "dsn =" in plainly and "goes through" not in plainly


# who is really behind a session


def behind(*backends: object, ago_s: float = 1.0, **changes: object) -> dict[int, TrueClient]:
    seen = look(pool(), **{"clients": (client(),), "servers": (server(4711),), **changes})
    return true_clients(backends, seen, ago_s)  # type: ignore[arg-type]


OURS = backend(4711, database="app", user="rw", client_address="10.0.0.9", client_port=40000, transaction_age_s=840.0)
"""The session that the pooler's connection s1 is."""


def test_a_session_shows_the_client_behind_the_pooler() -> None:
    found = behind(OURS)[4711]
    assert true_client.words(found) == "10.0.4.7:51234 (pool app/rw)"
    assert plain(true_client.fact(found)) == "through PgBouncer, pool app/rw: its client is 10.0.4.7:51234, report, " \
                                             "connected 2026-03-01 11:00:00 UTC"


def test_the_same_pid_on_another_server_is_not_the_same_session() -> None:
    assert not behind(replace(OURS, client_port=40001))
    assert not behind(replace(OURS, client_address="10.0.0.8"))
    assert not behind(replace(OURS, pid=4712))
    assert not behind(replace(OURS, client_address=None, client_port=None, is_hidden=True))


def test_a_session_by_a_socket_must_have_the_pools_names() -> None:
    sockets = {"servers": (server(4711, addr="unix", local_addr="unix"),), "databases": (database(database="real"),)}
    ours = replace(OURS, client_address=None, client_port=None, database="real")
    assert behind(ours, **sockets)
    assert not behind(replace(ours, database="app"), **sockets)
    assert not behind(replace(ours, user="other"), **sockets)
    assert not behind(OURS, **sockets)


UNCERTAIN = {4711: TrueClient(None, None, "app/rw", None)}


def test_a_transaction_younger_than_the_look_may_be_another_clients() -> None:
    assert behind(replace(OURS, transaction_age_s=0.5)) == UNCERTAIN
    assert behind(idle(4711, database="app", client_address="10.0.0.9", client_port=40000)) == UNCERTAIN
    in_session_mode = look(pool(pool_mode="session"), clients=(client(),), servers=(server(4711),))
    assert true_clients([replace(OURS, transaction_age_s=None)], in_session_mode, 1.0)[4711].place == "10.0.4.7:51234"


def test_a_coupling_that_only_one_side_tells_of_is_over() -> None:
    assert behind(OURS, clients=(client(link="s9"),)) == UNCERTAIN
    assert behind(OURS, clients=()) == UNCERTAIN
    assert behind(OURS, servers=(server(4711, link=""),)) == UNCERTAIN
    assert not behind(OURS, servers=None, clients=None)
    assert true_client.words(UNCERTAIN[4711]) == "PgBouncer (pool app/rw)"
    assert plain(true_client.fact(UNCERTAIN[4711])).endswith("for no client that is certain now")


def test_activity_shows_it_where_a_pooler_is_configured() -> None:
    clients = behind(OURS)
    assert cells(sessions.sessions_table([OURS], clients=clients, key=str))["client"] == "10.0.4.7:51234 (pool app/rw)"
    assert cells(sessions.sessions_table([OURS], clients={}, key=str))["client"] == "10.0.0.9:40000"
    everybody = [OURS, backend(4802, 4711)]
    table = blocking.table(forest(everybody), {backend.pid: backend for backend in everybody}, {}, clients=clients)
    assert table.columns[-1].title == "client (true, behind pgbouncer)"
    assert cells(table)["client"] == "10.0.4.7:51234 (pool app/rw)"
    assert blocking.table([], {}, {}).columns[-1].title == "client"
