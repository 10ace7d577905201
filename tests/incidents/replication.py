"""Incidents of replication and archiving."""

from __future__ import annotations

import time
from collections.abc import Iterator

from console.diagnosis.records import Finding
from console.server.target import Target
from tests.incidents.incident import SETTINGS, Scene, incident
from tests.support.servers import LiveServer

WRITES = ("CREATE TABLE IF NOT EXISTS log (note text)",
          "INSERT INTO log SELECT repeat('x', 1000) FROM generate_series(1, 80000) n")


def with_standby(scene: Scene, **settings: str) -> LiveServer:
    """A server of the incident's own with a standby; the standby."""
    primary = scene.own_server()
    assert scene.database.name  # made before the standby, which has it then
    if slot := settings.get("primary_slot_name"):
        scene.sql(f"SELECT pg_create_physical_replication_slot('{slot}')")
    standby = scene.servers.standby(primary, SETTINGS | settings)
    assert standby.cluster is not None
    scene.stack.callback(standby.cluster.remove)
    scene.wait_for("SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming'")
    return standby


@incident("archiver_failing", names=("archiving fails",), quick=False)
def archiver_failing(scene: Scene) -> Iterator[None]:
    """The archive command fails."""
    scene.own_server(archive_mode="on", archive_command="false")
    scene.sql(*WRITES, "SELECT pg_switch_wal()")
    scene.wait_for("SELECT failed_count > 0 FROM pg_stat_archiver")
    yield None


@incident("replication_lag", names=("behind",))
def replay_paused_as_the_primary_sees_it(scene: Scene) -> Iterator[None]:
    """A standby doesn't replay what it gets, and is hundreds of megabytes behind."""
    standby = with_standby(scene)
    with standby.connect() as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
    scene.sql(*WRITES, *[WRITES[1]] * 3)
    scene.wait_for("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) > 300000000 FROM pg_stat_replication",
                   60.0)
    yield None


@incident("replay_paused", names=("replay is paused",))
def replay_paused_as_the_standby_sees_it(scene: Scene) -> Iterator[list[Finding]]:
    """Somebody has paused replay on a standby for a backup, and forgotten it."""
    standby = with_standby(scene)
    with standby.connect() as connection:
        connection.execute("SELECT pg_wal_replay_pause()")
    scene.sql(*WRITES)
    yield scene.diagnose_target(Target(name="standby", conninfo=standby.conninfo(scene.database.name)))


@incident("vacuum_held_by_standby", names=("hot_standby_feedback", "public.events"))
def vacuum_held_by_standby(scene: Scene) -> Iterator[None]:
    """A long query on a standby with hot_standby_feedback keeps the primary's dead rows."""
    standby = with_standby(scene, hot_standby_feedback="on", wal_receiver_status_interval="1s")
    scene.sql("CREATE TABLE events (id int PRIMARY KEY, n int) WITH (autovacuum_vacuum_threshold = 100)",
              "INSERT INTO events SELECT n, 0 FROM generate_series(1, 30000) n", "VACUUM ANALYZE events")
    time.sleep(1.0)
    reader = standby.connect(scene.database.name)
    scene.stack.callback(reader.close)
    reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    reader.execute("SELECT count(*) FROM events")
    scene.wait_for("SELECT count(*) > 0 FROM pg_stat_replication WHERE backend_xmin IS NOT NULL")
    time.sleep(2.0)
    scene.sql("UPDATE events SET n = n + 1", "UPDATE events SET n = n + 1", "VACUUM events",
              "SELECT pg_stat_force_next_flush()")
    yield None


@incident("standby_lost", names=("is gone",))
def standby_lost(scene: Scene) -> Iterator[list[Finding]]:
    """A standby that the console has seen for a while goes away."""
    standby = with_standby(scene)
    assert standby.cluster is not None
    cluster = standby.cluster
    yield scene.watch(70.0, then=lambda: cluster.stop("immediate"), after_s=34.0)


@incident("vacuum_held_by_slot", names=("replication slot eu_2", "public.events"))
def vacuum_held_by_slot(scene: Scene) -> Iterator[None]:
    """A standby with hot_standby_feedback is gone for good, and its slot keeps the rows that a query there wanted."""
    standby = with_standby(scene, hot_standby_feedback="on", wal_receiver_status_interval="1s",
                           primary_slot_name="eu_2")
    scene.sql("CREATE TABLE events (id int PRIMARY KEY, n int) WITH (autovacuum_vacuum_threshold = 100)",
              "INSERT INTO events SELECT n, 0 FROM generate_series(1, 30000) n", "VACUUM ANALYZE events")
    time.sleep(1.0)
    reader = standby.connect(scene.database.name)
    reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    reader.execute("SELECT count(*) FROM events")
    scene.wait_for("SELECT count(*) > 0 FROM pg_replication_slots WHERE xmin IS NOT NULL")
    assert standby.cluster is not None
    standby.cluster.stop("immediate")
    reader.close()
    scene.wait_for("SELECT NOT active FROM pg_replication_slots")
    scene.sql("UPDATE events SET n = n + 1", "UPDATE events SET n = n + 1", "SELECT pg_sleep(1)", "VACUUM events",
              "SELECT pg_stat_force_next_flush()")
    yield None


@incident("slot_lost", names=("replication slot old_consumer is lost",))
def slot_lost(scene: Scene) -> Iterator[None]:
    """A consumer stayed away for longer than max_slot_wal_keep_size keeps WAL for it."""
    scene.own_server(max_slot_wal_keep_size="16MB", max_wal_size="64MB")
    scene.sql("SELECT pg_create_physical_replication_slot('old_consumer', true)", *WRITES, *[WRITES[1]] * 2,
              "CHECKPOINT")
    scene.wait_for("SELECT wal_status = 'lost' FROM pg_replication_slots")
    yield None


@incident("subscription_stopped", names=("no worker runs for subscription orders", "error"))
def subscription_conflict(scene: Scene) -> Iterator[list[Finding]]:
    """A row of the publisher's is in the subscriber's table already: the worker ends and begins again, for ever."""
    server = scene.own_server(wal_level="logical", wal_retrieve_retry_interval="3s")
    table = "CREATE TABLE orders (id int PRIMARY KEY)"
    scene.sql(table, "CREATE PUBLICATION orders FOR TABLE orders",
              "SELECT pg_create_logical_replication_slot('orders', 'pgoutput')", "INSERT INTO orders VALUES (1)")
    with server.database() as subscriber, subscriber.connect() as connection:
        for statement in (table, "INSERT INTO orders VALUES (1)",
                          f"CREATE SUBSCRIPTION orders CONNECTION '{scene.database.conninfo}' PUBLICATION orders "
                          "WITH (create_slot = false, copy_data = false)"):
            connection.execute(statement.encode())
        until = time.monotonic() + 30.0
        while not connection.execute("SELECT apply_error_count > 0 FROM pg_stat_subscription_stats").fetchall()[0][0]:
            assert time.monotonic() < until, "the conflict never came"
            time.sleep(0.2)
        yield scene.diagnose_target(Target(name="subscriber", conninfo=subscriber.conninfo))
        connection.execute("ALTER SUBSCRIPTION orders DISABLE")
        connection.execute("ALTER SUBSCRIPTION orders SET (slot_name = NONE)")
        connection.execute("DROP SUBSCRIPTION orders")


@incident("slot_unread", names=("old_consumer",))
def slot_unread(scene: Scene) -> Iterator[None]:
    """The consumer of a replication slot was taken away, and the slot keeps WAL."""
    scene.own_server()
    scene.sql("SELECT pg_create_physical_replication_slot('old_consumer', true)", *WRITES)
    scene.wait_for("SELECT inactive_since < now() - interval '61 s' FROM pg_replication_slots", 90.0)
    yield None


@incident("slot_unread", names=("orders_copy",))
def dead_subscriber(scene: Scene) -> Iterator[None]:
    """A subscriber was taken away without its slot, which keeps WAL and what VACUUM wants to remove of the catalog."""
    scene.own_server(wal_level="logical")
    scene.sql("SELECT pg_create_logical_replication_slot('orders_copy', 'pgoutput')", *WRITES)
    scene.wait_for("SELECT inactive_since < now() - interval '61 s' FROM pg_replication_slots", 90.0)
    yield None
