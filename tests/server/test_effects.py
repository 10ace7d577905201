"""What is judged of an object that the catalog shows."""

from __future__ import annotations

import pytest

from console.server.effects import Acts, ReachedName, ReachedObject, _effect
from console.sql.effects import ANY, ATTRIBUTE, Call, Effect, Uses
from console.sql.grammar import Name


def function(name: str, language: str = "c", *, oid: int = 20_000, is_volatile: bool = True,
             extension: str | None = None, body: str = "") -> ReachedObject:
    return ReachedObject("function", oid, "s", name, "", language, is_volatile, extension, body, ())


@pytest.mark.parametrize(("row", "what"), [
    (function("pg_reload_conf", "internal", oid=2621), "pg_reload_conf()"),
    (function("pg_of_a_later_version", "internal", oid=9000), "pg_of_a_later_version()"),
    (function("random", "internal", oid=1598), None),
    (function("f", "plperlu"), "s.f()"), (function("f", "plpython3u"), "s.f()"), (function("f", "c"), "s.f()"),
    (function("f", "c", is_volatile=False), None), (function("f", "plv8", is_volatile=False), None),
    (function("f", "c", extension="some_extension"), "f()"), (function("f", "c", extension="pgcrypto"), None),
    (function("dblink_exec", "c", extension="dblink"), "dblink_exec()"),
    (function("dblink_get_pkey", "c", extension="dblink"), None),
    (function("dblink_exec", "sql"), None),  # of a person's own: its body tells
    (function("f", "internal", body="pg_promote", is_volatile=False), "s.f()"), (function("f", "sql"), None),
    (ReachedObject("relation", 20_000, "s", "t", "foreign table", "", False, None, "", ()), "s.t"),
    (ReachedObject("relation", 20_000, "s", "t", "view", "", False, None, "", ()), None),
])
def test_what_an_object_does_by_itself(row: ReachedObject, what: str | None) -> None:
    found = _effect(row, "")
    assert (found and found.what) == what


@pytest.mark.parametrize(("arguments", "is_meant"), [(0, False), (1, True), (2, True), (3, False), (ANY, True),
                                                     (ATTRIBUTE, False)])
def test_a_function_is_meant_by_its_number_of_arguments(arguments: int, is_meant: bool) -> None:
    row = ReachedName("function", 1, "s", "f", 1, 2, False)
    assert row.is_meant(Uses(calls={Call("", "f", arguments)}), ["s"]) is is_meant


@pytest.mark.parametrize(("schema", "path", "is_meant"), [
    (None, ["s"], True), (None, ["t"], False), (None, [], True), ("s", ["t"], True), ("t", ["s"], False)])
def test_a_name_is_meant_by_its_schema(schema: str | None, path: list[str], is_meant: bool) -> None:
    assert ReachedName("relation", 1, "s", "r", 0, 0, False).is_meant(Uses(relations={Name(schema, "r")}), path) \
        is is_meant


def test_a_refusal_names_everything() -> None:
    refusal = Acts("prod", [Effect("f()", "does this"), Effect("g()", "does that", "the view v")])
    assert refusal.summary == "prod is read-only: f() does this (and 1 more: g()); nothing was sent"
    assert refusal.names == {"f()", "g()"} and refusal.exit_status == 3
