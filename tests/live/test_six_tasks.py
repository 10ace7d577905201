"""The six tasks that a person opens the console for, each with no more keys than it may take: in a real terminal, on
real servers, by keys that the screens themselves name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.incidents.incident import LABEL, SETTINGS, Scene
from tests.incidents.locks import ACCOUNTS, UPDATE, WAITED_S, WAITERS
from tests.migrate.histories import named
from tests.support.pgbouncer import programs
from tests.support.servers import LiveServer, Servers
from tests.support.terminal import Terminal, terminal

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("own_files")


class Hands:
    """Presses keys and counts them."""

    def __init__(self, screen: Terminal) -> None:
        self.screen = screen
        self.keys = 0

    def press(self, key: str, then: str, *, gone: bool = False) -> None:
        """One key, and what must (or must no longer) be on the screen before the next one."""
        self.screen.send(key)
        self.keys += 1
        self.screen.wait(then, 40, gone=gone)

    def type(self, word: str) -> None:
        self.screen.send(word)
        self.keys += len(word)


@pytest.fixture(scope="module")
def production(servers: Servers) -> Iterator[LiveServer]:
    found = servers.make(LABEL, SETTINGS)
    yield found
    assert found.cluster is not None
    found.cluster.remove()


@pytest.fixture
def scene(servers: Servers, production: LiveServer) -> Iterator[Scene]:
    found = Scene(servers, production)
    yield found
    found.close()


@contextmanager
def console(scene: Scene, folder: Path, environment: str = "development", **target: str) -> Iterator[Hands]:
    """The console on the scene's database, as it opens."""
    config = folder / "config.toml"
    lines = [f'{name} = "{value}"' for name, value in target.items()]
    config.write_text("\n".join(
        ["[targets.prod]", f'dsn = "{scene.database.conninfo}"', f'environment = "{environment}"', *lines]) + "\n",
        encoding="utf-8")
    migrations = named(folder / "shop")
    with terminal([sys.executable, "-m", "console", "--config", str(config), "--migrations", str(migrations), "prod"],
                  120, 36, cwd=ROOT) as screen:
        screen.wait("active sessions by wait", 40)
        yield Hands(screen)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    for name, text in {
            "0001_base.up.sql": "CREATE SCHEMA shop;\nCREATE TABLE shop.orders (id int PRIMARY KEY);\n",
            "0001_base.down.sql": "DROP SCHEMA shop CASCADE;\n",
            "0002_note.up.sql": "ALTER TABLE shop.orders ADD COLUMN note text;\n",
            "0002_note.down.sql": "ALTER TABLE shop.orders DROP COLUMN note;\n"}.items():
        (tmp_path / "shop" / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_root_blocker_of_production_is_ended(scene: Scene, folder: Path) -> None:
    scene.sql(*ACCOUNTS)
    scene.transaction(UPDATE)
    scene.runs(UPDATE, clients=WAITERS)
    scene.wait_for_blocked(WAITERS, WAITED_S)
    with console(scene, folder, "production") as hands:
        hands.screen.wait("blocks 16 sessions")
        hands.press("\r", "x terminate")
        hands.screen.wait("in its transaction for")
        hands.press("x", "W unlocks it")
        hands.press("W", "Type prod to confirm")
        hands.type("prod")
        hands.press("\r", "read-write")
        hands.press("x", "Terminate pid")
        assert "nightly-report" in hands.screen.text
        hands.press("y", "Terminate pid", gone=True)
        scene.wait_for("SELECT count(*) = 0 FROM pg_locks WHERE NOT granted")
        assert hands.keys <= 14, hands.keys


def test_the_costliest_statement_and_its_plan(scene: Scene, folder: Path) -> None:
    scene.sql("CREATE TABLE things (id int)", "INSERT INTO things SELECT generate_series(1, 2000)", "ANALYZE things")
    scene.runs("SELECT count(*) FROM things a, things b WHERE a.id + b.id = 7", again=True, pause_s=0.05)
    with console(scene, folder) as hands:
        hands.press("5", "things b")
        hands.screen.still(1.0)
        hands.press("p", "Nested Loop")
        assert "things" in hands.screen.text and hands.keys <= 2, hands.keys


def test_why_a_vector_index_is_not_used(scene: Scene, folder: Path) -> None:
    scene.sql("CREATE EXTENSION vector", "CREATE TABLE documents (id int PRIMARY KEY, embedding vector(3))",
              "INSERT INTO documents SELECT n, ARRAY[random(), random(), n]::real[]::vector "
              "FROM generate_series(1, 5000) n",
              "CREATE INDEX ON documents USING hnsw (embedding vector_cosine_ops)", "ANALYZE documents")
    scene.runs("SELECT id FROM documents ORDER BY embedding <-> '[1,2,3]' LIMIT 10", again=True, pause_s=0.2)
    with console(scene, folder) as hands:
        hands.press("5", "embedding <->")
        hands.press("/", "clear filter")
        hands.type("<->")
        hands.press("\r", "clear filter", gone=True)
        hands.press("p", "cosine")
        assert "<=>" in hands.screen.text and "<->" in hands.screen.text and hands.keys <= 9, hands.keys


def test_the_last_migration_is_taken_back_and_run_again(scene: Scene, folder: Path) -> None:
    columns = "SELECT count(*) = {} FROM pg_attribute WHERE attrelid = to_regclass('shop.orders') AND attnum > 0 " \
              "AND NOT attisdropped"
    with console(scene, folder) as hands:
        hands.press("3", "rollbacks not proved")
        hands.press("u", "y run it")
        hands.press("y", "2 migrations applied")
    scene.wait_for(columns.format(2))
    with console(scene, folder) as hands:
        hands.press("3", "rollbacks not proved")
        hands.press("d", "DROP COLUMN note")
        hands.press("y", "1 migration rolled back")
        scene.wait_for(columns.format(1))
        hands.press("\x1b", "1 pending")
        hands.press("u", "y run it")
        hands.press("y", "1 migration applied")
        assert hands.keys <= 6, hands.keys
    scene.wait_for(columns.format(2))


def test_the_ddl_of_a_table_is_copied(scene: Scene, folder: Path) -> None:
    scene.sql("CREATE TABLE orders (id int PRIMARY KEY, note text NOT NULL)", "CREATE TABLE others (id int)")
    with console(scene, folder) as hands:
        hands.press("2", "event triggers")
        hands.press("/", "clear filter")
        hands.type("or")
        hands.press("\r", "integer")
        hands.press("[", "no rows")  # Data, the last tab
        hands.press("[", "CREATE TABLE public.orders")
        hands.press("y", "copied")
        assert hands.keys <= 8, hands.keys


@pytest.mark.skipif(not programs(), reason="no PgBouncer")
def test_the_saturated_pool_and_who_waits(scene: Scene, folder: Path) -> None:
    pooler = scene.pgbouncer(default_pool_size="2")
    where = pooler.conninfo(scene.database.name)
    for _ in range(2):
        connection = psycopg.connect(where, application_name="billing", prepare_threshold=None)
        scene.stack.callback(connection.close)
        connection.execute("SELECT 1")
    scene.runs("SELECT 1", clients=4, conninfo=where, application="web")
    with console(scene, folder, pgbouncer=pooler.admin_conninfo) as hands:
        hands.press("7", "saturated: 2 of 2 active, 4 clients wait")
        hands.screen.wait("avg wait")
        hands.press("\r", "web")
        hands.screen.still()
        assert hands.screen.text.count("web") >= 4 and hands.screen.text.count("waiting") >= 4
        assert hands.keys <= 2, hands.keys
