"""The rest of the catalogue of reasons (reference 2.2), each brought about on a real server and explained."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from console.errors import Denied
from console.server.target import Target
from console.vectors import actions, ddl, values
from console.vectors.ddl import Design
from console.vectors.metrics import BY_NAME
from console.vectors.reasons.diagnose import why
from console.vectors.reasons.records import IndexVerdict, Reason
from console.vectors.search import SearchOptions, SearchRequest, search, vector_of_row
from tests.live.test_vector_builds import column_of
from tests.live.test_vectors import QUERY, fill, of, random_vector, run, session_on
from tests.support.servers import Database, LiveServer

FORCED = {"enable_seqscan": "off"}


@pytest.fixture
def vectors(vector_server: LiveServer, monkeypatch: pytest.MonkeyPatch,
            tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    with vector_server.database(vector_server.template("vectors", fill)) as found:
        yield found


def reason(verdict: IndexVerdict, rule: str) -> Reason:
    found = {reason.rule: reason for reason in verdict.reasons}
    assert rule in found, verdict
    return found[rule]


def rows_of(verdict: IndexVerdict) -> float:
    """How many rows the statement brought."""
    assert verdict.plan is not None and verdict.plan.root.rows is not None
    return verdict.plan.root.rows


async def asked(database: Database, text: str, settings: dict[str, str] | None = None, *, analyze: bool = False,
                ) -> IndexVerdict:
    async with session_on(database) as session:
        return await why(session, text.replace("Q", QUERY), settings=settings, analyze=analyze)


@pytest.mark.parametrize(("table", "text"), [
    ("zzz", "SELECT a.id FROM aaa a JOIN zzz z USING (id) ORDER BY z.v <-> '[1,2,3]' LIMIT 5"),
    ("aaa", "SELECT a.id FROM aaa a JOIN zzz z USING (id) ORDER BY a.v <-> '[1,2,3]' LIMIT 5"),
    ("aaa", "SELECT aaa.id FROM zzz JOIN aaa ON aaa.id = zzz.id ORDER BY public.aaa.v <-> '[1,2,3]' LIMIT 5"),
    ("zzz", "SELECT id FROM zzz WHERE EXISTS (SELECT FROM aaa WHERE aaa.id = zzz.id) ORDER BY v <-> '[1,2,3]' LIMIT 5"),
    ("zzz", "WITH aaa AS MATERIALIZED (SELECT * FROM zzz) SELECT x.id FROM aaa AS x, public.aaa AS y WHERE x.id = y.id "
            "ORDER BY x.v <-> '[1,2,3]' LIMIT 5"),
    ("parts", "SELECT p.id FROM aaa JOIN parts p USING (id) ORDER BY p.v <-> '[1,2,3]' LIMIT 5"),
])
async def test_of_tables_with_a_column_of_one_name_the_right_one_is_blamed(vectors: Database, table: str,
                                                                          text: str) -> None:
    run(vectors, "CREATE TABLE aaa (id int PRIMARY KEY, v vector(3))", "CREATE TABLE zzz (LIKE aaa INCLUDING ALL)",
        "CREATE TABLE parts (LIKE aaa) PARTITION BY RANGE (id)",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (99)",
        *(f"INSERT INTO {name} SELECT i, ARRAY[i, 1, 2]::vector FROM generate_series(1, 50) i"
          for name in ("aaa", "zzz", "parts")), "ANALYZE")
    verdict = await asked(vectors, text, FORCED)
    assert f"ON public.{table} USING" in (reason(verdict, "no-index").fix or ""), verdict


async def test_a_foreign_table(vectors: Database) -> None:
    """Row 23."""
    if not vectors.server.has_contrib:
        pytest.skip("this server has no postgres_fdw")
    run(vectors, "CREATE EXTENSION postgres_fdw", "CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw",
        "CREATE USER MAPPING FOR PUBLIC SERVER elsewhere",
        "CREATE FOREIGN TABLE far (id int, far_v vector(32)) SERVER elsewhere")
    verdict = await asked(vectors, "SELECT id FROM far ORDER BY far_v <=> Q LIMIT 10")
    assert verdict.outcome == "ineligible" and "its server decides" in reason(verdict, "foreign-table").sentence


async def test_a_view_that_is_a_barrier(vectors: Database) -> None:
    """Row 23: the order stays outside of it; the same view without the barrier uses the index."""
    run(vectors, "CREATE VIEW open AS SELECT * FROM items WHERE category < 90",
        "CREATE VIEW barred WITH (security_barrier) AS SELECT * FROM items WHERE category < 90")
    text = "SELECT id FROM {} WHERE body <> '' ORDER BY v <=> Q LIMIT 10"
    assert (await asked(vectors, text.format("open"))).outcome == "used"
    verdict = await asked(vectors, text.format("barred"))
    assert verdict.outcome == "ineligible"
    assert "barred is a view with security_barrier" in reason(verdict, "security-barrier").sentence


async def test_a_role_that_may_not_read(vectors: Database) -> None:
    """Row 23."""
    with vectors.server.role() as role:
        async with session_on(vectors, user=role) as session:
            with pytest.raises(Denied, match="permission denied for table items") as caught:
                await why(session, f"SELECT id FROM items ORDER BY v <=> {QUERY} LIMIT 3")
            assert caught.value.hint and "GRANT SELECT ON items" in caught.value.hint


async def test_a_vector_index_joins_no_other(vectors: Database) -> None:
    """Row 24: what the access methods can't, by the server's own word, and what that means for a filter."""
    with vectors.connect() as connection:
        for method in ("hnsw", "ivfflat"):
            for able in ("can_order", "can_unique", "can_multi_col", "can_include"):
                row = connection.execute("SELECT pg_indexam_has_property(oid, %s) FROM pg_am WHERE amname = %s",
                                         [able, method]).fetchone()
                assert row == (False,), (method, able)
        for able in ("bitmap_scan", "backward_scan"):
            assert connection.execute("SELECT pg_index_has_property('items_v'::regclass, %s)", [able]).fetchone() == (
                False,)
    verdict = await asked(vectors, "SELECT id FROM items WHERE category = 3 AND id < 900 ORDER BY v <=> Q LIMIT 10")
    found = reason(verdict, "filter-has-index")
    assert found.is_proved and "items_category" in found.sentence and "can't be combined" in found.sentence


async def test_as_many_probes_as_lists(vectors: Database) -> None:
    """Row 30: a matter of cost."""
    run(vectors, "CREATE TABLE fat (id int, v vector(1536))",
        f"INSERT INTO fat SELECT i, {random_vector(1536)} FROM generate_series(1, 400) i",
        "CREATE INDEX fat_v ON fat USING ivfflat (v vector_l2_ops) WITH (lists = 12)", "VACUUM ANALYZE fat")
    text = "SELECT id FROM fat ORDER BY v <-> '[" + ",".join(["0.1"] * 1536) + "]' LIMIT 10"
    few = await asked(vectors, text, {"ivfflat.probes": "1", "random_page_cost": "1.1"})
    assert few.outcome == "used", few
    verdict = await asked(vectors, text, {"ivfflat.probes": "12", "random_page_cost": "1.1"})
    assert verdict.outcome == "cost"
    found = reason(verdict, "probes-near-lists")
    assert found.is_proved and "ivfflat.probes = 12" in found.sentence


async def test_pages_that_are_said_to_be_dear(vectors: Database) -> None:
    """Row 33."""
    verdict = await asked(vectors, "SELECT id FROM items ORDER BY v <=> Q LIMIT 10", {"random_page_cost": "50"})
    assert verdict.outcome == "cost"
    assert reason(verdict, "random-page-cost").is_proved


SMALL = ("CREATE TABLE small (id int, s vector(4)) WITH (autovacuum_enabled = off)",
         "INSERT INTO small SELECT i, ARRAY[i % 7, i % 11, i % 13, i % 17]::vector FROM generate_series(1, 1000) i",
         "CREATE INDEX small_s ON small USING hnsw (s vector_l2_ops)", "VACUUM ANALYZE small")
NEAR = "SELECT id FROM small ORDER BY s <-> '[1,2,3,4]' LIMIT 40"


async def test_another_index_that_is_cheaper(vectors: Database) -> None:
    """Row 34."""
    run(vectors, *SMALL, "CREATE INDEX small_wide ON small USING hnsw (s vector_l2_ops) WITH (m = 32)")
    verdict = await asked(vectors, NEAR, FORCED)
    assert verdict.outcome == "used" and verdict.index == "small_s"
    assert "small_wide could serve the order too" in reason(verdict, "another-index").sentence


async def test_an_old_pgvector(vectors: Database) -> None:
    """Row 35, by the catalog's word: such a version can't be had here."""
    run(vectors, "UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'")
    verdict = await asked(vectors, "SELECT id FROM items ORDER BY v <=> Q")
    assert verdict.outcome == "cost" and "0.7.4" in reason(verdict, "old-pgvector").sentence


async def test_lists_that_hold_too_little(vectors: Database) -> None:
    """Row 38."""
    run(vectors, "DROP INDEX items_v", "CREATE INDEX items_ivf ON items USING ivfflat (v vector_cosine_ops) "
        "WITH (lists = 30)")
    verdict = await asked(vectors, "SELECT id FROM items ORDER BY v <=> Q LIMIT 5000", FORCED, analyze=True)
    assert verdict.outcome == "used"
    found = reason(verdict, "lists-exhausted")
    assert "the list that was probed holds" in found.sentence
    assert any("ivfflat" in fix.sql and (fix.trial.rows or 0) > rows_of(verdict)
               for fix in found.fixes), found
    async with session_on(vectors) as session:
        subject = await of(session, "items.v")
        result = await search(session, SearchRequest(subject, values.parse(QUERY.strip("'"), "vector"),
                                                     BY_NAME["cosine"], k=1000))
    assert len(result.hits) < 1000 and any("probed" in warning for warning in result.warnings)


async def test_rows_out_of_order(vectors: Database) -> None:
    """Row 40: told where it may be, and by a search where it is."""
    text = "SELECT id FROM items WHERE tenant = 't1' ORDER BY v <=> Q LIMIT 10"
    verdict = await asked(vectors, text, {"hnsw.iterative_scan": "relaxed_order"})
    assert verdict.outcome == "used" and "strict_order" in (reason(verdict, "relaxed-order").fix or "")
    seen = 0
    async with session_on(vectors) as session:
        subject = await of(session, "items.v")
        for place in range(1, 40):
            request = SearchRequest(subject, await vector_of_row(session, subject, (str(place),)), BY_NAME["cosine"],
                                    k=40, where="tenant = 't1'", options=SearchOptions(
                                        ef_search=2, iterative_scan="relaxed_order"))
            result = await search(session, request)
            distances = [hit.distance or 0.0 for hit in result.hits]
            is_out = distances != sorted(distances)
            assert any("out of order" in warning for warning in result.warnings) == (is_out and len(result.hits) == 40)
            seen += is_out
    assert seen, "no search came out of order"


async def test_null_and_zero_vectors(vectors: Database) -> None:
    """Row 41: an exact search returns them, the index has neither."""
    run(vectors, "CREATE TABLE gaps (id int, g vector(3))",
        "INSERT INTO gaps SELECT i, ARRAY[i, 1, 2]::vector FROM generate_series(1, 60) i",
        "INSERT INTO gaps SELECT 100 + i, '[0,0,0]' FROM generate_series(1, 5) i",
        "INSERT INTO gaps SELECT 200 + i, NULL FROM generate_series(1, 20) i",
        "CREATE INDEX gaps_g ON gaps USING hnsw (g vector_cosine_ops)", "VACUUM ANALYZE gaps")
    verdict = await asked(vectors, "SELECT id FROM gaps ORDER BY g <=> '[1,2,3]' LIMIT 85",
                          FORCED | {"hnsw.ef_search": "200"}, analyze=True)
    assert verdict.outcome == "used"
    assert "24 % of the vectors are NULL" in reason(verdict, "null-vectors").sentence
    assert "zero vectors are not in an index" in reason(verdict, "zero-vectors").sentence


async def test_many_equal_vectors(vectors: Database) -> None:
    """Row 44."""
    run(vectors, "CREATE TABLE twins (id int, t vector(3))",
        "INSERT INTO twins SELECT i, '[1,2,3]' FROM generate_series(1, 500) i",
        "CREATE INDEX twins_t ON twins USING hnsw (t vector_l2_ops)", "VACUUM ANALYZE twins")
    verdict = await asked(vectors, "SELECT id FROM twins ORDER BY t <-> '[1,2,3]' LIMIT 500",
                          FORCED | {"hnsw.ef_search": "1000"}, analyze=True)
    assert verdict.plan is not None
    rows = verdict.plan.root.actual_rows
    assert rows is not None and rows < 500, "the index found all of them"
    found = reason(verdict, "few-candidates")
    assert "many equal vectors" in found.sentence and found.fixes[0].trial.rows == 500, found


async def test_dead_rows_take_the_places_of_candidates(vectors: Database) -> None:
    """Row 45: deleted rows are found, and count, until VACUUM."""
    run(vectors, *SMALL)
    with vectors.connect() as connection:
        connection.execute("DELETE FROM small WHERE id % 2 = 0")
        connection.execute("SELECT pg_stat_force_next_flush()")
    verdict = await asked(vectors, NEAR, FORCED, analyze=True)
    found = reason(verdict, "dead-rows")
    assert "500 dead rows beside" in found.sentence and "VACUUM public.small" in (found.fix or "")
    assert rows_of(verdict) < 40
    run(vectors, "VACUUM small")
    after = await asked(vectors, NEAR, FORCED, analyze=True)
    assert "dead-rows" not in {reason.rule for reason in after.reasons}


async def test_lists_of_other_data(vectors: Database) -> None:
    """Row 46: the server says it when it is built; later its few lists tell."""
    run(vectors, "CREATE TABLE grown (id int, g vector(3))")
    design = Design(await column_of(vectors, "grown.g"), BY_NAME["l2"], "ivfflat", {"lists": 1})
    report = await actions.run(Target(name="here", conninfo=vectors.conninfo), ddl.create(design))
    assert any("created with little data" in notice.message for notice in report.notices)
    run(vectors, "INSERT INTO grown SELECT i, ARRAY[i % 71, i % 113, i % 29]::vector FROM generate_series(1, 21000) i",
        "VACUUM ANALYZE grown")
    verdict = await asked(vectors, "SELECT id FROM grown ORDER BY g <-> '[1,2,3]' LIMIT 5", FORCED)
    found = reason(verdict, "few-lists")
    assert "1 list for 21 000 rows" in found.sentence and "SET (lists = 21)" in (found.fix or "")
