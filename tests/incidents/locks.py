"""Incidents of locks."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from console.diagnosis.records import Finding
from tests.incidents.incident import Scene, incident
from tests.support.pgbouncer import programs

ACCOUNTS = ("CREATE TABLE accounts (id int PRIMARY KEY, balance int)",
            "INSERT INTO accounts SELECT n, 0 FROM generate_series(1, 100) n", "ANALYZE accounts")
UPDATE = "UPDATE accounts SET balance = balance + 1 WHERE id = 1"
WAITERS, WAITED_S = 16, 40.0


@incident("idle_in_transaction", names=("nightly-report", "16 sessions"))
def idle_in_transaction(scene: Scene) -> Iterator[None]:
    """A report has updated a row, left its transaction open, and 16 sessions want that row."""
    scene.sql(*ACCOUNTS)
    scene.transaction(UPDATE)
    scene.runs(UPDATE, clients=WAITERS)
    scene.wait_for_blocked(WAITERS, WAITED_S)
    yield None


@incident("idle_in_transaction", names=("billing-api", "through PgBouncer"),
          needs=lambda: None if programs() else "no PgBouncer")
def behind_a_pooler(scene: Scene) -> Iterator[None]:
    """Who blocks has come through PgBouncer, and is named with its pool."""
    scene.sql(*ACCOUNTS)
    pooler = scene.pgbouncer(default_pool_size="5")
    connection = psycopg.connect(pooler.conninfo(scene.database.name, application_name="billing-api"),
                                 prepare_threshold=None)
    scene.stack.callback(connection.close)
    connection.execute(UPDATE.encode())
    scene.runs(UPDATE, clients=WAITERS)
    scene.wait_for_blocked(WAITERS, WAITED_S)
    yield None


@incident("long_statement", names=("UPDATE",))
def long_update(scene: Scene) -> Iterator[None]:
    """An UPDATE of all rows takes long, and 16 sessions want one of them."""
    scene.sql(*ACCOUNTS, "CREATE FUNCTION slow(int) RETURNS int LANGUAGE sql VOLATILE AS "
                         "'SELECT $1 FROM pg_sleep(1)'")
    scene.runs("UPDATE accounts SET balance = slow(balance)", application="batch")
    scene.wait_for("SELECT count(*) > 0 FROM pg_stat_activity "
                   "WHERE application_name = 'batch' AND wait_event = 'PgSleep'")
    scene.wait_for("SELECT pg_sleep(1.5) IS NOT NULL")
    scene.runs(UPDATE, clients=WAITERS)
    scene.wait_for_blocked(WAITERS, WAITED_S)
    yield None


@incident("prepared_transaction", names=("order-77",))
def prepared_transaction(scene: Scene) -> Iterator[None]:
    """A coordinator died between the phases: its prepared transaction blocks 16 sessions."""
    scene.sql(*ACCOUNTS)
    with scene.connect("coordinator") as connection:
        for statement in ("BEGIN", UPDATE, "PREPARE TRANSACTION 'order-77'"):
            connection.execute(statement.encode())
    scene.stack.callback(scene.sql, "ROLLBACK PREPARED 'order-77'")
    scene.runs(UPDATE, clients=WAITERS)
    scene.wait_for_blocked(WAITERS, WAITED_S)
    yield None


@incident("ddl_queue", names=("ALTER TABLE", "migration", "nightly-report"), quick=True)
def ddl_in_the_queue(scene: Scene) -> Iterator[None]:
    """ALTER TABLE waits for a report that only reads, and all who read wait behind it."""
    scene.sql(*ACCOUNTS)
    scene.transaction("SELECT * FROM accounts")
    scene.runs("ALTER TABLE accounts ADD COLUMN note text", application="migration")
    scene.wait_for_blocked(1, 0.0)
    scene.runs("SELECT * FROM accounts", clients=WAITERS)
    scene.wait_for_blocked(WAITERS + 1, WAITED_S)
    yield None


@incident("long_statement", names=("CREATE INDEX", "migration"))
def index_without_concurrently(scene: Scene) -> Iterator[None]:
    """CREATE INDEX without CONCURRENTLY takes long, and all who write wait for it."""
    scene.sql(*ACCOUNTS, "CREATE FUNCTION slow(int) RETURNS int LANGUAGE sql IMMUTABLE AS "
                         "'SELECT $1 FROM pg_sleep(1)'")
    scene.runs("CREATE INDEX ON accounts (slow(balance))", application="migration")
    scene.wait_for("SELECT count(*) > 0 FROM pg_locks WHERE mode = 'ShareLock' AND relation = 'accounts'::regclass")
    scene.runs(UPDATE, clients=WAITERS)
    scene.wait_for_blocked(WAITERS, WAITED_S)
    yield None


@incident("idle_in_transaction", names=("migration", "16 sessions"))
def truncate_left_open(scene: Scene) -> Iterator[None]:
    """A migration has a table locked exclusively and waits for its person."""
    scene.sql(*ACCOUNTS)
    scene.transaction("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE", application="migration")
    scene.runs("SELECT count(*) FROM accounts", clients=WAITERS)
    scene.wait_for_blocked(WAITERS, WAITED_S)
    yield None


@incident("idle_in_transaction", names=("root-of-all",))
def chain(scene: Scene) -> Iterator[None]:
    """One session blocks a second, which blocks all others."""
    scene.sql(*ACCOUNTS)
    scene.transaction("UPDATE accounts SET balance = 2 WHERE id = 2", application="root-of-all")
    scene.runs("BEGIN", UPDATE, "UPDATE accounts SET balance = 1 WHERE id = 2", application="middle")
    scene.wait_for_blocked(1, 0.0)
    scene.runs(UPDATE, clients=WAITERS)
    scene.wait_for_blocked(WAITERS + 1, WAITED_S)
    yield None


@incident("idle_in_transaction", names=("importer",))
def foreign_key(scene: Scene) -> Iterator[None]:
    """An open INSERT into a child table blocks all who delete or change the parent's key."""
    scene.sql(*ACCOUNTS, "CREATE TABLE orders (account int REFERENCES accounts)")
    scene.transaction("INSERT INTO orders VALUES (1)", application="importer")
    scene.runs("DELETE FROM accounts WHERE id = 1", clients=WAITERS)
    scene.wait_for_blocked(WAITERS, WAITED_S)
    yield None


@incident("advisory_lock", names=("scheduler",))
def advisory_lock(scene: Scene) -> Iterator[None]:
    """A scheduler keeps an advisory lock of its session, and idles."""
    scene.connect("scheduler").execute("SELECT pg_advisory_lock(4711)")
    scene.runs("SELECT pg_advisory_lock(4711)", clients=WAITERS, application="worker")
    scene.wait_for_blocked(WAITERS, WAITED_S)
    yield None


@incident("hot_row", names=("counters",))
def hot_row(scene: Scene) -> Iterator[None]:
    """Twelve clients count in the same row, each for a moment."""
    scene.sql("CREATE TABLE counters (id int PRIMARY KEY, hits int)", "INSERT INTO counters VALUES (1, 0)")
    scene.runs("BEGIN", "UPDATE counters SET hits = hits + 1 WHERE id = 1", "SELECT pg_sleep(0.05)", "COMMIT",
               clients=12, again=True)
    scene.wait_for("SELECT count(*) >= 6 FROM pg_locks WHERE NOT granted")
    yield None


@incident("deadlocks", names=("deadlocks in the last", "between api and billing"))
def deadlocks(scene: Scene) -> Iterator[None]:
    """Two programs take the same two rows in different orders, again and again."""
    scene.sql(*ACCOUNTS)
    for first, second, application in ((1, 2, "api"), (2, 1, "billing")):
        scene.runs("BEGIN", f"UPDATE accounts SET balance = 0 WHERE id = {first}", "SELECT pg_sleep(0.05)",
                   f"UPDATE accounts SET balance = 0 WHERE id = {second}", "COMMIT", again=True,
                   application=application)
    scene.wait_for("SELECT deadlocks > 0 FROM pg_stat_database WHERE datname = current_database()")
    yield None


@incident("synchronous_standby", names=("synchronous standby",))
def synchronous_standby(scene: Scene) -> Iterator[None]:
    """The synchronous standby is gone, and every commit waits for it."""
    scene.own_server()
    scene.sql(*ACCOUNTS)
    scene.sql("ALTER SYSTEM SET synchronous_standby_names = 'gone'", "SELECT pg_reload_conf()")
    scene.stack.callback(scene.sql, "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
    for number in range(WAITERS):
        scene.runs(f"UPDATE accounts SET balance = 1 WHERE id = {number + 1}")
    scene.wait_for("SELECT count(*) >= 16 AND sum(extract(epoch FROM clock_timestamp() - query_start)) > 40 "
                   "FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
    yield None


@incident("autovacuum", names=("to prevent wraparound",))
def autovacuum_against_wraparound(scene: Scene) -> Iterator[None]:
    """Autovacuum freezes a table, slowly, and doesn't give way to an ALTER TABLE, behind which all wait."""
    scene.own_server(autovacuum_freeze_max_age="100000", autovacuum_naptime="1s",
                     autovacuum_vacuum_cost_delay="100ms", autovacuum_vacuum_cost_limit="1",
                     autovacuum_multixact_freeze_max_age="100000")
    scene.sql("CREATE TABLE accounts (id int, balance int) WITH (fillfactor = 10)",
              "INSERT INTO accounts SELECT n, 0 FROM generate_series(1, 20000) n",
              "CREATE PROCEDURE burn() LANGUAGE plpgsql AS $$ BEGIN FOR n IN 1..101000 LOOP "
              "PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$", "SET synchronous_commit = off", "CALL burn()")
    scene.wait_for("SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'autovacuum:%accounts%wraparound%'",
                   60.0)
    scene.runs("ALTER TABLE accounts ADD COLUMN note text", application="migration")
    scene.wait_for_blocked(1, 0.0)
    scene.runs("SELECT count(*) FROM accounts", clients=WAITERS)
    scene.wait_for_blocked(WAITERS + 1, WAITED_S)
    yield None


@incident("idle_in_transaction", names=("nightly-report",))
def as_the_console_sees_it(scene: Scene) -> Iterator[list[Finding]]:
    """The same root blocker, seen by a console that watches."""
    scene.sql(*ACCOUNTS)
    scene.transaction(UPDATE)
    scene.runs(UPDATE, clients=WAITERS)
    scene.wait_for_blocked(WAITERS, WAITED_S)
    yield scene.watch(4.0)


@incident("long_statement", names=("VACUUM FULL", "maintenance", "16 sessions"))
def vacuum_full(scene: Scene) -> Iterator[None]:
    """VACUUM FULL by day: it writes the table and its indexes anew, and nobody reads meanwhile."""
    scene.sql(*ACCOUNTS, "CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS "
                         "$$ BEGIN IF current_setting('application_name') = 'maintenance' THEN "
                         "PERFORM pg_sleep(1); END IF; RETURN $1; END $$",
              "CREATE INDEX ON accounts (slow(id))")
    scene.runs("VACUUM FULL accounts", application="maintenance")
    scene.wait_for("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    scene.runs("SELECT count(*) FROM accounts", clients=WAITERS)
    scene.wait_for_blocked(WAITERS, WAITED_S)
    yield None


@incident("long_statement", names=("REFRESH MATERIALIZED VIEW", "reports", "16 sessions"))
def view_refreshed(scene: Scene) -> Iterator[None]:
    """REFRESH MATERIALIZED VIEW without CONCURRENTLY: who reads the view waits."""
    scene.sql(*ACCOUNTS, "CREATE FUNCTION slow(int) RETURNS int LANGUAGE sql VOLATILE AS "
                         "'SELECT $1 FROM pg_sleep(1)'",
              "CREATE MATERIALIZED VIEW totals AS SELECT slow(balance) FROM accounts WITH NO DATA")
    scene.runs("REFRESH MATERIALIZED VIEW totals", application="reports")
    scene.wait_for("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    scene.runs("SELECT * FROM totals", clients=WAITERS)
    scene.wait_for_blocked(WAITERS, WAITED_S)
    yield None


@incident("long_statement", names=("exporter", "whose result its client doesn't read", "16 sessions"))
def client_that_does_not_read(scene: Scene) -> Iterator[None]:
    """A program has asked for many rows, to change them, and is stuck: nothing of the result is taken away."""
    scene.sql("CREATE TABLE accounts (id int PRIMARY KEY, balance int, note text)",
              "INSERT INTO accounts SELECT n, 0, repeat('x', 1000) FROM generate_series(1, 40000) n")
    connection = scene.connect("exporter")
    connection.pgconn.send_query(b"SELECT * FROM accounts FOR UPDATE")
    scene.wait_for("SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'ClientWrite'")
    scene.runs(UPDATE, clients=WAITERS)
    scene.wait_for_blocked(WAITERS, WAITED_S)
    yield None
