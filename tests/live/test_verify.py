"""migrate verify on real servers: what is shipped is proved, what is broken is told, nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

from console.local_postgres.ephemeral import choose, throwaway_cluster
from console.migrate.data_loss import SampleData
from console.migrate.faults import MigrationError
from console.migrate.rollback_test import Proof
from console.migrate.scratch import scratch_server
from console.migrate.verify import VerifyReport, VerifyScope, verify
from console.resources import shipped
from console.server.script import ScriptSession
from console.server.target import Target
from console.services import Service
from console.services.ownership import from_folder
from tests.support.servers import LiveServer
from tests.support.waiting import until

BASE = """
CREATE SCHEMA shop;
CREATE EXTENSION IF NOT EXISTS plpgsql;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE TABLE shop.customers (id bigint PRIMARY KEY);
CREATE TABLE shop.orders (
    id bigserial PRIMARY KEY, customer bigint CONSTRAINT orders_customer_fkey REFERENCES shop.customers,
    code char(8) NOT NULL DEFAULT 'none', total numeric(10,2) UNIQUE CONSTRAINT total_positive CHECK (total > 0),
    placed_at timestamptz DEFAULT now(), state shop.state);
COMMENT ON TABLE shop.orders IS 'Orders';
CREATE INDEX orders_placed_at_idx ON shop.orders (placed_at);
CREATE FUNCTION shop.total() RETURNS numeric LANGUAGE sql STABLE AS $$ SELECT sum(total) FROM shop.orders $$;
CREATE VIEW shop.paid AS SELECT id FROM shop.orders WHERE state = 'paid';
GRANT SELECT ON shop.orders TO PUBLIC;
ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.orders USING (customer = 1);
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch();
"""
BASE_DOWN = "DROP SCHEMA shop CASCADE;"
ORDERS = "ALTER TABLE shop.orders "

# up, a down that is wrong, and what is to be said of it
BROKEN: Mapping[str, tuple[str, str, list[str]]] = {
    "lost default": (
        ORDERS + "DROP COLUMN placed_at;",
        ORDERS + "ADD placed_at timestamptz; CREATE INDEX orders_placed_at_idx ON shop.orders (placed_at);",
        ["column shop.orders.placed_at lost its default now() after down"]),
    "lost NOT NULL": (
        ORDERS + "ALTER code DROP NOT NULL;", "SELECT 1;",
        ["column shop.orders.code lost NOT NULL after down"]),
    "timestamptz became timestamp": (
        ORDERS + "ALTER placed_at TYPE date;", ORDERS + "ALTER placed_at TYPE timestamp;",
        ["column shop.orders.placed_at: type changed from timestamp with time zone to timestamp without time zone "
         "after down"]),
    "char became varchar": (
        ORDERS + "ALTER code TYPE text;", ORDERS + "ALTER code TYPE varchar(8);",
        ["column shop.orders.code: type changed from character(8) to character varying(8) after down"]),
    "missing index": (
        "DROP INDEX shop.orders_placed_at_idx;", "SELECT 1;",
        ["index shop.orders_placed_at_idx (CREATE INDEX ON shop.orders USING btree (placed_at)) is missing "
         "after down"]),
    "missing foreign key": (
        ORDERS + "DROP CONSTRAINT orders_customer_fkey;", "SELECT 1;",
        ["foreign key orders_customer_fkey on shop.orders (FOREIGN KEY (customer) REFERENCES shop.customers(id)) "
         "is missing after down"]),
    "leftover table": (
        "CREATE TABLE IF NOT EXISTS shop.carts (id int PRIMARY KEY);", "SELECT 1;",
        ["table shop.carts is left over after down"]),
    "leftover function": (
        "CREATE OR REPLACE FUNCTION shop.one() RETURNS int LANGUAGE sql AS 'SELECT 1';", "SELECT 1;",
        ["function shop.one() is left over after down"]),
    "leftover enum value": (
        "ALTER TYPE shop.state ADD VALUE IF NOT EXISTS 'sent';", "SELECT 1;",
        ["enum shop.state has the additional value 'sent' after down"]),
    "renamed constraint": (
        ORDERS + "DROP CONSTRAINT total_positive;", ORDERS + "ADD CONSTRAINT is_positive CHECK (total > 0);",
        ["check constraint total_positive on shop.orders is called is_positive after down"]),
    "changed expression": (
        ORDERS + "DROP CONSTRAINT total_positive;", ORDERS + "ADD CONSTRAINT total_positive CHECK (total >= 0);",
        ["check constraint total_positive on shop.orders: definition changed from CHECK ((total > (0)::numeric)) to "
         "CHECK ((total >= (0)::numeric)) after down"]),
    "wrong grants": (
        "REVOKE SELECT ON shop.orders FROM PUBLIC;", "GRANT INSERT ON shop.orders TO PUBLIC;",
        ["table shop.orders: grants to PUBLIC changed from SELECT to INSERT after down"]),
    "lost grants": (
        "REVOKE SELECT ON shop.orders FROM PUBLIC;", "SELECT 1;",
        ["table shop.orders: grants to PUBLIC changed from SELECT to none after down"]),
    "row level security left off": (
        ORDERS + "DISABLE ROW LEVEL SECURITY;", "SELECT 1;",
        ["table shop.orders lost its row level security enabled after down"]),
    "other policy": (
        "ALTER POLICY own ON shop.orders USING (true);", "ALTER POLICY own ON shop.orders USING (customer = 2);",
        ["policy own on shop.orders: using changed from (customer = 1) to (customer = 2) after down"]),
    "trigger left disabled": (
        ORDERS + "DISABLE TRIGGER touch;", "SELECT 1;",
        ["trigger touch on shop.orders: firing changed from enabled to disabled after down"]),
    "function changed": (
        "CREATE OR REPLACE FUNCTION shop.total() RETURNS numeric LANGUAGE sql AS 'SELECT 1.0';",
        "CREATE OR REPLACE FUNCTION shop.total() RETURNS numeric LANGUAGE sql STABLE AS "
        "'SELECT max(total) FROM shop.orders';",
        ["function shop.total(): the body changed in line 1 from SELECT sum(total) FROM shop.orders to "
         "SELECT max(total) FROM shop.orders after down"]),
    "view changed": (
        "DROP VIEW shop.paid;", "CREATE VIEW shop.paid AS SELECT id FROM shop.orders WHERE state = 'new';",
        ["view shop.paid: definition changed from SELECT id FROM shop.orders WHERE (state = 'paid'::shop.state); to "
         "SELECT id FROM shop.orders WHERE (state = 'new'::shop.state); after down"]),
    "comment lost": (
        "COMMENT ON TABLE shop.orders IS NULL;", "SELECT 1;",
        ["table shop.orders lost its comment Orders after down"]),
    "leftover schema": (
        "CREATE SCHEMA IF NOT EXISTS extra; CREATE TABLE IF NOT EXISTS extra.t ();", "SELECT 1;",
        ["schema extra is left over after down, with 1 object in it"]),
    "identity came back as serial": (
        ORDERS + "DROP COLUMN id CASCADE;",
        ORDERS + "ADD id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY; "
        "CREATE VIEW shop.paid AS SELECT id FROM shop.orders WHERE state = 'paid';",
        ["column shop.orders.id lost its default nextval of its own sequence after down",
         "column shop.orders.id got the identity GENERATED ALWAYS after down"]),
}
FAILING: Mapping[str, tuple[str, str, str]] = {
    "syntax error": ("CREATE TABLE shop.t ();", "DROP TABLE shop.t CASCDE;", 'syntax error at or near "CASCDE"'),
    "missing comma": ("CREATE TABLE shop.t ();", "DROP TABLE shop.t; CREATE TABLE x (a int b int);",
                      'syntax error at or near "b"'),
    "wrong name": ("CREATE TABLE shop.t ();", "DROP TABLE shop.s;", 'table "s" does not exist'),
    "second up": ("CREATE TABLE shop.t ();", "SELECT 1;", 'the second up: '),
}


def target(server: LiveServer, **words: Any) -> Target:
    return Target(name="test", conninfo=make_conninfo(server.dsn, **words), environment="development")


def shop(folder: Path, *pairs: tuple[str, str | None], seed: str = "", name: str = "shop",
         depends_on: tuple[str, ...] = ()) -> Service:
    """A service of `pairs` of up and down."""
    inside = folder / name
    (inside / "seed").mkdir(parents=True)
    for number, (up, down) in enumerate(pairs, 1):
        (inside / f"{number}_m.up.sql").write_text(up)
        if down is not None:
            (inside / f"{number}_m.down.sql").write_text(down)
    if seed:
        (inside / "seed" / "rows.sql").write_text(seed)
    return Service(name=name, schemas=(name,), folder=inside, depends_on=depends_on)


def cases(folder: Path, pairs: Mapping[str, tuple[str, str]]) -> list[Service]:
    """The shop, and for each pair a service that stands on it."""
    base = shop(folder, (BASE, BASE_DOWN))
    return [base, *(shop(folder, pair, name=name.replace(" ", "_"), depends_on=("shop",))
                    for name, pair in pairs.items())]


def left(server: LiveServer) -> list[str]:
    with server.connect() as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'dbconsole%'").fetchall()
    return [name for (name,) in rows]


def own_cluster(server: LiveServer) -> Callable[[], AbstractAsyncContextManager[Target]]:
    binaries = choose(server.major, ["vector"] if server.has_vector else [])
    assert binaries is not None
    return lambda: throwaway_cluster(binaries)


def by_status(verdict: VerifyReport) -> dict[str, list[Proof]]:
    found: dict[str, list[Proof]] = {}
    for proof in verdict.proofs:
        found.setdefault(proof.status, []).append(proof)
    return found


@pytest.mark.oldest_and_newest
async def test_the_shipped_services_are_proved(any_server: LiveServer) -> None:
    services = from_folder(shipped("migrations"))
    verdict = await verify(target(any_server), services, own_cluster=own_cluster(any_server))
    told = by_status(verdict)
    assert not told.get("failed") and not told.get("differs"), [*told.get("failed", ()), *told.get("differs", ())]
    files = len(list(shipped("migrations").glob("*/*.up.sql")))
    assert len(verdict.proofs) == files
    assert all(proof.reason.startswith(("waits for the extension", "requires ")) for proof in told.get("skipped", ()))
    assert len(told["proved"]) >= files - (1 if any_server.has_vector and any_server.has_contrib else 25)
    assert left(any_server) == []


async def test_broken_downs_are_told_in_the_right_words(any_server: LiveServer, tmp_path: Path) -> None:
    services = cases(tmp_path, {name: (up, down) for name, (up, down, _) in BROKEN.items()})
    verdict = await verify(target(any_server), services)
    proofs = {proof.file.service.replace("_", " "): proof for proof in verdict.proofs}
    assert proofs.pop("shop").status == "proved"
    assert {name: [_spelled_as_by_16(difference) for difference in proof.differences] for name,
            proof in proofs.items()} == {
        name: words for name, (_, _, words) in BROKEN.items()}
    assert {proof.status for proof in proofs.values()} == {"differs"}
    assert not verdict.is_good
    assert left(any_server) == []


def _spelled_as_by_16(sentence: str) -> str:
    """Before PostgreSQL 16 a view's definition names the table before every column."""
    return sentence.replace("SELECT orders.id", "SELECT id").replace("(orders.state", "(state")


async def test_an_extension_left_behind(server: LiveServer, tmp_path: Path) -> None:
    verdict = await verify(target(server), [shop(tmp_path, ("CREATE EXTENSION IF NOT EXISTS pg_trgm;", "SELECT 1;"))])
    assert verdict.proofs[0].differences == ("extension pg_trgm is left over after down",)


@pytest.mark.parametrize("name", FAILING)
async def test_what_fails_is_told_with_the_servers_message_and_its_place(server: LiveServer, tmp_path: Path,
                                                                         name: str) -> None:
    up, down, message = FAILING[name]
    service = shop(tmp_path, (BASE, BASE_DOWN), (up, down), ("CREATE TABLE shop.after ();", "DROP TABLE shop.after;"))
    _, failing, after = (await verify(target(server), [service])).proofs
    words = " ".join(failing.differences + failing.notes)
    assert message in words and "2_m." in words
    assert failing.status == ("differs" if name == "second up" else "failed")
    assert after.status == "proved"  # the database was built anew without the traces of the failure


async def test_a_failing_up_fails_and_what_follows_is_skipped(server: LiveServer, tmp_path: Path) -> None:
    good = shop(tmp_path, ("CREATE SCHEMA other", "DROP SCHEMA other"), name="other")
    bad = shop(tmp_path, (BASE, BASE_DOWN), ("CREATE TABLE shop.orders ();", "SELECT 1;"), ("SELECT 1;", "SELECT 1;"))
    first = (await verify(target(server), [good, bad])).proofs
    assert [(proof.file.label, proof.status) for proof in first] == [
        ("other/1_m", "proved"), ("shop/1_m", "proved"), ("shop/2_m", "failed"), ("shop/3_m", "skipped")]
    assert 'relation "orders" already exists' in first[2].differences[0]
    assert first[3].reason == "comes after shop/2, which failed"


async def test_what_cannot_be_proved_is_skipped_with_its_reason(server: LiveServer, tmp_path: Path) -> None:
    service = shop(tmp_path, ("CREATE SCHEMA shop", "DROP SCHEMA shop"),
                   ("-- dbconsole: irreversible: rows are merged\nCREATE TABLE shop.a ();", "SELECT 1"),
                   ("CREATE TABLE shop.b ();", None),
                   ("-- dbconsole: requires-extension=no_such\nSELECT 1;", "SELECT 1;"),
                   ("CREATE TABLE shop.c ();", "DROP TABLE shop.c;"))
    verdict = await verify(target(server), [service])
    assert [(proof.status, proof.reason) for proof in verdict.proofs] == [
        ("proved", ""), ("skipped", "irreversible: rows are merged"),
        ("skipped", "has no way down: nothing is proved"), ("skipped", 'waits for the extension "no_such"'),
        ("proved", "")]
    assert [proof.is_accepted for proof in verdict.proofs] == [False, True, False, False, False]
    assert not verdict.is_good and not verdict.has_faults


async def test_an_extension_that_no_file_creates_is_created_for_the_proof(server: LiveServer, tmp_path: Path) -> None:
    waiting = shop(tmp_path, ("CREATE SCHEMA shop", "DROP SCHEMA shop"),
                   ("-- dbconsole: requires-extension=hstore\nCREATE TABLE shop.a (h hstore)", "DROP TABLE shop.a"),
                   ("-- dbconsole: requires-extension=earthdistance\nSELECT 1", "SELECT 1"))
    assert [proof.status for proof in (await verify(target(server), [waiting])).proofs] == ["proved"] * 3
    making = shop(tmp_path, ('CREATE EXTENSION "earthdistance" CASCADE', "DROP EXTENSION cube CASCADE"),
                  ("CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public", "DROP EXTENSION hstore"), name="zoo")
    proofs = (await verify(target(server), [waiting, making])).proofs
    told = {proof.file.label: (proof.status, proof.reason) for proof in proofs}
    assert told["zoo/1_m"] == told["zoo/2_m"] == told["shop/1_m"] == ("proved", "")
    assert told["shop/2_m"] == ("skipped", 'waits for the extension "hstore"')
    assert told["shop/3_m"] == ("skipped", 'waits for the extension "earthdistance"')
    assert left(server) == []


async def test_order_of_columns_and_made_up_names_are_notes(server: LiveServer, tmp_path: Path) -> None:
    pair = ("ALTER TABLE shop.orders DROP COLUMN total;",
            "CREATE TABLE shop.orders_total_key (); ALTER TABLE shop.orders ADD total numeric(10,2) UNIQUE "
            "CONSTRAINT total_positive CHECK (total > 0); DROP TABLE shop.orders_total_key;")
    base, again = (await verify(target(server), [shop(tmp_path, (BASE, BASE_DOWN), pair)])).proofs
    assert (base.status, again.status, again.differences) == ("proved", "proved", ())
    assert again.notes == (
        "unique constraint orders_total_key on shop.orders is called orders_total_key1 after down",
        "shop.orders: the columns stand in the order id, customer, code, placed_at, state, total, before id, customer, "
        "code, total, placed_at, state")


async def test_a_down_that_loses_rows_says_how_many(server: LiveServer, tmp_path: Path) -> None:
    service = shop(
        tmp_path, (BASE, BASE_DOWN),
        ("ALTER TABLE shop.customers ADD email text;", "ALTER TABLE shop.customers DROP email;"),
        ("ALTER TABLE shop.customers ADD note text;",
         "DELETE FROM shop.customers WHERE note IS NULL; ALTER TABLE shop.customers DROP note;"),
        ("ALTER TABLE shop.customers ALTER email DROP NOT NULL", "ALTER TABLE shop.customers ALTER email SET NOT NULL;"
         " ALTER TABLE shop.customers ALTER email DROP NOT NULL"),
        seed="INSERT INTO shop.customers (id, email) SELECT n, nullif(n, 3)::text || '@x' FROM generate_series(1, 5) n;"
             "INSERT INTO shop.orders (customer, total) SELECT n, n FROM generate_series(1, 3) n;")
    target_ = target(server)
    rows = (await verify(target_, [service])).proofs
    assert [row.status for row in rows] == ["proved", "proved", "proved", "failed"]
    assert 'column "email" of relation "customers" contains null values' in rows[3].differences[0]
    service = replace(service, folder=shop(
        tmp_path / "again", (BASE, BASE_DOWN),
        ("ALTER TABLE shop.customers ADD email text;", "ALTER TABLE shop.customers DROP email;"),
        ("ALTER TABLE shop.orders ADD note text;", "DELETE FROM shop.orders WHERE note IS NULL; "
                                                   "ALTER TABLE shop.orders DROP note;")).folder)

    async def fill(session: ScriptSession) -> None:
        await session.execute("INSERT INTO shop.customers (id, email) SELECT n, nullif(n, 3)::text || '@x' "
                              "FROM generate_series(1, 5) n",
                              "INSERT INTO shop.orders (customer, note) SELECT n, nullif(n, 1)::text "
                              "FROM generate_series(1, 3) n")

    verdict = await verify(target_, [service], sample=SampleData(fill))
    assert [proof.notes for proof in verdict.proofs] == [
        ("down loses 5 rows of table shop.customers", "down loses 2 rows of table shop.orders"),
        ("down loses column shop.customers.email, which has a value in 4 rows",),
        ("down deletes 1 of 3 rows of table shop.orders",
         "down loses column shop.orders.note, which has a value in 2 rows")]
    assert verdict.is_good


async def test_roles_that_somebody_else_makes_meanwhile_are_no_fault_of_a_file(server: LiveServer, tmp_path: Path
                                                                               ) -> None:
    service = shop(tmp_path, ("CREATE TABLE t ()", "DROP TABLE t"),
                   ("SELECT pg_catalog.pg_sleep(0.5)", "SELECT 1"), ("CREATE TABLE u ()", "DROP TABLE u"))
    with server.connect() as connection:
        async def interfere() -> None:
            sleeping = "SELECT FROM pg_stat_activity WHERE query ~ '^SELECT pg_catalog.pg_sleep' AND state = 'active'"
            await until(lambda: connection.execute(sleeping).fetchall())
            connection.execute("CREATE ROLE verify_meanwhile")

        try:
            verdict, _ = await asyncio.gather(verify(target(server), [service]), interfere())
        finally:
            connection.execute("DROP ROLE IF EXISTS verify_meanwhile")
    assert [proof.status for proof in verdict.proofs] == ["proved", "proved", "proved"]


async def test_roles_are_proved_in_a_cluster_of_their_own(server: LiveServer, tmp_path: Path) -> None:
    roles = ("CREATE FUNCTION public.build(what text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE what; END $$; "
             "SELECT public.build('CREATE ' || 'ROLE verify_one');",
             "SELECT public.build('DROP ' || 'ROLE verify_one'); DROP FUNCTION public.build(text);")
    broken = ("CREATE ROLE verify_two; COMMENT ON ROLE verify_two IS 'two';", "ALTER ROLE verify_two NOLOGIN;")
    services = [shop(tmp_path, ("CREATE TABLE u ()", "DROP TABLE u"), name="other"),
                shop(tmp_path, roles, ("CREATE TABLE t ()", "DROP TABLE t"), broken)]
    alone = await verify(target(server), services)
    assert [(proof.file.label, proof.status) for proof in alone.proofs] == [
        ("other/1_m", "proved"), ("shop/1_m", "skipped"), ("shop/2_m", "skipped"), ("shop/3_m", "skipped")]
    assert alone.proofs[1].reason.startswith("roles or tablespaces: the whole cluster shares that")
    assert alone.proofs[2].reason.startswith("stands on shop/1_m, which changes roles or tablespaces")
    verdict = await verify(target(server), services, own_cluster=own_cluster(server))
    assert [(proof.file.label, proof.status) for proof in verdict.proofs] == [
        ("other/1_m", "proved"), ("shop/1_m", "proved"), ("shop/2_m", "proved"), ("shop/3_m", "differs")]
    assert verdict.proofs[0].where.startswith("a scratch database")
    assert verdict.proofs[1].where.startswith("a throwaway cluster")
    assert verdict.proofs[3].differences == ("role verify_two is left over after down",)
    with server.connect() as connection:
        assert not connection.execute("SELECT FROM pg_roles WHERE rolname LIKE 'verify_%'").fetchall()


async def test_one_service_and_as_far_as_a_version(server: LiveServer, tmp_path: Path) -> None:
    base = shop(tmp_path, (BASE, BASE_DOWN))
    other = shop(tmp_path, *((f"CREATE TABLE shop.t{n} ()", f"DROP TABLE shop.t{n}") for n in (1, 2, 3)), name="other",
                 depends_on=("shop",))
    aside = shop(tmp_path, ("CREATE nonsense", "nonsense"), name="aside")
    verdict = await verify(target(server), [aside, base, other], VerifyScope(frozenset({"other"}), "2"))
    assert [(proof.file.label, proof.status) for proof in verdict.proofs] == [
        ("other/1_m", "proved"), ("other/2_m", "proved")]


async def test_files_without_a_transaction(server: LiveServer, tmp_path: Path) -> None:
    head = "-- dbconsole: no-transaction\n"
    verdict = await verify(target(server), [shop(
        tmp_path, (BASE, BASE_DOWN),
        (head + "CREATE INDEX CONCURRENTLY orders_code ON shop.orders (code);",
         head + "DROP INDEX CONCURRENTLY shop.orders_code;"),
        (head + "CREATE INDEX CONCURRENTLY IF NOT EXISTS again ON shop.orders (code);", head + "SELECT 1;"))])
    assert [proof.status for proof in verdict.proofs] == ["proved", "proved", "differs"]


async def test_production_and_those_who_may_not_are_refused(server: LiveServer, tmp_path: Path) -> None:
    service = shop(tmp_path, (BASE, BASE_DOWN))
    with pytest.raises(MigrationError, match="is production: no scratch database is made there"):
        await verify(replace(target(server), environment="production"), [service])
    with server.role() as role, pytest.raises(MigrationError, match=f"{role} may not create databases"):
        await verify(target(server, user=role), [service])
    with server.role("LOGIN CREATEDB") as role:
        verdict = await verify(target(server, user=role), [service])
        assert verdict.is_good, verdict
    assert left(server) == []


async def test_what_a_killed_run_left_is_cleared_and_what_a_living_one_uses_is_not(server: LiveServer) -> None:
    async with scratch_server(target(server)) as living:
        used = await living.create()
        with server.connect() as connection:
            connection.execute("CREATE DATABASE dbconsole_scratch_0000dead_1")
            connection.execute("COMMENT ON DATABASE dbconsole_scratch_0000dead_1 IS 'dbconsole scratch database, x'")
            connection.execute("CREATE DATABASE dbconsole_scratch_0000dead_2")
            connection.execute("COMMENT ON DATABASE dbconsole_scratch_0000dead_2 IS 'mine'")
        try:
            async with scratch_server(target(server)):
                names = left(server)
            assert "dbconsole_scratch_0000dead_1" not in names
            assert "dbconsole_scratch_0000dead_2" in names
            assert any(name in used.conninfo for name in names)
        finally:
            with server.connect() as connection:
                connection.execute("DROP DATABASE dbconsole_scratch_0000dead_2")
    assert left(server) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("where", ["beside", "apart"])
async def test_a_stopped_run_leaves_nothing(server: LiveServer, tmp_path: Path, number: int, where: str) -> None:
    service = shop(tmp_path, (BASE, BASE_DOWN), ("SELECT pg_sleep(60);", "SELECT 1;"))
    command = [sys.executable, "-m", "console", "migrate", "verify", "-t", server.dsn, "--migrations",
               str(service.folder), *(["--embedded"] if where == "apart" else [])]
    folder = tmp_path / "tmp"
    folder.mkdir()
    for parent in (folder, *folder.parents):
        if not parent.stat().st_mode & 0o001:  # pytest's folders are its user's alone, and the server runs as another
            parent.chmod(0o755)
    process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
                                                   env={**os.environ, "TMPDIR": str(folder)})
    assert process.stderr is not None
    told = b""
    while b"proved   shop/1" not in told:
        line = await process.stderr.readline()
        assert line, f"the run ended before it was stopped: {told.decode()}"
        told += line
    await until(lambda: list(folder.glob("*/*/data")) if where == "apart" else left(server))
    await asyncio.sleep(0.3)  # into the file that sleeps, most probably: at any moment nothing may be left
    process.send_signal(number)
    output = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == (130 if number == signal.SIGINT else 143), output
    assert left(server) == [] and not list(folder.glob("*/*"))


async def test_a_hostile_name_is_only_a_name(server: LiveServer, tmp_path: Path) -> None:
    verdict = await verify(target(server), [shop(
        tmp_path, ('CREATE SCHEMA "a.b %s"; CREATE TABLE "a.b %s"."t"";--" ("c\'d" int DEFAULT 1);',
                   'DROP SCHEMA "a.b %s" CASCADE;'),
        ('ALTER TABLE "a.b %s"."t"";--" DROP "c\'d";', 'ALTER TABLE "a.b %s"."t"";--" ADD "c\'d" int;'))])
    assert [proof.status for proof in verdict.proofs] == ["proved", "differs"]
    assert verdict.proofs[1].differences == ('column "a.b %s"."t"";--"."c\'d" lost its default 1 after down',)


@pytest.mark.parametrize("forgets", ["DEALLOCATE ALL", "DISCARD TEMP"])
async def test_a_script_that_forgets_what_the_session_keeps(server: LiveServer, tmp_path: Path, forgets: str) -> None:
    verdict = await verify(target(server), [shop(tmp_path, (BASE, BASE_DOWN), (
        f"{forgets}; CREATE TABLE shop.t ();", "DROP TABLE shop.t;"),
        ("CREATE TABLE shop.u ();", "DROP TABLE shop.u;"))])
    assert [proof.status for proof in verdict.proofs] == ["proved", "proved", "proved"], verdict
