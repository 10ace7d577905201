"""What teams brought and what once went wrong in silence, each by its number: the commands as people call them, their
exit statuses, their words and what the database holds afterwards. `AT_LARGE` says which tests hold each kind.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from msgspec import Struct

from tests.live.test_migrate_headless import ask, migrate
from tests.migrate.histories import write_files
from tests.support.servers import Database

Run = tuple[str, int, str]
"""A command's words, its exit status, and what it says, on either output; "!" before words that it must not say."""
UP = "up --yes --service s"
DOWN = "down --yes --service s"
APPLIED = "status --exit-code --service s"


class Case(Struct, frozen=True):
    """`before` is what the database holds beforehand; `holds` asks it afterwards, `answer` is the first row."""

    files: Mapping[str, str]
    runs: Sequence[Run]
    before: str = ""
    holds: str = "SELECT 1"
    answer: object = 1


def both_ways(layout: str) -> Sequence[Run]:
    options = f" --layout {layout}" if layout else ""
    return [(UP + options, 0, "up s/1_a"), (DOWN + options, 0, "down s/1_a"), (APPLIED + options, 1, "pending")]


ONE = "CREATE TABLE IF NOT EXISTS public.a (id int);"
COLUMNS = ", ".join(f"a_rather_long_column_{number}" for number in range(20))
LONG = f"SELECT {COLUMNS} FROM s.t WHERE a_rather_long_column_0"
PARTITIONED = """CREATE TABLE ev (id int, at date, v text) PARTITION BY RANGE (at);
    CREATE TABLE ev_1 PARTITION OF ev FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE TABLE ts (id int, at timestamp); CREATE INDEX ev_id ON ev (id);"""
LEDGER = """CREATE TABLE acct (id int, cents int, note text); INSERT INTO acct VALUES (1, 100);
    CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
    INSERT INTO schema_migrations VALUES (2, false);"""
TABLES = "SELECT count(*)::int FROM pg_tables WHERE schemaname = 'public'"

CASES: Mapping[str, Case] = {
    "01 a dot in a title": Case(
        {f"{name}.{way}.sql": f"{verb} TABLE public.t{name[:4]}{more};"
         for name in ("0001_a", "0002_v1.2_upgrade", "0003_c")
         for way, verb, more in (("up", "CREATE", " ()"), ("down", "DROP", ""))},
        [(UP, 0, "up s/0002_v1.2_upgrade"), (APPLIED, 0, "3        0")], holds=TABLES, answer=3),
    "02 a service without a name": Case(
        {"a/0001_t.up.sql": "CREATE TABLE public.t (n int);", "b/0001_t.up.sql": "CREATE TABLE public.t (n int);"},
        [("up --yes --migrations {}/a", 3, "what is this service called?"),
         ("up --yes --migrations {}/a --service a", 0, ""),
         ("up --yes --migrations {}/b", 0, "nothing to do"),
         ("up --yes --migrations {}/b --service b", 2, "the ledger knows these files as a")], holds=TABLES),
    "03 titles that differ": Case(
        {"30_add_a.up.sql": ONE, "30_drop_a.down.sql": "DROP TABLE public.a;"},
        [(f"{UP} --layout golang-migrate", 0, "up s/30_add_a"),
         (f"{DOWN} --layout golang-migrate", 0, "down s/30_add_a")],
        holds=TABLES, answer=0),
    "04 a file's own BEGIN": Case(
        {"000001_a.up.sql": "CREATE EXTENSION IF NOT EXISTS citext;\n\nBEGIN;\nCREATE TABLE public.a ();\nCOMMIT;",
         "000002_b.up.sql": "BEGIN;\nCREATE TABLE public.b ();\nCOMMIT;\nBEGIN;\nCREATE TABLE public.c ();\nCOMMIT;\n"},
        [(f"{UP} --layout golang-migrate", 0, "its own COMMITs make 2 transactions")], holds=TABLES, answer=3),
    "05 a BEGIN in sql-migrate's file": Case(
        {"1-a.sql": "-- +migrate Up notransaction\n-- +migrate StatementBegin\nBEGIN;\nCREATE TABLE a ();\nCOMMIT;\n"
                    "-- +migrate StatementEnd\n"}, [(UP, 0, "up s/1_a")], holds=TABLES),
    "06 a COMMIT in goose's file": Case(
        {"1_a.sql": "-- +goose Up\n-- +goose StatementBegin\nALTER TABLE t ADD COLUMN a int;\nCOMMIT;\n"
                    "-- +goose StatementEnd\n"}, [(UP, 0, "up s/1_a")], "CREATE TABLE t (id int)",
        "SELECT count(a)::int FROM t", 0),
    "07 Diesel's order": Case(
        {"2025-11-19-091444-0000_add_col/up.sql": ONE,
         "2026-05-27-120000_add_username/up.sql": "ALTER TABLE public.a ADD COLUMN u text;"},
        [(UP, 0, "up s/20260527120000_add_username")], holds="SELECT count(u)::int FROM a", answer=0),
    "08 Prisma's folders": Case(
        {"20240101000000_init/migration.sql": ONE, "20240102000000_next/migration.sql": "CREATE TABLE public.b ();",
         "migration_lock.toml": 'provider = "postgresql"'},
        [(UP, 0, "up s/20240102000000_next")], holds=TABLES, answer=2),
    "08 sqitch's file that its plan doesn't list": Case(
        {"deploy/a.sql": ONE, "revert/a.sql": "DROP TABLE public.a;", "sqitch.plan": "%syntax-version=1.0.0"},
        [(UP, 2, "sqitch.plan doesn't list it"), (APPLIED, 2, "deploy/a.sql")], holds=TABLES, answer=0),
    "08 names with dots": Case(
        {"V0001.First.up.sql": ONE, "V0001.First.down.sql": "DROP TABLE public.a;"},
        [(UP, 2, "call it 0001_First.down.sql"), (APPLIED, 2, "is not read")], holds=TABLES, answer=0),
    "09 an empty down of golang-migrate": Case(
        {"1_a.up.sql": ONE, "1_a.down.sql": "-- nothing to undo\n"}, both_ways("golang-migrate")),
    "09 an empty down of dbmate": Case(
        {"1_a.sql": f"-- migrate:up\n{ONE}\n-- migrate:down\n-- nothing to undo\n"}, both_ways("dbmate")),
    "09 an empty down of goose": Case({"1_a.sql": f"-- +goose Up\n{ONE}\n-- +goose Down\n"}, both_ways("goose")),
    "09 an empty down": Case({"1_a.up.sql": ONE, "1_a.down.sql": "-- nothing to undo\n"}, both_ways("")),
    "10 words in a literal": Case(
        {"0001_t.up.sql": ONE, "0001_t.down.sql": "DROP TABLE public.a;",
         "0002_guard.up.sql": "CREATE FUNCTION public.guard() RETURNS trigger LANGUAGE plpgsql AS $$\nBEGIN\n"
                              "    RAISE EXCEPTION 'cannot create user with reserved username';\nEND $$;",
         "0002_guard.down.sql": "-- wrong on purpose\nSELECT 1;"},
        [("verify --service s", 1, "differs  s/0002_guard"), ("verify --service s --allow-skipped", 1, "guard()")]),
    "11 what differs in the middle of a long text": Case(
        {"0001_t.up.sql": f"CREATE SCHEMA s; CREATE TABLE s.t ({COLUMNS.replace(',', ' int,')} int);\n"
                          f"CREATE VIEW s.v AS {LONG} > 1;",
         "0001_t.down.sql": "DROP SCHEMA s CASCADE;",
         "0002_v.up.sql": f"CREATE OR REPLACE VIEW s.v AS {LONG} > 2;",
         "0002_v.down.sql": f"CREATE OR REPLACE VIEW s.v AS {LONG} > 3;"},
        [("verify --service s", 1, "(a_rather_long_column_0 > 1); to "),
         ("verify --service s", 1, "_column_0 > 3); after down")]),
    "12 what was made by hand in public": Case(
        {"0001_a.up.sql": ONE},
        [(UP, 0, ""), ("drift --service s", 0, "no drift"),
         ("by hand: CREATE TABLE hand (n int); CREATE INDEX i ON a (id); ALTER TABLE a ADD CHECK (id > 0); "
          "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", 0, ""),
         ("drift --service s", 1, "public.hand"), ("drift --service s", 1, ": 4 differences")]),
    "13 partitions, and timestamp to timestamptz": Case(
        {"0001_x.up.sql": "ALTER TABLE public.ev ADD COLUMN n int;\n"
                          "ALTER TABLE public.ts ALTER COLUMN at TYPE timestamptz;"},
        [("plan --service s", 0, "waits for pid"), ("plan --service s", 0, "!rewrites")],
        PARTITIONED + "SET TimeZone = 'UTC'"),
    "14 new in Diesel's folder": Case(
        {"2026-01-01-000000_a/up.sql": ONE},
        [("new --service s add_x", 0, "_add_x/up.sql"), (UP, 0, "up s/20260101000000_a"), (APPLIED, 0, "2        0")],
        holds=TABLES),
    "14 new in sqlx's folder": Case(
        {"20260101000000_a.sql": ONE},
        [("new --service s add_x", 0, "_add_x.sql"), (UP, 0, "up s/20260101000000_a"), (APPLIED, 0, "2        0")],
        holds=TABLES),
    "15 a colon after COMMIT": Case(
        {"1_a.up.sql": ONE, "1_a.down.sql": "BEGIN;\nDROP TABLE public.a;\nCOMMIT:\n"},
        [("verify --service s --layout golang-migrate", 1, "1_a.down.sql:3:1"),
         (f"{UP} --layout golang-migrate", 0, ""), (f"{DOWN} --layout golang-migrate", 2, "COMMIT:")], holds=TABLES),
    "16 lint of a folder in another layout": Case(
        {"20260101000000_a.sql": "CREATE TABLE public.a (id int);"},
        [("lint", 0, "[table-without-key]"), ("lint", 0, "1 hint"), ("lint --layout sqlx", 0, "1 hint")]),
    "17 a table by two names": Case(
        {"0001_x.up.sql": "ALTER TABLE b DROP CONSTRAINT fk, "
                          "ADD CONSTRAINT fk FOREIGN KEY (job_id) REFERENCES jobs (id);"},
        [("plan --service s", 0, "ACCESS EXCLUSIVE on jobs ("), ("plan --service s", 0, "!public.jobs")],
        "CREATE TABLE jobs (id int PRIMARY KEY); CREATE TABLE b (job_id int CONSTRAINT fk REFERENCES jobs)"),
    "20 golang-migrate's ledger": Case(
        {"000001_cents.up.sql": "UPDATE acct SET cents = cents * 100;", "000001_cents.down.sql": "SELECT 1;",
         "000002_note.up.sql": "ALTER TABLE acct ADD COLUMN IF NOT EXISTS note text;",
         "000002_note.down.sql": "ALTER TABLE acct DROP COLUMN note;"},
        [*((f"{words} --layout golang-migrate", 2, "dbconsole migrate adopt --service s")
           for words in (UP, DOWN, "plan --service s")), (UP, 2, "golang-migrate has applied 2")], LEDGER,
        "SELECT cents FROM acct", 100),
}

AT_LARGE: Mapping[str, Sequence[str]] = {
    "01": ["tests.migrate.test_layouts:test_titles_may_hold_dots"],
    "02": ["tests.live.test_migrate_headless:test_a_folder_checked_out_under_another_name_is_not_applied_again"],
    "03 04 05 06 07": ["tests.live.test_layouts:test_files_are_run_as_their_tools_run_them"],
    "08": ["tests.migrate.test_layouts:test_a_file_with_a_number_is_read_or_refused_by_its_name",
           "tests.migrate.test_layouts:test_a_list_that_does_not_fit_its_files_is_refused"],
    "09": ["tests.live.test_layouts:test_what_does_nothing_goes_up_and_down"],
    "10": ["tests.live.test_verify_harmless:test_words_in_constants_skip_nothing"],
    "11": ["tests.live.test_verify:test_broken_downs_are_told_in_the_right_words"],
    "12": ["tests.live.test_drift:test_what_is_done_by_hand_where_the_files_work_is_told_without_naming_a_schema"],
    "13": ["tests.live.test_plan:test_who_is_on_a_partition_is_in_the_way_of_its_table",
           "tests.live.test_plan:test_timestamps_are_rewritten_as_the_server_does_it"],
    "14": ["tests.migrate.test_layouts:test_new_files_are_in_the_folders_own_layout"],
    "15": ["tests.live.test_verify_harmless:test_a_last_statement_that_only_begins_like_a_commit"],
    "16": ["tests.migrate.test_layouts:test_the_layout_is_recognised"],
    "17": ["tests.live.test_plan:test_a_table_is_listed_once_however_it_is_named"],
    "20": ["tests.live.test_adopt:test_what_another_tool_has_applied_is_refused_until_it_is_adopted"],
}
"""The tests that hold the kind of each case: other layouts, other words, every tool."""


@pytest.mark.parametrize("name", CASES)
def test_it_ends_as_it_should(name: str, database: Database, tmp_path: Path) -> None:
    case, folder = CASES[name], tmp_path / "s"
    write_files(case.files, folder)
    with database.connect() as somebody:
        if case.before:
            somebody.execute(case.before)  # type: ignore[call-overload]
        if name.startswith("13"):
            somebody.execute("BEGIN; SELECT count(*) FROM ev_1")
        for words, status, said in case.runs:
            if words.startswith("by hand: "):
                somebody.execute(words.removeprefix("by hand: "))  # type: ignore[call-overload]
                continue
            where, _, named = words.partition(" --migrations {}/")
            inside, _, rest = named.partition(" ")
            done, out, err = migrate(database, folder / inside, *where.split(), *rest.split())
            assert done == status, (words, out, err)
            assert said[1:] not in out + err if said.startswith("!") else said in out + err, (words, out, err)
    assert ask(database, case.holds) == [(case.answer,)]


def test_every_kind_is_held_by_a_test_of_its_own() -> None:
    numbers = {number for numbers in AT_LARGE for number in numbers.split()}
    assert numbers == {name.split()[0] for name in CASES}
    for test in (test for tests in AT_LARGE.values() for test in tests):
        module, _, function = test.partition(":")
        assert callable(getattr(importlib.import_module(module), function)), test
