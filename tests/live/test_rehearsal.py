"""What is pending, tried on rows of the target: how long its locks would be held, and what the rows refuse."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.live.test_adopt import migrate, run
from tests.migrate.histories import named, write_files
from tests.support.servers import Database

BASE: Mapping[str, str] = {
    "0001_base.up.sql": """CREATE SCHEMA shop;
CREATE TABLE shop.maker (id int PRIMARY KEY, parent int REFERENCES shop.maker, name text);
CREATE TABLE shop.item (id int PRIMARY KEY, maker int NOT NULL REFERENCES shop.maker, price int, note text);
CREATE TABLE shop.sale (id int, item int REFERENCES shop.item);
CREATE TABLE shop.other (id int);
CREATE FUNCTION shop.never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'fired'; END $$;
INSERT INTO shop.maker VALUES (1, NULL, 'one of the files');
""",
    "0001_base.down.sql": "DROP SCHEMA shop CASCADE;",
}
ROWS = """INSERT INTO shop.maker SELECT n, n - 1, 'm' FROM generate_series(2, 2000) AS n;
INSERT INTO shop.item SELECT n, 1 + n % 2000, n, repeat('x', 50) FROM generate_series(1, 100000) AS n;
INSERT INTO shop.sale SELECT n, n FROM generate_series(1, 50) AS n;
CREATE TRIGGER never BEFORE INSERT ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.never();
ANALYZE"""


def rehearsed(database: Database, folder: Path, *words: str, status: int = 0) -> dict[str, Any]:
    done, out, err = migrate(database, folder, "verify", "--on-data", "--json", *words)
    assert done == status, out + err
    return json.loads(out)  # type: ignore[no-any-return]


def step(document: dict[str, Any], version: str, direction: str = "up") -> dict[str, Any]:
    return next(step for step in document["steps"] if (step["version"], step["direction"]) == (version, direction))


@pytest.fixture
def folder(database: Database, tmp_path: Path) -> Path:
    folder = named(write_files(BASE, tmp_path / "shop"))
    assert migrate(database, folder, "up", "--yes")[0] == 0
    run(database, *ROWS.split(";\n"))
    return folder


def state(database: Database) -> object:
    with database.connect() as connection:
        return connection.execute(
            "SELECT (SELECT count(*) FROM shop.item), (SELECT string_agg(relname || relfilenode, ' ' ORDER BY oid) "
            "FROM pg_class WHERE relnamespace = 'shop'::regnamespace), (SELECT count(*) FROM pg_database), "
            "(SELECT count(*) FROM dbconsole.migration_event)").fetchone()


def test_how_long_a_rewrite_holds_its_lock(database: Database, folder: Path) -> None:
    write_files({"0002_wide.up.sql": "ALTER TABLE shop.item ALTER price TYPE bigint;\n"
                                     "ALTER TABLE shop.other ADD a int;",
                 "0002_wide.down.sql": "ALTER TABLE shop.item ALTER price TYPE int; ALTER TABLE shop.other DROP a;"},
                folder)
    before = state(database)
    document = rehearsed(database, folder, "--rows", "8000")
    assert state(database) == before
    tables = {table["table"]: table for table in document["tables"]}
    assert 4000 <= tables["shop.item"]["rows"] <= 8001 and 90_000 < tables["shop.item"]["of"] < 110_000
    assert tables["shop.maker"]["rows"] >= 500, "what the sample's foreign keys ask for came too"
    rewrite, added = step(document, "0002")["statements"]
    low, high = rewrite["would_take_ms"]
    assert rewrite["took_ms"] <= low * 20 and low < high and high > rewrite["took_ms"] * 5
    assert added["would_take_ms"][1] < 1000
    locks = {lock["relation"]: lock for lock in step(document, "0002")["locks"]}
    assert locks["shop.item"]["lock"] == "ACCESS EXCLUSIVE"
    assert locks["shop.item"]["held_ms"][0] == pytest.approx(low + added["would_take_ms"][0], abs=0.01)
    assert locks["shop.other"]["held_ms"] == pytest.approx(added["would_take_ms"], abs=0.01)
    assert step(document, "0002", "down")["statements"][0]["would_take_ms"] is not None
    began = time.perf_counter()
    run(database, "ALTER TABLE shop.item ALTER price TYPE bigint")
    took_ms = (time.perf_counter() - began) * 1000
    assert low / 5 < took_ms < high * 5, (low, took_ms, high)


def test_what_is_not_known_is_said_to_be_unknown(database: Database, folder: Path) -> None:
    write_files({"0002_more.up.sql": """UPDATE shop.item SET note = m.name FROM shop.maker AS m WHERE m.id = maker;
DO $$ BEGIN PERFORM 1; END $$;
UPDATE shop.item SET note = 'y';
CREATE TABLE shop.copy AS SELECT * FROM shop.item;
CREATE INDEX ON shop.copy (id);
"""}, folder)
    document = rehearsed(database, folder, "--rows", "2000")
    joined, block, updated, copied, indexed = step(document, "0002")["statements"]
    assert joined["would_take_ms"] is None and "several tables" in joined["reason"]
    assert block["would_take_ms"] is None and updated["would_take_ms"] and copied["would_take_ms"]
    assert indexed["would_take_ms"] is None and "has filled" in indexed["reason"]
    (lock,) = [lock for lock in step(document, "0002")["locks"]
               if (lock["relation"], lock["lock"]) == ("shop.item", "ROW EXCLUSIVE")]
    assert lock["held_ms"] is None and lock["at_least_ms"] > 0
    status, out, err = migrate(database, folder, "verify", "--on-data", "--rows", "2000")
    assert status == 0 and "ROW EXCLUSIVE on shop.item held for unknown, at least" in out, out + err


def test_what_the_rows_refuse_is_told(database: Database, folder: Path) -> None:
    write_files({"0002_check.up.sql": "ALTER TABLE shop.item ADD CHECK (price < 1);"}, folder)
    document = rehearsed(database, folder, "--rows", "2000", status=1)
    assert "is violated by some row" in step(document, "0002")["error"]


def test_a_small_table_is_there_as_a_whole(database: Database, folder: Path) -> None:
    run(database, "DELETE FROM pg_statistic WHERE starelid = 'shop.sale'::regclass")
    write_files({"0002_sale.up.sql": "ALTER TABLE shop.sale ALTER id TYPE bigint;",
                 "0002_sale.down.sql": "ALTER TABLE shop.sale ALTER id TYPE int;"}, folder)
    document = rehearsed(database, folder)
    (table,) = [table for table in document["tables"] if table["table"] == "shop.sale"]
    assert (table["rows"], table["of"]) == (50, 50)
    (statement,) = step(document, "0002")["statements"]
    assert 0 < statement["would_take_ms"][1] <= statement["took_ms"] + 0.001


def test_on_a_clone(database: Database, folder: Path) -> None:
    write_files({"0002_wide.up.sql": "ALTER TABLE shop.item ALTER price TYPE bigint;",
                 "0002_wide.down.sql": "ALTER TABLE shop.item ALTER price TYPE int;"}, folder)
    name = f"{database.name}_clone"
    clone = database.conninfo.replace(f"dbname={database.name}", f"dbname={name}")
    with database.connect(dbname="postgres") as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {database.name}")  # type: ignore[arg-type]
    try:
        before = state(database)
        status, out, err = migrate(database, folder, "verify", "--on-data", "--clone", clone)
        assert status == 3 and "--yes" in err, out + err
        document = rehearsed(database, folder, "--clone", clone, "--yes")
        assert state(database) == before
        (statement,) = step(document, "0002")["statements"]
        assert 0 < statement["would_take_ms"][0] <= statement["would_take_ms"][1]
        assert 0 < statement["would_take_ms"][1] <= statement["took_ms"] + 0.001
        assert document["where"].startswith("the clone") and len(document["steps"]) == 2
        status, out, err = migrate(database, folder, "verify", "--on-data", "--clone", database.conninfo, "--yes")
        assert status == 2 and "is the target itself" in err, out + err
    finally:
        with database.connect(dbname="postgres") as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


def test_partitions_and_what_may_not_be_read(database: Database, folder: Path) -> None:
    run(database, "CREATE ROLE dbconsole_rehearses LOGIN CREATEDB", "GRANT USAGE ON SCHEMA shop, dbconsole TO "
        "dbconsole_rehearses", "GRANT SELECT ON ALL TABLES IN SCHEMA dbconsole TO dbconsole_rehearses")
    try:
        write_files({"0002_part.up.sql": "CREATE TABLE shop.part (id int, at int) PARTITION BY RANGE (at);\n"
                                         "CREATE TABLE shop.part_1 PARTITION OF shop.part FOR VALUES FROM (0) TO (9);",
                     "0002_part.down.sql": "DROP TABLE shop.part;"}, folder)
        assert migrate(database, folder, "up", "--yes")[0] == 0
        run(database, "INSERT INTO shop.part SELECT n, n % 9 FROM generate_series(1, 3000) AS n; ANALYZE shop.part",
            "GRANT SELECT ON shop.part TO dbconsole_rehearses")
        write_files({"0003_wide.up.sql": "ALTER TABLE shop.part ALTER id TYPE bigint;\n"
                                         "ALTER TABLE shop.item ALTER price TYPE bigint;"}, folder)
        document = rehearsed(database, folder, "-U", "dbconsole_rehearses")
        assert {table["table"]: table["rows"] for table in document["tables"]}["shop.part"] == 3000
        part, item = step(document, "0003")["statements"]
        assert part["would_take_ms"] is not None and item["would_take_ms"] is None
        assert any("shop.item may not be read by dbconsole_rehearses" in note for note in document["notes"])
    finally:
        run(database, "DROP OWNED BY dbconsole_rehearses", "DROP ROLE dbconsole_rehearses")


def test_in_a_server_of_its_own(database: Database, folder: Path) -> None:
    write_files({"0002_wide.up.sql": "ALTER TABLE shop.sale ALTER id TYPE bigint;"}, folder)
    document = rehearsed(database, folder, "--embedded")
    assert document["where"].startswith("a throwaway cluster")
    assert step(document, "0002")["statements"][0]["would_take_ms"] is not None
