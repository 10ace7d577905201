"""Decoys: operators, functions, types and views of PostgreSQL's own names in schemas that a stranger can write to.

What an unqualified name finds first, or what fits better, runs with the caller's rights. Each decoy is a function that
the server counts when it is called, in read-only and in failed transactions too (pg_stat_user_functions).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

import console
from console.sql import grammar
from tests.support.names import walk
from tests.support.servers import Database

PACKAGE = Path(console.__file__).parent
PLAIN_PATH = '"$user", public'
HARSH_PATH = '"$user", public, pg_catalog'
"""With PostgreSQL's schema last, what fits exactly is taken from others too: whoever owns a database can set that."""

TYPES = ("oid", "regclass", "name", "text", '"char"', "int2", "int4", "int8", "float4", "float8", "numeric", "bool",
         "timestamptz", "interval", "xid", "pg_lsn", "inet", "jsonb", "text[]", "name[]", "oid[]", "int2[]",
         "int2vector", "oidvector")
"""What the catalogs' columns are: a decoy for every pair of them fits better than what would need a cast."""

CHUNK = 1000

_PSEUDO = ("anyelement", "anyarray", "anynonarray", "anyenum", "anyrange", "anymultirange", "anycompatible",
           "anycompatiblearray", "anycompatiblenonarray", "anycompatiblerange", "anycompatiblemultirange", "void",
           "record")
"""Pseudo-types that PL/pgSQL takes or returns."""

_BODY = "LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN NULL; END $$"  # by which aggregates' are counted as well
_PARAMETER = re.compile(r"(?<!%)%\(\w+\)s")


@cache
def names_used() -> tuple[frozenset[str], frozenset[str]]:
    """The operators and the functions that the console's .sql files name without a schema, by PostgreSQL's grammar."""
    operators: set[str] = set()
    functions: set[str] = set()
    for file in sorted(PACKAGE.glob("**/sql/**/*.sql")):
        text = _PARAMETER.sub("NULL", file.read_text("utf-8")).replace("%%", "%")
        text = re.sub(r'(?<!:):"(\w+)"', r'"\1"', text)
        statements = grammar.split(text)
        assert not isinstance(statements, grammar.SyntaxFault), f"{file}: {statements}"
        for kind, node in walk(statements[0].node):
            if kind == "a_expr" and len(node.a_expr.name) == 1:
                name = node.a_expr.name[0].string.sval
                operators.update((">=", "<=") if "BETWEEN" in name else (name,))
            elif kind == "func_call" and len(node.func_call.funcname) == 1:
                functions.add(node.func_call.funcname[0].string.sval)
            elif kind == "case_expr" and node.case_expr.HasField("arg"):
                operators.add("=")
    return frozenset(operators | {"=", "<", ">", "<=", ">=", "<>"}), frozenset(functions)


def plant(database: Database) -> None:
    """Exact copies in the superuser's own schema, for HARSH_PATH, and in public what fits better, for both paths.

    Extensions that are in public get decoys beside them: functions of their names for other types, and operators.
    """
    with database.connect() as connection:
        connection.execute("SET search_path = pg_catalog; SET check_function_bodies = off; "
                           "SET synchronous_commit = off; SET client_min_messages = error")
        own = _quoted(connection.info.user)
        connection.execute(f"CREATE SCHEMA {own}".encode())
        for part in (_exact_operators(connection, own), _exact_functions(connection, own),
                     _relations(connection, own), _types(own), _fitting_operators(connection, "public"),
                     _fitting_aggregates("public"), _beside_extensions(connection, "public")):
            statements = list(part)
            for first in range(0, len(statements), CHUNK):  # each a transaction, which holds a lock for each object
                connection.execute(";\n".join(statements[first:first + CHUNK]).encode())


def plant_temporary(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> list[bytes]:
    """Statements that make types and relations in the session's pg_temp, which comes first unless it is named."""
    with psycopg.connect(connection.info.dsn, password=connection.info.password, autocommit=True) as beside:
        beside.execute("SET search_path = pg_catalog")
        parts = [*_relations(beside, "pg_temp"), *_types("pg_temp")]
    return [part.encode() for part in parts]


def _exact_operators(connection: psycopg.Connection[Any], schema: str) -> Iterator[str]:
    rows = connection.execute(
        "SELECT oprname, format_type(nullif(oprleft, 0), NULL), format_type(oprright, NULL), "
        "format_type(oprresult, NULL) FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace "
        "AND oprresult <> 0 AND NOT ARRAY[oprleft, oprright, oprresult] && ARRAY(SELECT oid FROM pg_type "
        "WHERE typtype = 'p' AND typname <> ALL (%s))", [[kind for kind in _PSEUDO if kind != "record"]]).fetchall()
    for number, (name, left, right, result) in enumerate(rows):
        yield from _operator(schema, name, left, right, result, f"op_{number}")


def _fitting_operators(connection: psycopg.Connection[Any], schema: str) -> Iterator[str]:
    """What the console names, for every pair of TYPES that PostgreSQL has no operator for."""
    taken = set(connection.execute("SELECT oprname, oprleft, oprright FROM pg_operator WHERE oprnamespace = ANY "
                                   "(ARRAY['pg_catalog', %s]::regnamespace[])", [schema]).fetchall())
    oids = dict(connection.execute("SELECT t, t::regtype::oid FROM unnest(%s::text[]) t", [list(TYPES)]).fetchall())
    number = 0
    for name in sorted(names_used()[0]):
        result = "text" if name in ("||", "->>", "->") else "int8" if name in "+-*/%" else "bool"
        for left in TYPES:
            for right in TYPES:
                if (name, oids[left], oids[right]) not in taken:
                    number += 1
                    yield from _operator(schema, name, left, right, result, f"fit_{number}")


def _operator(schema: str, name: str, left: str | None, right: str, result: str, function: str) -> Iterator[str]:
    arguments = ", ".join(filter(None, [left, right]))
    yield f"CREATE FUNCTION {schema}.{function}({arguments}) RETURNS {result} {_BODY}"
    side = f"LEFTARG = {left}, " if left else ""
    yield f"CREATE OPERATOR {schema}.{name} ({side}RIGHTARG = {right}, FUNCTION = {schema}.{function})"


def _exact_functions(connection: psycopg.Connection[Any], schema: str) -> Iterator[str]:
    """Each of PostgreSQL's with exactly its arguments, as an aggregate where it is one."""
    rows = connection.execute(
        "SELECT p.oid, quote_ident(p.proname), p.prokind, pg_get_function_arguments(p.oid), "
        "pg_get_function_result(p.oid), oidvectortypes(p.proargtypes), format_type(p.prorettype, NULL) FROM pg_proc p "
        "WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind IN ('f', 'a') AND p.provariadic = 0 "
        "AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE a.aggfnoid = p.oid AND a.aggkind <> 'n') "
        "AND NOT (p.proargtypes::oid[] || p.prorettype || coalesce(p.proallargtypes, '{}')) && ARRAY(SELECT oid "
        "FROM pg_type WHERE typtype = 'p' AND typname <> ALL (%s)) "
        "AND NOT p.proargtypes::oid[] && '{void,record}'::regtype[]::oid[]", [list(_PSEUDO)]).fetchall()
    for oid, name, kind, arguments, result, types, returned in rows:
        if kind == "f":
            yield f"CREATE FUNCTION {schema}.{name}({arguments}) RETURNS {result} {_BODY}"
        elif "any" not in f"{types} {returned}":
            yield from _aggregate(schema, name, types, returned, oid)


def _fitting_aggregates(schema: str) -> Iterator[str]:
    """Of those that take anything, and that the console names without a schema."""
    for number, kind in enumerate(TYPES):
        yield from _aggregate(schema, "count", kind, "int8", f"count_{number}")
        yield from _aggregate(schema, "array_agg", kind, "text", f"array_{number}")


def _aggregate(schema: str, name: str, types: str, returned: str, mark: object) -> Iterator[str]:
    step = f"step_{mark}"
    yield f"CREATE FUNCTION {schema}.{step}({', '.join(filter(None, [returned, types]))}) RETURNS {returned} {_BODY}"
    yield f"CREATE FUNCTION {schema}.last_{mark}({returned}) RETURNS {returned} {_BODY}"
    yield (f"CREATE AGGREGATE {schema}.{name}({types or '*'}) (SFUNC = {schema}.{step}, STYPE = {returned}, "
           f"FINALFUNC = {schema}.last_{mark})")


def _beside_extensions(connection: psycopg.Connection[Any], schema: str) -> Iterator[str]:
    """Beside an extension's function those of its name with fewer arguments, or one of another type; and operators."""
    kinds = [kind for (kind,) in connection.execute("SELECT format_type(t::regtype, NULL) FROM unnest(%s::text[]) t",
                                                    [[*TYPES, "bit varying"]]).fetchall()]
    functions = connection.execute(
        "SELECT quote_ident(p.proname), ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t), "
        "CASE WHEN t.typtype = 'p' THEN 'text' ELSE format_type(t.oid, NULL) END "
        "FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e' "
        "JOIN pg_type t ON t.oid = p.prorettype "
        "WHERE p.pronamespace = %s::regnamespace AND p.prokind = 'f' "
        "AND NOT p.proargtypes::oid[] && ARRAY(SELECT oid FROM pg_type WHERE typtype = 'p')", [schema]).fetchall()
    taken = {(name, *types) for name, types, _ in functions}
    for name, types, result in functions:
        fewer = [types[:count] for count in range(len(types))]
        other = [[*types[:place], kind, *types[place + 1:]] for place in range(len(types)) for kind in kinds]
        for chosen in [*fewer, *other]:
            if (name, *chosen) not in taken:
                taken.add((name, *chosen))
                yield f"CREATE FUNCTION {schema}.{name}({', '.join(chosen)}) RETURNS {result} {_BODY}"
    operators = connection.execute(
        "SELECT o.oprname, format_type(o.oprleft, NULL), format_type(o.oprright, NULL), format_type(o.oprresult, NULL) "
        "FROM pg_operator o JOIN pg_depend d ON d.classid = 'pg_operator'::regclass AND d.objid = o.oid "
        "AND d.deptype = 'e' WHERE o.oprnamespace = %s::regnamespace AND o.oprleft <> 0", [schema]).fetchall()
    made = {(name, left, right) for name, left, right, _ in operators}
    made |= {(name, left, right) for name in names_used()[0] for left in kinds for right in kinds}
    for name, left, right, result in operators:
        for first, second in [pair for kind in kinds for pair in ((left, kind), (kind, right))]:
            if (name, first, second) not in made:
                made.add((name, first, second))
                yield from _operator(schema, name, first, second, result, f"ext_{len(made)}")


def _relations(connection: psycopg.Connection[Any], schema: str) -> Iterator[str]:
    """A view before each of PostgreSQL's relations."""
    yield f"CREATE FUNCTION {schema}.decoy_view() RETURNS bool {_BODY}"
    for name, columns in connection.execute(
            "SELECT quote_ident(c.relname), string_agg(quote_ident(a.attname) || CASE WHEN t.typtype = 'p' "
            "THEN '::text AS ' || quote_ident(a.attname) ELSE '' END, ', ' ORDER BY a.attnum) FROM pg_class c "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 JOIN pg_type t ON t.oid = a.atttypid "
            "WHERE c.relkind IN ('r', 'v') AND c.relnamespace = 'pg_catalog'::regnamespace "
            "AND c.relname <> 'pg_statistic_ext_data' GROUP BY 1").fetchall():
        yield f"CREATE VIEW {schema}.{name} AS SELECT {columns} FROM pg_catalog.{name} WHERE {schema}.decoy_view()"


def _types(schema: str) -> Iterator[str]:
    """A domain before each type. PL/pgSQL has made up its mind about the functions above by now."""
    for name in ("oid", "regclass", "regtype", "regnamespace", "regproc", "name", "text", "int2", "int4", "int8",
                 "float4", "float8", "bool", "timestamptz", "xid", "jsonb", "tid", "inet", "uuid"):
        yield f"CREATE FUNCTION {schema}.decoy_type_{name}(pg_catalog.{name}) RETURNS pg_catalog.bool {_BODY}"
        yield (f"CREATE DOMAIN {schema}.{name} AS pg_catalog.{name} "
               f"CHECK ({schema}.decoy_type_{name}(VALUE) IS NOT FALSE)")


def called(database: Database, seconds: float = 10.0) -> list[str]:
    """The decoys that were called since `forget`, once every other session has gone: its counts come at its end."""
    with database.connect(options="-c search_path=pg_catalog") as connection:
        deadline = time.monotonic() + seconds
        while connection.execute("SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
                                 "pg_backend_pid() AND backend_type = 'client backend'").rowcount:
            assert time.monotonic() < deadline, "a session is still there"
            time.sleep(0.02)
        rows = connection.execute(
            "SELECT f.schemaname || '.' || f.funcname || '(' || pg_get_function_arguments(f.funcid) || ')' || "
            "coalesce(' of ' || o.oprname, '') FROM pg_stat_user_functions f LEFT JOIN pg_operator o "
            "ON o.oprcode = f.funcid WHERE f.calls > 0 ORDER BY 1").fetchall()
    return [name for (name,) in rows]


def forget(database: Database) -> None:
    """Sets the counts back to none."""
    with database.connect(options="-c search_path=pg_catalog") as connection:
        connection.execute("SELECT pg_stat_reset()")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
