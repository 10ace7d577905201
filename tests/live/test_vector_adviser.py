"""Searches as people write them, each with its true cause and with a way out that was tried before it is named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec import Struct, field

from console.errors import ConsoleError
from console.plans.explain import ExplainRequest, explain, facts
from console.plans.findings import analyse
from console.plans.records import Analysis, Fix
from console.vectors.explained import refused, with_vectors
from tests.live.test_vectors import QUERY, fill, run, session_on
from tests.support.servers import Database, LiveServer

PREPARED = (
    "CREATE TABLE papers (id int PRIMARY KEY, item int, lang text, owner text)",
    "INSERT INTO papers SELECT i, i, CASE i % 3 WHEN 0 THEN 'de' ELSE 'en' END, CASE i % 100 WHEN 0 THEN 'ann' ELSE "
    "'bob' END FROM generate_series(1, 4000) i",
    "CREATE DOMAIN emb AS vector(32)",
    "CREATE SCHEMA lab",
    "CREATE TABLE lab.samples (id int PRIMARY KEY, e emb)",
    "INSERT INTO lab.samples SELECT id, v FROM items",
    "CREATE TABLE lab.halves (id int PRIMARY KEY, grp int, h halfvec(32))",
    "INSERT INTO lab.halves SELECT id, category, v::halfvec(32) FROM items",
    "CREATE INDEX halves_h ON lab.halves USING hnsw (h halfvec_ip_ops)",
    "CREATE TABLE flags (id int PRIMARY KEY, b bit(32))",
    "INSERT INTO flags SELECT id, binary_quantize(v)::bit(32) FROM items",
    "CREATE INDEX flags_b ON flags USING hnsw (b bit_hamming_ops)",
    "CREATE TABLE sparse (id int PRIMARY KEY, s sparsevec(32))",
    "INSERT INTO sparse SELECT id, v::sparsevec FROM items",
    "CREATE INDEX sparse_s ON sparse USING hnsw (s sparsevec_l2_ops)",
    "CREATE TABLE clustered (id int PRIMARY KEY, category int, c vector(32))",
    "INSERT INTO clustered SELECT id, category, v FROM items",
    "CREATE INDEX clustered_c ON clustered USING ivfflat (c vector_cosine_ops) WITH (lists = 40)",
    "CREATE TABLE early (id int PRIMARY KEY, c vector(32))",
    "CREATE INDEX early_c ON early USING ivfflat (c vector_cosine_ops) WITH (lists = 40)",
    "INSERT INTO early SELECT id, v FROM items",
    "CREATE TABLE parts (id int, day int, v vector(32)) PARTITION BY RANGE (day)",
    "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (50)",
    "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (50) TO (100)",
    "INSERT INTO parts SELECT id, category, v FROM items",
    "CREATE INDEX ON parts USING hnsw (v vector_l2_ops)",
    "CREATE TABLE few (id int PRIMARY KEY, v vector(32))",
    "INSERT INTO few SELECT id, v FROM items WHERE id <= 500",
    "CREATE TABLE loose (id int PRIMARY KEY, v vector)",
    "INSERT INTO loose SELECT id, v FROM items",
    "CREATE VIEW shown WITH (security_barrier) AS SELECT id, body, v FROM items WHERE category < 99 AND body <> ''",
    "CREATE VIEW ranked AS SELECT id, body, v, row_number() OVER (ORDER BY id) AS place FROM items",
    "CREATE FUNCTION near_items(q vector, n int DEFAULT 5) RETURNS TABLE (id int, d float8) LANGUAGE plpgsql STABLE AS "
    "$$ BEGIN RETURN QUERY SELECT i.id, i.v <-> q FROM items i ORDER BY i.v <-> q LIMIT n; END $$",
    "CREATE FUNCTION best(q vector) RETURNS SETOF int LANGUAGE sql VOLATILE AS "
    "$$ SELECT id FROM items ORDER BY v <=> q DESC LIMIT 5 $$",
    "CREATE TABLE found (id int, d float8)",
    "VACUUM ANALYZE",
)
FORCED = {"enable_seqscan": "off"}


class Written(Struct, frozen=True):
    """A statement with what is wrong with it: the rule of its first cause, and the kind of the first fix, None without.

    `says` stands in what is told, `through` in the fixes.
    """

    name: str
    sql: str
    rule: str | None
    kind: str | None = "statement"
    settings: dict[str, str] = field(default_factory=dict)
    says: str = ""
    through: str = ""
    analyze: bool = True
    parameters: tuple[str, ...] = ()


CASES = [
    # one matter with the order itself, of every type
    Written("ip-desc", "SELECT id FROM lab.halves ORDER BY h <#> Q::halfvec DESC LIMIT 10", "descending",
            through="halves_h"),
    Written("operator", "SELECT id FROM sparse ORDER BY s <=> Q::vector::sparsevec LIMIT 5", "operator-class",
            through="sparse_s"),
    Written("bits", "SELECT id FROM flags ORDER BY b <%> binary_quantize(Q::vector)::bit(32) LIMIT 5", "operator-class",
            says="flags_b is for <~>"),
    Written("expression", "SELECT id FROM items ORDER BY z <-> Q LIMIT 10", "expression-index", through="items_z"),
    Written("similarity", "SELECT id, 1 - (v <=> Q) AS score FROM items ORDER BY score DESC LIMIT 7", "descending",
            through="the same rows"),
    Written("domain", "SELECT id FROM lab.samples ORDER BY e <=> Q LIMIT 5", "domain", "index",
            through="(e::public.vector(32)) public.vector_cosine_ops"),
    Written("no-dimensions", "SELECT id FROM loose ORDER BY v <-> Q LIMIT 5", "no-dimensions", "upkeep",
            through="TYPE public.vector(32)"),
    Written("no-index-for-it", "SELECT id FROM parts ORDER BY v <=> Q LIMIT 5", "operator-class",
            says="parts_v_idx is for <->"),
    Written("subquery-and-desc", "SELECT id FROM items ORDER BY v <=> (SELECT v FROM items WHERE id = 7) DESC LIMIT 5",
            "descending", through="items_v"),
    # of several tables
    Written("query-row", "WITH asked AS (SELECT v AS e FROM items WHERE id = 9) SELECT i.id FROM asked, items i "
            "ORDER BY i.v <=> asked.e LIMIT 5", "vector-of-the-row", through="the same rows"),
    Written("joined-row", "SELECT i.id FROM items i JOIN few f ON f.id = 3 ORDER BY i.v <=> f.v LIMIT 5",
            "vector-of-the-row", through="the same rows"),
    Written("pairs", "SELECT a.id, b.id FROM items a JOIN items b ON a.id <> b.id WHERE a.id < 4 "
            "ORDER BY a.v <=> b.v LIMIT 3", "vector-of-the-row", through="LATERAL"),
    # what wants every row
    Written("distinct-on", "SELECT * FROM (SELECT DISTINCT ON (category) category, id, v <=> Q AS d FROM items "
            "ORDER BY category, d) AS best ORDER BY d LIMIT 5", "fence", says="DISTINCT ON"),
    Written("group-by", "SELECT category, min(v <=> Q) AS d FROM items GROUP BY category ORDER BY d LIMIT 5", "fence",
            says="GROUP BY"),
    Written("window", "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY v <=> Q) AS n FROM items) AS r "
            "WHERE n % 2 = 0 ORDER BY n LIMIT 5", "fence", says="a window function"),
    Written("union", "SELECT id, v <=> Q AS d FROM items UNION SELECT id, h::vector <=> Q FROM lab.halves "
            "WHERE grp = 1 ORDER BY d LIMIT 5", "fence", says="UNION"),
    Written("materialized", "WITH every AS MATERIALIZED (SELECT id, v FROM items) SELECT id FROM every "
            "ORDER BY v <=> Q LIMIT 5", "fence", through="the same rows"),
    Written("weighted", "SELECT id FROM items ORDER BY 0.9 * (v <=> Q) + 0.1 * category / 100.0 LIMIT 5",
            "computed-order", through="vector_distance"),
    Written("score-in-with", "WITH scored AS (SELECT id, 1 - (v <=> Q) AS score FROM items) SELECT id FROM scored "
            "ORDER BY score DESC LIMIT 5", "fence", through="the same rows"),
    Written("barrier", "SELECT id FROM shown ORDER BY v <=> Q LIMIT 5", "security-barrier", through="the same rows"),
    Written("view-window", "SELECT id FROM ranked ORDER BY v <=> Q LIMIT 5", "fence", says="a window function"),
    Written("only-filter", "SELECT id FROM items WHERE v <=> Q < 1.2 LIMIT 5", "not-ordered", through="items_v"),
    # statements that aren't a SELECT, and functions
    Written("insert", "INSERT INTO found SELECT id, v <-> Q FROM items ORDER BY v <-> Q LIMIT 5", "operator-class",
            through="INSERT INTO found"),
    Written("create-as", "CREATE TABLE near AS SELECT id FROM items ORDER BY v <=> Q DESC LIMIT 5", "descending",
            through="CREATE TABLE near"),
    Written("delete", "DELETE FROM found WHERE id IN (SELECT id FROM items ORDER BY v <=> Q DESC LIMIT 5)",
            "descending", through="DELETE FROM found"),
    Written("plpgsql", "SELECT * FROM near_items(Q)", "operator-class", says="inside near_items"),
    Written("sql-function", "SELECT * FROM best(Q)", "descending", says="inside best"),
    # rows that are lost
    Written("join-rejects", "SELECT i.id FROM items i JOIN papers p ON p.item = i.id WHERE p.owner = 'ann' "
            "ORDER BY i.v <=> Q LIMIT 10", "rejected-above", "settings", {"enable_sort": "off"},
            "of 10 rows: the join"),
    Written("exists-rejects", "SELECT id FROM items i WHERE EXISTS (SELECT FROM papers p WHERE p.item = i.id AND "
            "p.owner = 'ann') ORDER BY v <=> Q LIMIT 10", "rejected-above", "settings", {"enable_sort": "off"},
            "of 10 rows"),
    Written("outside-rejects", "WITH near AS (SELECT id, category FROM items ORDER BY v <=> Q LIMIT 20) "
            "SELECT id FROM near WHERE category = 1", "rejected-outside", says="rejected"),
    Written("filter-rejects", "SELECT id FROM items WHERE body LIKE '%7' ORDER BY v <=> Q LIMIT 20",
            "filtered-afterwards", "settings", FORCED),
    Written("limit-over", "SELECT id FROM items ORDER BY v <=> Q LIMIT 90", "limit-over-ef-search", "settings",
            {"enable_seqscan": "off", "enable_sort": "off"}),
    Written("ivfflat", "SELECT id FROM clustered WHERE category = 5 ORDER BY c <=> Q LIMIT 10", "lists-exhausted",
            "settings", FORCED | {"enable_bitmapscan": "off"}),
    Written("untrained", "SELECT id FROM early ORDER BY c <=> Q LIMIT 10", None, None, FORCED),
    # numbers
    Written("no-limit", "SELECT id FROM items ORDER BY v <=> Q", "no-limit"),
    Written("limit-all", "SELECT id FROM items ORDER BY v <=> Q LIMIT ALL", "no-limit"),
    Written("limit-parameter", "SELECT id FROM items ORDER BY v <=> $1 LIMIT $2", None, None,
            parameters=(QUERY.strip("'"), "5")),
    Written("partial-other", "SELECT id FROM items WHERE tenant IN ('t1', 't2') ORDER BY w <-> Q LIMIT 5",
            "partial-index", "index", through="WHERE tenant IN ('t1', 't2')"),
    Written("small", "SELECT id FROM few ORDER BY v <=> Q LIMIT 5", "small-table", "nothing"),
    Written("null", "SELECT id FROM items ORDER BY v <=> (SELECT v FROM items WHERE id = -1) LIMIT 5", "null-vector",
            None),
    Written("fine", "SELECT id, v <=> Q AS d FROM items WHERE v <=> Q < 1.9 ORDER BY d LIMIT 5", None, None),
    # what isn't even planned
    Written("array", "SELECT id FROM items ORDER BY v <=> ARRAY[1.0, 2.0]::float8[] LIMIT 5", "array-parameter"),
    Written("search-path", "SELECT id FROM public.items ORDER BY v <=> Q LIMIT 5", "search-path", "settings",
            {"search_path": "lab"}),
]


@pytest.fixture(scope="module")
def vectors(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One database for all cases, which only read."""
    if not server.has_vector:
        pytest.skip("this server has no pgvector")
    with server.database(server.template("vectors", fill)) as found:
        run(found, *PREPARED)
        yield found


async def told(database: Database, case: Written, *, may_write: bool = False) -> Analysis:
    sql = case.sql.replace("Q", QUERY)
    request = ExplainRequest(statement=sql, analyze=case.analyze, settings=case.settings, may_write=True,
                             parameters=case.parameters)
    async with session_on(database) as session:
        try:
            plan = await explain(session, request)
        except ConsoleError as error:
            found = await refused(session, error, request)
            assert found is not None, error
            return found
        return await with_vectors(session, analyse(plan, await facts(session, plan)), request, may_write=may_write)


def fixes_of(analysis: Analysis) -> list[Fix]:
    return [fix for finding in analysis.findings for fix in finding.fixes]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_the_true_cause_and_a_way_out_that_was_tried(vectors: Database, case: Written) -> None:
    analysis = await told(vectors, case)
    findings = [finding for finding in analysis.findings if finding.rule.startswith("vector_")]
    causes = [finding for finding in findings if finding.rule not in FACTS]
    if case.rule is None:
        assert not causes, causes
        return
    assert causes and causes[0].rule == f"vector_{case.rule.replace('-', '_')}", (analysis.verdict, findings)
    assert case.says in " ".join([analysis.verdict, *(finding.message for finding in findings)])
    fixes = [fix for finding in causes for fix in finding.fixes]
    if case.kind is None:
        return
    assert fixes and fixes[0].kind == case.kind, (causes, fixes)
    assert any(case.through in f"{fix.sql} {fix.trial.index} {fix.trial.note}" for fix in fixes), fixes
    for fix in fixes:
        if fix.kind in ("statement", "settings"):
            assert fix.trial.state != "not tried" and (fix.trial.index or "enable_indexscan" in fix.sql
                                                       or case.rule == "array-parameter")


FACTS = {"vector_function_scan", "vector_another_index", "vector_vector_from_subquery", "vector_all_found",
         "vector_exact_is_quicker", "vector_relaxed_order", "vector_wrong_neighbours"}
