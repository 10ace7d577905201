"""Binary COPY of every kind of value, into hostile names, inside a transaction or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from console.errors import ServerError
from console.server.copy import Range, copy_rows
from console.server.script import script_session
from console.server.target import Target
from tests.support.servers import Database

HOSTILE = 'a "b" [c]'
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
def filled(database: Database) -> Database:
    with database.connect() as connection:
        if not database.server.has_vector:
            pytest.skip("no pgvector")
        connection.execute("""
            CREATE EXTENSION vector;
            CREATE SCHEMA "a ""b"" [c]";
            CREATE TYPE mood AS ENUM ('glad', 'sad');
            CREATE DOMAIN score AS numeric(3, 1) CHECK (VALUE >= 0);
            CREATE TABLE "a ""b"" [c]"."a ""b"" [c]" (
                "a ""b"" [c]" mood, number bigint GENERATED ALWAYS AS IDENTITY, small smallint, score score,
                tags text[], data jsonb, during tstzrange, lines int4range, id uuid, wait interval, body bytea,
                real real, whole vector(3), half halfvec(2), created_at timestamptz DEFAULT now())""")
    return database


COLUMNS = [
    HOSTILE,
    "number",
    "small",
    "score",
    "tags",
    "data",
    "during",
    "lines",
    "id",
    "wait",
    "body",
    "real",
    "whole",
    "half",
]
ROW = (
    "glad",
    7,
    3,
    Decimal("9.8"),
    ["x", '"y"'],
    {"a": [1, None]},
    Range(NOW, None),
    Range(1, 4),
    UUID(int=1),
    timedelta(days=2),
    b"\0\1",
    0.5,
    [1.0, 2.0, 3.0],
    [0.5, -0.5],
)


async def test_every_kind_of_value_arrives(filled: Database) -> None:
    async with script_session(Target(name="t", conninfo=filled.conninfo)) as session:
        assert await copy_rows(session, HOSTILE, HOSTILE, COLUMNS, [ROW, (None, 8, *[None] * 12)]) == 2
    with filled.connect() as connection:
        first, second = connection.execute(
            'SELECT t::text FROM "a ""b"" [c]"."a ""b"" [c]" AS t ORDER BY number'
        ).fetchall()
        assert "glad,7,3,9.8" in first[0]
        assert "[1,2,3]" in first[0]
        assert "[0.5,-0.5]" in first[0]
        assert "[1,4)" in first[0]
        assert second[0].startswith("(,8,,")


async def test_a_refused_row_takes_all_of_them_along(filled: Database) -> None:
    async with script_session(Target(name="t", conninfo=filled.conninfo)) as session:
        rows = [("glad", Decimal(1)), ("sad", Decimal(-1))]
        with pytest.raises(ServerError, match="score"):
            await copy_rows(session, HOSTILE, HOSTILE, [HOSTILE, "score"], rows)
        assert await session.execute('SELECT count(*) FROM "a ""b"" [c]"."a ""b"" [c]"') == [(0,)]
        assert await copy_rows(session, HOSTILE, HOSTILE, [HOSTILE], [("sad",)]) == 1
