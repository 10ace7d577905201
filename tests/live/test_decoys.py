"""Nothing that a stranger has put into a schema is run by the console: .sql files, commands, screens, as superuser.

The databases are full of decoys (tests/support/decoys.py), and the superuser's search_path leads through them.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo
from textual.pilot import Pilot

from console.catalog.export import export
from console.catalog.preview import preview
from console.check.records import Status
from console.check.registry import configured
from console.check.runner import check_target
from console.cli import main
from console.clock import SystemClock
from console.commands.table import COMMANDS
from console.config import Config, PoolConfig
from console.metrics import bloat
from console.migrate.frameworks.read import read_ledgers
from console.sampler.sampler import Sampler
from console.server import trips
from console.server.interactive import Interactive, InteractiveStatement
from console.server.pool import Pool
from console.server.rows import count_rows
from console.server.script import script_session
from console.server.session import PgSession, read_info
from console.server.target import Target
from console.services import Service
from console.statements.actions import reset
from console.statements.read import counters
from console.ui.app import ConsoleApp
from console.ui.connection import Sources
from console.ui.keymap import letter
from console.ui.screens.overview.pages import PAGES
from console.ui.screens.vectors.screen import VectorsScreen
from console.vectors import prepare, read
from console.vectors.actions import prewarm, sample_build
from console.vectors.ddl import BuildSettings, Design
from console.vectors.filters import Filter
from console.vectors.hybrid import HybridRequest, hybrid, text_leg
from console.vectors.metrics import BY_NAME
from console.vectors.search import SearchRequest, any_row, search, subject
from tests.live.test_sql_files import FILES, fill_ledger, parameters_of, query
from tests.migrate.histories import named
from tests.migrate.ledgers import LEDGERS
from tests.support.decoys import HARSH_PATH, PLAIN_PATH, called, forget, names_used, plant, plant_temporary
from tests.support.pgbouncer import PgBouncers
from tests.support.servers import Database, LiveServer

EXTENSIONS = ("vector", "pg_stat_statements", "pgstattuple", "pg_buffercache", "pageinspect", "pg_prewarm", "citext")
MIGRATIONS = {
    "7001_notes.up.sql": "CREATE TABLE shop.notes (id pg_catalog.int4 PRIMARY KEY, body pg_catalog.text);\n",
    "7001_notes.down.sql": "DROP TABLE shop.notes;\n",
    "7002_body.up.sql": "-- dbconsole: no-transaction\nCREATE INDEX CONCURRENTLY notes_body ON shop.notes (body);\n",
    "7002_body.down.sql": "DROP INDEX shop.notes_body;\n",
    "7003_more.up.sql": "ALTER TABLE shop.notes ADD COLUMN more pg_catalog.text;\n",
    "7003_more.down.sql": "ALTER TABLE shop.notes DROP COLUMN more;\n",
    "R__bodies.sql": "CREATE OR REPLACE VIEW shop.bodies AS SELECT id, body FROM shop.notes;\n",
}


def fill(database: Database) -> None:
    """Something of everything that the console looks at, then the decoys."""
    with database.connect() as connection:
        at_hand = {name for (name,) in connection.execute("SELECT name FROM pg_available_extensions").fetchall()}
        for extension in EXTENSIONS:
            if extension in at_hand:
                connection.execute(f"CREATE EXTENSION {extension}".encode())
        connection.execute("""
            CREATE SCHEMA shop;
            CREATE TYPE shop.kind AS ENUM ('book', 'film');
            CREATE DOMAIN shop.price AS numeric CHECK (VALUE >= 0);
            CREATE TYPE shop.shape AS (width int, height int);
            CREATE TABLE shop.items (id int PRIMARY KEY, title text NOT NULL, kind shop.kind DEFAULT 'book',
                price shop.price, tags text[], data jsonb, at timestamptz DEFAULT now(), raw bytea,
                n bigint GENERATED ALWAYS AS IDENTITY, shape shop.shape, CHECK (id > 0));
            INSERT INTO shop.items (id, title, kind, price, tags, data, raw, shape)
                SELECT i, 'title ' || i, 'film', i, ARRAY['a', 'b'], '{"a": 1}', 'x', ROW(i, NULL)::shop.shape
                FROM generate_series(1, 300) i;
            CREATE TABLE shop.kinds (kind shop.kind PRIMARY KEY);
            INSERT INTO shop.kinds VALUES ('book'), ('film');
            CREATE FUNCTION shop.told(shop.kind) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
                AS 'BEGIN RETURN NULL; END';
            CREATE FUNCTION shop.told(shop.shape) RETURNS text LANGUAGE plpgsql SECURITY DEFINER
                AS 'BEGIN RETURN NULL; END';
            CREATE CAST (shop.kind AS text) WITH FUNCTION shop.told(shop.kind);
            CREATE CAST (shop.shape AS text) WITH FUNCTION shop.told(shop.shape);
            CREATE INDEX items_title ON shop.items (lower(title)) WHERE kind = 'film';
            CREATE TABLE shop.parts (id int, at date NOT NULL) PARTITION BY RANGE (at);
            CREATE TABLE shop.parts_2026 PARTITION OF shop.parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
            CREATE VIEW shop.seen AS SELECT id, title FROM shop.items WHERE kind = 'film';
            CREATE MATERIALIZED VIEW shop.counted AS SELECT kind, count(*) FROM shop.items GROUP BY kind;
            CREATE FUNCTION shop.twice(x int) RETURNS int LANGUAGE sql IMMUTABLE SET search_path = pg_catalog
                AS 'SELECT x * 2';
            CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER touched BEFORE UPDATE ON shop.items FOR EACH ROW EXECUTE FUNCTION shop.touch();
            CREATE SEQUENCE shop.numbers;
            CREATE STATISTICS shop.both ON id, title FROM shop.items;
            CREATE POLICY own ON shop.items USING (id > 0);
            COMMENT ON TABLE shop.items IS 'things';
            CREATE PUBLICATION items FOR TABLE shop.items""")
        if "vector" in at_hand:
            connection.execute("""
                CREATE DOMAIN shop.embedding AS public.vector(3);
                CREATE TABLE shop.vectors (id int PRIMARY KEY, label text, v vector(3), d shop.embedding, b bit(8));
                INSERT INTO shop.vectors SELECT i, 'l' || i % 7, ARRAY[i, i % 5, 1]::vector, ARRAY[1, 2, i]::vector,
                    (i % 256)::bit(8) FROM generate_series(1, 400) i;
                CREATE INDEX vectors_v ON shop.vectors USING hnsw (v vector_cosine_ops);
                CREATE INDEX vectors_half ON shop.vectors USING hnsw ((v::halfvec(3)) halfvec_l2_ops);
                CREATE INDEX vectors_some ON shop.vectors USING hnsw (v vector_l2_ops) WHERE label = 'l1'""")
        if "citext" in at_hand:
            connection.execute("""
                CREATE TABLE shop.people (name citext, n int, PRIMARY KEY (name, n));
                INSERT INTO shop.people SELECT 'Name ' || i, i FROM generate_series(1, 300) i""")
        for number, ledger in enumerate(LEDGERS.values()):
            connection.execute(f"CREATE SCHEMA tenant{number}; SET search_path = tenant{number}".encode())
            connection.execute(ledger.ddl.encode())
            connection.execute("RESET search_path")
        connection.execute("VACUUM ANALYZE")
    plant(database)


@dataclass(frozen=True)
class Trap:
    """A database with decoys; `conninfo` is the superuser's, whose search_path leads through them."""

    database: Database
    conninfo: str
    has_vector: bool

    @property
    def target(self) -> Target:
        return Target(name="", conninfo=self.conninfo, environment="development", pool=PoolConfig(max_size=4),
                      statement_timeout_ms=60_000)


def conninfo(database: Database, path: str) -> str:
    return make_conninfo(database.conninfo, options=f"-c track_functions=pl -c search_path={path.replace(' ', '')}")


@pytest.fixture(params=[PLAIN_PATH, HARSH_PATH], ids=["plain", "harsh"])
def trap(request: pytest.FixtureRequest, any_server: LiveServer) -> Iterator[Trap]:
    """A test ends by looking that none was called."""
    with any_server.database(any_server.template("decoys", fill)) as database:
        yield Trap(database, conninfo(database, request.param), any_server.has_vector)
        assert called(database) == []


harsh = pytest.mark.parametrize("trap", [HARSH_PATH], ids=["harsh"], indirect=True)
"""For what takes long: whatever falls into the plain trap falls into the harsh one."""


pytestmark = pytest.mark.usefixtures("own_files")


def test_the_trap_shuts(any_server: LiveServer) -> None:
    """What the console said once, by a connection that pins nothing, falls into it, read-only or not."""
    assert {"=", "~", "||"} <= names_used()[0] and {"count", "sum"} <= names_used()[1]
    with any_server.database(any_server.template("decoys", fill)) as database:
        for path, statement, decoy in (
                (PLAIN_PATH, "SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass", "of ="),
                (PLAIN_PATH, "SELECT FROM pg_catalog.pg_roles r WHERE r.rolname ~ '^pg'", "of ~"),
                (PLAIN_PATH, "SELECT count(c.oid) FROM pg_catalog.pg_class c", "step_count"),
                (HARSH_PATH, "SELECT now()", ".now()"), (HARSH_PATH, "SELECT '1'::int8", "decoy_type_int8"),
                (HARSH_PATH, "SELECT FROM pg_class", "decoy_view")):
            with psycopg.connect(conninfo(database, path), autocommit=True) as connection:
                connection.execute("BEGIN READ ONLY")
                connection.execute(statement.encode())
            assert any(decoy in name for name in called(database)), statement
            forget(database)
            assert called(database) == []


async def test_sql_files(trap: Trap) -> None:
    """Also in a session in which others have made temporary types and relations, as a pooler's may be."""
    failed, ran = {}, 0
    with trap.database.connect(options="-c search_path=pg_catalog") as connection:
        fill_ledger(connection)
    async with await psycopg.AsyncConnection.connect(trap.conninfo, autocommit=True) as connection:
        for statement in plant_temporary(connection):
            await connection.execute(statement)
        info = await read_info(connection, trap.target)
        session = PgSession(connection, info, trap.target)
        for name, asked in {file.name.split(".")[0]: query(file) for file in FILES}.items():
            if asked.obstacle(info) is None:
                ran += 1
                try:
                    await session.fetch(asked, dict.fromkeys(parameters_of(asked.text(info))) or None)
                except Exception as error:
                    failed[name] = str(error)
    assert not failed and ran > 130


async def test_checks(trap: Trap) -> None:
    report = await check_target(trap.target, configured(Config()), timeout_s=60)
    unknown = [result.name for result in report.results if result.status is Status.UNKNOWN]
    assert len(report.results) > 30 and not unknown


@pytest.mark.oldest_and_newest
@harsh
def test_commands(trap: Trap, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    for name, text in MIGRATIONS.items():
        (folder / name).write_text(text, encoding="utf-8")
    named(folder)

    used: set[str] = set()

    def dbconsole(*words: str, expected: tuple[int, ...] = (0,)) -> str:
        used.update({words[0], " ".join(words[:2])})
        status = main(words)
        said = capsys.readouterr()
        assert status in expected, f"{' '.join(words)}: {status}\n{said.err}"
        assert "Traceback" not in said.err
        return said.out

    def migrate(*words: str, expected: tuple[int, ...] = (0,)) -> str:
        return dbconsole("migrate", *words, "-t", trap.conninfo, "--migrations", str(folder), expected=expected)

    dbconsole("--check", trap.conninfo, "--timeout", "60", expected=(0, 1, 2))
    assert "shop/7003 more: pending" in migrate("status")
    migrate("plan")
    migrate("lint", expected=(0, 1))
    migrate("verify", "--on-data", expected=(0, 1))
    migrate("up", "--yes")
    migrate("status", "--exit-code")
    migrate("drift", expected=(0, 1, 2))
    migrate("plan", "--down")
    migrate("down", "--yes", "--steps", "3")
    migrate("baseline", "--to", "7002", "--yes")
    migrate("up", "--yes")
    migrate("repair", "mark-reverted", "--version", "7003", "--yes")
    migrate("repair", "mark-applied", "--version", "7003", "--yes")
    migrate("seed", "--yes", expected=(0, 3))
    migrate("verify", expected=(0, 1, 2))
    migrate("squash", "--to", "7002", "--dry-run", expected=(0, 1, 2, 3))
    migrate("adopt", "--dry-run", expected=(0, 1, 2, 3))
    migrate("diff", trap.conninfo, trap.conninfo, "--schema", "shop")
    migrate("new", "an index", expected=(0, 3))
    dbconsole("advisories", "-t", trap.conninfo, expected=(0, 1))
    assert "CREATE TABLE shop.items" in dbconsole("ddl", "-t", trap.conninfo, "shop")
    dbconsole("diagnose", "-t", trap.conninfo, "--over", "2s", expected=(0, 1, 2))
    words: tuple[str, ...]
    for words in (("SELECT id FROM shop.items LIMIT 3",), ("SELECT id FROM shop.items", "--analyze"),
                  ("SELECT $1", "--generic"), ("SELECT id FROM shop.items LIMIT $1", "--param", "1")):
        assert "Verdict" in dbconsole("explain", "-t", trap.conninfo, *words)
    backups = ("-t", trap.conninfo, "--folder", str(tmp_path / "backups"))
    dbconsole("backup", "run", *backups)
    dbconsole("backup", "status", *backups, expected=(0, 1))
    dbconsole("backup", "verify", "--folder", str(tmp_path / "backups"), expected=(0, 1, 2))
    dbconsole("backup", "restore", "--folder", str(tmp_path / "backups"), expected=(2, 3))
    dbconsole("backup", "prune", "--folder", str(tmp_path / "backups"), "--keep", "1d", "--yes")
    dbconsole("backup", "schedule", *backups, expected=(3,))  # which wants a target with a name
    dbconsole("record", str(tmp_path / "a.dbrec"), "-t", trap.conninfo, "--for", "3s", "--every", "1s")
    if trap.has_vector:
        column = ("-t", trap.conninfo, "--column", "shop.vectors.v", "--k", "3")
        where = ("--where", "label OPERATOR(pg_catalog.<>) 'l3'")
        for words in (("--like-id", "7"), ("--vector", "[1,2,3]", *where), ("--vector", "[1,2,3]", "--exact"),
                      ("--vector", "[1,2,3]", "--metric", "l2", *where), ("--vector", "[1,2,3]", "--metric", "l1")):
            assert "l" in dbconsole("search", *column, *words)
        for words in (("--queries", "5"), ("--queries", "5", "--sweep", "10,40", *where)):
            assert "exact" in dbconsole("recall", *column, *words)
        dbconsole("recall", *column, "--queries", "5", "--clients", "2", "--seconds", "0.5")
        column, file = column[:4], tmp_path / "v.csv"
        dbconsole("vectors", "health", *column)
        dbconsole("vectors", "store", *column, str(file))
        dbconsole("vectors", "load", *column, str(file), "--on-conflict", "update", "--yes")
        for text in ADVISED:
            assert "Verdict" in dbconsole("explain", "-t", trap.conninfo, "--analyze", "--try-indexes", "--yes", text)
        assert used >= set(connecting()), set(connecting()) - used


ADVISED = (
    "SELECT id FROM shop.vectors ORDER BY v OPERATOR(public.<->) '[1,2,3]' LIMIT 3",
    "SELECT id FROM shop.vectors ORDER BY d OPERATOR(public.<->) '[1,2,3]' LIMIT 3",
    "SELECT id FROM shop.vectors WHERE label OPERATOR(pg_catalog.=) 'l2' ORDER BY v OPERATOR(public.<=>) '[1,2,3]' "
    "LIMIT 30",
)
"""Searches by an index, without one, and with a filter that leaves too little."""


def connecting() -> Iterator[str]:
    """The commands that connect somewhere, and those of theirs that have commands of their own."""
    for entry in COMMANDS:
        if "target" in entry.needs:
            parser = argparse.ArgumentParser()
            import_module(entry.module).add_arguments(parser, lambda parser: None)
            inner = [name for action in parser._actions if isinstance(action, argparse._SubParsersAction)
                     for name in action.choices]
            yield from [f"{entry.name} {name}" for name in inner] or [entry.name]


async def test_rows(trap: Trap, tmp_path: Path) -> None:
    """Of tables whose columns' types are somebody's: not even their own casts to text are called."""
    pool = Pool(trap.target)
    async with pool.session() as session:
        names = ["items", "kinds", "seen", "parts", "counted"]
        names += ["vectors"] if trap.has_vector else []
        names += ["people"] if "citext" in session.info.extensions else []
        async with session.connection.cursor() as cursor:
            await cursor.execute("SELECT c.relname::pg_catalog.text, c.oid::pg_catalog.int8 FROM pg_catalog.pg_class c "
                                 "WHERE c.relnamespace OPERATOR(pg_catalog.=) 'shop'::pg_catalog.regnamespace")
            oids = dict(await cursor.fetchall())
        for name in names:
            assert await export(session, oids[name], tmp_path / f"{name}.csv", "csv") >= 0
            assert await count_rows(session, "shop", name, timeout_ms=60_000) >= 0
    for name in names:
        found = await preview(pool.session, oids[name])
        page = await found.first()
        while page.has_next:
            page = await found.next()
        if page.rows and page.rows[-1].locator:
            assert (await found.previous()).rows or len(page.rows) < 100
            row = await found.row([part.decode() for part in page.rows[-1].locator][-len(found.key.columns):]
                                  if found.key else [page.rows[-1].locator[-1].decode()])
            values = [(await found.value(row, place)).text for place in range(len(found.columns))]
            assert name != "items" or (values[2], values[-1]) == ("film", "(300,)")
            assert name != "kinds" or values == ["film"]
        await found.close()
    await pool.close()


@harsh
async def test_functions_of_extensions(trap: Trap) -> None:
    """Those that act, or read every page, with arguments by which they really run."""
    pool = Pool(trap.target)
    async with pool.session() as session:
        async with session.connection.cursor() as cursor:
            await cursor.execute("SELECT 'shop.items'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8, "
                                 "'shop.items_pkey'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int8")
            ((table, index),) = await cursor.fetchall()
        if "pg_stat_statements" in session.info.extensions:
            await reset(session)
            await session.fetch(counters(session.info))
        if "pgstattuple" in session.info.extensions:
            assert (await bloat.count(session, bloat.TABLE_TUPLES, table)).live_rows == 300
            assert (await bloat.count(session, bloat.INDEX_LEAVES, index)).leaf_pages > 0
    await pool.close()


@harsh
async def test_other_frameworks_ledgers(trap: Trap) -> None:
    async with script_session(trap.target) as session:
        reading = await read_ledgers(session)
    assert len(reading.ledgers) >= len(LEDGERS) - 3 and not [ledger for ledger in reading.ledgers if ledger.unavailable]


async def test_vector_searches(trap: Trap) -> None:
    """With filters, which are ours, beside a person's condition; on bits, and what is known before a build."""
    if not trap.has_vector:
        pytest.skip("no pgvector")
    pool = Pool(trap.target)
    async with pool.session() as session:
        columns = {column.name: column for column in await read.columns(session)}
        assert columns.keys() == {"v", "d", "b"}
        filters = (Filter("label", "in", ("l1", "l2")), Filter("label", "like", ("l%",)), Filter("id", ">", ("3",)),
                   Filter("id", "like", ("%",)), Filter("b", "is not null"))
        for name, metrics in (("v", ("cosine", "l2", "ip", "l1")), ("d", ("l2",)), ("b", ("hamming", "jaccard"))):
            about = await subject(session, columns[name])
            _, vector = await any_row(session, about)
            for metric in metrics:
                request = SearchRequest(about, vector, BY_NAME[metric], 3, filters=filters)
                found = await search(session, request)
                assert len(found.hits) == 3
                typed = await search(session, replace(request, where="label OPERATOR(pg_catalog.<>) 'l2'"))
                assert len(typed.hits) == 3
        about = await subject(session, columns["v"])
        leg = await text_leg(session, "label", about.shown, columns["v"].relation_oid, None)
        _, vector = await any_row(session, about)
        fused = await hybrid(session, HybridRequest(SearchRequest(about, vector, BY_NAME["cosine"], 3), "l1", leg))
        assert len(fused.rows) == 3
        design = Design(columns["v"], BY_NAME["cosine"], options={"m": 4, "ef_construction": 8})
        await prepare.build_facts(session, columns["v"], "label OPERATOR(pg_catalog.=) 'l1'")
        assert await sample_build(trap.target, replace(design, bits=True), BuildSettings(), 400) is not None
        if "pg_prewarm" in session.info.extensions:
            about = await subject(session, columns["v"])
            assert await prewarm(session, about.indexes[0]) > 0
            assert (await read.index_facts(session, about.indexes[0])).why_not is None
    await pool.close()


async def test_the_persons_own_transaction(trap: Trap) -> None:
    """What the console asks within it: the names of types, and what was SET."""
    interactive = Interactive(trap.target)
    result = await interactive.run(InteractiveStatement("SELECT kind FROM shop.items LIMIT 1", is_query=True))
    assert [column.type_name for column in result.columns] == ["shop.kind"]
    await interactive.run(InteractiveStatement("SET work_mem = '5MB'", is_setting=True))
    assert interactive.settings["work_mem"] == "5MB"
    await interactive.close()


@pytest.mark.oldest_and_newest
@harsh
async def test_screens(trap: Trap) -> None:
    """Every key of every screen that does not act, every page and every tab."""
    asked: set[str] = set()

    def listen(trip: trips.RoundTrip) -> None:
        asked.update(trip.reads)

    trips.listeners.append(listen)
    try:
        async with console(trap.target) as (app, pilot):
            for number in "12345678":
                await pilot.press(number)
                await settle(pilot, 1.5)
                for keys in KEYS.get(number, ()):
                    await pilot.press(*keys)
                    await settle(pilot)
                    if app.screen.is_modal:
                        await pilot.press("escape")
                        await settle(pilot)
                if isinstance(app.screen, VectorsScreen) and app.screen.state.subject is not None:
                    assert app.screen.state.result is not None
    finally:
        trips.listeners.remove(listen)
    assert len(asked) > 75, sorted(asked)


TREE = ("right", "down", "down")
KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "1": (*((letter(entry.action),) for entry in PAGES if entry.action), ("b",), ("enter",), ("B",), ("x",), ("m",),
          ("enter",), ("ctrl+p", *"items"), ("ctrl+p", *"orders")),
    "2": (*[TREE] * 25, ("tab",), *[("right_square_bracket",)] * 14, ("slash", *"items"), ("enter",), ("enter",),
          ("tab",), *[("right_square_bracket",)] * 14, ("pagedown",), ("enter",)),
    "3": (("enter",), *[("right_square_bracket",)] * 6, ("L",), ("l",)),
    "4": (("b",), ("P",), ("w",), ("l",), ("escape",), ("i",), ("I",), ("down",), ("enter",), ("escape",)),
    "5": (("down",), ("enter",), ("f",), ("w",), ("c",), ("a",), ("n",), ("n",)),
    "6": (("enter",), *[("right_square_bracket",)] * 4, ("m",), ("R",)),
    "8": (("i", *"SELECT title FROM shop.items", "ctrl+r"), ("ctrl+@",), ("escape",), ("ctrl+t",)),
}
"""Overview, Schemas, Migrations, Activity, Statements, Vectors and Query; PgBouncer has none here."""


@asynccontextmanager
async def console(target: Target) -> AsyncIterator[tuple[ConsoleApp, Pilot[int]]]:
    clock, config = SystemClock(), Config()
    services = (Service(name="shop", schemas=("shop",)),)

    @asynccontextmanager
    async def open_target(name: str, tell: Any) -> AsyncIterator[Target]:
        yield replace(target, name=name)

    app = ConsoleApp("live", Sources(
        config=config, clock=clock, names=lambda: ["live"], open_target=open_target, services_for=lambda _: services,
        pool_for=Pool, sampler_for=lambda pool, found, every_s: Sampler(pool, config, found, clock, every_s)),
        environment={"TERM": "xterm-256color", "LANG": "C.UTF-8"})
    try:
        async with app.run_test(size=(140, 45), notifications=True) as pilot:
            async with asyncio.timeout(60):
                while app.connection.info is None:
                    await pilot.pause(0.05)
            yield app, pilot
    finally:
        await app.connection.close()


async def settle(pilot: Pilot[int], seconds: float = 0.2) -> None:
    """Lets what a key has begun be read; what takes longer goes on meanwhile, or is cancelled by the next key."""
    await pilot.pause(seconds)


async def test_what_another_client_of_a_pooler_has_left(embedded: LiveServer, pgbouncers: PgBouncers) -> None:
    """Temporary relations and types of the same role stay in the server's session, which the console gets next."""
    with embedded.database(embedded.template("decoys", fill)) as database:
        pooler = pgbouncers.make(embedded, pool_mode="transaction", default_pool_size="1")
        dsn = make_conninfo(pooler.conninfo(database.name), application_name="other")
        with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as other:
            with database.connect() as beside:
                statements = plant_temporary(beside)
            for statement in [*statements, b"SET track_functions = 'pl'"]:
                other.execute(statement)
        target = Target(name="", conninfo=pooler.conninfo(database.name), pool=PoolConfig(max_size=1))
        report = await check_target(target, configured(Config()), timeout_s=60)
        assert not [result.name for result in report.results if result.status is Status.UNKNOWN]
        pooler.stop()
        assert called(database) == []
