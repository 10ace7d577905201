"""The searches of one column: by the vector, halves, bits, a prefix, vectors of one length; run and measured."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from console.errors import UsageError
from console.vectors import values
from console.vectors.measure import MeasurementPlan, measure
from console.vectors.metrics import BY_NAME
from console.vectors.search import SearchOptions, SearchRequest, search
from tests.live.test_vectors import of, run, session_on
from tests.live.test_vectors_recall import of as subject_of
from tests.live.test_vectors_recall import pool_on
from tests.support.servers import Database, LiveServer

ROWS, DIMENSIONS, CLUSTERS = 3000, 64, 40


def _clustered(dimensions: int, rows: int = ROWS) -> list[str]:
    draw = random.Random(7)
    centres = [[draw.gauss(0, 1) for _ in range(dimensions)] for _ in range(CLUSTERS)]
    return ["[" + ",".join(f"{value + draw.gauss(0, 0.5):.5f}" for value in draw.choice(centres)) + "]"
            for _ in range(rows)]


def fill(database: Database) -> None:
    run(database, "CREATE EXTENSION vector",
        f"CREATE TABLE docs (id int PRIMARY KEY, body text, v vector({DIMENSIONS}))",
        f"CREATE TABLE bits_alone (id int PRIMARY KEY, v vector({DIMENSIONS}))",
        "CREATE TABLE models (id int PRIMARY KEY, model int, v vector)")
    with database.connect() as connection, connection.cursor() as cursor:
        with cursor.copy("COPY docs FROM STDIN") as copy:
            for number, vector in enumerate(_clustered(DIMENSIONS)):
                copy.write_row((number, f"body {number} " + "x" * 400, vector))
        with cursor.copy("COPY models FROM STDIN") as copy:
            for number, vector in enumerate(_clustered(8, 2000)):
                copy.write_row((number, 8, vector))
            for number, vector in enumerate(_clustered(4, 2000)):
                copy.write_row((5000 + number, 4, vector))
    run(database, "INSERT INTO bits_alone SELECT id, v FROM docs",
        "CREATE INDEX docs_v ON docs USING hnsw (v vector_cosine_ops)",
        f"CREATE INDEX docs_half ON docs USING hnsw ((v::halfvec({DIMENSIONS})) halfvec_cosine_ops)",
        f"CREATE INDEX docs_bits ON docs USING hnsw ((binary_quantize(v)::bit({DIMENSIONS})) bit_hamming_ops)",
        "CREATE INDEX docs_short ON docs USING hnsw ((subvector(v, 1, 16)::vector(16)) vector_cosine_ops)",
        f"CREATE INDEX alone_bits ON bits_alone USING hnsw ((binary_quantize(v)::bit({DIMENSIONS})) bit_hamming_ops)",
        "CREATE INDEX models_8 ON models USING hnsw ((v::vector(8)) vector_l2_ops) WHERE vector_dims(v) = 8",
        "CREATE INDEX models_4 ON models USING hnsw ((v::vector(4)) vector_l2_ops) WHERE model = 4",
        "VACUUM ANALYZE")


@pytest.fixture(scope="module")
def searches(embedded: LiveServer) -> Iterator[Database]:
    with embedded.database(embedded.template("searches", fill)) as found:
        yield found


async def test_each_search_of_a_column_runs_by_its_index(searches: Database) -> None:
    async with session_on(searches) as session:
        docs = await of(session, "docs.v")
        assert [each.name for each in docs.searches] == ["vector", "halfvec", "bits", "prefix-16"]
        vector = values.parse(_clustered(DIMENSIONS)[5], "vector")
        request = SearchRequest(docs, vector, BY_NAME["cosine"])
        exact = await search(session, replace(request, options=SearchOptions(exact=True)))
        truth = {hit.key: hit.distance for hit in exact.hits}
        for name, index in (("vector", "docs_v"), ("halfvec", "docs_half"), ("bits", "docs_bits"),
                            ("prefix-16", "docs_short"), ("docs_bits", "docs_bits")):
            done = await search(session, replace(request, options=SearchOptions(
                by=name, oversampling=8 if index in ("docs_bits", "docs_short") else None)))
            assert done.index_used == index and len(done.hits) == 10, (name, done.warnings)
            common = [hit for hit in done.hits if hit.key in truth]
            assert len(common) >= 4, name
            tolerance = 1e-2 if name == "halfvec" else 1e-6
            assert all(abs((hit.distance or 0) - (truth[hit.key] or 0)) < tolerance for hit in common), name
            with searches.connect() as connection:
                for key, value in done.settings.items():
                    connection.execute(f"SET {key} = {value}")  # type: ignore[arg-type]
                rows = connection.execute(done.sql).fetchall()  # type: ignore[arg-type]
            assert [str(row[0]) for row in rows] == [hit.key[0] for hit in done.hits]
        again = await search(session, replace(request, options=SearchOptions(by="halfvec", oversampling=4)))
        assert again.index_used == "docs_half" and again.warnings == ()  # ranked again by the vector
        assert {hit.key: hit.distance for hit in again.hits} == truth
        narrow = await search(session, replace(request, where="id < 1500", options=SearchOptions(by="bits")))
        assert len(narrow.hits) == 10 and all(int(hit.key[0] or 0) < 1500 for hit in narrow.hits)
        with pytest.raises(UsageError, match="no search by 'byte'") as told:
            await search(session, replace(request, options=SearchOptions(by="byte")))
        assert "prefix-16" in (told.value.hint or "")


async def test_an_index_of_bits_alone_serves_every_metric(searches: Database) -> None:
    async with session_on(searches) as session:
        alone = await of(session, "bits_alone.v")
        vector = values.parse(_clustered(DIMENSIONS)[5], "vector")
        for metric in ("cosine", "l2", "ip"):
            done = await search(session, SearchRequest(alone, vector, BY_NAME[metric]))
            assert done.index_used == "alone_bits" and len(done.hits) == 10 and done.oversampling == 10
            distances = [hit.distance for hit in done.hits]
            assert distances == sorted(distances)  # type: ignore[type-var]
            assert done.settings["hnsw.ef_search"] == "100"  # or no more than 40 could be ranked again


async def test_vectors_of_one_length_among_others(searches: Database) -> None:
    async with session_on(searches) as session:
        models = await of(session, "models.v")
        assert {each.name: each.condition for each in models.searches} == {
            "vector-8": "public.vector_dims(v) OPERATOR(pg_catalog.=) 8", "vector-4": "model OPERATOR(pg_catalog.=) 4"}
        for dimensions, index in ((8, "models_8"), (4, "models_4")):
            vector = values.parse(_clustered(dimensions)[3], "vector")
            done = await search(session, SearchRequest(models, vector, BY_NAME["l2"]))
            assert done.index_used == index and len(done.hits) == 10
            exact = await search(session, SearchRequest(models, vector, BY_NAME["l2"],
                                                        options=SearchOptions(exact=True)))
            assert exact.index_used is None and exact.hits[0] == done.hits[0]
        three = await search(session, SearchRequest(models, values.parse("[1,2,3]", "vector"), BY_NAME["l2"]))
        assert three.hits == () and three.index_used is None


async def test_oversampling_is_swept(searches: Database) -> None:
    async with pool_on(searches) as pool:
        docs = await subject_of(pool, "docs.v")
        done = await measure(pool.session, MeasurementPlan(
            docs, BY_NAME["cosine"], queries=40, by="bits", oversampling=(1, 4, 40), force_index=True))
        assert [(point.label, point.index_used) for point in done.points] == [
            ("1x", "docs_bits"), ("4x", "docs_bits"), ("40x", "docs_bits")]
        recalls = [point.recall_mean for point in done.points]
        assert recalls == sorted(recalls) and recalls[0] < 0.7 < 0.9 < recalls[2]
        models = await subject_of(pool, "models.v")
        by_length = await measure(pool.session, MeasurementPlan(
            models, BY_NAME["l2"], queries=30, by="vector-4", sweep=(10, 100)))
        assert all(point.index_used == "models_4" for point in by_length.points)
        assert by_length.points[1].recall_mean > 0.95
        with pytest.raises(UsageError, match="nothing is ranked again"):
            await measure(pool.session, MeasurementPlan(docs, BY_NAME["cosine"], by="vector", oversampling=(2,)))
