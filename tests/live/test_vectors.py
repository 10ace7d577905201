"""Vector search and why an index is not used, on real servers: the catalogue of reasons, and the traps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from console.errors import ConsoleError, Denied, Missing, ServerError, TimedOut, UsageError
from console.server.pool import Pool
from console.server.session import PgSession
from console.server.target import Target
from console.vectors import read, values
from console.vectors.filters import Filter
from console.vectors.metrics import BY_NAME, metric_named
from console.vectors.reasons.diagnose import why
from console.vectors.search import (
    SearchableColumn,
    SearchOptions,
    SearchRequest,
    default_metric,
    find,
    search,
    subject,
    vector_of_row,
)
from tests.support.servers import Database, LiveServer, Servers
from tests.support.waiting import until

ROWS, DIMENSIONS = 6000, 32
_RANDOM = "(SELECT array_agg(random() - 0.5 + 0 * g) FROM generate_series(1, {d}) g WHERE i > 0)::{type}"


def random_vector(dimensions: int = DIMENSIONS, type_name: str = "vector") -> str:
    # i makes the subquery correlated, so that it runs for every row
    return _RANDOM.format(d=dimensions, type=type_name).replace("0 * g", "0 * (g + i)")


def fill(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CREATE EXTENSION vector; SELECT setseed(0.5)")
        connection.execute(f"CREATE TABLE items (id int PRIMARY KEY, category int, tenant text, body text, "
                           f"v vector({DIMENSIONS}), w vector({DIMENSIONS}), z vector({DIMENSIONS}))")
        connection.execute(f"INSERT INTO items SELECT i, i % 100, 't' || i % 3, 'body ' || i, {random_vector()}, "
                           f"{random_vector()} FROM generate_series(1, {ROWS}) i")  # type: ignore[arg-type]
        connection.execute("UPDATE items SET z = v")
        connection.execute("CREATE INDEX items_v ON items USING hnsw (v vector_cosine_ops)")
        connection.execute("CREATE INDEX items_tenant ON items USING hnsw (w vector_l2_ops) WHERE tenant = 't1'")
        connection.execute(f"CREATE INDEX items_z ON items USING hnsw ((z::halfvec({DIMENSIONS})) halfvec_l2_ops)")
        connection.execute("CREATE INDEX items_category ON items (category, id)")
        connection.execute("CREATE TABLE bare (id int PRIMARY KEY, v vector)")
        connection.execute("INSERT INTO bare VALUES (1, '[1,2,3]'), (2, NULL)")
        connection.execute("CREATE TABLE wide (id int, v vector(2100))")
        connection.execute("CREATE TABLE nothing (id int PRIMARY KEY, v vector(3))")
        connection.execute("CREATE INDEX nothing_v ON nothing USING hnsw (v vector_l2_ops)")
        connection.execute("CREATE FUNCTION hidden(q vector) RETURNS SETOF items LANGUAGE plpgsql STABLE AS $$ BEGIN "
                           "RETURN QUERY SELECT * FROM items ORDER BY v <=> q LIMIT 5; END $$")
        connection.execute("VACUUM ANALYZE")


@pytest.fixture
def vectors(vector_server: LiveServer) -> Iterator[Database]:
    """A fresh copy of the tables above, on each server that has pgvector."""
    with vector_server.database(vector_server.template("vectors", fill)) as found:
        yield found


@asynccontextmanager
async def session_on(database: Database, **words: str) -> AsyncIterator[PgSession]:
    conninfo = database.conninfo + "".join(f" {key}={value}" for key, value in words.items())
    pool = Pool(Target(name="", conninfo=conninfo, lock_timeout_ms=1000))
    try:
        async with pool.session() as session:
            yield session
    finally:
        await pool.close()


async def of(session: PgSession, name: str) -> SearchableColumn:
    return await subject(session, await read.find_column(session, name))


def run(database: Database, *statements: str) -> None:
    with database.connect() as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]


QUERY = "'[" + ",".join(["0.1", "-0.2"] * (DIMENSIONS // 2)) + "]'"

CASES = [
    ("SELECT id FROM items ORDER BY v <-> Q LIMIT 10", "operator-class"),
    ("SELECT id FROM items ORDER BY v <+> Q LIMIT 10", "operator-class"),
    ("SELECT id FROM items ORDER BY v <=> Q DESC LIMIT 10", "descending"),
    ("SELECT id FROM items ORDER BY v <=> Q NULLS FIRST LIMIT 10", "nulls-first"),
    ("SELECT id FROM items ORDER BY (v <=> Q) + 0 LIMIT 10", "computed-order"),
    ("SELECT id FROM items ORDER BY round((v <=> Q)::numeric, 3) LIMIT 10", "computed-order"),
    ("SELECT id, coalesce(v <=> Q, 1) AS d FROM items ORDER BY d LIMIT 10", "computed-order"),
    ("SELECT id FROM items ORDER BY cosine_distance(v, Q) LIMIT 10", "function-form"),
    ("SELECT id FROM items ORDER BY v <=> Q::halfvec LIMIT 10", "parameter-type"),
    (f"SELECT id FROM items ORDER BY v::halfvec({DIMENSIONS}) <=> Q LIMIT 10", "column-cast"),
    ("SELECT id FROM items ORDER BY v::text::vector <=> Q LIMIT 10", "column-cast"),
    ("SELECT id FROM items ORDER BY z <-> Q LIMIT 10", "expression-index"),
    ("SELECT id FROM items ORDER BY z::halfvec <-> Q LIMIT 10", "expression-differs"),
    ("SELECT id FROM items ORDER BY v <=> w LIMIT 10", "vector-of-the-row"),
    ("SELECT i.id FROM items i JOIN items j ON j.id < 3 ORDER BY i.v <=> j.w LIMIT 10", "vector-of-the-row"),
    ("WITH x AS MATERIALIZED (SELECT * FROM items) SELECT id FROM x ORDER BY v <=> Q LIMIT 10", "fence"),
    ("SELECT id FROM (SELECT * FROM items OFFSET 0) x ORDER BY v <=> Q LIMIT 10", "fence"),
    ("SELECT id FROM (SELECT *, row_number() OVER () AS n FROM items) x ORDER BY v <=> Q LIMIT 10", "fence"),
    ("SELECT id FROM items WHERE v <=> Q < 0.5", "not-ordered"),
    ("SELECT id FROM items ORDER BY w <-> Q LIMIT 10", "partial-index"),
    ("SELECT id FROM items WHERE tenant = 't2' ORDER BY w <-> Q LIMIT 10", "partial-index"),
    ("SELECT id FROM items WHERE tenant IN ('t1', 't2') ORDER BY w <-> Q LIMIT 10", "partial-index"),
]


@pytest.mark.parametrize(("text", "rule"), CASES)
async def test_ineligible_is_proved_by_surgery(vectors: Database, text: str, rule: str) -> None:
    async with session_on(vectors) as session:
        verdict = await why(session, text.replace("Q", QUERY))
        assert verdict.outcome == "ineligible", verdict
        assert [reason.rule for reason in verdict.reasons if reason.is_proved] == [rule]
        rewritten = verdict.reasons[0].rewritten
        assert verdict.reasons[0].fix
        if rewritten is None:  # of two columns of a row, and of rows that the index lacks: nothing else asks the same
            assert "v <=> w" in text or "'t2'" in text
            return
        # what is proposed is the proof: forced or not, an index can be used for it
        again = await why(session, rewritten)
        assert again.outcome in ("used", "cost"), again


async def test_two_culprits_are_both_named(vectors: Database) -> None:
    async with session_on(vectors) as session:
        verdict = await why(session, f"SELECT id, 1 - (v <=> {QUERY}) AS s FROM items ORDER BY s DESC LIMIT 10")
        assert {reason.rule for reason in verdict.reasons} == {"descending", "computed-order"}
        verdict = await why(session, f"SELECT id FROM items ORDER BY -1 * (v <#> {QUERY}) DESC LIMIT 10")
        assert {reason.rule for reason in verdict.reasons} == {"descending", "computed-order", "operator-class"}


@pytest.mark.parametrize("text", [
    "SELECT id FROM items ORDER BY v <=> Q LIMIT 10",
    "SELECT id FROM items ORDER BY Q <=> v LIMIT 10",
    "SELECT id, v <=> Q AS d FROM items ORDER BY d LIMIT 10",
    "SELECT id, v <=> Q AS d FROM items ORDER BY 2 LIMIT 10",
    "SELECT id FROM (SELECT * FROM items) x ORDER BY v <=> Q LIMIT 10",
    "SELECT id FROM items WHERE tenant = 't1' ORDER BY w <-> Q LIMIT 10",
    f"SELECT id FROM items ORDER BY v::vector({DIMENSIONS}) <=> Q LIMIT 10",
    f"SELECT id FROM items ORDER BY z::halfvec({DIMENSIONS}) <-> Q LIMIT 10",
])
async def test_what_works_is_not_warned_about(vectors: Database, text: str) -> None:
    async with session_on(vectors) as session:
        verdict = await why(session, text.replace("Q", QUERY))
        assert verdict.outcome == "used", verdict
        assert not [reason for reason in verdict.reasons if reason.kind in ("ineligible", "cost")]


async def test_second_key_is_served_from_17_on(vectors: Database) -> None:
    async with session_on(vectors) as session:
        verdict = await why(session, f"SELECT id FROM items ORDER BY v <=> {QUERY}, id LIMIT 10")
        if session.info.major >= 17:
            assert verdict.outcome == "used"
        else:
            assert [reason.rule for reason in verdict.reasons] == ["second-key"]


async def test_cost_is_told_with_what_tips_it(vectors: Database) -> None:
    async with session_on(vectors) as session:
        no_limit = await why(session, f"SELECT id FROM items ORDER BY v <=> {QUERY}")
        assert no_limit.outcome == "cost" and no_limit.reasons[0].rule == "no-limit"
        assert no_limit.cost is not None and no_limit.forced_cost is not None and no_limit.cost < no_limit.forced_cost
        large = await why(session, f"SELECT id FROM items ORDER BY v <=> {QUERY} LIMIT 5900")
        assert large.outcome == "cost" and large.reasons[0].rule == "limit-too-large"
        most = int(large.reasons[0].fix.split()[1].rstrip(","))  # type: ignore[union-attr]
        assert (await why(session, f"SELECT id FROM items ORDER BY v <=> {QUERY} LIMIT {most}")).outcome == "used"
        filtered = await why(session, f"SELECT id FROM items WHERE category = 3 AND id < 900 ORDER BY v <=> {QUERY} "
                             "LIMIT 10")
        assert filtered.outcome == "cost" and filtered.reasons[0].rule == "filter-has-index"
        dear = await why(session, f"SELECT id FROM items ORDER BY v <=> {QUERY} LIMIT 10",
                         settings={"hnsw.ef_search": "1000"})
        assert dear.outcome == "cost" and dear.reasons[0].rule == "ef-search-high"


async def test_small_unanalyzed_table_is_a_matter_of_cost(vectors: Database) -> None:
    run(vectors, "CREATE TABLE few (v vector(3))", "INSERT INTO few SELECT ARRAY[i, 1, 2]::vector FROM "
        "generate_series(1, 40) i", "CREATE INDEX ON few USING hnsw (v vector_l2_ops)")
    async with session_on(vectors) as session:
        verdict = await why(session, "SELECT * FROM few ORDER BY v <-> '[1,2,3]' LIMIT 5")
        assert verdict.outcome == "cost"
        assert {"stale-statistics", "small-table"} <= {reason.rule for reason in verdict.reasons}


async def test_toast_is_not_counted_by_the_planner(vectors: Database) -> None:
    run(vectors, "CREATE TABLE fat (id int, v vector(1536))",
        f"INSERT INTO fat SELECT i, {random_vector(1536)} FROM generate_series(1, 400) i",
        "CREATE INDEX ON fat USING hnsw (v vector_l2_ops)", "VACUUM ANALYZE fat")
    async with session_on(vectors) as session:
        vector = "[" + ",".join(["0.1"] * 1536) + "]"
        verdict = await why(session, f"SELECT id FROM fat ORDER BY v <-> '{vector}' LIMIT 10",
                            settings={"hnsw.ef_search": "400"})
        assert verdict.outcome == "cost" and "toast" in {reason.rule for reason in verdict.reasons}


async def test_catalog_says_what_cannot_be(vectors: Database) -> None:
    run(vectors, "CREATE TABLE unindexed (v vector(3))")
    async with session_on(vectors) as session:
        assert (await why(session, "SELECT * FROM unindexed ORDER BY v <-> '[1,2,3]' LIMIT 5")
                ).reasons[0].rule == "no-index"
        assert (await why(session, "SELECT * FROM bare ORDER BY v <-> '[1,2,3]' LIMIT 5")
                ).reasons[0].rule == "no-dimensions"
        wide = await why(session, "SELECT * FROM wide ORDER BY v <-> '[" + ",".join(["1"] * 2100) + "]' LIMIT 5")
        assert wide.reasons[0].rule == "too-many-dimensions" and "halfvec" in (wide.reasons[0].fix or "")
    # an index as a cancelled CREATE INDEX CONCURRENTLY leaves it
    run(vectors, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'items_v'::regclass")
    async with session_on(vectors) as session:
        verdict = await why(session, f"SELECT id FROM items ORDER BY v <=> {QUERY} LIMIT 10")
        assert verdict.reasons[0].rule == "index-invalid" and "REINDEX" in (verdict.reasons[0].fix or "")
        found = await of(session, "items.v")
        result = await search(session, SearchRequest(found, values.parse(QUERY.strip("'"), "vector"),
                                                     BY_NAME["cosine"]))
        assert result.index_used is None and "not valid" in result.warnings[0]


async def test_settings_that_hide_the_index(vectors: Database) -> None:
    run(vectors, f'ALTER DATABASE "{vectors.name}" SET enable_indexscan = off')
    async with session_on(vectors) as session:
        verdict = await why(session, f"SELECT id FROM items ORDER BY v <=> {QUERY} LIMIT 10")
        assert (verdict.outcome, verdict.reasons[0].rule) == ("ineligible", "indexscan-off")


async def test_generic_plan_loses_a_partial_index(vectors: Database) -> None:
    text = f"SELECT id FROM items WHERE tenant = $1 ORDER BY w <-> {QUERY} LIMIT 10"
    async with session_on(vectors) as session:
        assert (await why(session, text, ("t1",))).outcome == "used"
        if session.info.major >= 16:
            verdict = await why(session, text)
            assert (verdict.outcome, verdict.reasons[0].rule) == ("ineligible", "generic-plan")


async def test_other_reasons(vectors: Database) -> None:
    async with session_on(vectors) as session:
        hidden = await why(session, f"SELECT * FROM hidden({QUERY}::vector)")
        assert hidden.reasons[0].rule == "function-scan"
        array = await why(session, "SELECT id FROM items ORDER BY v <=> ARRAY[1, 2]::float8[] LIMIT 3")
        assert array.reasons[0].rule == "array-parameter"
        null = await why(session, "SELECT id FROM items ORDER BY v <=> NULL::vector LIMIT 3")
        assert null.reasons[0].rule == "null-vector"
        zero = await why(session, f"SELECT id FROM items ORDER BY v <=> '[{','.join(['0'] * DIMENSIONS)}]' LIMIT 3")
        assert "zero-vector" in {reason.rule for reason in zero.reasons}
        scalar = await why(session, "SELECT id FROM items ORDER BY v <=> (SELECT v FROM items WHERE id = -1) LIMIT 3")
        assert scalar.outcome == "used" and scalar.reasons[0].rule == "vector-from-subquery"
        assert (await why(session, "SELECT 1")).outcome == "no search"
        with pytest.raises(UsageError):
            await why(session, "DELETE FROM items")
        with pytest.raises(UsageError):
            await why(session, "SELECT 1; SELECT 2")


async def test_partition_without_index(vectors: Database) -> None:
    run(vectors, f"CREATE TABLE parts (id int, v vector({DIMENSIONS})) PARTITION BY RANGE (id)",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (3000)",
        "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (3000) TO (9000)",
        "INSERT INTO parts SELECT id, v FROM items", "CREATE INDEX parts_1_v ON parts_1 USING hnsw (v vector_l2_ops)",
        "VACUUM ANALYZE parts")
    async with session_on(vectors) as session:
        verdict = await why(session, f"SELECT id FROM parts ORDER BY v <-> {QUERY} LIMIT 5")
        assert verdict.outcome == "used" and "partition-without-index" in {reason.rule for reason in verdict.reasons}


async def test_why_runs_nothing(vectors: Database) -> None:
    """Trap: with sequential scans off a search finds other rows; only plans are made under that."""
    async with session_on(vectors) as session:
        begun = time.monotonic()
        await why(session, f"SELECT id FROM items WHERE pg_sleep(1) IS NOT NULL ORDER BY v <-> {QUERY} LIMIT 10")
        assert time.monotonic() - begun < 5


async def test_truncation_is_loud(vectors: Database) -> None:
    """Trap: the index gives no more than ef_search candidates, and nobody says so."""
    async with session_on(vectors) as session:
        found = await of(session, "items.v")
        vector = await vector_of_row(session, found, ("17",))
        request = SearchRequest(found, vector, BY_NAME["cosine"], k=100)
        result = await search(session, request)
        assert len(result.hits) == 40 and result.index_used == "items_v"
        assert "40 of 100 rows" in result.warnings[0] and "hnsw.ef_search is 40" in result.warnings[1]
        beyond = await search(session, SearchRequest(found, vector, BY_NAME["cosine"], k=10, offset=100))
        assert not beyond.hits and "0 of 10 rows" in beyond.warnings[0]
        third = "tenant = 't1'"
        filtered = await search(session, SearchRequest(found, vector, BY_NAME["cosine"], k=30, where=third))
        assert len(filtered.hits) < 30 and "rejected by the filter" in filtered.warnings[0]
        assert any("iterative_scan" in warning or "iterative scan" in warning for warning in filtered.warnings)
        enough = await search(session, SearchRequest(found, vector, BY_NAME["cosine"], k=100, options=SearchOptions(
            ef_search=200)))
        assert len(enough.hits) == 100 and not enough.warnings and enough.settings == {"hnsw.ef_search": "200"}
        scanning = await search(session, SearchRequest(found, vector, BY_NAME["cosine"], k=30, where=third,
                                                       options=SearchOptions(iterative_scan="strict_order")))
        assert len(scanning.hits) == 30 and not scanning.warnings
        stopped = await why(session, f"SELECT id FROM items WHERE tenant = 't1' ORDER BY v <=> {QUERY} LIMIT 1500",
                            analyze=True, settings={
            "enable_seqscan": "off", "hnsw.iterative_scan": "strict_order", "hnsw.max_scan_tuples": "41"})
        assert [reason.rule for reason in stopped.reasons] == ["max-scan-tuples"]


async def test_settings_are_read_after_the_library_is_loaded(vectors: Database) -> None:
    """Trap: in a fresh session pg_settings has no hnsw.*, and takes any value."""
    async with session_on(vectors) as session:
        found = await read.settings(session)
        assert found["hnsw.ef_search"].setting == "40" and found["hnsw.ef_search"].highest == "1000"
    async with session_on(vectors) as session:
        subject_ = await of(session, "items.v")
        vector = values.parse(QUERY.strip("'"), "vector")
        with pytest.raises(ServerError, match="5000 is outside the valid range"):
            await search(session, SearchRequest(subject_, vector, BY_NAME["cosine"],
                                                options=SearchOptions(ef_search=5000)))
        # and nothing stays set
        await search(session, SearchRequest(subject_, vector, BY_NAME["cosine"], options=SearchOptions(ef_search=77)))
        cursor = await session.connection.execute("SHOW hnsw.ef_search")
        assert (await cursor.fetchone())[0] == "40"


async def test_built_options_are_the_pages(servers: Servers) -> None:
    """Trap: ALTER INDEX SET changes what pg_class says, and not the index."""
    server = servers.get("embedded")
    with server.database(server.template("vectors", fill)) as database:
        run(database, "CREATE EXTENSION pageinspect; CREATE EXTENSION pg_buffercache",
            "CREATE INDEX items_ivf ON items USING ivfflat (v vector_l2_ops) WITH (lists = 30)",
            "ALTER INDEX items_v SET (m = 32)", "ALTER INDEX items_ivf SET (lists = 500)")
        async with session_on(database) as session:
            found = {index.name: await read.index_facts(session, index)
                     for index in (await of(session, "items.v")).indexes}
        assert found["items_v"].built_with == {"dimensions": DIMENSIONS, "m": 16, "ef_construction": 64}
        assert found["items_v"].stale_options == {"m": (32, 16)}
        assert found["items_ivf"].stale_options == {"lists": (500, 30)}
        assert 0 <= (found["items_v"].cached_share or 0) <= 1 and found["items_v"].why_not is None


async def test_search_by_row_vector_and_metric(vectors: Database) -> None:
    async with session_on(vectors) as session:
        found = await of(session, "items.v")
        assert default_metric(found).name == "cosine"
        vector = await vector_of_row(session, found, ("17",))
        near = await find(session, SearchRequest(found, vector, BY_NAME["cosine"], exclude=("17",)))
        assert len(near.hits) == 10 and ("17",) not in [hit.key for hit in near.hits]
        assert [hit.rank for hit in near.hits] == list(range(1, 11))
        assert near.columns == ("id", "category", "tenant", "body")
        exact = await search(session, SearchRequest(found, vector, BY_NAME["l1"], options=SearchOptions(exact=True)))
        with vectors.connect() as connection:
            rows = connection.execute("SELECT id::text, v <+> (SELECT v FROM items WHERE id = 17) AS d FROM items "
                                      "ORDER BY d LIMIT 10").fetchall()
        assert [(hit.key[0], hit.distance) for hit in exact.hits] == rows and exact.index_used is None
        warned = await search(session, SearchRequest(found, vector, BY_NAME["l2"]))
        assert "fits no index" in warned.warnings[0]
        # the statement that is shown is the one that ran
        with vectors.connect() as connection:
            shown = connection.execute(exact.sql).fetchall()  # type: ignore[arg-type]
        assert [row[0] for row in shown] == [int(hit.key[0] or 0) for hit in exact.hits]


async def test_index_at_half_precision_is_taken_and_told(vectors: Database) -> None:
    async with session_on(vectors) as session:
        found = await of(session, "items.z")
        result = await search(session, SearchRequest(found, values.parse(QUERY.strip("'"), "vector"), BY_NAME["l2"]))
        assert result.index_used == "items_z" and "half precision" in result.warnings[0]


async def test_filters_are_parameters(vectors: Database) -> None:
    async with session_on(vectors) as session:
        found = await of(session, "items.v")
        vector = values.parse(QUERY.strip("'"), "vector")
        request = SearchRequest(found, vector, BY_NAME["cosine"], where="id > 100 -- not a trick", filters=(
            Filter("category", "in", ("3", "4")), Filter("tenant", "=", ("t1",)), Filter("body", "like", ("%3%",))),
            options=SearchOptions(exact=True), columns=("id", "category", "tenant"))
        result = await search(session, request)
        assert result.hits and all(hit.values[1] in "34" and hit.values[2] == "t1" for hit in result.hits)
        injected = Filter("tenant", "=", ("'; DROP TABLE x",))
        hostile = SearchRequest(found, vector, BY_NAME["cosine"], filters=(injected,))
        assert not (await find(session, hostile)).hits
        with pytest.raises(UsageError, match="no column 'nope'"):
            await find(session, SearchRequest(found, vector, BY_NAME["cosine"], filters=(Filter("nope", "=", ("1",)),)))
        with pytest.raises(ServerError):
            await find(session, SearchRequest(found, vector, BY_NAME["cosine"], where="true); DROP TABLE items; --"))
        run(vectors, "CREATE SEQUENCE s")
        with pytest.raises(ServerError, match="read-only transaction"):
            await find(session, SearchRequest(found, vector, BY_NAME["cosine"], where="nextval('s') > 0"))


@pytest.mark.parametrize(("type_name", "text", "metrics"), [
    ("halfvec(4)", "[1,0,0,0.5]", ("l2", "cosine", "ip", "l1")),
    ("sparsevec(4)", "{1:1,4:0.5}/4", ("l2", "cosine", "ip", "l1")),
    ("bit(4)", "1001", ("hamming", "jaccard")),
    ("vector(4)", "1 0 0 0.5", ("l2", "cosine", "ip", "l1")),
])
async def test_every_type_and_metric(vectors: Database, type_name: str, text: str, metrics: tuple[str, ...]) -> None:
    base = type_name.partition("(")[0]
    literals = ("'1001'", "'0011'", "'1111'") if base == "bit" else (
        ("'{1:1}/4'", "'{2:3,4:1}/4'", "'{1:1,4:0.5}/4'") if base == "sparsevec" else
        ("'[1,0,0,0]'", "'[0,3,0,1]'", "'[1,0,0,0.5]'"))
    run(vectors, 'CREATE SCHEMA "we ""ird"', f'CREATE TABLE "we ""ird"."Tä%s" ("my col" {type_name}, "distance" int)',
        'INSERT INTO "we ""ird"."Tä%s" VALUES ' + ", ".join(f"({literal}, {i})" for i, literal in enumerate(literals)))
    async with session_on(vectors) as session:
        found = await of(session, '"we ""ird"."Tä%s"."my col"')
        for name in metrics:
            vector = values.parse(text, base)
            result = await search(session, SearchRequest(found, vector, metric_named(name, base), k=3))
            assert len(result.hits) == 3 and result.hits[0].key[0], name
            best = [hit for hit in result.hits if hit.distance == result.hits[0].distance]
            assert any(neighbor.values[0] == ("0" if base == "bit" else "2") for neighbor in best) or name == "ip"
        with pytest.raises(UsageError):
            metric_named("hamming" if base != "bit" else "cosine", base)


async def test_extension_in_another_schema(servers: Servers) -> None:
    with servers.get("embedded").database() as database:
        run(database, "CREATE SCHEMA \"ext'ns\"", "CREATE EXTENSION vector SCHEMA \"ext'ns\"",
            "CREATE TABLE t (id int PRIMARY KEY, v \"ext'ns\".vector(2))",
            "INSERT INTO t VALUES (1, '[1,2]'), (2, '[2,1]')",
            "CREATE INDEX t_v ON t USING hnsw (v \"ext'ns\".vector_l2_ops)")
        async with session_on(database) as session:
            found = await of(session, "t.v")
            result = await search(session, SearchRequest(found, values.parse("[1,2]", "vector"), BY_NAME["l2"], k=1))
            assert result.hits[0].key == ("1",) and "OPERATOR" in result.sql
            assert (await read.settings(session))["hnsw.ef_search"].setting == "40"
            verdict = await why(session, "SELECT id FROM t ORDER BY v <-> '[1,2]' LIMIT 1")
            assert verdict.reasons[0].rule == "search-path"


async def test_bad_input_is_told(vectors: Database) -> None:
    async with session_on(vectors) as session:
        found = await of(session, "items.v")
        cosine = BY_NAME["cosine"]
        for text, words in (("[1,2]", "has 2 dimensions"), ("[1,nan]", "only finite"), ("[inf]", "only finite"),
                            ("[1e39]", "outside"), ("[a]", "no number"), ("", "is empty"),
                            ("[" + ",".join(["0"] * DIMENSIONS) + "]", "zero in every dimension"),
                            ("[" + ",".join(["1"] * 16_001) + "]", "at most 16000")):
            with pytest.raises(values.WrongVector, match=words):
                await search(session, SearchRequest(found, values.parse(text, "vector"), cosine))
        with pytest.raises(UsageError, match="k is 0"):
            SearchRequest(found, values.parse("[1]", "vector"), cosine, k=0)
        bare = await of(session, "bare.v")
        with pytest.raises(Missing, match="is NULL"):
            await vector_of_row(session, bare, ("2",))
        with pytest.raises(Missing, match="no row"):
            await vector_of_row(session, bare, ("99",))
        with pytest.raises(ConsoleError, match="invalid input syntax"):
            await vector_of_row(session, bare, ("x",))
        one_length = await search(session, SearchRequest(bare, values.parse("[1,2,3]", "vector"), BY_NAME["l2"], k=1))
        assert any("only vectors of 3 dimensions are compared" in warning for warning in one_length.warnings)
        run(vectors, "CREATE TABLE few (id int PRIMARY KEY, v vector(3))",
            "INSERT INTO few VALUES (1, '[1,2,3]'), (2, NULL)")
        nulls = await search(session, SearchRequest(
            await of(session, "few.v"), values.parse("[1,2,3]", "vector"), BY_NAME["l2"], k=2,
            options=SearchOptions(exact=True)))
        assert nulls.hits[-1].distance is None and any("NULL" in warning for warning in nulls.warnings)
        assert not (await find(session, SearchRequest(bare, values.parse("[1,2]", "vector"), BY_NAME["l2"]))).hits
        empty = await of(session, "nothing.v")
        result = await search(session, SearchRequest(empty, values.parse("[1,2,3]", "vector"), BY_NAME["l2"]))
        assert not result.hits and "0 of 10 rows" in result.warnings[0]
        with pytest.raises(Missing, match="no vector column 'items"):
            await of(session, "items.nope")
        with pytest.raises(TimedOut):
            await find(session, SearchRequest(found, values.parse(QUERY.strip("'"), "vector"), cosine,
                                              where="pg_sleep(0.2) IS NOT NULL", timeout_ms=300))
        # the session goes on
        assert (await find(session, SearchRequest(found, values.parse(QUERY.strip("'"), "vector"), cosine))).hits


async def test_role_without_rights(vectors: Database) -> None:
    with vectors.server.role() as role:
        async with session_on(vectors, user=role) as session:
            with pytest.raises(Denied, match="may not read") as told:
                await of(session, "items.v")
            assert "GRANT USAGE ON SCHEMA public TO" in (told.value.hint or "")
            assert "GRANT SELECT ON public.items TO" in (told.value.hint or "")


async def test_row_security_is_a_filter(vectors: Database) -> None:
    with vectors.server.role() as role:
        run(vectors, "ALTER TABLE items ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY few ON items USING (body LIKE '%7')", f'GRANT SELECT ON items TO "{role}"')
        try:
            async with session_on(vectors, user=role) as session:
                found = await of(session, "items.v")
                result = await search(session, SearchRequest(found, values.parse(QUERY.strip("'"), "vector"),
                                                             BY_NAME["cosine"], k=30))
                assert len(result.hits) < 30 and any("row security policy" in warning for warning in result.warnings)
        finally:
            run(vectors, f'DROP OWNED BY "{role}"')


async def test_cancelling_a_search_is_prompt(vectors: Database) -> None:
    async with session_on(vectors) as session:
        found = await of(session, "items.v")
        task = asyncio.create_task(find(session, SearchRequest(
            found, values.parse(QUERY.strip("'"), "vector"), BY_NAME["cosine"], where="pg_sleep(1) IS NOT NULL",
            timeout_ms=0)))
        with vectors.connect() as connection:
            await until(lambda: connection.execute(
                "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()").rowcount)
        begun = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - begun < 10, "it would take a second a row"


async def test_texts_that_libpq_would_cut_are_refused(vectors: Database) -> None:
    async with session_on(vectors) as session:
        items = await of(session, "items.v")
        vector = values.parse(QUERY.strip("'"), "vector")
        for odd in ("t1\0", "\ud800"):
            for request in (SearchRequest(items, vector, BY_NAME["cosine"], filters=(Filter("tenant", "=", (odd,)),)),
                            SearchRequest(items, vector, BY_NAME["cosine"], where=f"tenant = '{odd}'")):
                with pytest.raises(ConsoleError):
                    await find(session, request)
        assert len((await find(session, SearchRequest(items, vector, BY_NAME["cosine"]))).hits) == 10


async def test_a_search_that_is_cancelled_leaves_the_connection_as_it_was(vectors: Database) -> None:
    slow = "(SELECT count(*) FROM generate_series(1, 2000000000)) > id"
    async with session_on(vectors) as session:
        items = await of(session, "items.v")
        vector = values.parse(QUERY.strip("'"), "vector")
        pid = session.connection.info.backend_pid
        for _ in range(3):
            task = asyncio.ensure_future(find(session, SearchRequest(items, vector, BY_NAME["cosine"], where=slow)))
            with vectors.connect() as connection:
                await until(lambda connection=connection: connection.execute(  # type: ignore[misc]
                    "SELECT FROM pg_stat_activity WHERE pid = %s AND state = 'active' AND query LIKE '%%2000000000%%'",
                    (pid,)).rowcount)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert len((await find(session, SearchRequest(items, vector, BY_NAME["cosine"]))).hits) == 10
        assert session.connection.info.backend_pid == pid


async def test_the_index_of_the_column_is_named_not_that_of_an_expression(vectors: Database) -> None:
    run(vectors, f"CREATE INDEX a_bits ON items USING hnsw ((binary_quantize(v)::bit({DIMENSIONS})) bit_hamming_ops)")
    async with session_on(vectors) as session:
        verdict = await why(session, f"SELECT id FROM items ORDER BY v <-> {QUERY} LIMIT 10")
        assert verdict.reasons[0].rule == "operator-class" and "items_v is for <=>" in verdict.sentence


@pytest.mark.parametrize("off", ["enable_seqscan", "enable_sort"])
async def test_what_is_called_exact_goes_by_no_index_whatever_the_database_has_off(vectors: Database, off: str) -> None:
    run(vectors, f'ALTER DATABASE "{vectors.name}" SET {off} = off')
    async with session_on(vectors) as session:
        found = await of(session, "items.v")
        vector = values.parse(QUERY.strip("'"), "vector")
        by_index = await search(session, SearchRequest(found, vector, BY_NAME["cosine"]))
        request = SearchRequest(found, vector, BY_NAME["cosine"], options=SearchOptions(exact=True))
        exact = await search(session, request)
        assert by_index.index_used is not None and exact.index_used is None
