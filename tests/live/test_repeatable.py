"""Repeatable files on real servers: run again when they change, in the order in which they use each other, and taken
back to what was there before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from console.migrate import migration_plan
from console.migrate.apply import plan_and_run
from console.migrate.drift import drift
from console.migrate.faults import FileError
from console.migrate.records import RunRange
from console.migrate.verify import verify
from console.server.script import script_session
from console.services import Service
from tests.live.test_migrate import ask, shop, status, target
from tests.live.test_migrate_headless import migrate
from tests.support.servers import Database, LiveServer

DOWN = RunRange(direction="down")
BASE = {"0001_a.up.sql": "CREATE SCHEMA shop; CREATE TABLE shop.a (n int); INSERT INTO shop.a VALUES (1), (2);",
        "0001_a.down.sql": "DROP TABLE shop.a; DROP SCHEMA shop;"}
USING_EACH_OTHER = {
    **BASE,
    "R__a_sum.sql": "CREATE OR REPLACE VIEW shop.total AS SELECT sum(n) AS total FROM shop.z_rows;",
    "R__b_call.sql": "CREATE OR REPLACE VIEW shop.doubled AS SELECT shop.twice(n) AS n FROM shop.z_rows;",
    "repeatable/z_rows.sql": "CREATE OR REPLACE VIEW shop.z_rows AS SELECT n FROM shop.a;",
    "repeatable/y_function.sql": "CREATE OR REPLACE FUNCTION shop.twice(n int) RETURNS bigint LANGUAGE sql AS "
                                 "$$ SELECT n * 2 + 0 * total FROM shop.total $$;",
}


def written(folder: Path, files: Mapping[str, str]) -> Service:
    (folder / "shop" / "repeatable").mkdir(parents=True, exist_ok=True)
    return shop(folder, files)


def states(found: Any) -> dict[str, str]:
    return {migration.version: migration.state for migration in found[0].migrations}


async def up(database: Database, service: Service, asked: RunRange = RunRange()) -> list[str]:
    report = await plan_and_run(target(database), [service], asked)
    return [step.migration.version for step in report.done]


async def test_files_run_after_the_versions_in_the_order_of_their_use(any_database: Database, tmp_path: Path) -> None:
    service = written(tmp_path, USING_EACH_OTHER)
    assert await up(any_database, service) == ["0001", "R__z_rows", "R__a_sum", "R__y_function", "R__b_call"]
    assert ask(any_database, "SELECT n FROM shop.doubled") == [(2,), (4,)]
    assert set(states(await status(any_database, service)).values()) == {"applied"}
    assert await up(any_database, service) == []
    written(tmp_path, {"0002_b.up.sql": "ALTER TABLE shop.a ADD note text;", "0002_b.down.sql":
                       "ALTER TABLE shop.a DROP note;",
                       "R__a_sum.sql": "CREATE OR REPLACE VIEW shop.total AS SELECT sum(n) AS total, count(*) AS rows "
                                       "FROM shop.z_rows;"})
    assert states(await status(any_database, service)) == {
        "0001": "applied", "0002": "pending", "R__a_sum": "pending", "R__b_call": "applied", "R__y_function": "applied",
        "R__z_rows": "applied"}
    async with script_session(target(any_database)) as session:
        plan = await migration_plan.read(session, [service], RunRange())
    assert [(step.frozen.version, step.frozen.state) for step in plan.steps] == [("0002", "pending"),
                                                                                 ("R__a_sum", "pending")]
    assert await up(any_database, service) == ["0002", "R__a_sum"]
    assert ask(any_database, "SELECT * FROM shop.total") == [(3, 2)]


async def test_down_takes_back_run_by_run(any_database: Database, tmp_path: Path) -> None:
    """Each run's way back is what was there before it, interleaved with the versions as they were applied."""
    service = written(tmp_path, {**BASE, "R__f.sql": "CREATE OR REPLACE FUNCTION shop.f() RETURNS int LANGUAGE sql AS "
                                                     "$$ SELECT 1 $$; GRANT EXECUTE ON FUNCTION shop.f() TO PUBLIC;",
                                 "R__v.sql": "CREATE OR REPLACE VIEW shop.v AS SELECT n, shop.f() AS f FROM shop.a;"})
    await up(any_database, service)
    written(tmp_path, {"0002_b.up.sql": "ALTER TABLE shop.a ADD m int DEFAULT 7;",
                       "0002_b.down.sql": "ALTER TABLE shop.a DROP m;",
                       "R__f.sql": "CREATE OR REPLACE FUNCTION shop.f() RETURNS int LANGUAGE sql AS $$ SELECT 2 $$;",
                       "R__v.sql": "CREATE OR REPLACE VIEW shop.v AS SELECT n, shop.f() AS f, m FROM shop.a;"})
    await up(any_database, service)
    assert ask(any_database, "SELECT * FROM shop.v WHERE n = 1") == [(1, 2, 7)]
    assert await up(any_database, service, DOWN) == ["R__v"]
    assert states(await status(any_database, service))["R__v"] == "pending"
    assert ask(any_database, "SELECT * FROM shop.v WHERE n = 1") == [(1, 2)]
    assert await up(any_database, service) == ["R__v"]
    back = RunRange(direction="down", to="0001")
    assert await up(any_database, service, back) == ["R__v", "R__f", "0002"]
    assert ask(any_database, "SELECT * FROM shop.v WHERE n = 1") == [(1, 1)]
    assert await up(any_database, service, RunRange(direction="down", to="0")) == ["R__v", "R__f", "0001"]
    assert ask(any_database, "SELECT count(*) FROM dbconsole.migration, dbconsole.repeatable") == [(0,)]
    assert await up(any_database, service) == ["0001", "0002", "R__f", "R__v"]
    assert ask(any_database, "SELECT * FROM shop.v WHERE n = 1") == [(1, 2, 7)]


async def test_all_at_once_down_to_nothing(any_database: Database, tmp_path: Path) -> None:
    service = written(tmp_path, {**BASE, "R__v.sql": "CREATE OR REPLACE VIEW shop.v AS SELECT n FROM shop.a;"})
    await up(any_database, service)
    for number in (2, 3):
        written(tmp_path, {f"000{number}_b.up.sql": f"ALTER TABLE shop.a ADD m{number} int;",
                           f"000{number}_b.down.sql": f"ALTER TABLE shop.a DROP m{number};",
                           "R__v.sql": "CREATE OR REPLACE VIEW shop.v AS SELECT n"
                                       + "".join(f", m{each}" for each in range(2, number + 1)) + " FROM shop.a;"})
        await up(any_database, service)
    assert await up(any_database, service, RunRange(direction="down", to="0")) == [
        "R__v", "0003", "R__v", "0002", "R__v", "0001"]
    assert ask(any_database, "SELECT count(*) FROM dbconsole.repeatable") == [(0,)]


async def test_what_was_there_before_the_first_run_is_put_back(any_database: Database, tmp_path: Path) -> None:
    before = {"0001_a.up.sql": """
        CREATE SCHEMA shop; CREATE TABLE shop.a (n int);
        CREATE VIEW shop.v WITH (security_barrier = true) AS SELECT n FROM shop.a;
        COMMENT ON VIEW shop.v IS 'by hand''s'; GRANT SELECT ON shop.v TO PUBLIC;
        CREATE FUNCTION shop.f(a int, b text DEFAULT 'x') RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
        REVOKE EXECUTE ON FUNCTION shop.f(int, text) FROM PUBLIC;
        CREATE FUNCTION shop.t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
        CREATE TRIGGER tr BEFORE INSERT ON shop.a FOR EACH ROW EXECUTE FUNCTION shop.t();
        CREATE MATERIALIZED VIEW shop.m AS SELECT n FROM shop.a; CREATE UNIQUE INDEX m_n ON shop.m (n);""",
              "0001_a.down.sql": "DROP SCHEMA shop CASCADE;"}
    service = written(tmp_path, before)
    await up(any_database, service)
    dump = """SELECT pg_get_viewdef('shop.v'::regclass), (SELECT reloptions::text FROM pg_class WHERE oid =
        'shop.v'::regclass), obj_description('shop.v'::regclass),
        has_table_privilege('public', 'shop.v', 'SELECT'), pg_get_functiondef('shop.f'::regproc),
        has_function_privilege('public', 'shop.f(int, text)', 'EXECUTE'),
        (SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'tr'), pg_get_viewdef('shop.m'::regclass),
        pg_get_indexdef('shop.m_n'::regclass),
        (SELECT count(*) FROM pg_proc WHERE pronamespace = 'shop'::regnamespace)"""
    was = ask(any_database, dump)
    written(tmp_path, {"R__all.sql": """
        SET search_path = shop;
        DROP FUNCTION IF EXISTS f(int, text); DROP MATERIALIZED VIEW m; DROP TRIGGER tr ON shop.a;
        CREATE OR REPLACE VIEW v AS SELECT n, n * 2 AS twice FROM a;
        GRANT INSERT ON v TO PUBLIC;
        CREATE FUNCTION f(a int) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$;
        CREATE MATERIALIZED VIEW m AS SELECT n, 1 AS one FROM a; CREATE INDEX ON m (n);
        CREATE TRIGGER tr AFTER UPDATE ON shop.a FOR EACH ROW EXECUTE FUNCTION shop.t();"""})
    await up(any_database, service)
    assert ask(any_database, "SELECT shop.f(1), (SELECT count(twice) FROM shop.v)") == [("x", 0)]
    assert await up(any_database, service, DOWN) == ["R__all"]
    assert ask(any_database, dump) == was


async def test_dependents_of_what_is_dropped_run_again(any_database: Database, tmp_path: Path) -> None:
    service = written(tmp_path, {
        **BASE, "R__base.sql": "DROP VIEW IF EXISTS shop.base CASCADE; CREATE VIEW shop.base AS SELECT n FROM shop.a;",
        "R__a.sql": "CREATE OR REPLACE VIEW shop.middle AS SELECT n FROM shop.base;",
        "R__top.sql": "CREATE OR REPLACE VIEW shop.top AS SELECT n FROM shop.middle;",
        "R__other.sql": "CREATE OR REPLACE VIEW shop.other AS SELECT n FROM shop.a;"})
    await up(any_database, service)
    written(tmp_path, {"R__base.sql": "DROP VIEW IF EXISTS shop.base CASCADE; CREATE VIEW shop.base AS "
                                      "SELECT n + 1 AS n FROM shop.a;"})
    assert {version for version, state in states(await status(any_database, service)).items()
            if state == "pending"} == {"R__base", "R__a", "R__top"}
    # killed after the first of them: the ledger still knows that the others are gone
    assert await up(any_database, service, RunRange(steps=1)) == ["R__base"]
    assert {version for version, state in states(await status(any_database, service)).items()
            if state == "pending"} == {"R__a", "R__top"}
    assert await up(any_database, service) == ["R__a", "R__top"]
    assert ask(any_database, "SELECT sum(n) FROM shop.top") == [(5,)]


async def test_what_cant_be_taken_back_says_so_before_anything_runs(any_database: Database, tmp_path: Path) -> None:
    service = written(tmp_path, {**BASE, "R__rows.sql": "INSERT INTO shop.a VALUES (3);"})
    await up(any_database, service)
    with pytest.raises(FileError, match="has no way down") as caught:
        await up(any_database, service, DOWN)
    assert "INSERT" in (caught.value.detail or "") and caught.value.path.name == "R__rows.sql"
    written(tmp_path, {"R__rows.sql": "VACUUM shop.a;"})
    with pytest.raises(FileError, match="VACUUM"):
        await up(any_database, service)
    written(tmp_path, {"R__rows.sql": "-- dbconsole: no-transaction\nVACUUM shop.a;"})
    with pytest.raises(FileError, match="one transaction"):
        await up(any_database, service)


async def test_a_failing_file_leaves_the_old_definition(any_database: Database, tmp_path: Path) -> None:
    service = written(tmp_path, {**BASE, "R__v.sql": "CREATE OR REPLACE VIEW shop.v AS SELECT n FROM shop.a;"})
    await up(any_database, service)
    written(tmp_path, {"R__v.sql": "CREATE OR REPLACE VIEW shop.v AS SELECT 'x'::text AS n;"})
    with pytest.raises(FileError) as caught:
        await up(any_database, service)
    assert (caught.value.sqlstate, caught.value.line) == ("42P16", 1)
    assert states(await status(any_database, service))["R__v"] == "pending"
    assert ask(any_database, "SELECT sum(n) FROM shop.v") == [(3,)]


async def test_a_file_that_is_gone_stands_in_nobodys_way(any_database: Database, tmp_path: Path) -> None:
    service = written(tmp_path, {**BASE, "R__v.sql": "CREATE OR REPLACE VIEW shop.v AS SELECT n FROM shop.a;"})
    await up(any_database, service)
    (tmp_path / "shop" / "R__v.sql").unlink()
    written(tmp_path, {"0002_b.up.sql": "ALTER TABLE shop.a ADD m int;", "0002_b.down.sql":
                       "ALTER TABLE shop.a DROP m;"})
    assert await up(any_database, service) == ["0002"]
    assert states(await status(any_database, service))["R__v"] == "missing"
    assert await up(any_database, service, RunRange(direction="down", steps=2)) == ["0002", "R__v"]
    assert ask(any_database, "SELECT to_regclass('shop.v')") == [(None,)]


async def test_verify_and_drift_know_them(server: LiveServer, tmp_path: Path) -> None:
    with server.database() as database:
        service = written(tmp_path, {**USING_EACH_OTHER, "R__rows.sql": "INSERT INTO shop.a VALUES (3);",
                                     "R__once.sql": "CREATE VIEW shop.once AS SELECT 1;"})
        found = await verify(target(database), [service])
        assert {proof.file.version: proof.status for proof in found.proofs} == {
            "0001": "proved", "R__z_rows": "proved", "R__a_sum": "proved", "R__y_function": "proved",
            "R__b_call": "proved", "R__rows": "skipped", "R__once": "failed"}
        for name in ("R__rows.sql", "R__once.sql"):
            (tmp_path / "shop" / name).unlink()
        await up(database, service)
        written(tmp_path, {"0002_b.up.sql": "ALTER TABLE shop.a ADD m int;", "0002_b.down.sql":
                           "ALTER TABLE shop.a DROP m;",
                           "repeatable/z_rows.sql": "CREATE OR REPLACE VIEW shop.z_rows AS SELECT n, m FROM shop.a;"})
        await up(database, service)
        assert (await drift(target(database), [service], {"shop"})).count == 0
        written(tmp_path, {"repeatable/z_rows.sql": "CREATE OR REPLACE VIEW shop.z_rows AS SELECT n, m, 1 AS x FROM "
                                                    "shop.a;"})
        assert (await drift(target(database), [service], {"shop"})).count == 0  # what is pending is no drift
        ask(database, "CREATE OR REPLACE VIEW shop.total AS SELECT 0::bigint AS total")
        told = await drift(target(database), [service], {"shop"})
        assert [words for _, sentences in told.differences for words in sentences if "shop.total" in words]


def test_the_commands_agree(database: Database, tmp_path: Path) -> None:
    folder = written(tmp_path, {
        **BASE, "R__v.sql": "CREATE OR REPLACE VIEW shop.v AS SELECT n FROM shop.a;"}).folder
    assert folder is not None
    assert migrate(database, folder, "status", "--exit-code")[0] == 1
    assert "shop/R__v: pending" in migrate(database, folder, "status")[1]
    assert migrate(database, folder, "lint")[1].count("R__v") == 0
    assert "up   shop/R__v" in migrate(database, folder, "up", "--dry-run")[1]
    assert migrate(database, folder, "up", "--yes")[0] == 0
    assert migrate(database, folder, "status", "--exit-code")[0] == 0
    (folder / "R__v.sql").write_text("CREATE OR REPLACE VIEW shop.v AS SELECT n, 1 AS x FROM shop.a;")
    assert "R__v: pending, changed since it was run" in migrate(database, folder, "status")[1]
    assert "CREATE OR REPLACE VIEW shop.v" in migrate(database, folder, "plan")[1]
    assert migrate(database, folder, "up", "--yes")[0] == 0
    status, out, _ = migrate(database, folder, "plan", "--down")
    assert status == 0 and "DROP VIEW shop.v" in out and "CREATE OR REPLACE VIEW shop.v" in out
    assert migrate(database, folder, "down", "--yes")[0] == 0
    assert migrate(database, folder, "repair", "mark-reverted", "--version", "R__v", "--yes")[0] == 0
    assert ask(database, "SELECT count(*) FROM dbconsole.repeatable") == [(0,)]
    _, out, _ = migrate(database, folder, "new", "next", "--dry-run")
    assert out.rstrip().endswith("0002_next.down.sql")


async def test_flyways_files_with_their_placeholders(any_database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    service = shop(tmp_path, {
        "V1__a.sql": "CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.a (n int);", "U1__a.sql": "DROP SCHEMA ${schema} "
        "CASCADE;", "R__b_top.sql": "CREATE OR REPLACE VIEW ${schema}.top AS SELECT n FROM ${schema}.v;",
        "R__c_view.sql": "CREATE OR REPLACE VIEW ${schema}.v AS SELECT ${factor} * n AS n FROM ${schema}.a;",
        "flyway.conf": "flyway.placeholders.schema=shop\nflyway.placeholders.factor=2\n"})
    service = replace(service, layout="flyway")
    assert await up(any_database, service) == ["1", "R__c_view", "R__b_top"]
    ask(any_database, "INSERT INTO shop.a VALUES (4)")
    assert ask(any_database, "SELECT n FROM shop.top") == [(8,)]
    (folder / "flyway.conf").write_text("flyway.placeholders.schema=shop\nflyway.placeholders.factor=3\n")
    assert await up(any_database, service) == ["R__c_view"]
    assert ask(any_database, "SELECT n FROM shop.top") == [(12,)]
    assert await up(any_database, service, DOWN) == ["R__c_view"]
    assert ask(any_database, "SELECT n FROM shop.top") == [(8,)]
    assert await up(any_database, service, RunRange(direction="down", to="0")) == ["R__b_top", "R__c_view", "1"]


async def test_flyways_callbacks_run_around_what_they_stand_around(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    log = "INSERT INTO public.called (event) VALUES ('{}');"
    events = ("beforeMigrate", "beforeEachMigrate", "afterEachMigrate", "afterVersioned", "beforeRepeatables",
              "afterMigrateApplied", "afterMigrate", "beforeUndo", "beforeEachUndo", "afterEachUndo", "afterUndo")
    service = replace(shop(tmp_path, {
        "V1__a.sql": "CREATE SCHEMA shop;\nCREATE TABLE shop.a (n int);" + log.format("1"),
        "U1__a.sql": "DROP SCHEMA shop CASCADE;",
        "V2__b.sql": "CREATE TABLE b (n int);" + log.format("2"), "U2__b.sql": "DROP TABLE shop.b;",
        "R__view.sql": "CREATE OR REPLACE VIEW shop.v AS SELECT n FROM shop.a;",
        "beforeMigrate__0_log.sql": "CREATE TABLE IF NOT EXISTS public.called (id int GENERATED ALWAYS AS IDENTITY, "
                                    "event text);",
        **{f"{event}__1_log.sql": log.format(event) for event in events},
        "beforeEachMigrate__2_path.sql": "CREATE SCHEMA IF NOT EXISTS shop; SET search_path = shop",
        "afterMigrate__grants.sql": "GRANT SELECT ON shop.a TO PUBLIC;",
        "beforeValidate.sql": "this is not run"}), layout="flyway")
    (folder / "V1__a.sql").write_text("CREATE TABLE a (n int);" + log.format("1"))

    def called() -> list[str]:
        found = [event for (event,) in ask(database, "SELECT event FROM public.called ORDER BY id")]
        ask(database, "DELETE FROM public.called RETURNING 1")
        return found

    each = ["beforeEachMigrate", "{}", "afterEachMigrate"]
    assert await up(database, service) == ["1", "2", "R__view"], "the path was set in each file's transaction"
    assert called() == ["beforeMigrate", "beforeEachMigrate", "1", "afterEachMigrate", "beforeEachMigrate", "2",
                        "afterEachMigrate", "afterVersioned", "beforeRepeatables", each[0], each[2],
                        "afterMigrateApplied", "afterMigrate"]
    assert ask(database, "SELECT count(*) FROM dbconsole.migration") == [(3,)], "the ledger has none of them"
    assert await up(database, service) == [] and called() == []
    assert (await drift(target(database), [service], {"shop"})).count == 0, "what a callback granted is the files' own"
    assert [proof.status for proof in (await verify(target(database), [service])).proofs] == ["proved"] * 3
    assert called() == [], "scratch databases are others"
    assert await up(database, service, RunRange(direction="down", to="0")) == ["R__view", "2", "1"]
    assert called() == ["beforeUndo", *["beforeEachUndo", "afterEachUndo"] * 3, "afterUndo"]

    (folder / "afterEachMigrate__1_log.sql").write_text("\nSELECT 1 / 0;")
    with pytest.raises(FileError, match=r"afterEachMigrate__1_log\.sql:2:1: division by zero"):
        await up(database, service)
    assert ask(database, "SELECT to_regclass('shop.a') IS NULL, (SELECT count(*) FROM dbconsole.migration)") == [
        (True, 0)], "it is part of the file's transaction"
    (folder / "afterEachMigrate__1_log.sql").write_text("VACUUM;")
    with pytest.raises(FileError, match="can't be run in one transaction, as callbacks are"):
        await up(database, service)
    (folder / "afterEachMigrate__1_log.sql").write_text("SELECT 1;")
    (folder / "V2__b.sql").write_text("CREATE INDEX CONCURRENTLY i ON shop.a (n);")
    with pytest.raises(FileError, match=r"V2__b\.sql: is not one transaction, which afterEachMigrate__1_log\.sql"):
        await up(database, service)
