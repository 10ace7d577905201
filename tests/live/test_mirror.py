"""Runs written into another tool's ledger too: the tool has nothing to do, and can be gone back to."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from console.migrate.frameworks.pending import compare
from console.migrate.frameworks.read import read_ledgers
from console.migrate.frameworks.records import ForeignLedger
from console.migrate.mirror import WRITERS
from console.server.script import script_session
from tests.live.test_adopt import LEDGERS, migrate, migrated_by, run, target
from tests.live.test_layouts import WHOLE, objects
from tests.migrate.histories import named, write_files
from tests.support.servers import Database, missing

MIRRORED_HERE = sorted(WRITERS.keys() & LEDGERS.keys())


async def ledger_of(layout: str, database: Database, folder: Path) -> ForeignLedger:
    """The tool's ledger as it is now, compared with the files by its own reckoning."""
    async with script_session(target(database), purpose="test") as session:
        found = (await read_ledgers(session)).ledgers
    (ledger,) = compare([ledger for ledger in found if ledger.framework == layout], folder)
    return ledger


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


@pytest.mark.parametrize("layout", MIRRORED_HERE)
async def test_what_is_run_is_in_the_tools_ledger_too(layout: str, database: Database, tmp_path: Path) -> None:
    folder = await migrated_by(layout, database, tmp_path)
    before = await ledger_of(layout, database, folder)
    assert before.pending, "the last file is not applied yet"
    status, out, err = migrate(database, folder, "adopt", "--yes", "--mirror", "--json")
    assert status == 0, err
    assert "until adopt --end-mirror" in json.loads(out)["done"][-1]
    assert migrate(database, folder, "adopt", "--yes", "--mirror")[2].startswith("each run is written into")
    assert "is written into" in migrate(database, folder, "status")[1]
    status, out, err = migrate(database, folder, "up", "--yes")
    assert status == 0 and objects(database) == WHOLE, err
    assert "ledger" in err, "it is said"
    after = await ledger_of(layout, database, folder)
    assert after.differences == () and after.is_dirty is False, "the tool would have something to do, or to say"
    assert migrate(database, folder, "down", "--yes")[0] == 0
    one_less = await ledger_of(layout, database, folder)
    assert one_less.pending == before.pending and one_less.last_version == before.last_version
    assert migrate(database, folder, "down", "--to", "0", "--yes")[0] == 0
    nothing = await ledger_of(layout, database, folder)
    assert not nothing.applied_count and objects(database) == set()
    status, out, err = migrate(database, folder, "up", "--yes")
    assert status == 0 and objects(database) == WHOLE, err
    assert (await ledger_of(layout, database, folder)).differences == ()


@pytest.mark.parametrize("layout", MIRRORED_HERE)
async def test_the_tool_is_gone_back_to(layout: str, database: Database, tmp_path: Path) -> None:
    folder = await migrated_by(layout, database, tmp_path)
    assert migrate(database, folder, "adopt", "--yes", "--mirror", "--no-proof")[0] == 0
    assert migrate(database, folder, "up", "--yes")[0] == 0
    status, _, err = migrate(database, folder, "adopt", "--undo", "--yes")
    assert status == 0 and err.count("leaves dbconsole's ledger") == 5, "what dbconsole has applied, the tool knows too"
    assert rows(database, "SELECT count(*) FROM dbconsole.migration UNION ALL SELECT count(*) FROM dbconsole.mirror") \
        == [(0,), (0,)]
    assert migrate(database, folder, "up", "--yes")[0] == 2, "it is the tool's again"
    status, _, err = migrate(database, folder, "adopt", "--yes")
    assert status == 0 and err.count("becomes applied") == 5, err


async def test_an_ended_mirror_is_written_no_more(database: Database, tmp_path: Path) -> None:
    folder = await migrated_by("goose", database, tmp_path)
    assert migrate(database, folder, "adopt", "--yes", "--mirror")[0] == 0
    assert migrate(database, folder, "adopt", "--yes", "--end-mirror")[0] == 0
    assert migrate(database, folder, "adopt", "--yes", "--end-mirror")[2].startswith("no run is written")
    assert migrate(database, folder, "up", "--yes")[0] == 0
    assert (await ledger_of("goose", database, folder)).pending
    status, _, err = migrate(database, folder, "adopt", "--yes", "--mirror")
    assert status == 0 and "app/11_index is written into goose's ledger" in err, "it is brought up to date first"
    assert (await ledger_of("goose", database, folder)).pending == ()
    assert migrate(database, folder, "adopt", "--undo", "--mirror")[0] == 3


async def test_no_baseline_while_a_mirror_is_kept(database: Database, tmp_path: Path) -> None:
    folder = await migrated_by("golang-migrate", database, tmp_path)
    assert migrate(database, folder, "adopt", "--yes", "--mirror")[0] == 0
    both = "SELECT s.version, m.version, m.state FROM schema_migrations s, dbconsole.migration m ORDER BY 2"
    before = rows(database, both)
    status, out, err = migrate(database, folder, "squash", "--to", "10", "--move-to", str(tmp_path / "old"))
    assert status == 0, out + err
    status, out, err = migrate(database, folder, "up", "--yes")
    assert status == 2 and "knows nothing of baselines" in err and "--end-mirror" in err, out + err
    assert rows(database, both) == before
    assert migrate(database, folder, "adopt", "--yes", "--end-mirror")[0] == 0
    status, out, err = migrate(database, folder, "up", "--yes")
    assert status == 0 and objects(database) == WHOLE, out + err


async def test_the_file_and_both_ledgers_are_one_transaction(database: Database, tmp_path: Path) -> None:
    folder = await migrated_by("goose", database, tmp_path)
    assert migrate(database, folder, "adopt", "--yes", "--mirror")[0] == 0
    write_files({"12_more.sql": "-- +goose Up\nCREATE TABLE app.more ();\n-- +goose Down\nDROP TABLE app.more;\n"},
                folder)
    run(database, "ALTER TABLE goose_db_version ADD CHECK (version_id < 12)")
    status, _, err = migrate(database, folder, "up", "--yes")
    assert status == 2 and "while writing the ledger" in err and "12_more.sql" in err
    assert rows(database, "SELECT to_regclass('app.more'), (SELECT count(*) FROM dbconsole.migration)") == [(None, 5)]


async def test_a_ledger_that_was_written_by_others_is_said_and_nothing_is_run(database: Database, tmp_path: Path
                                                                               ) -> None:
    folder = await migrated_by("goose", database, tmp_path)
    assert migrate(database, folder, "adopt", "--yes", "--mirror")[0] == 0
    run(database, "DELETE FROM goose_db_version WHERE version_id = 9")
    status, _, err = migrate(database, folder, "up", "--yes")
    assert status == 2 and "app/9_note is applied, and goose's ledger doesn't have it" in err
    assert "goose's ledger doesn't have it" in migrate(database, folder, "status")[1]
    assert migrate(database, folder, "adopt", "--yes", "--mirror")[0] == 0
    assert migrate(database, folder, "up", "--yes")[0] == 0
    assert migrate(database, folder, "down", "--yes")[0] == 0
    run(database, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (11, true)")
    status, _, err = migrate(database, folder, "up", "--yes")
    assert status == 2 and "app/11_index is not applied, and goose's ledger has it" in err


async def test_a_script_of_the_plan_writes_both(database: Database, tmp_path: Path) -> None:
    folder = await migrated_by("sqlx", database, tmp_path)
    assert migrate(database, folder, "adopt", "--yes", "--mirror")[0] == 0
    write_files({"12_more.up.sql": "CREATE TABLE app.more ();", "12_more.down.sql": "DROP TABLE app.more;"}, folder)
    _, script, _ = migrate(database, folder, "plan", "--sql")
    psql = shutil.which("psql") or missing("psql", "not on PATH")
    done = subprocess.run([psql, "-X", "-q", "-d", database.conninfo], input=script,  # noqa: ASYNC221 - nothing waits
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (await ledger_of("sqlx", database, folder)).differences == ()
    assert migrate(database, folder, "status", "--exit-code")[0] == 0


async def test_rows_are_what_the_tools_write(database: Database, tmp_path: Path) -> None:
    """Checksums and names, by another reckoning than the one that wrote them."""
    flyway = await migrated_by("flyway", database, tmp_path / "flyway")
    write_files({"R__totals.sql": "-- totals\nCREATE OR REPLACE VIEW app.totals AS SELECT 1 AS n;\n"}, flyway)
    assert migrate(database, flyway, "adopt", "--yes", "--mirror", "--no-proof")[0] == 0
    assert migrate(database, flyway, "up", "--yes")[0] == 0
    (index,) = rows(database, "SELECT installed_rank, version, description, type, script, checksum, success "
                              "FROM flyway_schema_history WHERE version = '2'")
    crc = zlib.crc32((flyway / "V2__index.sql").read_text().rstrip("\n").encode())
    assert index == (5, "2", "index", "SQL", "V2__index.sql", crc - (1 << 32) if crc >= 1 << 31 else crc, True)
    (again,) = rows(database, "SELECT installed_rank, description, script, checksum FROM flyway_schema_history "
                              "WHERE version IS NULL")
    crc = zlib.crc32(b"-- totalsCREATE OR REPLACE VIEW app.totals AS SELECT 1 AS n;")
    assert again == (6, "totals", "R__totals.sql", crc - (1 << 32) if crc >= 1 << 31 else crc)
    assert migrate(database, flyway, "down", "--steps", "2", "--yes")[0] == 0
    assert rows(database, "SELECT version, type, script FROM flyway_schema_history WHERE installed_rank > 4 ORDER BY "
                          "installed_rank") == [("2", "SQL", "V2__index.sql"), ("2", "UNDO_SQL", "U2__index.sql")]


async def test_sqlx_gets_the_files_sha_384(database: Database, tmp_path: Path) -> None:
    folder = await migrated_by("sqlx", database, tmp_path)
    assert migrate(database, folder, "adopt", "--yes", "--mirror", "--no-proof")[0] == 0
    assert migrate(database, folder, "up", "--yes")[0] == 0
    ((description, checksum, is_done),) = rows(
        database, "SELECT description, checksum, success AND execution_time >= 0 FROM _sqlx_migrations "
                  "WHERE version = 11")
    digest = hashlib.sha384((folder / "11_index.up.sql").read_bytes()).digest()
    assert (description, bytes(checksum), is_done) == ("index", digest, True)


PRISMA = ("CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at "
          "timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, started_at "
          "timestamptz NOT NULL DEFAULT now(), applied_steps_count int NOT NULL DEFAULT 0)",
          "INSERT INTO _prisma_migrations VALUES ('x', '', now(), '20240101000000_a', NULL, NULL, now(), 1)")
DRIZZLE = ("CREATE SCHEMA drizzle",
           "CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)",
           "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('', 1700000000000)")


@pytest.mark.parametrize(("layout", "ledger", "files"), [
    ("prisma", PRISMA, {"20240101000000_a/migration.sql": "CREATE TABLE a ();", "migration_lock.toml": "",
                        "20240102000000_b/migration.sql": "CREATE TABLE b ();"}),
    ("drizzle", DRIZZLE, {"0000_a.sql": "CREATE TABLE a ();", "0001_b.sql": "CREATE TABLE b ();", "meta/_journal.json":
                          '{"entries": [{"when": 1700000000000, "tag": "0000_a"}, {"when": 1700000000001, "tag": '
                          '"0001_b"}]}'}),
])
async def test_what_has_no_way_down_is_mirrored_too(layout: str, ledger: tuple[str, ...], files: Mapping[str, str],
                                                    database: Database, tmp_path: Path) -> None:
    folder = named(write_files(files, tmp_path / "app"))
    run(database, *ledger, "CREATE TABLE a ()")
    assert migrate(database, folder, "adopt", "--yes", "--mirror")[0] == 0
    assert migrate(database, folder, "up", "--yes")[0] == 0
    found = await ledger_of(layout, database, folder)
    assert found.applied_count == 2 and found.pending == ()
    digest = hashlib.sha256(b"CREATE TABLE b ();").hexdigest()
    assert found.rows[-1].checksum == digest


async def test_what_cannot_be_mirrored_is_refused_with_its_reason(database: Database, tmp_path: Path) -> None:
    folder = await migrated_by("sqitch", database, tmp_path)
    status, _, err = migrate(database, folder, "adopt", "--yes", "--mirror")
    assert status == 2 and "only sqitch computes from its plan" in err
    assert migrate(database, folder, "adopt", "--yes")[0] == 0
    mine = named(write_files({"1_a.up.sql": "CREATE TABLE a ();"}, tmp_path / "mine"))
    assert "there is none that runs could be written into" in migrate(database, mine, "adopt", "--yes", "--mirror")[2]


async def test_a_role_that_may_not_write_the_old_ledger_is_told(database: Database, tmp_path: Path) -> None:
    folder = await migrated_by("goose", database, tmp_path)
    run(database, "CREATE ROLE half_way LOGIN SUPERUSER", "ALTER ROLE half_way NOSUPERUSER",
        "GRANT CREATE ON DATABASE " + database.name + " TO half_way", "GRANT SELECT ON goose_db_version TO half_way")
    try:
        mine = Database(database.server, database.name, f"{database.conninfo} user=half_way")
        status, _, err = migrate(mine, folder, "adopt", "--yes", "--mirror", "--no-proof")
        assert status == 2 and "GRANT INSERT, UPDATE, DELETE ON public.goose_db_version TO half_way" in err
    finally:
        run(database, "DROP OWNED BY half_way", "DROP ROLE half_way")
