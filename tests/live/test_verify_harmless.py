"""migrate verify on a real server: whatever a file tries, nothing is another outside of the scratch database."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.migrate.verify import verify
from console.services import Service
from tests.live.test_verify import left, shop, target
from tests.support.servers import LiveServer

STATE = """
    SELECT (SELECT array_agg(r::text ORDER BY rolname) FROM pg_authid r),
           (SELECT array_agg(m::text ORDER BY m::text) FROM pg_auth_members m),
           (SELECT array_agg(d::text ORDER BY datname) FROM pg_database d WHERE datname !~ '^dbconsole_scratch_'),
           (SELECT array_agg(s::text ORDER BY s::text) FROM pg_db_role_setting s),
           (SELECT array_agg(slot_name ORDER BY slot_name) FROM pg_replication_slots),
           (SELECT array_agg(c::text ORDER BY c::text) FROM pg_shdescription c
            WHERE classoid <> 'pg_database'::regclass),
           (SELECT array_agg(setting ORDER BY name) FROM pg_file_settings WHERE sourcefile ~ 'auto.conf')"""
"""What all databases share."""

OUTSIDE = "-- dbconsole: no-transaction\n"
BUILD = "CREATE FUNCTION public.build(what text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE what; END $$;\n"
BUILT = "'CREATE ' || 'ROLE verify_x'"
ACTING = {
    "comment in a constant": OUTSIDE + "CREATE TABLE a (); COMMENT ON TABLE a IS 'rows -- of things'; "
                             "CREATE ROLE verify_x;",
    "block comment in a constant": OUTSIDE + "SELECT '/* '; CREATE ROLE verify_x; SELECT ' */';",
    "escaped quote": OUTSIDE + "SELECT E'\\' -- '; CREATE ROLE verify_x; SELECT 1 AS \"'\";",
    "comment in a comment": OUTSIDE + "-- /* \nCREATE ROLE verify_x; -- */",
    "a password": "ALTER ROLE verify_there PASSWORD 'other';",
    "a password in a block": "DO $$ BEGIN ALTER USER verify_there WITH PASSWORD 'other'; END $$;",
    "a password by EXECUTE": "DO $$ BEGIN EXECUTE format('ALTER ROLE verify_there PASSWORD %L', 'other'); END $$;",
    "a made up password": "DO $$ BEGIN EXECUTE 'AL' || 'TER ROLE verify_there PASSWORD ''other'''; END $$;",
    "a constant in a block": OUTSIDE + "DO $a$ DECLARE t text := 'create role verify_x'; BEGIN EXECUTE t; END $a$;",
    "made up outside a transaction": f"{OUTSIDE}DO $$ BEGIN EXECUTE {BUILT}; END $$;",
    "a function outside a transaction": f"{OUTSIDE}{BUILD}SELECT public.build({BUILT});",
    "a function in a transaction": f"{BUILD}SELECT public.build({BUILT});",
    "a procedure": f"{OUTSIDE}CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN EXECUTE {BUILT}; END $$; CALL p();",
    "a slot": "SELECT pg_create_physical_replication_slot('verify_x');",
    "a slot in a block": "DO $$ BEGIN PERFORM pg_catalog.pg_create_physical_replication_slot('verify_x'); END $$;",
    "a setting": OUTSIDE + "ALTER SYSTEM SET work_mem = '5MB';",
    "a database": "ALTER DATABASE postgres CONNECTION LIMIT 50;",
    "a right on a database": "GRANT CREATE ON DATABASE postgres TO PUBLIC;",
    "a shared catalog": "UPDATE pg_catalog.pg_database SET datconnlimit = 50 WHERE datname = 'postgres';",
}


@pytest.mark.parametrize("what", ACTING)
async def test_nothing_is_done_to_the_real_server(server: LiveServer, tmp_path: Path, what: str) -> None:
    with server.role("LOGIN", "verify_there"), server.connect() as connection:
        before = connection.execute(STATE).fetchall()
        first = ("CREATE TABLE public.first ()", "DROP TABLE public.first")
        verdict = await verify(target(server), [shop(tmp_path, first, (ACTING[what], "SELECT 1;"))])
        after = connection.execute(STATE).fetchall()
        connection.execute("DROP ROLE IF EXISTS verify_x")
    assert after == before
    assert [proof.status for proof in verdict.proofs] == ["proved", "skipped"], verdict.proofs
    assert "the whole cluster shares that" in verdict.proofs[1].reason
    assert left(server) == []


async def test_words_in_constants_skip_nothing(server: LiveServer, tmp_path: Path) -> None:
    """A way down that is wrong is told, though its way up speaks of users in a message."""
    guard = """CREATE FUNCTION public.guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'cannot create user with reserved username';
            RAISE NOTICE 'CREATE ROLE %', NEW.name;
        END $$; COMMENT ON FUNCTION public.guard() IS 'ALTER SYSTEM; GRANT admin TO all';"""
    verdict = await verify(target(server), [shop(
        tmp_path, ("CREATE TABLE users (id int)", "DROP TABLE users"), (guard, "SELECT 1; -- the function stays"),
        ("ALTER TABLE users ADD x int", "ALTER TABLE users DROP x"))])
    assert [proof.status for proof in verdict.proofs] == ["proved", "differs", "proved"]
    assert "function public.guard()" in verdict.proofs[1].differences[0] and not verdict.is_good


@pytest.mark.parametrize(("down", "words"), [
    ("BEGIN;\nDROP TABLE public.a;\nCOMMIT:", "this is no COMMIT, and the file's transaction is left open"),
    ("BEGIN;\nDROP TABLE public.a;\nEND TRANSACTION x", "this is no END"),
    ("BEGIN;\nDROP TABLE public.a;\nCOMMIT AND CHAIN", "this transaction is never committed"),
    ("DROP TABLE public.a;\nCOMMIT:", "this is no COMMIT; COMMIT:"),
])
async def test_a_last_statement_that_only_begins_like_a_commit(server: LiveServer, tmp_path: Path, down: str,
                                                              words: str) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "1_a.up.sql").write_text("BEGIN;\nCREATE TABLE public.a(id int);\nCOMMIT;\n")
    (folder / "1_a.down.sql").write_text(down)
    service = Service(name="m", schemas=("m",), folder=folder, layout="golang-migrate")
    (proof,) = (await verify(target(server), [service])).proofs
    assert proof.status == "failed" and words in proof.differences[0]
