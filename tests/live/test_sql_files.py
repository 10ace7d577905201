"""Every .sql file of the console on every server at hand: it runs, and its columns are its record's fields."""

from __future__ import annotations

import asyncio
import importlib
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from console.fields import fields_of
from console.server.info import ServerInfo
from console.server.preamble import preamble
from console.server.query import Query, load
from console.server.session import read_info
from console.server.target import Target
from tests.migrate.ledgers import LEDGERS
from tests.support.servers import Database, LiveServer
from tests.support.sql_files import LEDGER, MIRROR, PACKAGE, QUERIES, package

FOREIGN = PACKAGE / "migrate" / "frameworks" / "sql"
FILES = [file for file in QUERIES if file.parent != FOREIGN or ":\"table\"" not in file.read_text("utf-8")]
"""Without those that read other frameworks' ledgers, which test_frameworks.py makes and reads, each by its file."""
EXTENSIONS = ("vector", "pg_stat_statements", "pgstattuple", "pg_buffercache", "pageinspect")
_PARAMETER = re.compile(r"(?<!%)%\((\w+)\)s")


def record(file: Path) -> type[Any]:
    """The record that the file's header names, wherever in its package it is."""
    header = re.search(r"^-- record: (\w+)", file.read_text("utf-8"), re.M)
    assert header, f"{file.name} names no record"
    modules = file.parent.parent.rglob("*.py")
    for module in sorted(modules, key=lambda path: (len(path.parts), path)):  # the package's own before its parts'
        if re.search(rf"^class {header[1]}\b", module.read_text("utf-8"), re.M):
            dotted = ".".join(module.relative_to(PACKAGE.parent).with_suffix("").parts)
            return getattr(importlib.import_module(dotted), header[1])  # type: ignore[no-any-return]
    raise AssertionError(f"{file.name}: no class {header[1]} in {package(file)}")


def query(file: Path) -> Query[Any]:
    return load(package(file), file.name.split(".")[0], record(file))


def parameters_of(text: str) -> list[str]:
    """The names of a statement's parameters."""
    return _PARAMETER.findall(text)


def fill(database: Database) -> None:
    """The extensions that some files need, as far as the server has them, and the ledger."""
    with database.connect() as connection:
        for extension in EXTENSIONS:
            found = connection.execute("SELECT FROM pg_available_extensions WHERE name = %s", [extension])
            if found.rowcount:
                connection.execute(f"CREATE EXTENSION {extension}")  # type: ignore[arg-type]
        fill_ledger(connection)


def fill_ledger(connection: psycopg.Connection[Any]) -> None:
    for name in ("schema", "migration", "migration_event", "repeatable", "batch_progress", "mirror"):
        text = (PACKAGE / "migrate" / "sql" / "ledger" / f"{name}.sql").read_text("utf-8")
        connection.execute(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.parent.name}/{file.name}")
async def test_columns_are_the_records_fields(file: Path, any_server: LiveServer) -> None:
    conninfo = any_server.conninfo(any_server.template("sql_files", fill))
    target = Target(name="", conninfo=conninfo)
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        info = await read_info(connection, target)
        found = query(file)
        variant = found.variant(info)
        if variant is None or variant.file != file.name:
            pytest.skip(f"PostgreSQL {info.major} reads {variant.file if variant else 'nothing'}")
        if (obstacle := found.obstacle(info)) is not None:
            pytest.skip(obstacle)
        text = found.text(info)
        parameters = dict.fromkeys(parameters_of(text))
        for statement in preamble(target, info.major):
            await connection.execute(statement)
        cursor = await connection.execute(text, parameters or None)  # type: ignore[arg-type]
        columns = [column.name for column in cursor.description or ()]
    assert sorted(columns) == sorted(field.name for field in fields_of(found.record))


def test_the_ledgers_statements_are_what_the_server_takes(any_server: LiveServer) -> None:
    with psycopg.connect(any_server.conninfo(any_server.template("sql_files", fill)), autocommit=True) as connection:
        for file in LEDGER:
            text = file.read_text("utf-8").rstrip().removesuffix(";").encode()
            result = connection.pgconn.prepare(b"", text)
            # What only makes a table isn't looked at before it runs; it has run in `fill`.
            assert result.status == psycopg.pq.ExecStatus.COMMAND_OK, (file.name, result.error_message)


OF_TOOLS = {"number": "golang-migrate", "version": "dbmate", "sql_migrate": "sql-migrate",
            "flyway_repeatable": "flyway"}
"""Whose ledger a file of sql/mirror writes, where it isn't called so."""


@pytest.mark.parametrize("file", MIRROR, ids=lambda file: file.name)
def test_what_writes_other_tools_ledgers_fits_their_tables(file: Path, database: Database) -> None:
    """Each by the table as the tool's own DDL makes it."""
    stem = file.stem.removesuffix("_gone")
    found = LEDGERS[OF_TOOLS.get(stem, stem)]
    with database.connect() as connection:
        fill_ledger(connection)
        connection.execute(found.ddl.encode())
        text = file.read_text("utf-8").rstrip().removesuffix(";")
        text = text.replace(':"schema".:"table"', f'{found.schema}."{found.table}"')
        result = connection.pgconn.prepare(b"", text.encode())
        assert result.status == psycopg.pq.ExecStatus.COMMAND_OK, result.error_message


ESTIMATED = [file for file in FILES if "reltuples" in file.read_text("utf-8")]
RUINED = """
    CREATE TABLE public.items (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at vector(2)) PARTITION BY RANGE (id);
    CREATE TABLE public.part PARTITION OF public.items FOR VALUES FROM (1) TO (1000000);
    CREATE INDEX ON public.items USING hnsw (at vector_l2_ops);
    INSERT INTO public.items (at) SELECT '[1,2]' FROM generate_series(1, 20000);
    ANALYZE;
    DELETE FROM public.items WHERE id > 5;
    SELECT pg_stat_force_next_flush();
"""


def test_an_estimate_of_rows_that_is_no_number_is_unknown(server18: LiveServer) -> None:
    """PostgreSQL 18.0 to 18.4 left NaN, Infinity and garbage in reltuples."""
    target = Target(name="", conninfo=server18.conninfo())
    with server18.database(server18.template("sql_files", fill)) as database, database.connect() as connection:
        connection.execute(RUINED.encode())
        info = asyncio.run(_info(database.conninfo, target))
        for value, oid in ((value, oid) for value in ("NaN", "Infinity", "1e30")
                           for oid in ("public.part", "public.part_pkey")):
            connection.execute("UPDATE pg_class SET reltuples = %s WHERE oid >= 16384", [value])
            ((number,),) = connection.execute("SELECT %s::regclass::oid", [oid]).fetchall()
            ((schema,),) = connection.execute("SELECT 'public'::regnamespace::oid").fetchall()
            given = {"oid": number, "relation": number, "position": 2, "schema": schema, "schemas": ["public"],
                     "names": ["part"], "path": ["public"], "relations": ["public.part"], "page_size": 100,
                     "after_name": "", "after_oid": 0, "relkinds": ["r", "p"], "needle": None, "sort": "dead",
                     "is_descending": True}
            for file in ESTIMATED:
                asked = query(file)
                text = asked.text(info)
                names = parameters_of(text)
                rows = connection.execute(text.encode(), {name: given[name] for name in names} or None).fetchall()
                numbers = [cell for row in rows for cell in row if isinstance(cell, float)]
                assert all(abs(cell) < 1e20 for cell in numbers), (file.name, value, numbers)
        found = connection.execute(query(PACKAGE / "metrics" / "sql" / "dead_rows.sql").text(info).encode()).fetchall()
        assert [row[1] for row in found] == ["part"], "autovacuum never comes to it, so it is told all the more"


async def _info(conninfo: str, target: Target) -> ServerInfo:
    async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
        return await read_info(connection, target)
