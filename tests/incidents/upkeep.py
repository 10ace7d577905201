"""Incidents of vacuum, sequences, indexes and settings."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

from console.local_postgres.binaries import reachable
from console.local_postgres.cluster import Cluster
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
    scene.sql(*ROWS)
    prepare(scene, "order-78")
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


@incident("autovacuum_starved", names=("autovacuum workers (1) are busy",))
def autovacuum_starved(scene: Scene) -> Iterator[None]:
    """Autovacuum has one worker that may do next to nothing, and four tables wait for it."""
    scene.own_server(autovacuum_max_workers="1", autovacuum_naptime="1s", autovacuum_vacuum_cost_delay="100ms",
                     autovacuum_vacuum_cost_limit="1")
    for number in range(4):
        scene.sql(f"CREATE TABLE events{number} (id int, note text) WITH (autovacuum_analyze_threshold = 1000000000)",
                  f"INSERT INTO events{number} SELECT n, repeat('x', 100) FROM generate_series(1, 40000) n")
    for number in range(4):
        scene.sql(f"UPDATE events{number} SET id = id + 1", "SELECT pg_stat_force_next_flush()")
    scene.wait_for("SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'")
    yield None


@incident("wraparound", names=("was last frozen", "prepared transaction order-79", "holds VACUUM back"))
def wraparound(scene: Scene) -> Iterator[None]:
    """A prepared transaction that nobody ended keeps all from being frozen, and 1.3 of 2.1 billion numbers are used."""
    scene.own_server(autovacuum="on")
    scene.sql(*ROWS)
    prepare(scene, "order-79")
    scene.restart(lambda cluster: next_transaction(scene, cluster, 1_300_000_000))
    yield None


def prepare(scene: Scene, gid: str) -> None:
    """A prepared transaction that a coordinator has left, until the incident is over."""
    scene.sql("CREATE TABLE orders (id int)")
    with scene.connect("coordinator") as connection:
        for statement in ("BEGIN", "INSERT INTO orders VALUES (1)", f"PREPARE TRANSACTION '{gid}'"):
            connection.execute(statement.encode())
    scene.stack.callback(scene.sql, f"ROLLBACK PREPARED '{gid}'")


def next_transaction(scene: Scene, cluster: Cluster, number: int) -> None:
    """The stopped server goes on with that transaction number: as if it had had so many."""
    words = scene.servers.as_account(cluster.data_dir)
    program = reachable(cluster.binaries, cluster.account).program("pg_resetwal")
    subprocess.run([str(program), "-x", str(number), "-D", str(cluster.data_dir)], check=True, capture_output=True,
                   cwd="/", **words)
    page_of = cluster.data_dir / "pg_xact" / f"{number // (32 * 8192 * 4):04X}"  # its transactions' states, none yet
    page_of.write_bytes(bytes(32 * 8192))
    if cluster.account is not None:
        cluster.account.owns(page_of)


@incident("dangerous_override", names=("synchronous_commit is off for role app_", "crash loses the commits"))
def synchronous_commit_off_for_a_role(scene: Scene) -> Iterator[None]:
    """Somebody has made a role's commits faster, and they are lost in a crash."""
    with scene.server.role("LOGIN", name=f"app_{scene.database.name}") as role:
        scene.sql(f"ALTER ROLE {role} IN DATABASE {scene.database.name} SET synchronous_commit = off")
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
