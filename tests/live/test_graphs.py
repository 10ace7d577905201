"""The shipped services where everything is at hand that they can use: pgvector, contrib, and a graph of Apache AGE."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from console.catalog import read
from console.local_postgres.ephemeral import throwaway_cluster
from console.migrate.apply import plan_and_run
from console.migrate.drift import drift
from console.migrate.records import RunRange
from console.migrate.verify import verify
from console.resources import shipped
from console.server.pool import Pool
from console.server.target import Target
from console.services.ownership import from_folder
from tests.support.servers import Database, LiveServer, binaries

SERVICES = from_folder(shipped("migrations"))
CYPHER = "-c session_preload_libraries=age -c search_path=ag_catalog,public"  # what AGE wants of a session


@pytest.fixture
def graphs(debian13: LiveServer) -> Iterator[Database]:
    """A database in which somebody has created AGE, as its administrator would."""
    with debian13.database() as database:
        with database.connect() as connection:
            connection.execute("CREATE EXTENSION age")
        yield database


def target(database: Database) -> Target:
    return Target(name="test", conninfo=database.conninfo, environment="development")


async def test_nothing_is_held_and_nothing_drifts(graphs: Database) -> None:
    report = await plan_and_run(target(graphs), SERVICES)
    assert report.held == () and "event_data/0009_event_network" in [step.migration.label for step in report.done]
    found = await drift(target(graphs), SERVICES, {service.name for service in SERVICES})
    assert [pair for pair in found.differences if pair[1]] == []
    await plan_and_run(target(graphs), SERVICES, RunRange(direction="down", steps=1000))
    with graphs.connect() as connection:
        assert connection.execute("SELECT count(*) FROM ag_catalog.ag_graph").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM dbconsole.migration").fetchone() == (0,)


async def test_every_way_back_is_proved(graphs: Database) -> None:
    verdict = await verify(target(graphs), SERVICES, own_cluster=lambda: throwaway_cluster(binaries()["postgres17"]))
    assert [(proof.file.label, proof.reason) for proof in verdict.proofs if proof.status != "proved"] == []
    assert len(verdict.proofs) == len(list(shipped("migrations").glob("*/*.up.sql")))


async def test_the_services_roles_use_the_graph_as_they_may(graphs: Database) -> None:
    await plan_and_run(target(graphs), SERVICES)

    def cypher(role: str, query: str) -> list[tuple[object, ...]]:
        with graphs.connect(options=CYPHER) as connection:
            connection.execute(f"SET ROLE {role}")  # type: ignore[arg-type]
            return connection.execute(
                f"SELECT * FROM ag_catalog.cypher('event_network', $$ {query} $$) AS (found ag_catalog.agtype)"
            ).fetchall()  # type: ignore[arg-type]

    speaks = "MATCH (s:Speaker)-[:SPEAKS_AT]->(e:Event) RETURN e.title"
    cypher("event_data_app", "CREATE (:Speaker {name: 'Ada'})-[:SPEAKS_AT]->(:Event {title: 'PGDay'})")
    cypher("event_data_app", "MATCH (e:Event) SET e.title = 'PGConf'")
    assert cypher("event_data_readonly", speaks) == cypher("event_data_admin", speaks) == [('"PGConf"',)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        cypher("event_data_readonly", "CREATE (:Speaker {name: 'Eve'})")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        cypher("web_access_app", speaks)


async def test_a_graph_is_among_the_databases_objects(graphs: Database) -> None:
    await plan_and_run(target(graphs), SERVICES)
    pool = Pool(target(graphs))
    try:
        async with pool.session() as session:
            (graph,) = await read.graphs(session)
    finally:
        await pool.close()
    assert (graph.name, graph.vertex_labels, graph.edge_labels) == ("event_network", 4, 4)
