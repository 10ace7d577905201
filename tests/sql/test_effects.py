"""What a statement's text reaches: by its tree, and by its words where there is none."""

from __future__ import annotations

import pytest

from console.sql.effects import ANY, ATTRIBUTE, Call, Effect, uses, uses_of_body
from console.sql.grammar import Name


def called(text: str) -> set[tuple[str, str, int]]:
    return {(call.schema, call.name, call.arguments) for call in uses(text).calls}


@pytest.mark.parametrize(("text", "calls"), [
    ("SELECT f()", {("", "f", 0)}), ("SELECT S.F(1, 2)", {("s", "f", 2)}),
    ('SELECT "S"."F g"(a => 1)', {("S", "F g", 1)}),
    (r'SELECT U&"p\0067"(1)', {("", "pg", 1)}), ("SELECT count(*)", {("", "count", 0)}),
    ("SELECT f(VARIADIC a)", {("", "f", ANY)}),
    ("SELECT mode() WITHIN GROUP (ORDER BY g())", {("", "mode", ANY), ("", "g", 0)}),
    ("SELECT t.f, (r).g.h FROM t", {("", "f", ATTRIBUTE), ("", "g", ATTRIBUTE), ("", "h", ATTRIBUTE)}),
    ("SELECT t.pg_promote FROM t", {("", "pg_promote", 1)}),
    ("EXPLAIN SELECT f()", {("", "f", 0)}), ("PREPARE p AS SELECT f()", {("", "f", 0)}),
    ("CALL p(1)", {("", "p", 1)}), ("DO 'BEGIN PERFORM f(1); END'", {("", "f", ANY)}),
    ("COPY (SELECT f()) TO STDOUT", {("", "f", 0)}), ("SELECT 'f()', $$g()$$ -- h()", set()),
    ("CREATE VIEW v AS SELECT f()", set()), ("SELECT query_to_xml('SELECT f()', true, true, '')", {
        ("", "query_to_xml", 4), ("", "f", 0)}),
    ("SELECT f(); SELECT g()", {("", "f", 0), ("", "g", 0)}),
    ("SELECT f() FRM x y (", {("", "f", ANY), ("", "y", ANY)}),  # no SQL that is known here: its words
])
def test_calls(text: str, calls: set[tuple[str, str, int]]) -> None:
    assert called(text) == calls


@pytest.mark.parametrize(("text", "operators"), [
    ("SELECT a + b", {"+"}), ("SELECT 1 OPERATOR(s.+) 2", {"s.+"}), ("SELECT - a", {"-"}), ("SELECT a IN (1)", {"="}),
    ("SELECT a BETWEEN 1 AND 2", {">=", "<="}), ("SELECT a LIKE 'x'", {"~~"}), ("SELECT a IN (SELECT 1)", {"="}),
    ("SELECT a < ALL (SELECT 1)", {"<"}), ("SELECT CASE a WHEN 1 THEN 2 END", {"="}),
    ("SELECT 1 FROM a JOIN b USING (c)", {"="}), ("SELECT 1 FROM a NATURAL JOIN b", {"="}),
    ("SELECT a ORDER BY a USING <<", {"<<"}), ("SELECT a IS DISTINCT FROM b", {"="}), ("SELECT nullif(a, b)", {"="}),
])
def test_operators(text: str, operators: set[str]) -> None:
    assert {f"{name.schema}.{name.name}" if name.schema else name.name for name in uses(text).operators} == operators


def test_relations_types_and_prepared_statements() -> None:
    found = uses("SELECT a::s.t, CAST(b AS u[]), v(c) FROM x.y, z WHERE EXISTS (TABLE q)")
    assert found.relations == {Name("x", "y"), Name(None, "z"), Name(None, "q")}
    assert found.types == {Name("s", "t"), Name(None, "u"), Name(None, "v")}
    assert uses("EXECUTE p (1)").prepared == {"p"}


@pytest.mark.parametrize(("text", "names"), [
    ("CHECKPOINT", ["CHECKPOINT"]), ("checkpoint;", ["CHECKPOINT"]), ("/* a */ LOAD 'x'", ["LOAD"]),
    ("VACUUM (ANALYZE) t", ["VACUUM"]), ("SET LOCAL ROLE x", ["SET LOCAL ROLE"]), ("SET x = 1", []),
    ("SET SESSION AUTHORIZATION x", ["SET SESSION AUTHORIZATION"]), ("SET role TO x", ["SET ROLE"]),
    ("COPY t TO STDOUT", []), ("COPY t FROM STDIN", []),
    ("COPY (SELECT a FROM t) TO PROGRAM 'x'", ["COPY ... PROGRAM"]),
    ("COPY t TO '/x'", ["COPY to a file"]), ("COPY t FROM PROGRAM 'x'", ["COPY ... PROGRAM"]),
    ("SELECT set_config('role', 'x', true)", ["set_config()"]), ("SELECT set_config(a, 'x', true)", ["set_config()"]),
    ("SELECT set_config('Role', 'x', true)", ["set_config()"]), ("SELECT set_config('work_mem', '1', true)", []),
    ("SELECT query_to_xml(a, true, true, '')", ["query_to_xml()"]),
    ("SELECT ts_rewrite(a, b, c)", []),
    ("SELECT ts_rewrite(a, b)", ["ts_rewrite()"]),
    ("DO LANGUAGE plperl 'x'", ["DO"]), ("REPACK t", ["REPACK"]), ("EXPLAIN ANALYZE SELECT 1", []), ("SELECT 1", []),
    ("LISTEN x", []), ("BEGIN", []), ("INSERT INTO t VALUES ('CHECKPOINT')", []),
])
def test_effects_of_kinds(text: str, names: list[str]) -> None:
    assert [effect.what for effect in uses(text).effects] == names


@pytest.mark.parametrize(("body", "names"), [
    ("BEGIN NULL; END", []), ("BEGIN EXECUTE 'CHECKPOINT'; END", ["CHECKPOINT"]),
    ("BEGIN EXECUTE a; END", ["EXECUTE"]), ("BEGIN EXECUTE 'SELECT ' || a; END", ["EXECUTE"]),
    ("BEGIN EXECUTE format('SELECT %I', a); END", ["EXECUTE"]),
    ("BEGIN FOR r IN EXECUTE 'SELECT 1' LOOP NULL; END LOOP; END", []),
    ("BEGIN RETURN QUERY EXECUTE 'SELECT 1' USING a; END", []), ("BEGIN EXECUTE 'SELECT 1' INTO a; END", []),
    ("BEGIN IF a THEN NOTIFY b; ELSE LOCK c; END IF; END", ["NOTIFY", "LOCK"]),
    ("BEGIN PERFORM set_config('app.user', a, true); END", []),
    ("BEGIN PERFORM set_config('ROLE', a, true); END", ["set_config()"]),
    ("BEGIN PERFORM set_config('app.' || b, a, true); END", ["set_config()"]),
    ("BEGIN -- CHECKPOINT;\n RAISE NOTICE 'CHECKPOINT'; END", []),
])
def test_bodies(body: str, names: list[str]) -> None:
    assert [effect.what for effect in uses_of_body(body, "plpgsql").effects] == names


def test_a_body_names_more_than_is_meant_and_never_less() -> None:
    found = uses_of_body("DECLARE a s.t := g(1); BEGIN PERFORM f(x) FROM u; b := c <<>> r.h; END", "plpgsql")
    assert {(call.name, call.arguments) for call in found.calls} >= {("f", ANY), ("g", ANY), ("h", ATTRIBUTE)}
    assert Name(None, "u") in found.relations and Name("s", "t") in found.types
    assert {Name(None, "<<>>"), Name(None, "=")} <= found.operators
    assert Call("", "begin", ANY) not in found.calls


def test_an_effect_is_said_with_what_brings_it_about() -> None:
    assert Effect("f()", "acts").sentence == "f() acts"
    assert Effect("f()", "acts", "the view v").sentence == "f(), reached through the view v, acts"
