"""Incidents of connections, statements, WAL and cache."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress

import psycopg
from psycopg.conninfo import make_conninfo

from console.diagnosis.records import Finding
from console.local_postgres.binaries import reachable
from tests.incidents.incident import Scene, incident
from tests.support.pgbouncer import programs


@incident("connections", names=("api has",))
def connections_taken(scene: Scene) -> Iterator[None]:
    """One application has taken nearly all connections, and does nothing with them."""
    scene.own_server(max_connections="30")
    for _ in range(23):
        scene.connect("api")
    scene.connect("web")
    yield None


@incident("connection_storm", names=("new connections a second", "cron-job"))
def connection_storm(scene: Scene) -> Iterator[None]:
    """A job opens a connection for each of its statements."""
    conninfo = make_conninfo(scene.database.conninfo, application_name="cron-job")

    def work() -> None:
        while not scene.over.is_set():
            with suppress(psycopg.Error), psycopg.connect(conninfo) as connection:
                connection.execute("SELECT pg_sleep(0.02)")

    for _ in range(4):
        scene.background(work)
    time.sleep(1.0)
    yield None


@incident("pool_saturated", names=("is full", "billing has 5", "idle in transaction"),
          needs=lambda: None if programs() else "no PgBouncer")
def pool_saturated(scene: Scene) -> Iterator[None]:
    """All servers of a pool are held by clients that idle in their transactions, and twelve others wait."""
    pooler = scene.pgbouncer(default_pool_size="5")
    name = scene.database.name
    for _ in range(5):
        connection = psycopg.connect(pooler.conninfo(name, application_name="billing"), prepare_threshold=None)
        scene.stack.callback(connection.close)
        connection.execute("SELECT 1")
    scene.runs("SELECT 1", clients=12, conninfo=pooler.conninfo(name))
    time.sleep(3.0)
    yield None


@incident("saturation", names=("active sessions wait for",))
def many_small_commits(scene: Scene) -> Iterator[None]:
    """Thirty-two clients commit a row each as fast as they can, and all wait for the WAL."""
    scene.sql("CREATE TABLE log (n int)")
    cluster = scene.server.cluster
    assert cluster is not None
    script = scene.servers.folder / f"{scene.database.name}.sql"
    script.write_text("INSERT INTO log VALUES (1);\n")
    script.chmod(0o644)
    words = cluster.account.identity() if cluster.account else {}
    process = subprocess.Popen(
        [str(reachable(cluster.binaries, cluster.account).program("pgbench")), "-n", "-c", "32", "-T", "60", "-f",
         str(script), scene.database.conninfo], cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **words)
    scene.stack.callback(process.wait, 10)
    scene.stack.callback(process.kill)
    scene.wait_for("SELECT count(*) > 5000 FROM log")
    yield None


LOOKUPS = ("CREATE TABLE items (id int PRIMARY KEY, code int, note text)",
           "INSERT INTO items SELECT n, n, repeat('x', 100) FROM generate_series(1, 60000) n",
           "CREATE INDEX items_code ON items (code)", "SELECT pg_stat_force_next_flush()", "VACUUM ANALYZE items")
LOOKUP = "SELECT * FROM items WHERE code = 4711"


@incident("statement_slower", names=("items", "its plan has changed"))
def index_dropped(scene: Scene) -> Iterator[None]:
    """An index that every lookup uses was dropped."""
    scene.sql(*LOOKUPS, *[LOOKUP] * 1000, "DROP INDEX items_code")
    scene.runs(LOOKUP, clients=2, again=True)
    yield None


@incident("statement_slower", names=("jobs", "more rows"))
def more_rows(scene: Scene) -> Iterator[None]:
    """What a statement asked for was ten rows, and is ten thousand since a load."""
    scene.sql(*LOOKUPS, "CREATE TABLE jobs (item int)", "CREATE INDEX ON jobs (item)",
              "INSERT INTO jobs SELECT n FROM generate_series(1, 10) n", "VACUUM ANALYZE jobs")
    statement = "SELECT items.* FROM jobs JOIN items ON items.id = jobs.item ORDER BY items.id"
    scene.sql(*[statement] * 100, "INSERT INTO jobs SELECT n FROM generate_series(11, 10000) n", "VACUUM ANALYZE jobs")
    scene.runs(statement, again=True, pause_s=0.02)
    yield None


@incident("statement_slower", "sequential_scans", names=("items", "items_code is invalid"))
def index_invalid(scene: Scene) -> Iterator[None]:
    """An index was to be made unique: the old one is gone, and CREATE INDEX CONCURRENTLY has failed on a duplicate."""
    scene.sql(*LOOKUPS, *[LOOKUP] * 1000, "INSERT INTO items VALUES (0, 4711, 'again')", "DROP INDEX items_code")
    with suppress(psycopg.errors.UniqueViolation):
        scene.sql("CREATE UNIQUE INDEX CONCURRENTLY items_code ON items (code)", application="migration")
    scene.runs(LOOKUP, clients=2, again=True)
    yield None


@incident("statement_slower", names=("items", "enable_bitmapscan, enable_indexscan are off"))
def setting_changed(scene: Scene) -> Iterator[None]:
    """The planner's index scans were turned off for a trial, and stayed so."""
    scene.own_server()
    scene.sql(*LOOKUPS, *[LOOKUP] * 1000, "ALTER SYSTEM SET enable_indexscan = off",
              "ALTER SYSTEM SET enable_bitmapscan = off", "SELECT pg_reload_conf()")
    scene.runs(LOOKUP, clients=2, again=True)
    yield None


NEXT_ORDER = "SELECT * FROM orders WHERE state = 'new' ORDER BY id LIMIT 1"


@incident("statement_slower", names=("orders", "60 000 of its rows have changed since"))
def statistics_stale(scene: Scene) -> Iterator[None]:
    """All orders were done in one go without ANALYZE: the planner still takes every row for a new one, and looks for
    the next along the primary key, from the beginning to the end."""
    scene.sql("CREATE TABLE orders (id int PRIMARY KEY, state text)", "CREATE INDEX ON orders (state)",
              "INSERT INTO orders SELECT n, 'new' FROM generate_series(1, 60000) n",
              "SELECT pg_stat_force_next_flush()", "VACUUM ANALYZE orders", *[NEXT_ORDER] * 1000,
              "UPDATE orders SET state = CASE id WHEN 60000 THEN 'new' ELSE 'done' END",
              "SELECT pg_stat_force_next_flush()", "VACUUM orders")
    scene.runs(NEXT_ORDER, clients=2, again=True)
    yield None


@incident("statement_slower", names=("items", "index of items is gone since"))
def index_dropped_while_watched(scene: Scene) -> Iterator[list[Finding]]:
    """The same as index-dropped, seen by a console that has watched since before."""
    scene.sql(*LOOKUPS, *[LOOKUP] * 1000, "SELECT count(*) FROM items")
    scene.runs(LOOKUP, clients=2, again=True, pause_s=0.01)
    yield scene.watch(110.0, then=lambda: scene.sql("DROP INDEX items_code"), after_s=40.0)


@incident("statement_more_frequent", names=("numbers", "times a second instead of"))
def statement_more_frequent(scene: Scene) -> Iterator[list[Finding]]:
    """A release has lost its cache: the same statement comes many times as often as minutes before."""
    computes(scene, 400, clients=1, pause_s=0.3)
    yield scene.watch(290.0, then=lambda: scene.runs(COMPUTE, clients=12, again=True, application="release"),
                      after_s=190.0)


COMPUTE = "SELECT sum(sqrt(a.n * b.n)) FROM numbers a, numbers b"


def computes(scene: Scene, numbers: int, clients: int, pause_s: float = 0.0) -> None:
    """Sessions that compute something of that many numbers, squared, again and again."""
    scene.sql("CREATE TABLE numbers (n int)", f"INSERT INTO numbers SELECT generate_series(1, {numbers})",
              "ANALYZE numbers")
    scene.runs(COMPUTE, clients=clients, again=True, pause_s=pause_s)


@incident("cpu_saturated", names=("processors are saturated", "of the time goes to"))
def processors_saturated(scene: Scene) -> Iterator[None]:
    """Many sessions compute at once, and there are few cores."""
    computes(scene, 3000, clients=max(8, 3 * (os.cpu_count() or 1)))
    time.sleep(2.0)
    yield None


@incident("sequential_scans", names=("items", "from end to end"))
def never_an_index(scene: Scene) -> Iterator[None]:
    """A new lookup has no index, and reads the whole table each time."""
    scene.sql(*LOOKUPS, "DROP INDEX items_code", "SELECT pg_stat_statements_reset()")
    scene.runs(LOOKUP, clients=2, again=True)
    yield None


VECTORS = ("CREATE EXTENSION vector", "CREATE TABLE documents (id int PRIMARY KEY, embedding vector(32))",
           "INSERT INTO documents SELECT n, ARRAY(SELECT random() + 0 * n FROM generate_series(1, 32))::real[]::vector "
           "FROM generate_series(1, 12000) n",
           "CREATE INDEX documents_embedding ON documents USING ivfflat (embedding vector_l2_ops) WITH (lists = 100)",
           "VACUUM ANALYZE documents")
SEARCH = f"SELECT id FROM documents ORDER BY embedding <-> '[{','.join(['0.5'] * 32)}]' LIMIT 10"


@incident("vector_search_without_index", names=("no longer uses its index",))
def vector_index_dropped(scene: Scene) -> Iterator[None]:
    """Vector searches went by an index that was dropped."""
    scene.sql(*VECTORS, *[SEARCH] * 1000, "DROP INDEX documents_embedding")
    scene.runs(SEARCH, again=True, clients=2)
    yield None


@incident("temporary_files", names=("temporary files a second", "SELECT"))
def spills(scene: Scene) -> Iterator[None]:
    """A statement sorts more than work_mem holds, again and again."""
    scene.sql(*LOOKUPS)
    scene.runs("SET work_mem = '64kB'", "SELECT count(*) FROM (SELECT * FROM items ORDER BY note, id DESC OFFSET 1) s",
               again=True, clients=2)
    time.sleep(1.0)
    yield None


@incident("checkpoints_forced", names=("max_wal_size",))
def checkpoints_forced(scene: Scene) -> Iterator[None]:
    """max_wal_size is far too small for what is written."""
    scene.own_server(max_wal_size="32MB", min_wal_size="32MB")
    scene.sql("CREATE TABLE log (n int, note text)")
    scene.runs("INSERT INTO log SELECT n, repeat('x', 500) FROM generate_series(1, 20000) n", "TRUNCATE log",
               again=True, clients=2)
    scene.wait_for("SELECT num_requested > 1 FROM pg_stat_checkpointer", 60.0)
    yield None


@incident("cold_cache", names=("the cache is cold",))
def cold_cache(scene: Scene) -> Iterator[None]:
    """The server has restarted, and its large cache is empty."""
    scene.own_server(shared_buffers="400MB")
    scene.sql("CREATE TABLE big (id int PRIMARY KEY, note text)",
              "INSERT INTO big SELECT n, repeat('x', 900) FROM generate_series(1, 200000) n", "VACUUM ANALYZE big")
    read = ("SELECT count(note) FROM big WHERE id = ANY (ARRAY("
            "SELECT (random() * 199999)::int FROM generate_series(1, 200)))")
    scene.sql("SELECT count(note) FROM big WHERE id > 0", "SELECT pg_stat_statements_reset()", *[read] * 200)
    scene.restart()
    scene.runs(read, again=True, clients=1, pause_s=0.05)
    yield None


@incident("statistics_missing", names=("orders", "never analyzed"))
def never_analyzed(scene: Scene) -> Iterator[None]:
    """Tables were loaded, nobody ran ANALYZE, and a join of them loops over all rows for each row."""
    scene.sql("CREATE TABLE orders (id int, state text) WITH (autovacuum_enabled = on)", "CREATE TABLE lines (id int)",
              "INSERT INTO orders SELECT n, 'new' FROM generate_series(1, 30000) n",
              "INSERT INTO lines SELECT n FROM generate_series(1, 5000) n", "SELECT pg_stat_force_next_flush()")
    scene.runs("SELECT count(*) FROM orders JOIN lines ON lines.id < orders.id + 1 AND lines.id > orders.id - 1 "
               "WHERE state = 'new' AND orders.id < 100", clients=2, again=True)
    yield None


@incident("temporary_files", names=("temporary files",))
def one_report_spills(scene: Scene) -> Iterator[list[Finding]]:
    """One report sorts far more than work_mem holds, in few files that are large."""
    scene.sql(*LOOKUPS)
    scene.runs("SET work_mem = '64kB'", "SELECT count(*) FROM (SELECT a.*, n FROM items a, generate_series(1, 10) n "
               "ORDER BY note, a.id DESC OFFSET 1) s", application="report", again=True)
    scene.wait_for("SELECT temp_files > 0 FROM pg_stat_database WHERE datname = current_database()", 60.0)
    yield scene.watch(25.0)


@incident("pool_saturated", names=("is full: 4 of 2 and 2 in reserve",),
          needs=lambda: None if programs() else "no PgBouncer")
def reserve_exhausted(scene: Scene) -> Iterator[None]:
    """The pool's servers are in use, its reserve as well, and others wait."""
    pooler = scene.pgbouncer(default_pool_size="2", reserve_pool_size="2", reserve_pool_timeout="1")
    where = pooler.conninfo(scene.database.name)
    scene.runs("SELECT pg_sleep(60)", clients=10, conninfo=where, application="batch")
    scene.wait_for("SELECT count(*) >= 4 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    time.sleep(2.0)
    yield None
