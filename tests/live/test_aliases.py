"""Tables with columns named after every alias in the SQL that dbconsole composes, and named so themselves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from console.catalog.export import export
from console.server.rows import Typed, stream_query
from tests.live.test_batches import up
from tests.live.test_catalog import numbers, oid_of, pool_on, preview
from tests.live.test_migrate import ask, shop
from tests.support.servers import Database
from tests.support.sql_files import PACKAGE

_ALIAS = re.compile(r"(?:\bAS|\bWITH) (?:MATERIALIZED )?\(?([a-z_]\w*)|\} ([a-z])\b")
COMPOSING = ("server", "catalog", "vectors", "migrate/batches.py")


def aliases() -> list[str]:
    """The names after AS and WITH in the modules that compose SQL on people's tables."""
    files = [file for place in COMPOSING for file in ([PACKAGE / place] if place.endswith(".py") else
                                                      (PACKAGE / place).glob("*.py"))]
    texts = [text for file in files for text in re.findall(r'"(?:[^"\\\n]|\\.)*"', file.read_text("utf-8"))]
    found = {name for text in texts for match in _ALIAS.findall(text) for name in match if name}
    return sorted(found)


ALIASES = aliases()
ROWS = "(SELECT g AS id, (g, g + 1)::pair AS pair FROM generate_series(1, 3) g)"


def test_the_aliases_are_found() -> None:
    assert {"r", "t", "k", "found"} <= set(ALIASES)


@pytest.mark.parametrize("sort", ["pair", "int", "text"])
async def test_rows_and_exports_have_every_column(sort: str, any_database: Database, tmp_path: Path) -> None:
    names = sorted({*ALIASES, "distance"})
    values = {"pair": "s.pair", "int": "s.id", "text": "'v' || s.id"}[sort]
    expected = {"pair": {"lo": 2, "hi": 3}, "int": 2, "text": "v2"}[sort]
    with any_database.connect() as connection:
        connection.execute("CREATE TYPE pair AS (lo int, hi int)")
        columns = "".join(f', "{name}" {sort}' for name in names)
        for table in ("r", "t"):
            connection.execute(f"CREATE TABLE {table} (id int PRIMARY KEY{columns})")  # type: ignore[arg-type]
            connection.execute(  # type: ignore[arg-type]
                f"INSERT INTO {table} SELECT s.id{f', {values}' * len(names)} FROM {ROWS} s")
    async with pool_on(any_database.conninfo) as pool, pool.session() as session:
        for table in ("r", "t"):
            oid = oid_of(any_database, table)
            assert await export(session, oid, tmp_path / "x.json", "json") == 3
            rows = json.loads((tmp_path / "x.json").read_text())
            assert rows[1] == {"id": 2, **dict.fromkeys(names, expected)}
            assert await export(session, oid, tmp_path / "x.csv", "csv") == 3
            assert await numbers(await preview(pool.session, oid)) == [1, 2, 3]


async def test_a_query_with_such_a_column_is_exported(any_database: Database) -> None:
    async with pool_on(any_database.conninfo) as pool, pool.session() as session:
        chunks = [chunk async for chunk in stream_query(
            session, Typed("SELECT 1 AS a, ROW(2, 3) AS r, 4 AS t"), "json", statement_timeout_ms=10_000)]
    assert json.loads(b"".join(chunks)) == [{"a": 1, "r": {"f1": 2, "f2": 3}, "t": 4}]


async def test_batches_of_such_a_table(any_database: Database, tmp_path: Path) -> None:
    service = shop(tmp_path, {
        "0001_a.up.sql": "CREATE SCHEMA shop; CREATE TABLE shop.k (k int PRIMARY KEY, r int, n int DEFAULT 0);"
                         "INSERT INTO shop.k (k) SELECT generate_series(1, 10);",
        "0001_a.down.sql": "DROP SCHEMA shop CASCADE;",
        "0002_b.up.sql": "-- dbconsole: batches=shop.k.k/3\nUPDATE shop.k SET n = n + 1 WHERE k BETWEEN $1 AND $2;",
        "0002_b.down.sql": "-- dbconsole: batches=shop.k.k/3\nUPDATE shop.k SET n = 0 WHERE k BETWEEN $1 AND $2;"})
    await up(any_database, service)
    assert ask(any_database, "SELECT n, count(*) FROM shop.k GROUP BY n") == [(1, 10)]
