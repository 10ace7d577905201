"""What the Query screen is made of, without a screen: statements, layout, history."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from console.redaction import may_hold_secret
from console.sql.grammar import Name
from console.sql.statements import Sweep, at, explained, pieces
from console.ui.screens.query.editor import _spans
from console.ui.screens.query.history import LARGEST_BYTES, StatementHistory
from console.ui.widgets.code_pane import sql_tones


def test_statements_of_a_text() -> None:
    text = "SELECT 'é;'; -- a note\nDELETE FROM a;\n\nCOMMIT; VACUUM t"
    found = pieces(text)
    assert [piece.text for piece in found] == ["SELECT 'é;'", "DELETE FROM a", "COMMIT", "VACUUM t"]
    assert all(text[piece.offset:piece.end] == piece.text for piece in found)
    assert [piece.command.is_query for piece in found] == [True, False, False, False]
    assert found[2].command.control == "commit" and found[3].command.is_alone


def test_the_statement_that_the_cursor_is_on() -> None:
    found = pieces("SELECT 1;\nSELECT 2;\nSELECT 3")
    assert [at(found, offset).text for offset in (0, 8, 9, 10, 18, 20, 99)] == [  # type: ignore[union-attr]
        "SELECT 1", "SELECT 1", "SELECT 1", "SELECT 2", "SELECT 2", "SELECT 3", "SELECT 3"]
    assert at(pieces("\n\n  SELECT 1"), 0) == pieces("\n\n  SELECT 1")[0]
    assert at(pieces("  \n-- nothing"), 3) is None


def test_what_the_grammar_does_not_know_is_left_to_the_server() -> None:
    found = pieces("SELECT 1; SELEC 2; SELECT 3")
    assert [(piece.text, piece.command.is_query) for piece in found] == [
        ("SELECT 1", True), ("SELEC 2", False), ("SELECT 3", True)]
    assert pieces("SELECT 'open")[0].refusal == "this string never ends"
    assert "psql" in pieces("\\d orders")[0].refusal
    assert pieces("COPY t FROM STDIN")[0].refusal and pieces("PREPARE TRANSACTION 'x'")[0].refusal


@pytest.mark.parametrize(("text", "sweeps"), [
    ("DELETE FROM a", [Sweep("DELETE", Name(None, "a"))]),
    ('UPDATE s."B" SET x = 1', [Sweep("UPDATE", Name("s", "B"))]),
    ("TRUNCATE a, s.b", [Sweep("TRUNCATE", Name(None, "a")), Sweep("TRUNCATE", Name("s", "b"))]),
    ("WITH gone AS (DELETE FROM a RETURNING *) SELECT * FROM gone", [Sweep("DELETE", Name(None, "a"))]),
    ("EXPLAIN ANALYZE DELETE FROM a", [Sweep("DELETE", Name(None, "a"))]),
    ("EXPLAIN DELETE FROM a", []), ("DELETE FROM a WHERE id = 1", []),
    ("UPDATE a SET x = 1 WHERE true", [Sweep("UPDATE", Name(None, "a"))]),
    ("DELETE FROM a WHERE 1 = 1", [Sweep("DELETE", Name(None, "a"))]), ("DELETE FROM a WHERE false", []),
    ("DELETE FROM a WHERE 1 = 1 AND id = 2", []), ("DELETE FROM a WHERE random() < 0.1", []),
    ("DELETE FROM a WHERE EXISTS (SELECT 1)", []),
    ("INSERT INTO a VALUES (1) ON CONFLICT (id) DO UPDATE SET x = 1", []), ("SELECT 'DELETE FROM a'", []),
])
def test_what_sweeps_a_table(text: str, sweeps: list[Sweep]) -> None:
    assert list(pieces(text)[0].sweeps) == sweeps


@pytest.mark.parametrize("text", [
    "SELECT * INTO a FROM b", "WITH x AS (UPDATE a SET b = 1 WHERE c RETURNING *) SELECT * FROM x", "SHOW work_mem",
    "INSERT INTO a VALUES (1) RETURNING *", "EXPLAIN SELECT 1", "SELECT * FROM a FOR UPDATE"])
def test_what_no_cursor_can_bring(text: str) -> None:
    assert not pieces(text)[0].command.is_query


@pytest.mark.parametrize(("text", "wanted"), [
    ("EXPLAIN SELECT 1", ("SELECT 1", False)), ("explain analyze verbose select 1", ("select 1", True)),
    ("EXPLAIN (ANALYZE, BUFFERS) WITH x AS (SELECT 1) TABLE x", ("WITH x AS (SELECT 1) TABLE x", True)),
    ("EXPLAIN (ANALYZE off) (SELECT 1)", ("(SELECT 1)", False)), ("SELECT explain", ("SELECT explain", False)),
    ("EXPLAIN (COSTS OFF) DELETE FROM a", ("DELETE FROM a", False))])
def test_what_is_explained(text: str, wanted: tuple[str, bool]) -> None:
    assert explained(text) == wanted


def test_what_only_a_newer_server_knows_is_run_as_it_has_to_be() -> None:
    concurrently, plain, waiting, setting = pieces(
        "REPACK (CONCURRENTLY) t; SELECT 1; WAIT FOR LSN '0/1'; SET a TO NULL")
    assert concurrently.command.is_alone and not concurrently.refusal and plain.command.is_query
    assert waiting.command.is_alone and setting.command.is_setting
    assert pieces("ROLLBACK TO a; SELEC 1; COMMIT AND CHAIN")[2].command.control == "commit", "by words where it must"


def test_tones_change_no_text() -> None:
    text = "SELECT a, 'x\n\ty' -- c\nFROM \"T\"\tWHERE name = $1 /* in\n it */ AND é IN (1)"
    assert "".join(piece for piece, _ in sql_tones(text)) == text
    toned = {piece: tone for piece, tone in sql_tones(text) if tone}
    assert toned == {"SELECT": "accent", "'x\n\ty'": "ok", "-- c": "dim", "FROM": "accent", "WHERE": "accent",
                     "/* in\n it */": "dim", "AND": "accent", "IN": "accent"}
    assert [len(line) for line in _spans(text)] == [2, 2, 3, 3]
    assert _spans(text)[1] == [(0, 3, "ok"), (4, 8, "dim")], "columns are those of the text, tabs and all"


def test_settings() -> None:
    assert [pieces(text)[0].command.is_setting for text in ("SET a.b = 1", "RESET ALL", "SET LOCAL a.b = 1")] == [
        True, True, False]


def test_history_is_kept_by_target_and_for_its_owner_alone(tmp_path: Path) -> None:
    history = StatementHistory("prod/app", tmp_path)
    history.add("SELECT 1", 1.25, worked=True)
    history.add("SELECT 2", None, worked=False)
    history.add("SELECT 1", 2.0, worked=True)
    again = StatementHistory("prod/app", tmp_path)
    assert [(entry.sql, entry.elapsed_ms, entry.worked) for entry in again.entries] == [
        ("SELECT 2", None, False), ("SELECT 1", 2.0, True)]
    assert StatementHistory("other", tmp_path).entries == []
    (path,) = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", [
    "ALTER ROLE app PASSWORD 'x'", "create user a with encrypted password 'b'", "SELECT crypt('x', gen_salt('bf'))",
    "CREATE SUBSCRIPTION s CONNECTION 'host=a password=b' PUBLICATION p", "SELECT dblink_connect('host=x')",
    "SELECT 'postgresql://me:mine@host/db'", "CREATE USER MAPPING FOR a SERVER b OPTIONS (user 'c', PassWord 'd')",
    "SELECT pgp_sym_encrypt('a', 'b')", "SET app.api_key = 'x'"])
def test_what_may_hold_a_password_is_never_on_disk(tmp_path: Path, text: str) -> None:
    assert may_hold_secret(text)
    history = StatementHistory("t", tmp_path)
    history.add(text, 1.0, worked=True)
    assert [entry.sql for entry in history.entries] == [text], "as long as the console is open it can be had again"
    assert not list(tmp_path.iterdir())


def test_a_history_file_that_is_damaged_or_can_not_be_written(tmp_path: Path) -> None:
    history = StatementHistory("t", tmp_path)
    history.add("SELECT 1", 1.0, worked=True)
    (path,) = tmp_path.iterdir()
    with path.open("ab") as file:
        file.write(b'{"at": 1}\n\xff\xfe\n[]\nnull\n{"at": "x", "sql": 5, "elapsed_ms": 1, "worked": true}\n')
    assert [entry.sql for entry in StatementHistory("t", tmp_path).entries] == ["SELECT 1"]
    nowhere = StatementHistory("t", path / "below a file")
    nowhere.add("SELECT 2", 1.0, worked=True)
    assert [entry.sql for entry in nowhere.entries] == ["SELECT 2"]


def test_a_history_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    history = StatementHistory("t", tmp_path)
    for number in range(60):
        history.add(f"SELECT {number}, '{'x' * 90_000}'", 1.0, worked=True)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_size <= LARGEST_BYTES
    assert 10 < len(StatementHistory("t", tmp_path).entries) < 60
    assert StatementHistory("t", tmp_path).entries[-1].sql.startswith("SELECT 59,")
