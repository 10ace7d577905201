"""Before an index is built: how large it becomes, what memory the build wants, and with which options. Pure.

The formulas are those of pgvector's pages and allocations, and were checked against built indexes (disk within 3 %,
HNSW memory within 1.3 %).
"""

from __future__ import annotations

import math

from msgspec import Struct

from console.text import format as fmt

PAGE_BYTES = 8192
USABLE_BYTES = 8160
MIB = 1024 * 1024
INDEXED_MOST = {"vector": 2000, "halfvec": 4000, "bit": 64_000, "sparsevec": 1000}
"""Dimensions that an index takes; of sparsevec values that aren't zero."""
WORKER_BYTES = 32 * MIB
RESERVED_BYTES = 4 * MIB
"""Of maintenance_work_mem a parallel build keeps so much for other things."""


def value_bytes(type_name: str, dimensions: int) -> int:
    """A value as stored; of sparsevec `dimensions` counts the values that aren't zero."""
    match type_name:
        case "halfvec":
            return 2 * dimensions + 8
        case "bit":
            return -(-dimensions // 8) + 8
        case "sparsevec":
            return 8 * dimensions + 16
        case _:
            return 4 * dimensions + 8


def _align8(size: int) -> int:
    return -(-size // 8) * 8


def hnsw_bytes_per_row(type_name: str, dimensions: int, m: int = 16) -> float:
    """Bytes on disk: an element and its neighbours share a page with as many others as fit, or take two pages."""
    element = _align8(72 + value_bytes(type_name, dimensions))
    neighbours = _align8(4 + 12 * m)
    if element + neighbours + 4 > USABLE_BYTES - 4:
        return 2.0 * PAGE_BYTES
    return PAGE_BYTES / (USABLE_BYTES // (element + neighbours + 8))


def ivfflat_bytes_per_row(type_name: str, dimensions: int) -> float:
    return PAGE_BYTES / max(1, USABLE_BYTES // (_align8(8 + value_bytes(type_name, dimensions)) + 4))


def hnsw_memory_per_row(type_name: str, dimensions: int, m: int = 16) -> float:
    """Bytes of build memory: the graph grows in memory until it no longer fits, and is slow from then on."""
    return (128 + 8 * (1 + 1 / (m - 1)) + (8 + 32 * m) + (8 + 16 * m) / (m - 1)
            + _align8(value_bytes(type_name, dimensions)))


def ivfflat_memory(dimensions: int, lists: int, rows: float) -> float:
    """Bytes without which the build fails: samples, bounds and centres of k-means."""
    wanted = max(10_000, 50 * lists)
    samples = min(wanted, rows)
    value = 4 * dimensions + 8
    return wanted * value + 4 * samples * lists + 4 * lists**2 + 3 * lists * value


def lists_for(rows: float) -> int:
    """ivfflat's lists: a thousandth of the rows, from a million on their root."""
    return max(1, round(math.sqrt(rows) if rows > 1_000_000 else rows / 1000))


def probes_for(lists: int) -> int:
    return max(1, round(math.sqrt(lists)))


class BuildAdvice(Struct, frozen=True):
    """What a build would take, in bytes, and sentences about it. `fits_rows`: so many rows fit into the memory given,
    None where the build fails without. `workers` is how many the server would start besides its own process."""

    method: str
    size_bytes: float
    memory_bytes: float
    fits_rows: float | None
    workers: int
    options: dict[str, int]
    sentences: tuple[str, ...]
    sql: tuple[str, ...]


def advise(method: str, type_name: str, dimensions: int, rows: float, *, table: str, operand: str,
           operator_class: str, maintenance_work_mem_bytes: int, max_parallel_workers: int, heap_bytes: int,
           toast_bytes: int = 0, table_parallel_workers: int | None = None, m: int = 16, ef_construction: int = 64,
           lists: int | None = None) -> BuildAdvice:
    """Advice before CREATE INDEX ... USING `method`. `table`, `operand` and `operator_class` are SQL."""
    sentences: list[str] = []
    sql: list[str] = []
    most = INDEXED_MOST[type_name]
    if dimensions > most:
        narrower = "halfvec (up to 4 000)" if type_name == "vector" and dimensions <= 4000 else \
            "binary_quantize to bit (up to 64 000) with reranking, or fewer dimensions"
        sentences.append(f"{dimensions} dimensions are more than an index of {type_name} takes ({most}): {narrower}")
    workers = planned_workers(heap_bytes, table_parallel_workers, max_parallel_workers, maintenance_work_mem_bytes)
    fits: float | None = None
    if method == "hnsw":
        options = {"m": m, "ef_construction": ef_construction}
        if ef_construction < 2 * m:
            sentences.append(f"ef_construction must be at least 2 x m = {2 * m}")
        per_row = hnsw_bytes_per_row(type_name, dimensions, m)
        size = rows * per_row
        per_row_memory = hnsw_memory_per_row(type_name, dimensions, m)
        memory = rows * per_row_memory
        usable = maintenance_work_mem_bytes - (RESERVED_BYTES if workers else 0)
        fits = max(0.0, usable / per_row_memory)
        if fits < rows:
            sentences.append(f"the graph fits into maintenance_work_mem ({fmt.size(maintenance_work_mem_bytes)}) "
                             f"for {fmt.count(fits)} of {fmt.count(rows)} rows: the rest is built several times slower")
            sql.append(f"SET maintenance_work_mem = '{math.ceil((memory + RESERVED_BYTES) / MIB)}MB'")
        if per_row == 2 * PAGE_BYTES:
            sentences.append("each row takes two pages (16 kB): a few dimensions less, or halfvec, halve that")
        elif per_row == PAGE_BYTES and type_name == "vector":
            sentences.append("one row fills a page (8 kB), whatever its dimensions above about 1 000: halfvec halves "
                             "that")
    else:
        count = lists or lists_for(rows)
        options = {"lists": count}
        size = rows * ivfflat_bytes_per_row(type_name, dimensions) + count * PAGE_BYTES / 2
        memory = ivfflat_memory(dimensions, count, rows)
        if memory > maintenance_work_mem_bytes:
            sentences.append(f"the build fails with less than {fmt.size(memory)} of maintenance_work_mem (it is "
                             f"{fmt.size(maintenance_work_mem_bytes)})")
            sql.append(f"SET maintenance_work_mem = '{math.ceil(memory / MIB)}MB'")
        if rows < 1000 * max(1, count) / 20:
            sentences.append("build ivfflat after the data is loaded: its lists are those of the rows of that moment")
        sentences.append(f"begin with ivfflat.probes = {probes_for(count)}")
    counted = planned_workers(heap_bytes + toast_bytes, table_parallel_workers, max_parallel_workers,
                              maintenance_work_mem_bytes)
    if workers < counted:
        sentences.append(f"{workers or 'no'} parallel worker{'s' * (workers != 1)}: PostgreSQL counts the table's own "
                         "pages, not those that TOAST holds")
        sql.append(f"ALTER TABLE {table} SET (parallel_workers = {counted})")
    pairs = ", ".join(f"{name} = {value}" for name, value in options.items())
    sql.append(f"CREATE INDEX CONCURRENTLY ON {table} USING {method} ({operand} {operator_class}) WITH ({pairs})")
    return BuildAdvice(method, size, memory, fits, workers, options, tuple(sentences), tuple(sql))


def planned_workers(heap_bytes: int, table_parallel_workers: int | None, most: int,
                    maintenance_work_mem_bytes: int, min_scan_bytes: int = 8 * MIB) -> int:
    """Parallel workers that CREATE INDEX would be given (plan_create_index_workers)."""
    if table_parallel_workers is not None:
        found = min(table_parallel_workers, most)
    else:
        found, threshold = 0, min_scan_bytes
        while heap_bytes >= threshold and found < most:
            found, threshold = found + 1, threshold * 3
    while found and maintenance_work_mem_bytes / (found + 1) < WORKER_BYTES:
        found -= 1
    return found


def build_seconds(sample_rows: int, sample_seconds: float, rows: float, fits_rows: float | None,
                  slowdown: float = 4.0) -> float:
    """How long a build takes, from that of a sample: rows times the logarithm of rows, the part that doesn't fit into
    memory `slowdown` times as long."""
    if sample_rows < 2 or rows < 2:
        return sample_seconds
    whole = sample_seconds * rows * math.log(rows) / (sample_rows * math.log(sample_rows))
    if fits_rows is None or fits_rows >= rows:
        return whole
    return whole * (fits_rows / rows + (1 - fits_rows / rows) * slowdown)


FIXES = (
    ((0, 8, 0), "0.8.0 has iterative scans, without which filtered searches come back short"),
    ((0, 8, 2), "0.8.2 fixes a buffer overflow in parallel hnsw builds"),
    ((0, 8, 3), "0.8.3 fixes a possible corruption of hnsw indexes by vacuum"),
    ((0, 8, 4), "0.8.4 fixes hnsw graphs that are not repaired after deletes"),
)


def version_warnings(version: str, available: str | None) -> list[str]:
    """What an installed pgvector lacks, and whether the server's files have a newer one."""
    here = tuple(int(part) for part in version.split(".") if part.isdigit())
    found = [words for since, words in FIXES if here < since]
    if available and available != version:
        found.append(f"pgvector {available} is at hand: ALTER EXTENSION vector UPDATE")
    return found
