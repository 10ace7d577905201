"""Vectors as people and programs read them."""

from __future__ import annotations

from typing import Any

import pytest

from console.services import UNASSIGNED, Service
from console.sql.elide import elided
from console.vectors import values
from console.vectors.metrics import BY_NAME
from console.vectors.records import Latency, Neighbor, Point, SearchResult, VectorColumn
from console.view.vectors import findings as view


def column(schema: str = "s", **changes: Any) -> VectorColumn:
    given: dict[str, Any] = {
        "relation_oid": 1, "schema": schema, "relation": "t", "relkind": "r", "is_partition": False, "position": 2,
        "name": "v", "type_name": "vector", "type_schema": "public", "dimensions": 3, "storage": "external",
        "is_not_null": False, "row_estimate": 12_480.0, "extension_schema": "public",
        "is_readable": True, "comment": None}
    return VectorColumn(**given | changes)


def result(keys: str, key_columns: tuple[str, ...] = ("id",)) -> SearchResult:
    hits = tuple(Neighbor(rank, rank / 10, (key,), (key, "t", None)) for rank, key in enumerate(keys, 1))
    return SearchResult(column(), BY_NAME["cosine"], 3, hits, ("id", "flag", "note"), (23, 16, 25), key_columns,
                        "SELECT", {}, "i", None, ("w",), 1.0, 1.5)


def test_document_is_the_designs() -> None:
    found = view.result_document(result("12"))
    assert found["rows"][0] == {"rank": 1, "distance": 0.1, "key": 1, "row": {"id": 1, "flag": True, "note": None}}
    assert (found["column"], found["metric"], found["index_used"]) == ("s.t.v", "cosine", "i")
    assert view.result_document(result("1", ("id", "flag")))["rows"][0]["key"] == {"id": 1, "flag": True}
    assert view.result_document(result("1", ("ctid",)))["rows"][0]["key"] == "1"
    assert view.result_document(result("1", ()))["rows"][0]["key"] is None


@pytest.mark.parametrize(("text", "oid", "value"), [
    (None, 23, None), ("5", 20, 5), ("1.5", 701, 1.5), ("NaN", 701, "NaN"), ("t", 16, True), ("f", 16, False),
    ("1.25", 1700, 1.25), ("12345678901234567890", 1700, "12345678901234567890"), ('{"a": 1}', 3802, {"a": 1}),
    ("{", 114, "{"), ("x", 25, "x"),
])
def test_values_in_json(text: str | None, oid: int, value: Any) -> None:
    assert view.json_value(text, oid) == value


def test_rows_have_bars() -> None:
    row = view.result_row(result("1"), result("1").hits[0])
    assert row[:2] == ("1", "0.1") and row[2].endswith("0.90") and row[3:] == ("1", "t", "∅")


def test_two_searches_side_by_side() -> None:
    share, moved = view.overlap(result("123"), result("314"))
    assert share == pytest.approx(2 / 3)
    assert [(item.key[0], item.words) for item in moved] == [("3", "up 2"), ("1", "down 1"), ("4", "new"),
                                                             ("2", "gone")]
    assert view.overlap(result(""), result(""))[0] is None


def test_long_vectors_are_elided() -> None:
    vector = "[" + ",".join(["0.123456"] * 384) + "]"
    statement = f"ORDER BY v <=> '{vector}'::vector"
    assert elided(statement) == "ORDER BY v <=> '[0.123456,0.123456,...384 values]'::vector"
    assert elided(statement, shown=0) == "ORDER BY v <=> '[...]'::vector"
    assert elided("ORDER BY v <=> '[1,2]'") == "ORDER BY v <=> '[1,2]'"
    sparse = "{" + ",".join(f"{place}:0.5" for place in range(1, 41)) + "}/1000"
    assert elided(f"v <=> '{sparse}'") == "v <=> '{1:0.5,2:0.5,...40 nonzero}/1000'"
    assert values.parse(sparse, "sparsevec").short.endswith("…}/1000, 40 nonzero")
    assert BY_NAME["hamming"].similarity(16, 64) == 0.75
    assert elided(f"'{'01' * 64}'") == "'0101010101010101...128 bits'"


def test_columns_are_grouped_by_service() -> None:
    found = view.grouped([column("b"), column("a"), column("a", is_partition=True)],
                         [Service(name="one", schemas=("a",))])
    assert [(group.service, len(group.columns)) for group in found] == [("one", 1), (UNASSIGNED, 1)]
    assert view.column_words(column()) == "vector(3), 12 480 rows"
    assert "without dimensions" in view.column_words(column(dimensions=None))


def test_points() -> None:
    took = Latency(1.0, 2.0, 3.0, 1.2)
    by_index = Point(40, "hnsw.ef_search", None, 0.95, 0.5, 0.1, 0.01, 0.2, 10.0, took, "i", (0.95,))
    left = Point(800, "hnsw.ef_search", "off", 1.0, 1.0, 0.0, 0.0, 0.0, 10.0, took, None, (1.0,))
    assert view.point_row(by_index, [by_index], by_index)[-1] == "recommended"
    assert view.point_row(by_index, [by_index], None)[-1] == "Pareto"
    assert view.point_row(left, [], None)[-1] == "exact: left the index"
    assert view.point_document(by_index)["setting"] == 40
