"""SQL that is composed, and SQL that runs in a person's transaction: all that is ours in it names its schema.

Elsewhere the search_path is PostgreSQL's own schema alone (console/server/preamble.py); there it is the person's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

import console
from console.catalog.records import PageKey
from console.server import keys, nearest, paging
from console.server.keys import CTID, KeyColumn
from console.server.paging import PageSource, SelectedColumn
from console.server.preamble import PINNED, SAFE_PATH, SHOWN, UNPINNED, preamble, set_locally
from console.server.readonly import Library
from console.server.target import Target
from console.sql import grammar
from console.vectors import ddl
from console.vectors.ddl import Design
from console.vectors.filters import Filter
from console.vectors.metrics import METRICS
from console.vectors.reasons.qualified import catalog_expression
from console.vectors.records import ShownColumn, VectorColumn
from console.vectors.search import SearchableColumn, SearchOptions, SearchRequest, compose
from console.vectors.values import of_bits, of_numbers
from tests.support.names import unqualified

PACKAGE = Path(console.__file__).parent
LEDGER = sorted(path for folder in ("ledger", "mirror")
                for path in (PACKAGE / "migrate" / "sql" / folder).glob("*.sql"))
MADE_ONCE = {"schema.sql", "migration.sql", "migration_event.sql", "format.sql", "repeatable.sql", "batch_progress.sql",
             "mirror.sql"}
"""In a transaction of their own, whose search_path is ours."""

BEHIND_SAFE_PATH = {"definitions.sql", "repeated.sql"}
"""In a transaction whose search_path is made ours before they run."""

COLUMN = VectorColumn(1, "s", "docs", "r", False, 2, "v", "vector", "ext", 3, "e", False, 10_000.0, "ext", True, None)
SHOWN_COLUMNS = (
    ShownColumn("id", "integer", "fixed", "pg_catalog.int4", "pg_catalog"),
    ShownColumn("title", "text", "text", "pg_catalog.text", "pg_catalog"),
    ShownColumn("raw", "bytea", "bytea", "pg_catalog.bytea", "pg_catalog"),
    ShownColumn("data", "jsonb", "other", "pg_catalog.jsonb", "pg_catalog"),
    ShownColumn("kind", "s.kind", "fixed", "s.kind", "pg_catalog"),
    ShownColumn("shape", "s.shape", "other", "s.shape", "pg_catalog"),
    ShownColumn("name", "ext.citext", "text", "ext.citext", "ext"),
    ShownColumn("v", "ext.vector", "vector", "ext.vector", "ext"),
)
FILTERS = (
    *(Filter(name, "=", ("1",)) for name in ("id", "title", "kind", "name")), Filter("id", "in", ("1", "2")),
    Filter("name", "in", ("a",)), *(Filter(name, "like", ("a",)) for name in ("id", "title", "kind", "name", "shape")),
    Filter("name", "ilike", ("a",)), Filter("id", "is null"), Filter("data", "<>", ("{}",)),
)
KEYS = (
    (KeyColumn("id", "pg_catalog.int4"),), (CTID,),
    (KeyColumn("name", "ext.citext", "ext"), KeyColumn("code", "ext.citext", "ext")),
    (KeyColumn("id", "pg_catalog.int4"), KeyColumn("name", "ext.citext", "ext"), KeyColumn("k", "s.kind")),
)


def composed() -> Iterator[str]:
    for type_name in ("vector", "bit"):
        column = replace(COLUMN, type_name=type_name)
        vector = of_bits("101") if type_name == "bit" else of_numbers([1.0, 2.0, 3.0], type_name)
        about = SearchableColumn(column, (), PageKey("i", ["id"], ["pg_catalog.int4"], ["pg_catalog"]), SHOWN_COLUMNS)
        for metric in METRICS:
            if type_name in metric.types:
                request = SearchRequest(about, vector, metric, where="true", filters=FILTERS, options=SearchOptions())
                made = compose(request)
                yield from (made.statement.sql, made.readable)
                yield from (compose(replace(request, cut=None, where=None)).readable,
                            compose(replace(request, subject=replace(about, key=None))).readable)
    yield from (nearest.stored_vector("s", "docs", "v", key) for key in KEYS)
    yield from (nearest.any_vector("s", "docs", "v", key, percent) for key in KEYS for percent in (1.0, None))
    yield nearest.sampled_vectors("s", "docs", "v", "true", 5)
    yield nearest.table_vectors("s", "docs", "v", 5)
    for key in KEYS:
        yield from (f"SELECT WHERE {keys.behind(key, sign, alias)} AND {keys.equal(key)}"
                    for sign in "<>" for alias in ("", "t"))
    yield from (f"SELECT {set_locally(pinned)}" for pinned in (PINNED, SHOWN))
    yield f"SELECT {Library('ext').touch()}"
    for bits, half in ((True, False), (False, True), (False, False)):
        design = Design(COLUMN, METRICS[1], bits=bits, half=half)
        yield f"SELECT {design.operand} FROM s.docs"
    yield ddl.reranked(COLUMN, METRICS[1])


def test_what_is_composed_beside_a_persons_condition() -> None:
    texts = list(composed())
    assert len(texts) > 50
    for text in texts:
        assert unqualified(text) <= {"found"} | _null_tests(text), text


def _null_tests(text: str) -> set[str]:
    """`IS DISTINCT FROM NULL` is a test for NULL by itself, although the grammar writes = for it."""
    return {"="} if re.search(r"IS DISTINCT FROM NULL", text) and not re.search(r"(?<!\.)= ", text) else set()


def test_rows_of_tables_are_read_by_qualified_names() -> None:
    """Though the search_path is ours there: but for comparisons of numbers that are ours as well."""
    columns = (SelectedColumn("id", "fixed", "pg_catalog", "int4"), SelectedColumn("b", "bytea", "pg_catalog", "bytea"),
               SelectedColumn("t", "text", "pg_catalog", "text"), SelectedColumn("v", "vector", "ext", "vector"),
               SelectedColumn("w", "vector", "ext", "sparsevec"), SelectedColumn("k", "fixed", "s", "kind"),
               SelectedColumn("o", "other", "s", "shape"))
    for key in KEYS:
        source = PageSource("s", "docs", columns, key)
        for made in (paging.page(source, 5, after=True), paging.one(source), paging.whole(source)):
            named = {name for name in unqualified(made.as_string(None)) if not re.fullmatch(r"[<>=-]+", name)}
            assert not named, made.as_string(None)


@pytest.mark.parametrize("file", LEDGER, ids=lambda file: file.name)
def test_what_is_written_in_a_migrations_transaction(file: Path) -> None:
    assert {ledger.name for ledger in LEDGER} >= MADE_ONCE | BEHIND_SAFE_PATH
    text = file.read_text("utf-8").replace(':"schema".:"table"', "other.ledger")
    assert file.name in MADE_ONCE | BEHIND_SAFE_PATH or not unqualified(text)


def test_what_is_read_in_the_transaction_of_a_copy() -> None:
    text = (PACKAGE / "server" / "sql" / "column_types.sql").read_text("utf-8")
    assert not unqualified(re.sub(r"%\(\w+\)s", "NULL", text))


def test_relations_have_their_schemas_in_every_file() -> None:
    """PostgreSQL's own come first in the search_path, but those of an extension or of ours are in none."""
    for file in sorted(PACKAGE.glob("**/sql/**/*.sql")):
        text = re.sub(r"(?<!%)%\(\w+\)s", "NULL", file.read_text("utf-8")).replace("%%", "%")
        text = re.sub(r'(?<!:):"(\w+)"', r'"\1"', text)
        bare = {name for name in unqualified(text) if re.fullmatch(r"(pg|dbconsole|ag)_\w+", name)}
        assert not bare - {"pg_catalog"}, file


def test_an_expression_of_the_catalog_is_qualified() -> None:
    text = ("((status = 'a'::text) AND (n >= 3) AND (a = ANY (ARRAY['x'::text])) AND (lower(b) ~~ 'q%'::text) AND "
            "(NOT (x IS NULL)) AND (c < ('b'::text COLLATE \"C\")) AND ((v)::ext.halfvec(3) IS NOT NULL) AND "
            "((- n) < 3) AND (t > now()))")
    found = catalog_expression(text)
    assert found is not None and 'COLLATE pg_catalog."C"' in grammar.expression_text(found)
    assert not unqualified(f"SELECT {grammar.expression_text(found)}")


@pytest.mark.parametrize("hidden", ["x IS DISTINCT FROM 1", "x IS NOT DISTINCT FROM y", "NULLIF(x, 1) > 0",
                                    "CASE x WHEN 1 THEN true END", "a = ANY (ARRAY[NULLIF(b, c)])"])
def test_an_operator_that_has_no_place_for_its_schema_is_not_put_into_a_persons_statement(hidden: str) -> None:
    assert catalog_expression(f"((status = 'a'::text) AND ({hidden}))") is None


def test_every_transaction_begins_with_names_and_styles_pinned() -> None:
    target = Target(name="")
    begin, settings = (statement.decode() for statement in preamble(target, 18))
    assert begin == "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"
    for name, value in (("search_path", SAFE_PATH), ("DateStyle", "ISO"), ("statement_timeout", "5000")):
        assert f"pg_catalog.set_config('{name}', '{value}', true)" in settings
    _, typed = (statement.decode() for statement in preamble(target, 18, pinned=SHOWN))
    assert "search_path" not in typed and "standard_conforming_strings" not in typed and "DateStyle" in typed
    assert "'transaction_timeout', '0'" in settings and "transaction_timeout" not in typed
    assert "'jit', 'off'" in settings and "jit" not in typed, "a person's own text may be worth compiling"
    assert "transaction_timeout" not in preamble(target, 16)[1].decode()
    own, limits = (statement.decode() for statement in preamble(target, 18, read_only=False, pinned=UNPINNED))
    assert own == "BEGIN" and "timeout" in limits and "search_path" not in limits and "DateStyle" not in limits
