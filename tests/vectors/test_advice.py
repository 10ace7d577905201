"""Sizes and memory by the formulas that were checked against built indexes (reference, section 3)."""

from __future__ import annotations

import pytest

from console.vectors.advice import (
    advise,
    build_seconds,
    hnsw_bytes_per_row,
    hnsw_memory_per_row,
    ivfflat_memory,
    lists_for,
    planned_workers,
    version_warnings,
)

MIB = 1024 * 1024


@pytest.mark.parametrize(("kind", "dimensions", "m", "size"), [
    ("vector", 384, 16, 2048), ("vector", 768, 16, 4096), ("vector", 1024, 16, 8192), ("vector", 1536, 16, 8192),
    ("vector", 1968, 16, 8192), ("vector", 1969, 16, 16384), ("vector", 2000, 16, 16384),
    ("vector", 1920, 32, 8192), ("vector", 1921, 32, 16384), ("vector", 1824, 64, 8192), ("vector", 1825, 64, 16384),
    ("halfvec", 1024, 16, 2731), ("halfvec", 1536, 16, 4096), ("halfvec", 3072, 16, 8192),
])
def test_hnsw_on_disk(kind: str, dimensions: int, m: int, size: int) -> None:
    assert hnsw_bytes_per_row(kind, dimensions, m) == pytest.approx(size, rel=0.001)


def test_bits_on_disk() -> None:
    # some elements are on higher levels and have more neighbours, which tells where a row is small
    assert hnsw_bytes_per_row("bit", 1536, 16) == pytest.approx(512, rel=0.07)


def test_hnsw_in_memory() -> None:
    # measured: 60 MiB hold 9218 rows of 1536 dimensions at m = 16
    assert 60 * MIB / hnsw_memory_per_row("vector", 1536, 16) == pytest.approx(9218, rel=0.013)


def test_ivfflat_in_memory() -> None:
    assert ivfflat_memory(1536, 4000, 1e7) > 2.5e9
    assert lists_for(50_000) == 50 and lists_for(4_000_000) == 2000


def test_workers_are_counted_by_the_heap() -> None:
    assert planned_workers(MIB, None, 2, 1024 * MIB) == 0
    assert planned_workers(100 * MIB, None, 2, 1024 * MIB) == 2
    assert planned_workers(MIB, 2, 4, 1024 * MIB) == 2
    assert planned_workers(100 * MIB, None, 2, 64 * MIB) == 1


def advice(method: str = "hnsw", kind: str = "vector", dimensions: int = 1536, rows: float = 100_000,
           memory: int = 64 * MIB):  # type: ignore[no-untyped-def]
    return advise(method, kind, dimensions, rows, table="s.t", operand="v", operator_class="vector_cosine_ops",
                  maintenance_work_mem_bytes=memory, max_parallel_workers=2, heap_bytes=MIB, toast_bytes=800 * MIB)


def test_advice_before_a_build() -> None:
    found = advice()
    assert found.size_bytes == 100_000 * 8192 and (found.fits_rows or 0) < 10_000
    assert any("fits into maintenance_work_mem" in sentence for sentence in found.sentences)
    assert found.sql[-1] == ("CREATE INDEX CONCURRENTLY ON s.t USING hnsw (v vector_cosine_ops) "
                             "WITH (m = 16, ef_construction = 64)")
    assert any("no parallel workers" in sentence for sentence in advice(memory=4096 * MIB).sentences) and \
        "parallel_workers = 2" in advice(memory=4096 * MIB).sql[-2]
    assert not any("maintenance_work_mem" in sentence for sentence in advice(memory=4096 * MIB).sentences)
    assert any("more than an index of vector takes" in sentence for sentence in advice(dimensions=3072).sentences)
    assert any("build fails" in sentence for sentence in advice("ivfflat", rows=4_000_000).sentences)


def test_time_of_a_build_that_spills_is_longer() -> None:
    assert build_seconds(1000, 1.0, 100_000, None) < build_seconds(1000, 1.0, 100_000, 50_000)


def test_versions() -> None:
    assert len(version_warnings("0.7.4", "0.8.6")) == 5 and version_warnings("0.8.6", "0.8.6") == []
