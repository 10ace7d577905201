"""Searches and measurements through PgBouncer in transaction mode: nothing outlives its transaction."""

from __future__ import annotations

import asyncio

import psycopg

from console.server.pool import Pool
from console.server.target import Target
from console.vectors import read
from console.vectors.measure import MeasurementPlan, measure
from console.vectors.metrics import BY_NAME
from console.vectors.search import SearchOptions, SearchRequest, search, subject, vector_of_row
from tests.live.test_vectors_recall import fill
from tests.support.pgbouncer import PgBouncer
from tests.support.servers import LiveServer


async def test_settings_stay_in_their_transaction(embedded: LiveServer, pgbouncer: PgBouncer) -> None:
    with embedded.database(embedded.template("recall", fill)) as database:
        target = Target(name="pooled", conninfo=pgbouncer.conninfo(database.name))
        pool = Pool(target)
        try:
            async with pool.session() as session:
                assert session.info.is_pooled
                found = await subject(session, await read.find_column(session, "items.v"))
                vector = await vector_of_row(session, found, ("17",))
                assert (await read.settings(session))["hnsw.ef_search"].setting == "40"

                async def searched(ef_search: int) -> int:
                    async with pool.session() as mine:
                        result = await search(mine, SearchRequest(
                            found, vector, BY_NAME["cosine"], k=90, options=SearchOptions(ef_search=ef_search)))
                        return len(result.hits)

                assert await asyncio.gather(searched(30), searched(60), searched(90)) == [30, 60, 90]
            done = await measure(pool.session, MeasurementPlan(found, BY_NAME["cosine"], queries=20, sweep=(11, 100)))
            assert [point.index_used for point in done.points] == ["items_v", "items_v"]
            for _ in range(4):
                with psycopg.connect(target.conninfo, autocommit=True) as connection:
                    row = connection.execute(
                        "SELECT current_setting('hnsw.ef_search', true), current_setting('enable_indexscan'), "
                        "current_setting('transaction_read_only'), current_setting('statement_timeout')").fetchone()
                    assert row is not None and row[0] in (None, "", "40") and row[1:] == ("on", "off", "0")
        finally:
            await pool.close()
