"""What the bodies of functions run, by their text."""

from __future__ import annotations

import pytest

from console.sql.bodies import DYNAMIC, UNREADABLE, body_of

PIECES = {
    "UPDATE a.t SET b = CASE WHEN x THEN 1 ELSE 2 END RETURNING b, c INTO STRICT v, r.x;": [
        "UPDATE a.t SET b = CASE WHEN x THEN 1 ELSE 2 END RETURNING b, c"],
    "SELECT c, d INTO v, r[1] FROM a.u;": ["SELECT c, d FROM a.u"],
    "PERFORM a.g(x);": ["SELECT a.g(x)"],
    "FOR r IN SELECT * FROM a.w FOR UPDATE LOOP DELETE FROM a.z; END LOOP;": [
        "SELECT * FROM a.w FOR UPDATE", "DELETE FROM a.z"],
    "FOR i IN 1..10 LOOP TRUNCATE a.t; END LOOP;": ["TRUNCATE a.t"],
    "EXECUTE 'ALTER TABLE a.q ADD c int';": ["ALTER TABLE a.q ADD c int"],
    "IF EXISTS (SELECT 1 FROM a.k) AND CASE WHEN a THEN b END THEN LOCK a.l; ELSIF a.b() THEN TRUNCATE a.t; ELSE "
    "INSERT INTO a.i SELECT 1; END IF;": [
        "SELECT EXISTS (SELECT 1 FROM a.k) AND CASE WHEN a THEN b END", "LOCK a.l", "SELECT a.b()", "TRUNCATE a.t",
        "INSERT INTO a.i SELECT 1"],
    "v := (SELECT max(n) FROM a.m); w = 1;": ["SELECT (SELECT max(n) FROM a.m)"],
    "CASE v WHEN 1 THEN DELETE FROM a.x; ELSE DELETE FROM a.y; END CASE;": [
        "SELECT v", "SELECT 1", "DELETE FROM a.x", "DELETE FROM a.y"],
    "BEGIN WITH q AS (DELETE FROM a.c RETURNING *) INSERT INTO a.i SELECT * FROM q; EXCEPTION WHEN unique_violation "
    "THEN UPDATE a.e SET x = 1; END;": [
        "WITH q AS (DELETE FROM a.c RETURNING *) INSERT INTO a.i SELECT * FROM q", "SELECT unique_violation",
        "UPDATE a.e SET x = 1"],
    "WHILE v < (SELECT count(*) FROM a.w) LOOP v := v + 1; END LOOP;": ["SELECT v < (SELECT count(*) FROM a.w)"],
    "OPEN c FOR SELECT * FROM a.t; FETCH c INTO v; CLOSE c;": ["SELECT * FROM a.t"],
    "RETURN QUERY SELECT 1 FROM a.n; RETURN NEXT; RETURN a.f(1);": ["SELECT 1 FROM a.n", "SELECT a.f(1)"],
    "-- DROP TABLE a.t;\n/* LOCK a.t; */ RAISE NOTICE 'DROP TABLE a.t;'; NULL;": [],
}


@pytest.mark.parametrize("text", PIECES)
def test_statements_of_plpgsql(text: str) -> None:
    body = body_of(f"<<here>> DECLARE v int; r a.t%ROWTYPE; BEGIN {text} END", "plpgsql")
    assert [statement.text for statement in body.statements] == PIECES[text]
    assert body.unread == []


@pytest.mark.parametrize("text", ["EXECUTE format('DROP %I', x);", "EXECUTE 'DROP TABLE ' || x;",
                                  "RETURN QUERY EXECUTE x;", "FOR r IN EXECUTE x LOOP NULL; END LOOP;"])
def test_what_is_put_together_is_told(text: str) -> None:
    assert body_of(f"BEGIN {text} END", "plpgsql").unread == [DYNAMIC]


def test_bodies_in_sql_and_in_others() -> None:
    assert [each.text for each in body_of("SELECT 1; DELETE FROM t", "sql").statements] == ["SELECT 1", "DELETE FROM t"]
    assert [each.text for each in body_of("BEGIN ATOMIC\n DELETE FROM t;\n SELECT 1;\nEND", "sql").statements] == [
        "DELETE FROM t", "SELECT 1"]
    assert [each.text for each in body_of("RETURN (SELECT 1)", "sql").statements] == ["SELECT (SELECT 1)"]
    assert body_of("this is none", "sql").unread == [UNREADABLE]
    assert body_of("return 1", "plpython3u").unread == ["what is written in plpython3u"]
