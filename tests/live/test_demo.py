"""The demo from nothing: two starters, accidents on the way, and what is in it in the end."""

from __future__ import annotations

import signal

import pytest

from console.demo.embedder import embed
from console.server.single import single_session
from console.ui.screens.vectors.state import first_choice
from console.vectors import read
from console.vectors.search import SearchRequest, any_row, default_metric, search, subject
from tests.support.demo import Demo


def test_two_starters_make_one_demo(demo: Demo) -> None:
    with demo.connect() as connection:
        users = connection.execute("SELECT count(*), count(DISTINCT email) FROM idea_lab.users").fetchone()
        marker = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'demo'"
        ).fetchone()
        pending = connection.execute("SELECT count(*) FROM dbconsole.migration WHERE state <> 'applied'").fetchone()
    assert users == (240, 240)
    assert marker == ("dbconsole demo, sample data 1",)
    assert pending == (0,)


def test_a_second_start_has_nothing_to_do(demo: Demo) -> None:
    status, output, narration = demo.run("start")
    assert (status, narration.count("\n")) == (0, 1)
    assert "dbname='demo'" in output


def test_every_table_has_rows(demo: Demo) -> None:
    """Also those that only triggers write."""
    with demo.connect() as connection:
        tables = connection.execute(
            "SELECT schemaname, relname FROM pg_stat_user_tables JOIN pg_class USING (relname) "
            "WHERE schemaname <> 'dbconsole' AND pg_class.oid = relid AND NOT relispartition"
        ).fetchall()
        views = connection.execute("SELECT schemaname, matviewname FROM pg_matviews").fetchall()
        empty = [f"{schema}.{name}" for schema, name in [*tables, *views]
                 if connection.execute(f"SELECT FROM {schema}.{name} LIMIT 1").fetchone() is None]  # fmt: skip
    assert len(tables) > 55
    assert len(views) == 4
    assert not empty


def test_new_rows_get_new_numbers(demo: Demo) -> None:
    with demo.connect() as connection, connection.transaction(force_rollback=True):
        (number,) = connection.execute(
            "INSERT INTO event_data.topics (name) VALUES ('Beekeeping') RETURNING id"
        ).fetchone() or (0,)
        assert isinstance(number, int)
        assert number > 30


@pytest.mark.parametrize(("column", "operator", "table", "kind"), [
    ("embedding", "<=>", "event_data.events", "vector(384)"),
    ("embedding", "<->", "memory_management.embeddings", "vector(384)"),
    ("embedding", "<#>", "inference_enhancement.embeddings", "vector(384)"),
    ("embedding", "<=>", "document_store.embeddings", "vector(1536)"),
    ("embedding", "<=>", "memory_store.memories", "vector(384)"),
])  # fmt: skip
def test_vector_indexes_find_their_neighbours(demo: Demo, column: str, operator: str, table: str, kind: str) -> None:
    """Each index is used, and finds nearly what a scan of all rows finds."""
    vector = str(embed("slow queries on postgres, locks and vacuum", 1536 if "1536" in kind else 384))
    query = f"SELECT ctid FROM {table} ORDER BY {column} {operator} '{vector}'::{kind} LIMIT 10"
    with demo.connect() as connection:
        connection.execute("SET enable_seqscan = off; SET enable_sort = off; SET ivfflat.probes = 10")
        plan = "\n".join(str(row[0]) for row in connection.execute(f"EXPLAIN {query}").fetchall())
        found = set(connection.execute(query).fetchall())
        connection.execute("SET enable_indexscan = off; SET enable_seqscan = on")
        exact = set(connection.execute(query).fetchall())
    assert "Index Scan using" in plan
    assert len(found & exact) >= 8


async def test_the_first_search_of_a_newcomer_goes_through_an_index(demo: Demo) -> None:
    """Screen 6 offers this column, and enter searches it for a row drawn at random."""
    async with single_session(demo.target) as session:
        column = first_choice([column for column in await read.columns(session) if column.is_readable])
        about = await subject(session, column)
        key, vector = await any_row(session, about)
        found = await search(session, SearchRequest(about, vector, default_metric(about), exclude=key))
    assert found.index_used and len(found.hits) == 10 and not found.warnings


def test_the_calendar_has_events_to_come(demo: Demo) -> None:
    with demo.connect() as connection:
        rows = connection.execute("SELECT name, topics FROM event_data.upcoming_events").fetchall()
    assert len(rows) > 150
    assert all(topics for _, topics in rows)


def test_status_says_where(demo: Demo) -> None:
    status, output, _ = demo.run("status")
    assert status == 0
    assert "running, PostgreSQL 18" in output
    assert str(demo.folder) in output
    assert "conninfo" in output


def test_what_breaks_off_is_completed_by_the_next_start(demo: Demo) -> None:
    """Last in this file, as it makes the demo anew: Ctrl-C and kill -9 in the midst of the load, stop and start."""
    assert demo.interrupted(signal.SIGINT) == 130
    with demo.connect() as connection:
        assert connection.execute("SELECT count(*) FROM event_data.events").fetchone() == (0,)
    assert demo.interrupted(signal.SIGKILL) == -signal.SIGKILL
    status, _, narration = demo.run("start")
    assert status == 0, narration
    assert "rows loaded" in narration
    assert demo.run("stop")[0] == 0
    assert demo.run("stop")[0] == 0
    assert demo.run("status")[0] == 1
    status, _, narration = demo.run("start")
    assert status == 0, narration
    assert "loading" not in narration
    with demo.connect() as connection:
        assert connection.execute("SELECT count(*) FROM event_data.events").fetchone() == (900,)
