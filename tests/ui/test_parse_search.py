"""A search that another screen hands over as SQL: which column it means, told by the statement's tree."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.ui.screens.vectors.parse_search import read
from console.vectors.records import VectorColumn

ITEMS = VectorColumn(
    relation_oid=1, schema="shop", relation="items", relkind="r", is_partition=False, position=2, name="v",
    type_name="vector", type_schema="public", dimensions=3, storage="external", is_not_null=False, row_estimate=10.0,
    extension_schema="public", is_readable=True, comment=None)
COLUMNS = [ITEMS, replace(ITEMS, relation_oid=2, schema="shop2"), replace(ITEMS, relation_oid=3, relation="texts"),
           replace(ITEMS, relation_oid=4, relation="items_old"), replace(ITEMS, relation_oid=5, schema="Sh op"),
           replace(ITEMS, relation_oid=6, relation="other", name="w")]
NEAREST = "ORDER BY {} <-> '[1,2,3]' LIMIT 5"


@pytest.mark.parametrize(("text", "oid"), [
    ("SELECT * FROM shop2.items " + NEAREST.format("v"), 2), ("SELECT * FROM shop.items " + NEAREST.format("v"), 1),
    ('SELECT * FROM "Sh op".items ' + NEAREST.format("v"), 5),
    ("SELECT * FROM shop.items_old " + NEAREST.format("v"), 4), ("SELECT * FROM SHOP.Items " + NEAREST.format("V"), 1),
    ("SELECT i.id FROM shop.texts t JOIN shop2.items i ON i.id = t.id " + NEAREST.format("i.v"), 2),
    ("SELECT i.id FROM shop.texts t JOIN shop2.items i ON i.id = t.id " + NEAREST.format("t.v"), 3),
    ("SELECT * FROM shop2.items " + NEAREST.format("shop2.items.v"), 2),
    ("SELECT 'shop2' FROM shop.items /* shop2.items */ WHERE note = 'FROM shop2.items' " + NEAREST.format("v"), 1),
    ("SELECT * FROM (SELECT * FROM shop2.items) AS items " + NEAREST.format("items.v"), 2),
    ("WITH items AS MATERIALIZED (SELECT * FROM shop.texts) SELECT * FROM items " + NEAREST.format("v"), 3),
    ("WITH RECURSIVE x AS (TABLE shop2.items UNION SELECT * FROM x) SELECT * FROM x " + NEAREST.format("x.v"), 2),
])
def test_the_column_is_that_of_the_table_that_is_named(text: str, oid: int) -> None:
    found = read(text, COLUMNS)
    assert found.column is not None and found.column.relation_oid == oid, found.why
    assert (found.why, found.k, found.vector) == ("", 5, "[1,2,3]") or "WHERE" in found.why


def test_a_name_without_a_schema_may_be_of_several() -> None:
    found = read("SELECT * FROM items " + NEAREST.format("v"), COLUMNS)
    assert found.column is ITEMS and "may be that of shop.items or shop2.items" in found.why
    found = read("SELECT * FROM texts " + NEAREST.format("v"), COLUMNS)
    assert found.column is COLUMNS[2] and found.why == ""


@pytest.mark.parametrize("text", [
    "SELECT * FROM shop3.items " + NEAREST.format("v"), "SELECT * FROM elsewhere " + NEAREST.format("v"),
    "SELECT * FROM shop.other " + NEAREST.format("v"),
    "SELECT i.id FROM shop2.items i JOIN shop3.texts t ON true " + NEAREST.format("t.v")])
def test_no_other_table_is_opened_instead(text: str) -> None:
    found = read(text, COLUMNS)
    assert found.column is None and "no vector column here is called v in " in found.why
    assert "c chooses one" in found.why


@pytest.mark.parametrize(("where", "taken"), [
    ("lang = 'de'", "lang = 'de'"), ("shop2.items.lang = 'de' AND items.n > 1", "lang = 'de' AND n > 1"),
    ("note = 'WHERE it was'", "note = 'WHERE it was'"), ("n = $1", None), ("n IN (SELECT 1)", None),
    ("other.n = 1", None), ("shop.items.n = 1", None)])
def test_a_condition_goes_along_where_it_is_the_tables_own(where: str, taken: str | None) -> None:
    found = read(f"SELECT * FROM shop2.items WHERE {where} " + NEAREST.format("v"), COLUMNS)
    assert found.where == taken and ("can't be taken over" in found.why) == (taken is None)


@pytest.mark.parametrize(("text", "words"), [
    ("SELEC 1", "could not be read"), ("SELECT 1", "no vector distance"), ("SELECT 1; SELECT 2", "one SELECT"),
    ("SELECT * FROM shop.items ORDER BY v <-> $1", "is a parameter")])
def test_what_cannot_be_taken_is_said(text: str, words: str) -> None:
    assert words in read(text, COLUMNS).why
