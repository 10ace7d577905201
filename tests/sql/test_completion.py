"""What is offered where the cursor (|) is."""

from __future__ import annotations

import pytest

from console.sql.completion import CatalogNames, Named, candidates, context_at
from console.sql.quoting import identifier

NAMES = CatalogNames(
    schemas=("public", "shop", "We ird"),
    relations=(Named("public", "customers", "table"), Named("shop", "orders", "table"),
               Named("shop", "Odd One", "view"),
               Named("pg_catalog", "pg_class", "table")),
    functions=(Named("pg_catalog", "count", "function"), Named("shop", "order_total", "function"),
               Named("public", "cosine_distance", "function")),
    columns={("shop", "orders"): [("id", "bigint"), ("customer_id", "bigint"), ("Note", "text")],
             ("public", "customers"): [("id", "bigint"), ("name", "text"), ("embedding", "vector(3)")]})


def offered(text: str) -> list[str]:
    place = text.index("|")
    source = text.replace("|", "", 1)
    return [candidate.text for candidate in candidates(context_at(source, place), NAMES)]


def test_relations_after_from() -> None:
    assert offered("SELECT * FROM cust|")[0] == "customers"
    assert offered("SELECT * FROM ord|")[0] == "shop.orders"
    assert offered("SELECT * FROM customers JOIN o|")[0] == "shop.orders"
    assert offered("INSERT INTO ord|")[0] == "shop.orders"
    assert offered("SELECT * FROM customers c, ord|")[0] == "shop.orders"
    assert offered("SELECT * FROM shop.|") == ["orders", '"Odd One"', "order_total("]
    assert offered("SELECT * FROM shop.od|") == ['"Odd One"']


def test_columns_of_what_the_statement_names() -> None:
    assert offered("SELECT cust| FROM shop.orders")[:1] == ["customer_id"]
    assert offered("SELECT o.| FROM shop.orders o") == ["id", "customer_id", '"Note"']
    assert offered("SELECT * FROM shop.orders AS o JOIN customers k ON k.|") == ["id", "name", "embedding"]
    assert offered("SELECT orders.no| FROM shop.orders") == ['"Note"']
    assert offered("UPDATE customers SET na|")[0] == "name"
    assert offered("SELECT * FROM customers WHERE emb|")[0] == "embedding"
    assert offered('SELECT x.| FROM "customers" x') == ["id", "name", "embedding"]
    assert offered("SELECT shop.orders.i| FROM shop.orders")[0] == "id"


def test_other_statements_do_not_matter() -> None:
    assert "customer_id" not in offered("SELECT 1 FROM shop.orders; SELECT cust| FROM pg_class")
    assert offered("SELECT o.| FROM shop.orders o; SELECT 1 FROM customers o")[0] == "id"


def test_functions_and_keywords() -> None:
    assert "count(" in offered("SELECT cou|")
    assert "cosine_distance(" in offered("SELECT cos|")
    assert offered("sel|")[0] == "select" and offered("SEL|")[0] == "SELECT"
    assert "shop.order_total(" in offered("SELECT order_t|")


def test_pgvector_operators() -> None:
    assert offered("SELECT * FROM customers ORDER BY embedding <|") == ["<->", "<=>", "<#>", "<+>", "<~>", "<%>"]
    assert offered("SELECT * FROM customers ORDER BY embedding <=|") == ["<=>"]
    assert offered("SELECT 1 >|") == []


@pytest.mark.parametrize("text", ["SELECT 'cust|", "SELECT 'cust|omers'", "-- cust|", "SELECT 1 /* cust|", "$$ cust|",
                                  "SELECT 'it''s cust|"])
def test_nothing_within_texts_and_comments(text: str) -> None:
    assert offered(text) == []


def test_behind_a_text_names_come_again() -> None:
    assert offered("SELECT 'a' FROM cust|")[0] == "customers"
    assert offered("-- a note\nSELECT * FROM cust|")[0] == "customers"


@pytest.mark.parametrize("text", ["|", ";;|", "SELECT (((|", '"|', "SELECT \x00 |", "from from |", "a.b.c.d.|", ".|"])
def test_whatever_is_typed(text: str) -> None:
    assert isinstance(offered(text), list)


def test_names_are_quoted_where_they_must_be() -> None:
    assert [identifier(name) for name in ("plain", "select", "Up", 'a"b', "ü", "1st")] == [
        "plain", '"select"', '"Up"', '"a""b"', '"ü"', '"1st"']
