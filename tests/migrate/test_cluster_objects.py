"""Which scripts reach beyond their database, by their text; and what is remembered of proofs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from console.migrate import proofs
from console.migrate.cluster_objects import needs_own_cluster, touches_cluster
from console.migrate.prepare import prepare
from console.migrate.records import MigrationFile, Script

HERE = Path("1_a.up.sql")


def file(up: str, down: str = "SELECT 1;") -> MigrationFile:
    return MigrationFile("shop", "1", "a", Script(HERE, up), Script(HERE, down))


@pytest.mark.parametrize(("text", "words"), [
    ("CREATE ROLE app;", "CREATE ROLE"),
    ("DO $$ BEGIN EXECUTE format('CREATE ROLE %I NOLOGIN', 'x'); END $$;", "CREATE ROLE"),
    ("alter  user app password null", "ALTER USER"),
    ("GRANT reporting TO app;", "GRANT of a role"),
    ("REVOKE reporting FROM app;", "REVOKE of a role"),
    ("CREATE TABLESPACE fast LOCATION '/x';", "CREATE TABLESPACE"),
    ("ALTER DATABASE shop SET work_mem = '1GB';", "ALTER DATABASE"),
    ("GRANT CONNECT ON DATABASE shop TO app;", "GRANT ON DATABASE"),
    ("COMMENT ON ROLE app IS 'x';", "COMMENT ON ROLE"),
    ("ALTER SYSTEM SET work_mem = '1GB';", "ALTER SYSTEM"),
    ("DROP OWNED BY app;", "DROP OWNED"),
    ("GRANT SELECT ON shop.orders TO app; REVOKE ALL ON SCHEMA shop FROM PUBLIC;", None),
    ("ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO app;", None),
    ("CREATE USER MAPPING FOR app SERVER other;", None),
    ("CREATE TABLE a (); -- CREATE ROLE app\n/* ALTER SYSTEM */", None),
])
def test_the_text_tells(text: str, words: str | None) -> None:
    assert touches_cluster(file(text)) == words
    assert touches_cluster(file("SELECT 1;", text)) == words


def test_what_a_guard_could_not_take_back_is_never_tried() -> None:
    assert needs_own_cluster(prepare(Script(HERE, "CREATE ROLE app;"))) is None
    assert needs_own_cluster(prepare(Script(HERE, "-- dbconsole: no-transaction\nCREATE ROLE app;"))) == "CREATE ROLE"
    assert needs_own_cluster(prepare(Script(HERE, "COMMENT ON DATABASE x IS 'y';"))) == "COMMENT ON DATABASE"


def test_proofs_are_remembered_for_these_texts_and_this_version(tmp_path: Path) -> None:
    migration_file, other = file("CREATE TABLE a ();"), file("CREATE TABLE b ();")
    folder = tmp_path / "state"
    assert proofs.read(folder) == {}
    proofs.remember([migration_file], 18, folder)
    found = proofs.read(folder)
    assert dt.datetime.now(dt.UTC) - found[proofs.key(migration_file, 18)] < dt.timedelta(minutes=1)
    assert proofs.key(migration_file, 17) not in found and proofs.key(other, 18) not in found
    proofs.remember([other], 18, folder)
    assert len(proofs.read(folder)) == 2
    (folder / proofs.FILE).write_text("[nonsense")
    assert proofs.read(folder) == {}
    proofs.remember([migration_file], 18, folder)
    assert len(proofs.read(folder)) == 1


def test_a_state_folder_that_cannot_be_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    proofs.remember([file("SELECT 1;")], 18, tmp_path / "file")
