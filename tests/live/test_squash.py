"""A service's first migrations as one file: proved to make the same, taken for applied where they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.live.test_adopt import migrate, migrated_by, run
from tests.live.test_layouts import WHOLE, objects
from tests.migrate.histories import HISTORIES, named, write, write_files
from tests.support.git import git
from tests.support.servers import Database

HISTORY: Mapping[str, str] = {
    "0001_base.up.sql": """CREATE SCHEMA IF NOT EXISTS shop;
COMMENT ON SCHEMA shop IS 'what is sold';
CREATE TYPE shop.size AS ENUM ('s', 'm');
CREATE TABLE shop.kind (id int PRIMARY KEY, name text NOT NULL, sizes shop.size[], at timestamptz);
INSERT INTO shop.kind VALUES (2, E'it''s \\\\ back', '{s,m}', '2024-01-02 03:04:05+02'), (1, 'one', NULL, NULL);
""",
    "0001_base.down.sql": "DROP SCHEMA shop CASCADE;",
    "0002_items.up.sql": """CREATE TABLE shop.item (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind int NOT NULL REFERENCES shop.kind, old text, price numeric(10, 2) NOT NULL DEFAULT 1,
    twice numeric GENERATED ALWAYS AS (price * 2) STORED);
COMMENT ON COLUMN shop.item.price IS 'in euros';
CREATE SEQUENCE shop.ticket START 100;
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO shop.log (what) VALUES (NEW.id::text); RETURN NEW; END $$;
CREATE TABLE shop.log (n serial PRIMARY KEY, what text);
CREATE TRIGGER touch AFTER INSERT ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.touch();
INSERT INTO shop.item (kind) VALUES (1), (2), (2);
SELECT nextval('shop.ticket');
""",
    "0002_items.down.sql": "DROP TABLE shop.item, shop.log; DROP FUNCTION shop.touch(); DROP SEQUENCE shop.ticket;",
    "0003_more.up.sql": """ALTER TABLE shop.item DROP COLUMN old;
DELETE FROM shop.item WHERE id = 2;
CREATE MATERIALIZED VIEW shop.counted AS SELECT kind, count(*) AS n FROM shop.item GROUP BY kind;
CREATE INDEX item_kind ON shop.item (kind);
CREATE TABLE shop.part (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE shop.part_1 PARTITION OF shop.part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO shop.part VALUES (7, '2024-05-05');
ALTER TABLE shop.kind ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON shop.kind TO PUBLIC;
""",
    "0003_more.down.sql": "DROP TABLE shop.part; DROP MATERIALIZED VIEW shop.counted; DROP INDEX shop.item_kind;"
                          "ALTER TABLE shop.item ADD old text; ALTER TABLE shop.kind DISABLE ROW LEVEL SECURITY;"
                          "REVOKE SELECT ON shop.kind FROM PUBLIC;",
    "0004_after.up.sql": "ALTER TABLE shop.item ADD note text;",
    "0004_after.down.sql": "ALTER TABLE shop.item DROP note;",
}
SUMS = ("SELECT (SELECT string_agg(k::text, ' ' ORDER BY id) FROM shop.kind AS k), "
        "(SELECT string_agg(i::text, ' ' ORDER BY id) FROM shop.item AS i), (SELECT count(*) FROM shop.log), "
        "(SELECT string_agg(c::text, ' ' ORDER BY kind) FROM shop.counted AS c), (SELECT count(*) FROM shop.part), "
        "nextval('shop.ticket'), nextval('shop.log_n_seq')")


def value(database: Database, sql: str) -> object:
    with database.connect() as connection:
        return connection.execute(sql).fetchone()  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The history, committed."""
    folder = named(write_files(HISTORY, tmp_path / "shop"))
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "all")
    return folder


def squashed(database: Database, folder: Path, *words: str) -> Path:
    status, out, err = migrate(database, folder, "squash", "--to", "3", *words)
    assert status == 0 and "proved in scratch databases" in err, out + err
    return Path(out.strip())


def test_the_baseline_makes_what_the_files_made(database: Database, folder: Path) -> None:
    assert migrate(database, folder, "up", "--yes")[0] == 0
    before = value(database, SUMS)
    path = squashed(database, folder)
    assert path.name == "0003_baseline.up.sql"
    assert [file.name for file in sorted(folder.glob("*.sql"))] == [
        "0003_baseline.up.sql", "0004_after.down.sql", "0004_after.up.sql"]
    run(database, "DROP SCHEMA shop, dbconsole CASCADE")
    status, out, err = migrate(database, folder, "up", "--yes")
    assert status == 0, out + err
    assert value(database, SUMS) == before
    for command in ("drift", "verify"):
        status, out, err = migrate(database, folder, command)
        assert status == 0, out + err
    status, out, err = migrate(database, folder, "lint", "--severity", "error")
    assert status == 0, out + err


def test_where_the_files_are_applied_it_takes_their_place(database: Database, folder: Path) -> None:
    assert migrate(database, folder, "up", "--yes")[0] == 0
    applied = value(database, "SELECT applied_at FROM dbconsole.migration WHERE version = '0003'")
    before = value(database, "SELECT xmin::text, relfilenode FROM pg_class WHERE relname = 'item'")
    squashed(database, folder)
    document = json.loads(migrate(database, folder, "status", "--json")[1])["services"][0]
    assert [(each["version"], each["state"]) for each in document["migrations"]] == [
        ("0003", "pending"), ("0004", "applied")]
    assert "stands for 0001 to 0003" in document["migrations"][0]["detail"]
    status, out, err = migrate(database, folder, "drift")
    assert status == 0, out + err
    status, out, err = migrate(database, folder, "plan")
    assert status == 0 and "in place of 3 migrations that are applied: nothing is run" in out, out + err
    status, out, err = migrate(database, folder, "down", "--steps", "2", "--yes")
    assert status == 2 and "is irreversible: it stands for 0001 to 0003" in err, out + err
    status, out, err = migrate(database, folder, "up", "--yes")
    assert status == 0, out + err
    with database.connect() as connection:
        rows = connection.execute("SELECT version, name, state FROM dbconsole.migration ORDER BY rank").fetchall()
        events = connection.execute("SELECT event FROM dbconsole.migration_event ORDER BY at DESC LIMIT 1").fetchone()
    assert rows == [("0003", "baseline", "applied"), ("0004", "after", "applied")]
    assert events == ("squashed",)
    assert value(database, "SELECT applied_at FROM dbconsole.migration WHERE version = '0003'") == applied
    assert value(database, "SELECT xmin::text, relfilenode FROM pg_class WHERE relname = 'item'") == before
    assert migrate(database, folder, "status", "--exit-code")[0] == 0
    assert migrate(database, folder, "down", "--yes")[0] == 0
    status, out, err = migrate(database, folder, "down", "--yes")
    assert status == 2 and "is irreversible: it stands for 0001 to 0003" in err, out + err


def test_as_a_script_it_takes_their_place_too(database: Database, folder: Path) -> None:
    assert migrate(database, folder, "up", "--yes", "--to", "3")[0] == 0
    squashed(database, folder)
    status, out, err = migrate(database, folder, "plan", "--sql")
    assert status == 0, err
    run(database, "\n".join(line for line in out.splitlines() if not line.startswith("\\")))
    assert migrate(database, folder, "status", "--exit-code")[0] == 0


def test_where_only_some_are_applied_runs_refuse(database: Database, folder: Path) -> None:
    assert migrate(database, folder, "up", "--yes", "--to", "2")[0] == 0
    squashed(database, folder, "--move-to", str(folder.parent / "old"))
    for command in (("up", "--yes"), ("plan",), ("down", "--yes")):
        status, out, err = migrate(database, folder, *command)
        assert status == 2 and "from before the squash" in err, out + err
    assert "1 of these 3 are not applied here" in migrate(database, folder, "status")[1]
    for file in (folder.parent / "old").iterdir():
        file.rename(folder / file.name)
    baseline = folder / "0003_baseline.up.sql"
    text = baseline.read_bytes()
    baseline.unlink()
    assert migrate(database, folder, "up", "--yes", "--to", "3")[0] == 0
    for file in folder.glob("000[123]*"):
        file.unlink()
    baseline.write_bytes(text)
    status, out, err = migrate(database, folder, "up", "--yes")
    assert status == 0, out + err
    assert migrate(database, folder, "status", "--exit-code")[0] == 0


@pytest.mark.parametrize("version", ["0001", "0003"])
def test_what_was_applied_with_another_text_is_not_stood_for(version: str, database: Database, folder: Path) -> None:
    assert migrate(database, folder, "up", "--yes")[0] == 0
    run(database, f"UPDATE dbconsole.migration SET checksum_up = 'sha256:0' WHERE version = '{version}'")
    squashed(database, folder)
    status, out, err = migrate(database, folder, "up", "--yes")
    assert status == 2 and f"{version} was applied here with another text" in err, out + err
    status, out, err = migrate(database, folder, "repair", "accept-checksum", "--version", "3", "--yes")
    assert status == 2, out + err


def test_nothing_is_lost(database: Database, folder: Path) -> None:
    (folder / "0002_items.up.sql").write_text(HISTORY["0002_items.up.sql"] + "-- more\n")
    names = sorted(folder.iterdir())
    status, out, err = migrate(database, folder, "squash", "--to", "3")
    assert status == 2 and "0002_items.up.sql" in err and "--move-to" in err, out + err
    status, out, err = migrate(database, folder, "squash", "--to", "3", "--move-to", str(folder / "old"))
    assert status == 2 and "would be read again" in err, out + err
    assert sorted(folder.iterdir()) == names
    squashed(database, folder, "--move-to", str(folder.parent / "old"))
    assert sorted(file.name for file in (folder.parent / "old").iterdir()) == [
        name for name in sorted(HISTORY) if name < "0004"]


REFUSED = {
    "too many rows": ("INSERT INTO shop.kind SELECT n, 'x' FROM generate_series(10, 2000) AS n",
                      "shop.kind: its 1993 rows are more"),
    "a role": ("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_monitor') THEN "
               "CREATE ROLE dbconsole_squash; END IF; END $$", "would be lost"),
    "large objects": ("SELECT lo_create(0)", "large objects"),
    "an event trigger": ("CREATE FUNCTION shop.e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; "
                         "CREATE EVENT TRIGGER squashed_e ON ddl_command_end EXECUTE FUNCTION shop.e()",
                         "event trigger"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_baseline_cannot_hold_is_named_and_nothing_is_written(name: str, database: Database,
                                                                     folder: Path) -> None:
    sql, words = REFUSED[name]
    path = folder / "0003_more.up.sql"
    path.write_text(path.read_text() + sql + ";\n")
    git(folder, "commit", "-am", "more")
    names = sorted(folder.iterdir())
    status, out, err = migrate(database, folder, "squash", "--to", "3")
    assert status == 2 and words in err, out + err
    assert sorted(folder.iterdir()) == names


def test_what_others_require_of_it_is_still_there(database: Database, folder: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    both.mkdir()
    folder.rename(both / "shop")
    folder = both / "shop"
    write_files({"0001_sale.up.sql": "-- dbconsole: requires=shop/0002\nCREATE TABLE sale (item bigint);",
                 "0001_sale.down.sql": "DROP TABLE sale;"}, both / "sales")
    squashed(database, both, "--service", "shop")
    status, out, err = migrate(database, both, "up", "--yes")
    assert status == 0, out + err
    assert value(database, "SELECT count(*) FROM dbconsole.migration") == (3,)


REFUSED_LAYOUTS = {"drizzle": "drizzle-kit generate", "sqitch": "sqitch deploy --log-only",
                   "liquibase": "liquibase generate-changelog"}


@pytest.mark.parametrize(("files", "said"), [
    ({"service.toml": 'schemas = "tenant_*"', "1_a.up.sql": "CREATE TABLE a ();", "2_b.up.sql": "CREATE TABLE b ();"},
     ("has tenants", "the files can stay")),
    ({"service.toml": 'framework = "alembic"', "1_a.py": ""}, ("is migrated by Alembic: not squashed",)),
])
def test_who_can_not_be_squashed_hears_why(files: Mapping[str, str], said: tuple[str, ...], database: Database,
                                           tmp_path: Path) -> None:
    status, out, err = migrate(database, write_files(files, tmp_path / "app"), "squash", "--to", "2")
    assert status == 2 and all(words in err for words in said), out + err


@pytest.mark.parametrize("layout", HISTORIES)
def test_a_baseline_is_in_the_folders_own_layout(layout: str, database: Database, tmp_path: Path) -> None:
    folder = named(write(layout, tmp_path / "app"))
    assert migrate(database, folder, "up", "--yes", "--steps", "4")[0] == 0
    version = json.loads(migrate(database, folder, "status", "--json")[1])["services"][0]["latest"]
    status, out, err = migrate(database, folder, "squash", "--to", version, "--move-to", str(tmp_path / "old"))
    if layout in REFUSED_LAYOUTS:
        assert status == 2 and REFUSED_LAYOUTS[layout] in err and not (tmp_path / "old").exists(), out + err
        return
    assert status == 0, out + err
    status, out, err = migrate(database, folder, "up", "--yes")
    assert status == 0 and objects(database) == WHOLE, out + err
    document = json.loads(migrate(database, folder, "status", "--json")[1])["services"][0]
    assert (document["state"], document["applied"]) == ("applied", 2), document
    run(database, "DROP SCHEMA app, dbconsole CASCADE")
    status, out, err = migrate(database, folder, "up", "--yes")
    assert status == 0 and objects(database) == WHOLE, out + err


@pytest.mark.parametrize("layout", ["golang-migrate", "dbmate"])
async def test_a_baseline_is_adopted_where_another_tool_has_applied_it(layout: str, database: Database,
                                                                       tmp_path: Path) -> None:
    folder = await migrated_by(layout, database, tmp_path)
    version = {"golang-migrate": "10", "dbmate": "09.2"}[layout]
    status, out, err = migrate(database, folder, "squash", "--to", version, "--move-to", str(tmp_path / "old"))
    assert status == 0, out + err
    status, out, err = migrate(database, folder, "adopt", "--yes")
    assert status == 0 and "becomes applied" in err, out + err
    status, out, err = migrate(database, folder, "up", "--yes")
    assert status == 0 and objects(database) == WHOLE, out + err
