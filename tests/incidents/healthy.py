"""Loads of which nothing is to be said: what servers do every day and every night."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

from console.local_postgres.binaries import reachable
from tests.incidents.incident import Scene, healthy

BANK = ("CREATE TABLE branches (id int PRIMARY KEY, balance int)",
        "CREATE TABLE accounts (id int PRIMARY KEY, branch int, balance int, filler text)",
        "CREATE TABLE history (account int, delta int, at timestamptz)",
        "INSERT INTO branches SELECT n, 0 FROM generate_series(1, 200) n",
        "INSERT INTO accounts SELECT n, n % 200, 0, repeat('x', 80) FROM generate_series(1, 50000) n",
        "VACUUM ANALYZE")
TRANSFER = """DO $$ DECLARE who int := 1 + random() * 49999; BEGIN
    UPDATE accounts SET balance = balance + 1 WHERE id = who;
    PERFORM balance FROM accounts WHERE id = who;
    UPDATE branches SET balance = balance + 1 WHERE id = 1 + who % 200;
    INSERT INTO history VALUES (who, 1, now());
END $$"""


def bank(scene: Scene, clients: int = 3, pause_s: float = 0.005) -> None:
    """A bank's transactions, as pgbench has them, on as many branches that nobody waits for long."""
    scene.sql(*BANK)
    scene.runs(TRANSFER, clients=clients, again=True, pause_s=pause_s)
    time.sleep(1.0)


@healthy(quick=True)
def transactions(scene: Scene) -> Iterator[None]:
    """Short transactions, as pgbench has them."""
    bank(scene)
    yield None


@healthy()
def bulk_load(scene: Scene) -> Iterator[None]:
    """Rows are loaded in bulk beside the bank's transactions."""
    bank(scene)
    scene.sql("CREATE TABLE loaded (id int, note text)")
    scene.runs("INSERT INTO loaded SELECT n, repeat('x', 200) FROM generate_series(1, 100000) n", application="etl",
               again=True)
    time.sleep(1.0)
    yield None


@healthy()
def index_build(scene: Scene) -> Iterator[None]:
    """An index is built concurrently beside the bank's transactions."""
    bank(scene)
    scene.sql("CREATE TABLE loaded (id int, note text)",
              "INSERT INTO loaded SELECT n, md5(n::text) || repeat('x', 100) FROM generate_series(1, 400000) n")
    scene.runs("CREATE INDEX CONCURRENTLY loaded_note ON loaded (note, id)", application="migration")
    yield None


@healthy()
def vacuum(scene: Scene) -> Iterator[None]:
    """VACUUM runs over everything, again and again, beside the bank's transactions."""
    bank(scene)
    scene.runs("VACUUM ANALYZE", application="vacuumdb", again=True)
    yield None


@healthy()
def nightly_report(scene: Scene) -> Iterator[None]:
    """A report reads and sorts everything beside the bank's transactions."""
    bank(scene)
    scene.runs("SELECT branch, sum(balance), count(DISTINCT filler || id) FROM accounts GROUP BY 1 ORDER BY 2 DESC",
               application="nightly-report", again=True, pause_s=1.0)
    yield None


@healthy()
def restart(scene: Scene) -> Iterator[None]:
    """The server was restarted, and the bank goes on."""
    server = scene.own_server()
    scene.sql(*BANK)
    assert server.cluster is not None
    server.cluster.stop()
    server.cluster.start()
    scene.runs(TRANSFER, clients=3, again=True, pause_s=0.005)
    yield None


@healthy()
def backup(scene: Scene) -> Iterator[None]:
    """pg_basebackup and pg_dump run beside the bank's transactions."""
    bank(scene)
    cluster = scene.server.cluster
    assert cluster is not None
    folder = scene.servers.folder / f"backup-{scene.database.name}"
    programs = reachable(cluster.binaries, cluster.account)
    words = scene.servers.as_account(folder)
    for arguments in ([programs.program("pg_basebackup"), "-d", scene.server.dsn, "-D", folder, "-X", "stream",
                       "--max-rate", "4M", "--no-sync"],
                      [programs.program("pg_dump"), "-d", scene.database.conninfo, "-f", "/dev/null"]):
        process = subprocess.Popen([str(argument) for argument in arguments], cwd="/", stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, **words)
        scene.stack.callback(process.wait, 10)
        scene.stack.callback(process.kill)
    time.sleep(1.0)
    yield None


@healthy()
def migration(scene: Scene) -> Iterator[None]:
    """Columns are added and taken away beside the bank's transactions, each within a moment."""
    bank(scene)
    scene.runs("SET lock_timeout = '1s'", "ALTER TABLE accounts ADD COLUMN IF NOT EXISTS note text DEFAULT 'new'",
               "ALTER TABLE accounts DROP COLUMN IF EXISTS note", application="migration", again=True, pause_s=0.7)
    yield None


@healthy()
def quiet(scene: Scene) -> Iterator[None]:
    """Nobody does anything; twenty sessions are idle."""
    scene.sql(*BANK)
    for _ in range(20):
        scene.connect("api")
    yield None


@healthy()
def short_waits(scene: Scene) -> Iterator[None]:
    """Two sessions wait for another's transaction, which will end in a moment."""
    scene.sql(*BANK)
    scene.transaction("UPDATE accounts SET balance = 0 WHERE id = 1", application="api")
    scene.runs("UPDATE accounts SET balance = 1 WHERE id = 1", clients=2)
    scene.wait_for_blocked(2, 1.0)
    yield None
