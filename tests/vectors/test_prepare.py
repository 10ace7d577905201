"""What is advised about a column before an index is built on it, and the statements that do it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.errors import UsageError
from console.vectors import ddl
from console.vectors.ddl import BuildSettings, Design
from console.vectors.metrics import BY_NAME
from console.vectors.prepare import BuildFacts, build_advice, column_advice, memory_bytes
from console.vectors.records import VectorColumn, VectorRelationFacts

MIB = 1024 * 1024
COLUMN = VectorColumn(1, "s", "docs", "r", False, 2, "v", "vector", "public", 384, "e", False, 10_000.0, "public",
                      True, None)
FACTS = VectorRelationFacts(1, "r", 10_000.0, 200, 0, False, False, None, None, 0, 10_000, 0, 0.0, 1544, 10_000, 0, 0)
COSINE = BY_NAME["cosine"]


def column(dimensions: int | None, type_name: str = "vector", **words: object) -> VectorColumn:
    return replace(COLUMN, dimensions=dimensions, type_name=type_name, **words)  # type: ignore[arg-type]


def test_statements() -> None:
    order = ddl.create(Design(COLUMN, COSINE, options={"m": 24, "ef_construction": 200}, where="lang = 'de' -- only"))
    assert order.sql == ("CREATE INDEX CONCURRENTLY docs_v_cosine_hnsw ON s.docs "
                         "USING hnsw (v public.vector_cosine_ops) WITH (m = 24, ef_construction = 200) "
                         "WHERE (lang = 'de' -- only\n)")
    hidden = column(1536, extension_schema="my ext", name="Emb", relation="x" * 63)
    assert ddl.create(Design(hidden, BY_NAME["l2"], "ivfflat", {"lists": 10}, half=True)).sql.endswith(
        'USING ivfflat (("Emb"::"my ext".halfvec(1536)) "my ext".halfvec_l2_ops) WITH (lists = 10)')
    assert ddl.create(Design(COLUMN, COSINE, bits=True)).sql.endswith(
        "USING hnsw ((public.binary_quantize(v)::bit(384)) public.bit_hamming_ops)")


def test_names_are_free_and_short() -> None:
    design = Design(COLUMN, COSINE)
    assert ddl.free_name(design, {"docs_v_cosine_hnsw", "docs_v_cosine_hnsw_2"}) == "docs_v_cosine_hnsw_3"
    long = ddl.free_name(Design(column(3, relation="ü" * 40), COSINE), ())
    assert len(long.encode()) <= 63 and ddl.free_name(Design(column(3, relation="ü" * 40), COSINE), {long}) != long


@pytest.mark.parametrize(("design", "words"), [
    (Design(column(None), COSINE), "no dimensions"),
    (Design(column(3000), COSINE), "3000 dimensions"),
    (Design(column(5000), COSINE, half=True), "5000 dimensions"),
    (Design(column(3, relkind="p"), COSINE), "partitioned"),
    (Design(column(3, relkind="v"), COSINE), "no table"),
    (Design(column(3), BY_NAME["l1"], "ivfflat"), "ivfflat serves no L1"),
    (Design(column(3), BY_NAME["hamming"]), "no metric hamming"),
    (Design(column(3, "bit"), BY_NAME["hamming"], half=True), "can't be indexed as halfvec"),
    (Design(column(3), COSINE, "gin"), "neither hnsw nor ivfflat"),
    (Design(column(3), COSINE, options={"lists": 3}), "no option lists"),
    (Design(column(3), COSINE, options={"m": 200}), "from 2 to 100"),
    (Design(column(3), COSINE, options={"m": 40}), "at least twice m"),
])
def test_what_the_server_would_refuse_is_said_before(design: Design, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        ddl.create(design)


def test_memory_as_postgresql_writes_it() -> None:
    assert [memory_bytes(text) for text in ("64MB", " 2 GB", "1024", "8kB", "1.5GB", "lots", "")] == [
        64 * MIB, 2048 * MIB, MIB, 8192, 1536 * MIB, None, None]


def test_a_build_is_weighed_with_its_own_settings() -> None:
    facts = BuildFacts(FACTS, 100_000.0, 64 * MIB, 2, ())
    design = Design(column(1536), COSINE, options={"m": 16, "ef_construction": 64})
    small, large = (build_advice(design, facts, BuildSettings(memory)) for memory in (None, "4GB"))
    assert any("fits into maintenance_work_mem" in sentence for sentence in small.sentences)
    assert not any("maintenance_work_mem" in sentence for sentence in large.sentences)
    assert small.size_bytes == 100_000 * 8192
    half = build_advice(replace(design, half=True), facts, BuildSettings())
    assert half.size_bytes == 100_000 * 4096


def test_advice_about_a_column() -> None:
    def said(column: VectorColumn, facts: VectorRelationFacts = FACTS) -> str:
        return "\n".join(f"{each.sentence} | {each.sql}" for each in column_advice(column, (), facts, COSINE))

    assert said(COLUMN) == ""
    assert "ALTER v TYPE public.vector(n)" in said(column(None))
    assert "as halfvec it takes 4 000 | CREATE INDEX CONCURRENTLY" in said(column(3072))
    assert "its bits take 64 000" in said(column(5000)) and "binary_quantize" in said(column(5000))
    assert "8.0 kB a row (a page a row), of halfvec 4.0 kB" in said(column(1536))
    assert "two pages a row" in said(column(2000))
    assert "SET STORAGE PLAIN" in said(column(1536)) and "SET STORAGE PLAIN" not in said(column(1536, storage="p"))
    assert "LIMIT 100" in said(column(1536), replace(FACTS, row_estimate=5e6))
    assert "12 % of the vectors are NULL" in said(COLUMN, replace(FACTS, null_fraction=0.125))
    assert column_advice(column(3000, relkind="v"), (), FACTS, COSINE) == ()
