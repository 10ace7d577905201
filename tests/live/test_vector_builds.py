"""Vector indexes built, rebuilt and dropped on real servers: watched to the end, cancelled, cleaned up, refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from console.activity import audit
from console.errors import ConsoleError, Missing, ServerError, UsageError
from console.server.pool import Pool
from console.server.session import PgSession
from console.server.target import Target
from console.vectors import actions, ddl, read
from console.vectors.ddl import BuildSettings, Design
from console.vectors.metrics import BY_NAME
from console.vectors.prepare import build_advice, build_facts
from console.vectors.records import BuildNotice, BuildStep, LeftOver, VectorColumn, VectorIndex
from tests.live.test_vectors import random_vector, run
from tests.support.pgbouncer import PgBouncer
from tests.support.servers import Database, LiveServer

ROWS, DIMENSIONS = 3000, 16
WITHIN_S = 60


def fill(database: Database) -> None:
    run(database, "CREATE EXTENSION vector", "SELECT setseed(0.75)", 'CREATE SCHEMA "my ""s"',
        f'CREATE TABLE "my ""s"."t; --" (id int PRIMARY KEY, "V c" vector({DIMENSIONS}))',
        f"CREATE TABLE items (id int PRIMARY KEY, tenant int, v vector({DIMENSIONS}))",
        f"INSERT INTO items SELECT i, i % 3, {random_vector(DIMENSIONS)} FROM generate_series(1, {ROWS}) i",
        'INSERT INTO "my ""s"."t; --" SELECT id, v FROM items WHERE id < 300',
        "CREATE TABLE parts (id int, v vector(3)) PARTITION BY RANGE (id)",
        "CREATE INDEX items_old ON items USING hnsw (v vector_l2_ops)",
        "DO $$ BEGIN CREATE EXTENSION pg_prewarm; CREATE EXTENSION pg_buffercache; EXCEPTION WHEN OTHERS THEN NULL; "
        "END $$", "VACUUM ANALYZE")


@pytest.fixture
def vectors(vector_server: LiveServer, monkeypatch: pytest.MonkeyPatch,
            tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    with vector_server.database(vector_server.template("builds", fill)) as found:
        yield found


def target_of(database: Database, options: str = "") -> Target:
    return Target(name="here", conninfo=database.conninfo + (f" options='{options}'" if options else ""),
                  lock_timeout_ms=1000)


@asynccontextmanager
async def session_on(database: Database) -> AsyncIterator[PgSession]:
    pool = Pool(target_of(database))
    try:
        async with pool.session() as session:
            yield session
    finally:
        await pool.close()


async def column_of(database: Database, name: str = "items.v") -> VectorColumn:
    async with session_on(database) as session:
        return await read.find_column(session, name)


async def indexes_of(database: Database, column: VectorColumn) -> dict[str, VectorIndex]:
    async with session_on(database) as session:
        return {index.name: index for index in await read.indexes(session, column.relation_oid)}


def audited() -> list[dict[str, Any]]:
    return [json.loads(line) for line in audit.path().read_text("utf-8").splitlines()]


class Told:
    """The events of a build, and waiting for one."""

    def __init__(self) -> None:
        self.events: list[actions.Event] = []
        self._more = asyncio.Event()

    def __call__(self, event: actions.Event) -> None:
        self.events.append(event)
        self._more.set()

    async def until(self, wanted: Callable[[actions.Event], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not any(wanted(event) for event in self.events):
                self._more.clear()
                await self._more.wait()

    @property
    def left(self) -> list[LeftOver]:
        return [event for event in self.events if isinstance(event, LeftOver)]


def waits_for(pid: int) -> Callable[[actions.Event], bool]:
    return lambda event: isinstance(event, BuildStep) and any(blocker.pid == pid for blocker in event.blockers)


async def test_a_build_is_watched_to_its_end(vectors: Database) -> None:
    """It waits for a writer, who is named, then builds; the graph outgrows its memory, and the server says so."""
    column = await column_of(vectors)
    order = ddl.create(Design(column, BY_NAME["cosine"], options={"m": 8, "ef_construction": 32}), {"items_old"},
                       BuildSettings("1MB", 0))
    told = Told()
    with vectors.connect(application_name="the writer") as writer:
        writer.execute("BEGIN")
        writer.execute("UPDATE items SET tenant = 9 WHERE id = 1")
        task = asyncio.create_task(actions.run(target_of(vectors), order, told))
        await told.until(waits_for(writer.info.backend_pid))
        step = next(event for event in told.events if waits_for(writer.info.backend_pid)(event))
        assert isinstance(step, BuildStep) and step.progress is not None
        assert step.progress.phase == "waiting for writers before build"
        assert (step.blockers[0].application, step.blockers[0].state) == ("the writer", "idle in transaction")
        assert "UPDATE items" in (step.blockers[0].query or "")
        writer.execute("COMMIT")
    report = await asyncio.wait_for(task, WITHIN_S)
    made = (await indexes_of(vectors, column))["items_v_cosine_hnsw"]
    assert made.is_usable and made.options == ["m=8", "ef_construction=32"] and report.size_bytes == made.size_bytes
    assert any("no longer fits into maintenance_work_mem" in notice.message for notice in report.notices)
    assert [event for event in told.events if isinstance(event, BuildNotice)] == list(report.notices)
    assert [document["event"] for document in audited()] == ["asked", "done"] and audited()[0]["sql"] == order.sql


async def test_a_cancelled_build_is_named_and_cleaned_up(vectors: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "CLEAN_UP_LOCK_MS", 1000 * WITHIN_S)
    column = await column_of(vectors)
    order = ddl.create(Design(column, BY_NAME["cosine"]))
    told = Told()
    with vectors.connect() as writer, vectors.connect() as other:
        writer.execute("BEGIN")
        writer.execute("UPDATE items SET tenant = 9 WHERE id = 1")
        task = asyncio.create_task(actions.run(target_of(vectors), order, told))
        await told.until(waits_for(writer.info.backend_pid))
        task.cancel()
        # its DROP waits for the same writer, who goes when it does
        async with asyncio.timeout(WITHIN_S):
            while not other.execute("SELECT FROM pg_stat_activity WHERE query LIKE 'DROP INDEX CONCURRENTLY%' AND "
                                    "wait_event_type = 'Lock'").rowcount:
                assert not task.done()
                await asyncio.sleep(0.02)
        writer.execute("COMMIT")
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [(over.name, over.is_dropped) for over in told.left] == [("public.items_v_cosine_hnsw", True)]
    assert set(await indexes_of(vectors, column)) == {"items_old"}
    assert [document["event"] for document in audited()] == ["asked", "cancelled"]


async def test_what_cannot_be_cleaned_up_is_found_again(vectors: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "CLEAN_UP_LOCK_MS", 1)
    column = await column_of(vectors)
    told = Told()
    with vectors.connect() as writer:
        writer.execute("BEGIN")
        writer.execute("UPDATE items SET tenant = 9 WHERE id = 1")
        task = asyncio.create_task(actions.run(target_of(vectors), ddl.create(Design(column, BY_NAME["cosine"])), told))
        await told.until(waits_for(writer.info.backend_pid))
        async with session_on(vectors) as session:
            assert await actions.left_overs(session, column.relation_oid) == []  # somebody is building it
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        (left,) = told.left
        assert not left.is_dropped and left.obstacle == "another session is in the way"
        assert left.sql == "DROP INDEX CONCURRENTLY public.items_v_cosine_hnsw"
        async with session_on(vectors) as session:
            (broken,) = await actions.left_overs(session, column.relation_oid)
        assert broken.name == "items_v_cosine_hnsw" and not broken.is_valid
        writer.execute("ROLLBACK")
    # rebuilt in place, or dropped
    await actions.run(target_of(vectors), ddl.reindex(broken))
    rebuilt = (await indexes_of(vectors, column))[broken.name]
    assert rebuilt.is_usable
    await actions.run(target_of(vectors), ddl.drop(rebuilt))
    assert set(await indexes_of(vectors, column)) == {"items_old"}


async def test_a_cancelled_reindex_leaves_the_old_index_alone(vectors: Database,
                                                              monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "CLEAN_UP_LOCK_MS", 1)
    column = await column_of(vectors)
    old = (await indexes_of(vectors, column))["items_old"]
    told = Told()
    with vectors.connect() as writer:
        writer.execute("BEGIN")
        writer.execute("UPDATE items SET tenant = 9 WHERE id = 1")
        task = asyncio.create_task(actions.run(target_of(vectors), ddl.reindex(old), told))
        await told.until(waits_for(writer.info.backend_pid))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [(over.name, over.is_dropped) for over in told.left] == [("public.items_old_ccnew", False)]
    found = await indexes_of(vectors, column)
    assert found["items_old"].is_usable and not found["items_old_ccnew"].is_valid
    await actions.run(target_of(vectors), ddl.drop(found["items_old_ccnew"]))
    assert set(await indexes_of(vectors, column)) == {"items_old"}


async def test_failures_say_what_and_leave_nothing(vectors: Database) -> None:
    column = await column_of(vectors)
    here = target_of(vectors)
    with pytest.raises(ServerError, match="already exists"):
        await actions.run(here, ddl.create(Design(column, BY_NAME["l2"]), name="items_old"))
    with pytest.raises(ServerError, match="maintenance_work_mem"):
        await actions.run(here, ddl.create(Design(column, BY_NAME["l2"]), settings=BuildSettings("lots")))
    with pytest.raises(ServerError, match="nope"):
        await actions.run(here, ddl.create(Design(column, BY_NAME["l2"], where="nope = 1")))
    with pytest.raises(ConsoleError, match="read-only"):
        await actions.run(target_of(vectors, "-c default_transaction_read_only=on"),
                          ddl.create(Design(column, BY_NAME["l2"])))
    assert set(await indexes_of(vectors, column)) == {"items_old"}


async def test_hostile_names_partial_and_other_types(vectors: Database) -> None:
    hostile = await column_of(vectors, '"my ""s"."t; --"."V c"')
    here = target_of(vectors)
    told = Told()
    for design in (
            Design(hostile, BY_NAME["l1"]), Design(hostile, BY_NAME["cosine"], "ivfflat", {"lists": 3}),
            Design(hostile, BY_NAME["ip"], half=True, options={"m": 4}), Design(hostile, BY_NAME["hamming"], bits=True),
            Design(hostile, BY_NAME["l2"], where="id > 10 -- all but a few")):
        found = await indexes_of(vectors, hostile)
        report = await actions.run(here, ddl.create(design, found), told)
        assert report.size_bytes
    found = await indexes_of(vectors, hostile)
    assert len(found) == 5 and all(index.is_usable for index in found.values())
    for vector_index in found.values():
        await actions.run(here, ddl.drop(vector_index))
    assert await indexes_of(vectors, hostile) == {}
    parts = await column_of(vectors, "parts.v")
    with pytest.raises(UsageError, match="partitioned"):
        ddl.create(Design(parts, BY_NAME["l2"]))


async def test_bits_with_reranking_find_what_is_nearest(vectors: Database) -> None:
    """The advised statement runs, uses the index of the bits, and ends with the order of the whole vectors."""
    column = await column_of(vectors)
    await actions.run(target_of(vectors), ddl.create(Design(column, BY_NAME["cosine"], bits=True)))
    text = ddl.reranked(column, BY_NAME["cosine"], 5, 40)
    with vectors.connect() as connection:
        (vector,) = connection.execute("SELECT v::text FROM items WHERE id = 7").fetchone() or ()
        connection.execute("SET enable_seqscan = off; SET hnsw.ef_search = 400")
        literal = text.replace("$1", f"'{vector}'")
        (plan,) = connection.execute(f"EXPLAIN (FORMAT JSON) {literal}").fetchone() or ()  # type: ignore[arg-type]
        assert "items_v_bits_hnsw" in json.dumps(plan)
        found = connection.execute(literal).fetchall()  # type: ignore[arg-type]
        exact = connection.execute(f"SELECT * FROM items ORDER BY (v <=> '{vector}') + 0 LIMIT 5"  # type: ignore[arg-type]
                                   ).fetchall()
    assert found[0][0] == 7 and len({row[0] for row in found} & {row[0] for row in exact}) >= 3


async def test_a_sample_is_built_and_leaves_nothing(vectors: Database) -> None:
    column = await column_of(vectors)
    design = Design(column, BY_NAME["cosine"], where="tenant = 1")
    found = await actions.sample_build(target_of(vectors), design, BuildSettings("64MB"), ROWS)
    assert found is not None and 100 <= found.rows <= ROWS and found.seconds > 0
    assert set(await indexes_of(vectors, column)) == {"items_old"}
    empty = Design(await column_of(vectors, '"my ""s"."t; --"."V c"'), BY_NAME["l2"], where="id < 50")
    assert await actions.sample_build(target_of(vectors), empty, BuildSettings(), 300) is None


async def test_sizes_are_foretold(vectors: Database) -> None:
    """The arithmetic against what the server then builds, and the planner's word on a condition's rows."""
    column = await column_of(vectors)
    async with session_on(vectors) as session:
        facts = await build_facts(session, column)
        third = await build_facts(session, column, "tenant = 1 -- a third")
        with pytest.raises(ServerError, match="nope"):
            await build_facts(session, column, "nope")
    assert facts.rows == ROWS and third.rows == pytest.approx(ROWS / 3, rel=0.1)
    assert facts.maintenance_work_mem_bytes == 64 * 1024**2 and len(facts.indexes) == 1
    for design in (Design(column, BY_NAME["l2"], options={"m": 16, "ef_construction": 64}),
                   Design(column, BY_NAME["l2"], half=True, options={"m": 8, "ef_construction": 32}),
                   Design(column, BY_NAME["l2"], "ivfflat", {"lists": 3})):
        foretold = build_advice(design, facts, BuildSettings())
        report = await actions.run(target_of(vectors), ddl.create(design, await indexes_of(vectors, column)))
        # some rows are on higher levels and have more neighbours, which tells where a row is small
        assert report.size_bytes == pytest.approx(foretold.size_bytes, rel=0.12, abs=5 * 8192), design


async def test_prewarm(vectors: Database) -> None:
    column = await column_of(vectors)
    old = (await indexes_of(vectors, column))["items_old"]
    async with session_on(vectors) as session:
        if "pg_prewarm" not in session.info.extensions:
            with pytest.raises(Missing, match="pg_prewarm"):
                await actions.prewarm(session, old)
            return
        assert await actions.prewarm(session, old) == (old.size_bytes or 0) // 8192
        facts = await read.index_facts(session, old)
        assert facts.cached_share == pytest.approx(1.0, abs=0.2)


async def test_a_pooler_is_passed_by(embedded: LiveServer, pgbouncer: PgBouncer,
                                     monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Through a pooler nothing is built; direct_dsn is the way past it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with embedded.database(embedded.template("builds", fill)) as database:
        column = await column_of(database)
        order = ddl.create(Design(column, BY_NAME["l1"]))
        pooled = Target(name="pooled", conninfo=pgbouncer.conninfo(database.name))
        with pytest.raises(ConsoleError, match="through a connection pooler"):
            await actions.run(pooled, order)
        await actions.run(replace(pooled, direct_conninfo=database.conninfo), order)
        assert "items_v_l1_hnsw" in await indexes_of(database, column)
