"""Incidents of vacuum, sequences, indexes and settings."""

from __future__ import annotations

from collections.abc import Iterator

from tests.incidents.incident import Scene, incident

ROWS = ("CREATE TABLE events (id int PRIMARY KEY, n int) WITH (autovacuum_vacuum_threshold = 100)",
        "INSERT INTO events SELECT n, 0 FROM generate_series(1, 30000) n", "VACUUM ANALYZE events")
CHURN = ("UPDATE events SET n = n + 1", "VACUUM events", "SELECT pg_stat_force_next_flush()")


@incident("vacuum_held_by_session", names=("public.events", "nightly-report"))
def vacuum_held_by_session(scene: Scene) -> Iterator[None]:
    """A report's snapshot is older than the dead rows that VACUUM would remove."""
    scene.sql(*ROWS)
    scene.transaction("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "SELECT count(*) FROM events")
    scene.sql(*CHURN)
    yield None


@incident("vacuum_held_by_prepared", names=("public.events", "order-78"))
def vacuum_held_by_prepared(scene: Scene) -> Iterator[None]:
    """A prepared transaction that nobody ends keeps dead rows."""
    scene.sql(*ROWS, "CREATE TABLE orders (id int)")
    with scene.connect("coordinator") as connection:
        for statement in ("BEGIN", "INSERT INTO orders VALUES (1)", "PREPARE TRANSACTION 'order-78'"):
            connection.execute(statement.encode())
    scene.stack.callback(scene.sql, "ROLLBACK PREPARED 'order-78'")
    scene.sql(*CHURN)
    yield None


@incident("autovacuum_off_for_table", names=("public.events",))
def autovacuum_off_for_a_table(scene: Scene) -> Iterator[None]:
    """Somebody has turned autovacuum off for a table, and it rots."""
    scene.sql(*ROWS, "ALTER TABLE events SET (autovacuum_enabled = off)", "UPDATE events SET n = n + 1",
              "SELECT pg_stat_force_next_flush()")
    yield None


@incident("dangerous_setting", names=("autovacuum is off",))
def autovacuum_off(scene: Scene) -> Iterator[None]:
    """Autovacuum was turned off for a night, and stayed so."""
    scene.own_server(autovacuum="off")
    scene.sql(*ROWS)
    yield None


@incident("dangerous_setting", names=("fsync is off",))
def fsync_off(scene: Scene) -> Iterator[None]:
    """fsync was turned off for a restore, and stayed so."""
    scene.own_server(fsync="off")
    scene.sql(*ROWS)
    yield None


@incident("dangerous_setting", names=("full_page_writes is off",))
def full_page_writes_off(scene: Scene) -> Iterator[None]:
    """full_page_writes was turned off for speed."""
    scene.own_server(full_page_writes="off")
    scene.sql(*ROWS)
    yield None


@incident("open_schema", names=("every role", "public"))
def public_is_open(scene: Scene) -> Iterator[None]:
    """A database from before 15 was upgraded, and everybody may still create objects in public."""
    scene.sql("GRANT CREATE ON SCHEMA public TO PUBLIC")
    yield None


@incident("checksum_failures", names=("failed the checksum",))
def damaged_page(scene: Scene) -> Iterator[None]:
    """A page of a table was damaged on the disk."""
    server = scene.own_server()
    scene.sql(*ROWS)
    path = scene.sql("SELECT pg_relation_filepath('events')")[0][0]
    cluster = server.cluster
    assert cluster is not None
    cluster.stop()
    with (cluster.data_dir / path).open("r+b") as file:
        file.seek(5 * 8192 + 4000)
        file.write(b"not what was written")
    cluster.start()
    try:
        scene.sql("SELECT sum(n) FROM events")
    except Exception as error:
        assert "invalid page" in str(error)
    yield None


@incident("values_run_out", names=("orders.id", "767 are left"))
def ids_run_out(scene: Scene) -> Iterator[None]:
    """A smallserial column has nearly no values left."""
    scene.sql("CREATE TABLE orders (id smallserial PRIMARY KEY)", "SELECT setval('orders_id_seq', 32000)")
    yield None


@incident("invalid_index", names=("events_n_key",))
def invalid_index(scene: Scene) -> Iterator[None]:
    """CREATE UNIQUE INDEX CONCURRENTLY has failed on a duplicate, and left its index."""
    scene.sql(*ROWS)
    connection = scene.connect("migration")
    try:
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY events_n_key ON events (n)")
    except Exception as error:
        assert "could not create unique index" in str(error)
    yield None
