"""`plan --sql`: what psql makes of the script is what `up` and `down` make, schema and ledger; `repair accept`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from console.sql.parameters import filled
from tests.live.test_migrate_headless import ask, migrate
from tests.migrate.histories import named
from tests.support.servers import Database, LiveServer

ROWS = ("SELECT service, version, name, state, direction, checksum_up, checksum_down, raw_checksum_up, "
        "statements_done, statements_total, statement_hashes, error FROM dbconsole.migration ORDER BY rank")
EVENTS = "SELECT event, version, checksum FROM dbconsole.migration_event WHERE event <> 'started' ORDER BY 1, 2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "shop"
    inside.mkdir()
    for name, text in {
        "1_a.up": "CREATE TABLE a (n int, t text); -- the last word\n"
                  "INSERT INTO a VALUES (1, 'it''s; $1 \\ :HOST') -- end",
        "1_a.down": "DROP TABLE a",
        "2_b.up": "SET search_path = nowhere; SET ROLE pg_monitor; SELECT 1",
        "2_b.down": "SELECT 1",
        "3_c.up": "-- dbconsole: no-transaction\nSET search_path = public;\nCREATE INDEX CONCURRENTLY a_n ON a (n);\n"
                  "ALTER TABLE a ADD m int;\nVACUUM a;",
        "3_c.down": "-- dbconsole: no-transaction\nDROP INDEX CONCURRENTLY a_n;\nALTER TABLE a DROP m",
        "4_d.up": "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;\n"
                  "CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;",
        "4_d.down": "DROP FUNCTION f(); DROP FUNCTION g()",
    }.items():
        (inside / f"{name}.sql").write_text(text)
    return named(inside)


def psql(database: Database, script: str) -> subprocess.CompletedProcess[str]:
    assert database.server.cluster is not None
    program = database.server.cluster.binaries.program("psql")
    return subprocess.run([str(program), "-X", "-q", "-f", "-", "-d", database.conninfo], input=script, text=True,
                          capture_output=True)


def planned(database: Database, folder: Path, *words: str) -> str:
    status, out, err = migrate(database, folder, "plan", "--sql", *words)
    assert status == 0, err
    return out


def schema(database: Database) -> list[object]:
    return ask(database, "SELECT attrelid::regclass::text, attname, atttypid::regtype::text FROM pg_attribute JOIN "
                         "pg_class c ON c.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND attnum > 0 "
                         "AND NOT attisdropped UNION ALL SELECT proname, '', '' FROM pg_proc "
                         "WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 2")


def test_psql_makes_of_it_what_up_makes(server: LiveServer, folder: Path) -> None:
    with server.database() as by_hand, server.database() as by_engine:
        script = planned(by_hand, folder)
        assert ask(by_hand, "SELECT to_regnamespace('dbconsole')") == [(None,)]  # a plan writes nothing
        done = psql(by_hand, script)
        assert (done.returncode, done.stderr) == (0, ""), script
        assert migrate(by_engine, folder, "up", "--yes")[0] == 0
        assert ask(by_hand, ROWS) == ask(by_engine, ROWS)
        assert ask(by_hand, EVENTS) == ask(by_engine, EVENTS)
        assert schema(by_hand) == schema(by_engine) != []
        assert ask(by_hand, "SELECT t FROM a") == [("it's; $1 \\ :HOST",)]
        assert migrate(by_hand, folder, "status", "--exit-code")[0] == 0
        assert planned(by_hand, folder) == ""
        done = psql(by_hand, planned(by_hand, folder, "--down", "--to", "1"))
        assert (done.returncode, done.stderr) == (0, "")
        assert migrate(by_engine, folder, "down", "--to", "1", "--yes")[0] == 0
        assert ask(by_hand, ROWS) == ask(by_engine, ROWS) and schema(by_hand) == schema(by_engine)


def test_a_script_that_is_run_again_stops_and_changes_nothing(database: Database, folder: Path) -> None:
    script = planned(database, folder, "--to", "2")
    assert psql(database, script).returncode == 0
    before = ask(database, ROWS)
    again = psql(database, script.replace('CREATE TABLE dbconsole', 'CREATE TABLE IF NOT EXISTS dbconsole'))
    assert again.returncode == 3 and "shop/1_a is not as it was when this script was made" in again.stderr
    back = planned(database, folder, "--down", "--steps", "1")
    assert psql(database, back).returncode == 0
    assert "shop/2_b is not as it was" in psql(database, back).stderr
    assert ask(database, ROWS) == before[:1]


def test_up_goes_on_where_the_script_has_stopped(database: Database, folder: Path) -> None:
    (folder / "3_c.up.sql").write_text("-- dbconsole: no-transaction\nCREATE INDEX CONCURRENTLY a_n ON a (n);\n"
                                       "ALTER TABLE nowhere ADD m int;\nVACUUM a;")
    assert psql(database, planned(database, folder)).returncode == 3
    assert ask(database, "SELECT state, statements_done FROM dbconsole.migration WHERE version = '3'") == [
        ("running", 1)]
    (folder / "3_c.up.sql").write_text("-- dbconsole: no-transaction\nCREATE INDEX CONCURRENTLY a_n ON a (n);\n"
                                       "ALTER TABLE a ADD m int;\nVACUUM a;")
    script = planned(database, folder)
    assert "CREATE INDEX" not in script and psql(database, script).returncode == 0
    assert migrate(database, folder, "status", "--exit-code")[0] == 0


def test_what_was_run_by_hand_is_accepted_once_it_is_proved(database: Database, folder: Path) -> None:
    assert migrate(database, folder, "up", "--to", "1", "--yes")[0] == 0
    with database.connect() as connection:
        connection.execute("CREATE INDEX a_n ON a (n)")
    status, _, err = migrate(database, folder, "repair", "accept", "--version", "3", "--yes")
    assert status == 1 and "column public.a.m" in err and "nothing was written" in err
    assert len(ask(database, ROWS)) == 1
    with database.connect() as connection:
        connection.execute("ALTER TABLE a ADD m int")
    status, _, err = migrate(database, folder, "repair", "accept", "--version", "3", "--yes")
    assert (status, err.splitlines()[-2:]) == (0, ["shop/2_b, run by hand, becomes applied",
                                                   "shop/3_c, run by hand, becomes applied"])
    assert migrate(database, folder, "repair", "accept", "--no-proof", "--yes")[0] == 0
    assert migrate(database, folder, "status", "--exit-code")[0] == 0
    assert [row[3] for row in ask(database, ROWS)] == ["applied"] * 4
    assert ask(database, "SELECT DISTINCT detail FROM dbconsole.migration_event WHERE event = 'accepted'") == [
        ("run by hand",)]


def test_parameters_are_filled_outside_of_constants_alone() -> None:
    assert filled("SELECT $1, '$1', $2::text -- $1", ["it's", None]) == "SELECT 'it''s', '$1', NULL::text -- $1"


def test_what_no_script_can_do_is_left_to_up_and_said(database: Database, folder: Path) -> None:
    (folder / "R__v.sql").write_text("CREATE OR REPLACE VIEW v AS SELECT n FROM a;")
    status, out, err = migrate(database, folder, "plan", "--sql", "--to", "1")
    assert status == 0 and "CREATE TABLE a" in out
    status, out, err = migrate(database, folder, "plan", "--sql")
    assert status == 0 and "CREATE TABLE a" in out and "CREATE OR REPLACE VIEW" not in out, err
    assert "-- left out: shop/R__v is repeatable" in out, out[:600]
    (folder / "5_e.up.sql").write_text("-- dbconsole: batches=a.n/10\nUPDATE a SET t = '' WHERE n BETWEEN $1 AND $2;")
    status, out, err = migrate(database, folder, "plan", "--sql")
    assert status == 2 and "is run in batches" in err and out == "", out
