"""The histories of other tools go up, down and up again through the engine, exactly as written."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from console.demo.scratch import own_cluster
from console.migrate import migration_plan
from console.migrate.apply import plan_and_run
from console.migrate.events import Event, Notice
from console.migrate.faults import FileError, MigrationError
from console.migrate.plan_script import script
from console.migrate.records import RunRange
from console.migrate.verify import verify
from console.server.script import script_session
from console.server.target import Target
from console.services import Service
from tests.migrate.histories import HISTORIES, write, write_files
from tests.support.servers import Database


def objects(database: Database) -> set[str]:
    """What the history makes, by name: columns of app.item, the function, the index and whether it is valid."""
    with database.connect() as connection:
        rows = connection.execute("""
            SELECT 'column ' || a.attname FROM pg_attribute a
            WHERE a.attrelid = to_regclass('app.item') AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL SELECT 'function ' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname = 'app'
            UNION ALL SELECT 'index ' || c.relname || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = to_regclass('app.item')
            UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname = 'app'
            """).fetchall()
    return {name for (name,) in rows}


WHOLE = {"column id", "column name", "column remark", "function touch", "index item_pkey", "index item_name_idx",
         "schema app"}


CASES: Mapping[str, tuple[str, Mapping[str, str], str, int]] = {
    "titles that differ": ("golang-migrate", {
        "30_add_a.up.sql": "CREATE TABLE public.a (id int);", "30_drop_a.down.sql": "DROP TABLE public.a;"}, "a", 1),
    "a transaction after a statement": ("golang-migrate", {
        "000001_a.up.sql": "CREATE EXTENSION IF NOT EXISTS citext;\n\nBEGIN;\nCREATE TABLE public.a (id int);\nCOMMIT;",
        "000001_a.down.sql": "BEGIN;\nDROP TABLE public.a;\nCOMMIT;\nDROP EXTENSION citext;"}, "a", 1),
    "two transactions": ("golang-migrate", {
        "000002_b.up.sql": "BEGIN;\nCREATE TABLE public.a (id int);\nCOMMIT;\n\nBEGIN;\nCREATE TABLE public.b "
                           "(id int);\nCOMMIT;\n",
        "000002_b.down.sql": "DROP TABLE public.b, public.a;"}, "a b", 1),
    "a transaction in a file without one": ("sql-migrate", {
        "1-a.sql": "-- +migrate Up notransaction\n-- +migrate StatementBegin\nBEGIN;\nCREATE TABLE a (id int);\n"
                   "COMMIT;\n-- +migrate StatementEnd\n-- +migrate Down\nDROP TABLE a;\n"}, "a", 1),
    "a COMMIT of the tool's own transaction": ("goose", {
        "1_a.sql": "-- +goose Up\n-- +goose StatementBegin\nCREATE TABLE a (id int);\nCOMMIT;\n-- +goose StatementEnd\n"
                   "-- +goose Down\nDROP TABLE a;\nCOMMIT;\n"}, "a", 1),
    "an index between two transactions": ("sqlx", {
        "1_a.up.sql": "-- no-transaction\nBEGIN; CREATE TABLE a (id int); COMMIT;\n"
                      "CREATE INDEX CONCURRENTLY i ON a (id);\nBEGIN; CREATE TABLE b (); COMMIT;",
        "1_a.down.sql": "DROP TABLE a, b;"}, "a b", 1),
    "names of Diesel's in another order": ("diesel", {
        "2025-11-19-091444-0000_add_col/up.sql": "CREATE TABLE public.a (id int);",
        "2025-11-19-091444-0000_add_col/down.sql": "DROP TABLE public.a;",
        "2026-05-27-120000_add_username/up.sql": "ALTER TABLE public.a ADD COLUMN u text;",
        "2026-05-27-120000_add_username/down.sql": "ALTER TABLE public.a DROP COLUMN u;"}, "a", 2),
}


def tables(database: Database) -> str:
    with database.connect() as connection:
        rows = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
    return " ".join(name for (name,) in rows)


@pytest.mark.parametrize("case", CASES)
async def test_files_are_run_as_their_tools_run_them(case: str, database: Database, tmp_path: Path) -> None:
    layout, files, made, count = CASES[case]
    target = Target(name="", conninfo=database.conninfo, environment="development")
    service = Service(name="app", schemas=("app",), folder=write_files(files, tmp_path), layout=layout)
    for _ in range(2):
        assert len((await plan_and_run(target, [service])).done) == count and tables(database) == made
        assert len((await plan_and_run(target, [service], RunRange(direction="down", to="0"))).done) == count
        assert tables(database) == ""


@pytest.mark.parametrize(("layout", "files"), [
    ("golang-migrate", {"1_a.up.sql": "SELECT 1;", "1_a.down.sql": "-- nothing to undo"}),
    ("golang-migrate", {"1_a.up.sql": "", "1_a.down.sql": ""}),
    ("dbmate", {"1_a.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n-- nothing to undo\n"}),
    ("goose", {"1_a.sql": "-- +goose Up\nSELECT 1;\n-- +goose Down\n"}),
    ("goose", {"1_a.sql": "-- +goose Up\n-- +goose Down\n"}),
])
async def test_what_does_nothing_goes_up_and_down(layout: str, files: Mapping[str, str], database: Database,
                                                  tmp_path: Path) -> None:
    target = Target(name="", conninfo=database.conninfo, environment="development")
    service = Service(name="app", schemas=("app",), folder=write_files(files, tmp_path), layout=layout)
    assert len((await plan_and_run(target, [service])).done) == 1
    assert len((await plan_and_run(target, [service], RunRange(direction="down"))).done) == 1
    assert len((await plan_and_run(target, [service])).done) == 1, "its row went"


async def test_a_file_with_transactions_of_its_own_goes_on_at_the_one_that_failed(database: Database,
                                                                                  tmp_path: Path) -> None:
    target = Target(name="", conninfo=database.conninfo, environment="development")
    first = "BEGIN;\nCREATE TABLE a ();\nCOMMIT;\n"
    service = Service(name="app", schemas=("app",), layout="golang-migrate", folder=write_files(
        {"1_a.up.sql": f"{first}BEGIN;\nCREATE TABLE b ();\nSELECT 1 / 0;\nCOMMIT;\n"}, tmp_path))
    said: list[Event] = []
    with pytest.raises(FileError, match=r"1_a\.up\.sql:6:1: division by zero"):
        await plan_and_run(target, [service], RunRange(), said.append)
    assert any(isinstance(event, Notice) and "2 transactions" in event.message for event in said)
    assert tables(database) == "a", "the second transaction is rolled back, the first is not"
    write_files({"1_a.up.sql": f"{first}BEGIN;\nCREATE TABLE b ();\nCOMMIT;\n"}, tmp_path)
    assert len((await plan_and_run(target, [service])).done) == 1 and tables(database) == "a b"


@pytest.mark.parametrize("layout", HISTORIES)
async def test_up_down_and_up(layout: str, database: Database, tmp_path: Path) -> None:
    target = Target(name="", conninfo=database.conninfo, environment="development")
    service = Service(name="app", schemas=("app",), folder=write(layout, tmp_path), layout=layout)
    report = await plan_and_run(target, [service], RunRange())
    assert len(report.done) == 5 and objects(database) == WHOLE
    await plan_and_run(target, [service], RunRange(direction="down", steps=2))
    assert objects(database) == WHOLE - {"column remark", "index item_name_idx"} | {"column note"}
    report = await plan_and_run(target, [service], RunRange(direction="down", to="0"))
    assert len(report.done) == 3 and objects(database) == set()
    await plan_and_run(target, [service], RunRange())
    assert objects(database) == WHOLE


PROGRAM = """import os, sys, psycopg
version, direction, name = sys.argv[1:]
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    if os.path.exists("%s"):
        connection.execute("CREATE TABLE half ()")
        connection.commit()
        sys.exit("no luck")
    print("doing", version, direction, name)
    connection.execute("ALTER TABLE public.a " + ("ADD c int" if direction == "up" else "DROP c"))
"""


async def test_migrations_that_are_code_are_steps_of_a_configured_command(database: Database, tmp_path: Path) -> None:
    target = Target(name="", conninfo=database.conninfo, environment="development")
    unlucky, program = tmp_path / "unlucky", tmp_path / "program.py"
    program.write_text(PROGRAM % unlucky)
    service = Service(name="app", schemas=("public",), layout="goose", code=f"{sys.executable} {program} {{version}} "
                      "{direction} '$(touch pwned) {name}'", folder=write_files({
                          "1_a.sql": "-- +goose Up\nCREATE TABLE public.a (id int);\n-- +goose Down\nDROP TABLE a;\n",
                          "2_b.go": "package migrations\n",
                          "3_c.sql": "-- +goose Up\nUPDATE a SET c = 1;\n-- +goose Down\n"}, tmp_path / "app"))
    unlucky.touch()
    with pytest.raises(FileError, match=r"2_b\.go: .*ended with status 1") as caught:
        await plan_and_run(target, [service])
    assert "no luck" in (caught.value.detail or "") and tables(database) == "a half"
    with database.connect() as connection:
        assert connection.execute("SELECT version, state FROM dbconsole.migration ORDER BY version").fetchall() == [
            ("1", "applied"), ("2", "failed")], "what it committed may be there: it is half done, and said so"
        connection.execute("DROP TABLE half")
    unlucky.unlink()
    said: list[Event] = []
    assert [step.migration.version for step in (await plan_and_run(target, [service], on_event=said.append)).done] == [
        "2", "3"]
    assert any(isinstance(event, Notice) and event.message == "doing 2 up $(touch pwned) b" for event in said)
    async with script_session(target, purpose="test") as session:
        plan = await migration_plan.read(session, [service], RunRange(direction="down", to="0"))
        with pytest.raises(MigrationError, match="2_b can't be run by a script: it is code"):
            script(plan, "here", (), dt.datetime.now(dt.UTC))
    found = await verify(target, [service], own_cluster=own_cluster(18, ())[0])
    assert [proof.status for proof in found.proofs] == ["proved"] * 3
    assert "throwaway" in found.proofs[1].where, "a program is let to no server that others use"
    assert len((await plan_and_run(target, [service], RunRange(direction="down", to="0"))).done) == 3
    assert tables(database) == ""
