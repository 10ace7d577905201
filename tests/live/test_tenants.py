"""One folder over many tenants' schemas: each with its own history, gone on with after a kill or a failure."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.test_adopt import migrate, run
from tests.live.test_migrate_new_only import alone, kept
from tests.migrate.histories import write_files
from tests.support.servers import Database

__all__ = ["alone"]

FILES = {
    "service.toml": 'name = "shop"\nschemas = "tenant_*"\n',
    "0001_item.up.sql": "CREATE TABLE item (id int PRIMARY KEY, name text);",
    "0001_item.down.sql": "DROP TABLE item;",
    "0002_price.up.sql": "ALTER TABLE item ADD price int NOT NULL;",
    "0002_price.down.sql": "ALTER TABLE item DROP price;",
    "0003_index.up.sql": "-- dbconsole: no-transaction\nCREATE INDEX CONCURRENTLY item_name ON item (name);",
    "0003_index.down.sql": "-- dbconsole: no-transaction\nDROP INDEX CONCURRENTLY item_name;",
}
TENANTS = [f"tenant_{number}" for number in range(1, 5)]


@pytest.fixture
def folder(database: Database, tmp_path: Path) -> Path:
    run(database, *(f"CREATE SCHEMA {name}" for name in (*TENANTS, "other")))
    return write_files(FILES, tmp_path / "anything")


def tables(database: Database) -> list[tuple[str, str]]:
    with database.connect() as connection:
        return connection.execute("SELECT schemaname::text, tablename::text FROM pg_tables WHERE schemaname !~ '^pg_' "
                                  "AND schemaname NOT IN ('information_schema', 'dbconsole') ORDER BY 1, 2").fetchall()


def applied(database: Database) -> dict[str, int]:
    with database.connect() as connection:
        return dict(connection.execute("SELECT service, count(*) FROM dbconsole.migration WHERE state = 'applied' "
                                       "GROUP BY service").fetchall())


def test_every_tenant_is_migrated_and_every_command_agrees(database: Database, folder: Path) -> None:
    status, out, err = migrate(database, folder, "plan")
    assert status == 0 and out.count("CREATE TABLE item") == 1, out + err
    assert "the same as in shop@tenant_1 in 3 more tenants: shop@tenant_2, shop@tenant_3, shop@tenant_4" in err
    status, out, err = migrate(database, folder, "up", "--yes", "--json")
    assert status == 0 and len(json.loads(out)["done"]) == 12, err
    assert tables(database) == [(name, "item") for name in TENANTS]
    with database.connect() as connection:
        assert connection.execute("SELECT count(*) FROM pg_indexes WHERE indexname = 'item_name'").fetchone() == (4,)
    run(database, "CREATE SCHEMA tenant_5")
    status, out, err = migrate(database, folder, "status", "--exit-code")
    assert status == 1 and "shop: 4 of 5 tenants up to date" in out and "applied in 4 of 5 tenants" in out, out
    assert [line for line in out.splitlines() if line.startswith("shop@")] == [
        next(line for line in out.splitlines() if line.startswith("shop@tenant_5 "))]
    documents = json.loads(migrate(database, folder, "status", "--json")[1])["services"]
    assert [(each["tenant"], each["tenant_of"], each["pending"]) for each in documents] == [
        *((name, "shop", 0) for name in TENANTS), ("tenant_5", "shop", 3)]
    status, out, err = migrate(database, folder, "up", "--yes", "--json")
    assert status == 0 and [step["service"] for step in json.loads(out)["done"]] == ["shop@tenant_5"] * 3, err
    status, out, err = migrate(database, folder, "drift")
    assert status == 0 and "no drift" in err, out + err
    run(database, "ALTER TABLE tenant_3.item ADD by_hand int")
    status, out, err = migrate(database, folder, "drift")
    assert status == 1 and "shop@tenant_3: column tenant_3.item.by_hand" in out and "1 differences" in err, out + err
    status, out, err = migrate(database, folder, "verify")
    assert status == 0 and "3 proved" in out, out + err
    status, out, err = migrate(database, folder, "down", "--service", "shop@tenant_2", "--steps", "3", "--yes")
    assert status == 0 and ("tenant_2", "item") not in tables(database) and len(tables(database)) == 4, err
    status, out, err = migrate(database, folder, "down", "--to", "0", "--yes")
    assert status == 0 and tables(database) == [] and applied(database) == {}, err


def test_where_one_tenant_fails_it_is_stopped_or_gone_on_by_choice(database: Database, folder: Path) -> None:
    assert migrate(database, folder, "up", "--to", "1", "--yes")[0] == 0
    run(database, "INSERT INTO tenant_2.item VALUES (1, 'a row that has no price')")
    status, out, err = migrate(database, folder, "up", "--yes", "--json")
    assert status == 2 and "contains null values" in err
    assert applied(database) == {"shop@tenant_1": 3, "shop@tenant_2": 1, "shop@tenant_3": 1, "shop@tenant_4": 1}
    status, out, err = migrate(database, folder, "up", "--keep-going", "--yes", "--json")
    assert status == 2 and "1 tenant failed, the others were gone on with: shop@tenant_2" in err, err
    (failed,) = json.loads(out)["failed"]
    assert (failed["service"], failed["version"]) == ("shop@tenant_2", "0002") and "null values" in failed["error"]
    assert applied(database) == {"shop@tenant_1": 3, "shop@tenant_2": 1, "shop@tenant_3": 3, "shop@tenant_4": 3}
    run(database, "DELETE FROM tenant_2.item")
    assert migrate(database, folder, "up", "--keep-going", "--yes")[0] == 0
    assert applied(database) == dict.fromkeys((f"shop@{name}" for name in TENANTS), 3)


def test_a_run_that_is_killed_is_gone_on_with(database: Database, folder: Path) -> None:
    run(database, "CREATE TABLE public.wait (n int)")
    write_files({"0002_price.up.sql": "DO $$ BEGIN IF current_schema() = 'tenant_3' AND EXISTS (SELECT FROM wait) "
                 "THEN PERFORM pg_sleep(60); END IF; END $$; ALTER TABLE item ADD price int NOT NULL;"}, folder)
    run(database, "INSERT INTO public.wait VALUES (1)")
    process = subprocess.Popen([sys.executable, "-m", "console", "migrate", "up", "--yes", "-t", database.conninfo,
                                "--migrations", str(folder)], stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    with database.connect() as connection:
        while not connection.execute("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = "
                                     "current_database()").fetchall():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    run(database, "DELETE FROM public.wait", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event "
        "= 'PgSleep' AND datname = current_database()")
    assert applied(database) == {"shop@tenant_1": 3, "shop@tenant_2": 3, "shop@tenant_3": 1}
    assert migrate(database, folder, "up", "--yes")[0] == 0
    assert applied(database) == dict.fromkeys((f"shop@{name}" for name in TENANTS), 3)


def test_a_tenant_that_is_gone_is_no_reason_to_write_elsewhere(database: Database, folder: Path) -> None:
    status, _, err = migrate(database, folder, "up", "--service", "shop@tenant_9", "--yes")
    assert status == 2 and 'schema "tenant_9" does not exist' in err and tables(database) == []


def test_no_tenant_is_told_and_a_pattern_has_a_star(database: Database, tmp_path: Path) -> None:
    folder = write_files(FILES, tmp_path / "shop")
    status, _, err = migrate(database, folder, "up", "--yes")
    assert status == 0 and "no schema is like tenant_*: there is no tenant to migrate" in err, err
    write_files({"service.toml": 'schemas = "tenant"'}, folder)
    status, _, err = migrate(database, folder, "status")
    assert status == 3 and "'tenant' has no *" in err


@pytest.mark.parametrize(("name", "text", "words"), [
    ("R__names.sql", "CREATE OR REPLACE VIEW names AS SELECT name FROM item;", "is repeatable"),
    ("0004_more.up.sql", "-- dbconsole: batches=item.id/10\nUPDATE item SET price = 1 WHERE id BETWEEN $1 AND $2;",
     "is run in batches"),
])
def test_what_runs_outside_of_one_transaction_is_refused(name: str, text: str, words: str, database: Database,
                                                         folder: Path) -> None:
    (folder / name).write_text(text)
    for command in (("plan",), ("up", "--yes")):
        status, out, err = migrate(database, folder, *command)
        assert status == 2 and words in err and "tenants" in err and tables(database) == [], out + err


def test_no_script_is_written_for_tenants(database: Database, folder: Path) -> None:
    status, out, err = migrate(database, folder, "plan", "--sql")
    assert status == 2 and "can't be run by a script" in err and out == ""


def test_what_is_pending_is_what_a_tenant_lacks(database: Database, folder: Path) -> None:
    assert migrate(database, folder, "up", "--yes", "--to", "1")[0] == 0
    assert migrate(database, folder, "up", "--yes", "--service", "shop@tenant_1")[0] == 0
    status, out, err = migrate(database, folder, "verify", "--pending")
    assert status == 0 and "2 proved" in out and "2 of 3 migrations are pending" in out + err, out + err
    assert migrate(database, folder, "up", "--yes")[0] == 0
    status, out, err = migrate(database, folder, "lint", "--pending")
    assert status == 0 and "none of 3 migrations are pending" in out + err, out + err


def test_what_comes_before_is_kept_for_tenants_too(alone: Database, tmp_path: Path) -> None:
    run(alone, *(f"CREATE SCHEMA {name}" for name in TENANTS))
    folder = write_files(FILES, tmp_path / "anything")
    assert migrate(alone, folder, "up", "--to", "2", "--yes")[0] == 0
    status, out, err = migrate(alone, folder, "verify", "--pending")
    assert status == 0 and "1 proved" in out and "is kept for the next verify" in err, out + err
    (first,) = kept(alone)
    status, out, err = migrate(alone, folder, "verify", "--pending")
    assert status == 0 and "as an earlier verify has kept it" in err and kept(alone) == [first], out + err
    run(alone, "CREATE SCHEMA tenant_new")
    status, out, err = migrate(alone, folder, "verify", "--pending")
    assert status == 0 and "3 proved" in out, "a new tenant lacks everything: " + out + err
    write_files({"0003_index.down.sql": "SELECT 1;"}, folder)
    run(alone, "DROP SCHEMA tenant_new")
    status, out, err = migrate(alone, folder, "verify", "--pending")
    assert status == 1 and "as an earlier verify has kept it" in err and "item_name" in out, out + err
    write_files({"0001_item.up.sql": FILES["0001_item.up.sql"] + "-- more"}, folder)
    run(alone, "DROP SCHEMA dbconsole CASCADE", *(f"DROP TABLE {name}.item" for name in TENANTS))
    assert migrate(alone, folder, "up", "--to", "2", "--yes")[0] == 0
    status, out, err = migrate(alone, folder, "verify", "--pending")
    assert status == 1 and "is kept for the next verify" in err and len(kept(alone)) == 2, out + err
