"""Splitting by PostgreSQL's grammar: places, kinds, what can't run in a transaction; and that both splitters agree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.migrate.records import Script
from console.sql.grammar import UNKNOWN, Name, ParsedStatement, SyntaxFault, grammar_version, split

ROOT = Path(__file__).parents[2]


def statements(text: str) -> list[ParsedStatement]:
    found = split(text)
    assert isinstance(found, list), found
    return found


def only(text: str) -> ParsedStatement:
    (found,) = statements(text)
    return found


def fault(text: str) -> SyntaxFault:
    found = split(text)
    assert isinstance(found, SyntaxFault), found
    return found


def test_places_are_in_characters_and_lines() -> None:
    text = "-- é\n select 'é' ; ;\n\n  alter table t add é int;VACUUM t"
    found = statements(text)
    assert [(statement.text, statement.line, statement.column) for statement in found] == [
        ("select 'é'", 2, 2), ("alter table t add é int", 4, 3), ("VACUUM t", 4, 27)]
    assert all(text[statement.offset:].startswith(statement.text) for statement in found)


@pytest.mark.parametrize("text", ["", " \n", ";;", "-- nothing\n", "/* /* nested */ */"])
def test_nothing_is_no_statement(text: str) -> None:
    assert split(text) == []


@pytest.mark.parametrize(("text", "count"), [
    ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3", 2),
    ("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3", 2),
    ("DO $a$ BEGIN PERFORM $b$;$b$; END $a$; SELECT ';' || E'\\';' || \";\" FROM t", 2),
    ("SELECT 1 /* ; /* ; */ ; */ ; SELECT 2 -- ;\n", 2),
])
def test_semicolons_that_end_nothing(text: str, count: int) -> None:
    assert len(statements(text)) == count


def test_fault_has_message_and_place() -> None:
    found = fault("SELECT 1;\n  SELECT é, WHERE;\n")
    assert (found.message, found.line, found.column) == ('syntax error at or near "WHERE"', 2, 13)
    assert fault("SELECT 'ééé€€€😀'; SELECT é é é").column == 30
    assert "NUL" in fault("SELECT 1;\0 DROP TABLE x").message


@pytest.mark.parametrize(("text", "word"), [
    ("\\set x 1\nSELECT 1", "psql"), ("COPY t FROM stdin;\n1\t2\n\\.\n", "INSERT"),
    ("DROP TABLE {{ name }}", "template"),
])
def test_fault_hints_at_what_was_meant(text: str, word: str) -> None:
    assert word in (fault(text).hint or "")


@pytest.mark.parametrize(("text", "kind"), [
    ("CREATE TABLE t ()", "CREATE TABLE"), ("CREATE UNIQUE INDEX ON t (a)", "CREATE INDEX"),
    ("ALTER TABLE t RENAME a TO b", "ALTER TABLE"), ("ALTER VIEW v RENAME TO w", "ALTER VIEW"),
    ("ALTER TABLE t SET SCHEMA s", "ALTER TABLE"), ("DROP MATERIALIZED VIEW v", "DROP MATERIALIZED VIEW"),
    ("CREATE MATERIALIZED VIEW v AS SELECT 1", "CREATE MATERIALIZED VIEW"), ("REVOKE ALL ON t FROM x", "REVOKE"),
    ("CREATE TABLE t AS SELECT 1", "CREATE TABLE AS"), ("CREATE POLICY p ON t", "CREATE POLICY"),
    ("ALTER TYPE e ADD VALUE 'a'", "ALTER TYPE"), ("COMMENT ON TABLE t IS 'x'", "COMMENT"),
    ("RESET ALL", "RESET"), ("ANALYZE t", "ANALYZE"), ("CREATE EXTENSION vector", "CREATE EXTENSION"),
    ("CREATE PROCEDURE p() LANGUAGE sql AS ''", "CREATE PROCEDURE"), ("DO ''", "DO"), ("COMMIT", "COMMIT"),
])
def test_kind_is_the_command_tag(text: str, kind: str) -> None:
    assert only(text).kind == kind


def test_transaction_control_is_not_a_savepoint() -> None:
    found = statements("BEGIN; SAVEPOINT a; ROLLBACK TO a; RELEASE a; END; ROLLBACK; START TRANSACTION; "
                       "PREPARE TRANSACTION 'x'")
    assert [statement.controls_transaction for statement in found] == [True, False, False, False, True, True, True,
                                                                       True]


def test_deep_expressions_are_read() -> None:
    assert only("SELECT " + " || ".join(["a"] * 5000)).kind == "SELECT"
    assert "memory" in fault("SELECT " + "(" * 100_000).message


def test_five_megabytes_are_split_in_time() -> None:
    text = ("INSERT INTO s.t VALUES (1, '" + "x" * 200 + "');\n") * 22_000
    found = statements(text)
    assert len(found) == 22_000 and found[-1].line == 22_000


def test_grammar_is_postgresql_18() -> None:
    assert grammar_version() == 18
    assert only("ALTER TABLE t ADD CONSTRAINT k NOT NULL a NOT VALID").kind == "ALTER TABLE"


def test_names_are_written_as_sql_wants_them() -> None:
    assert [str(Name("s", name)) for name in ("plain_1", "Upper", "user", 'q"q', "é", "a$b", "1st")] == [
        "s.plain_1", 's."Upper"', 's."user"', 's."q""q"', 's."é"', 's."a$b"', 's."1st"']


@pytest.mark.parametrize(("text", "what"), [
    ("REPACK", "REPACK"), ("REPACK (CONCURRENTLY) t USING INDEX i", "REPACK"),
    ("WAIT FOR LSN '0/306EE20' WITH (TIMEOUT '1s')", "WAIT FOR"),
    ("CHECKPOINT (MODE FAST, FLUSH_UNLOGGED)", "CHECKPOINT with options"),
    ("INSERT INTO t VALUES (1) ON CONFLICT (a) DO SELECT FOR UPDATE RETURNING *", "ON CONFLICT DO SELECT"),
    ("SELECT lag(a) IGNORE NULLS OVER w FROM t WINDOW w AS (ORDER BY b)", "IGNORE NULLS"),
    ("SELECT first_value(a) RESPECT NULLS OVER (ORDER BY b) FROM t", "RESPECT NULLS"),
    ("CREATE PUBLICATION p FOR ALL TABLES EXCEPT (TABLE a)", "ALL TABLES EXCEPT"),
    ("CREATE PUBLICATION p FOR ALL SEQUENCES", "ALL SEQUENCES"),
    ("ALTER SUBSCRIPTION s REFRESH SEQUENCES", "REFRESH SEQUENCES"),
    ("CREATE SUBSCRIPTION s SERVER other PUBLICATION p", "CREATE SUBSCRIPTION ... SERVER"),
    ("SET search_path TO NULL", "SET ... TO NULL"),
])
def test_what_only_a_newer_server_knows_has_its_name(text: str, what: str) -> None:
    before, statement, after = statements(f"SELECT 'é';\n{text};\nCREATE TABLE a ()")
    assert (before.kind, after.kind, after.line, after.column) == ("SELECT", "CREATE TABLE", 3, 1)
    assert str(statement.newer) == f"PostgreSQL 19's {what}" and statement.text == text and statement.line == 2
    assert statement.node_kind == UNKNOWN and not statement.body.ListFields()


@pytest.mark.parametrize("text", [
    "REPAK t", "WAIT t", "SELECT IGNORE NULLS a", "REPACK t; SELEC 1", "SELEC 1; REPACK t", "SELECT 'REPACK",
    "ON CONFLICT"])
def test_what_nobody_knows_is_still_wrong(text: str) -> None:
    found = fault(f"SELECT 1;\n{text}")
    assert found.line == 2


def test_parser_is_not_loaded_before_it_is_asked() -> None:
    code = ("import sys, console.migrate.plan, console.migrate.lint, console.commands.migrate_plan;"
            "print([x for x in ('postgast', 'google.protobuf') if x in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", sorted((ROOT / "migrations").glob("*/*.sql")),
                         ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_engines_splitter_agrees(path: Path) -> None:
    """The engine runs what its own scanner splits; plan and lint speak of the same statements at the same lines."""
    engine = [(part.sql, part.line) for part in Script(path).statements()]
    assert [(statement.text, statement.line) for statement in statements(path.read_text("utf-8"))] == engine


@given(st.lists(st.sampled_from([
    "SELECT 1", "SELECT ';'", "SELECT $$;$$", "/* ; */ SELECT \"é;\"", "-- x ;\nSELECT 2", "", " \n"])))
def test_any_joined_statements_come_apart_again(parts: list[str]) -> None:
    text = ";".join(parts)
    found = statements(text)
    assert [statement.text.split()[0] for statement in found] == ["SELECT"] * sum("SELECT" in part for part in parts)
    assert all(text[statement.offset:].startswith(statement.text) for statement in found)
