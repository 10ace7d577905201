"""Queries: headers, versions and needs; and every .sql file of the package."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from console.metrics.records.settings import ServerSetting
from console.server.info import Extension, ServerInfo
from console.server.query import INTERVALS, Query, Variant, _unmet, _variant, load, title
from console.server.session import Readings
from console.vectors.records import SearchSetting
from tests.support.sql_files import LEDGER, MIRROR, PACKAGE, QUERIES, name

INFO = ServerInfo(180006, "18.6", "app", "me", "me", False, False, False, "UTF8", 1, 100, None, None,
                  memberships=frozenset({"pg_monitor"}), views=frozenset({"pg_stat_io"}),
                  extensions={"vector": Extension("vector", "0.8.6", "public", "0.8.6")})


class Row(Struct):
    x: int


def query(*variants: Variant) -> Query[Row]:
    return Query("rows", Row, tuple(sorted(variants, key=lambda variant: -variant.since)))


def test_the_newest_file_that_the_server_can_run_is_chosen() -> None:
    old = _variant("rows.sql", "-- record: Row\nSELECT 1 AS x\n")
    new = _variant("rows.pg16.sql", "-- record: Row\n-- interval: tick\nSELECT 2 AS x;\n")
    both = query(old, new)
    assert both.text(INFO).endswith("SELECT /* dbconsole */ 2 AS x"), "and the semicolon is gone"
    assert both.text(replace(INFO, version_num=150018)).endswith("SELECT /* dbconsole */ 1 AS x")
    with pytest.raises(LookupError):
        query(new).text(replace(INFO, version_num=150018))
    assert "needs PostgreSQL 16" in (query(new).obstacle(replace(INFO, version_num=150018)) or "")


def test_a_beta_without_a_view_reads_what_the_release_before_has() -> None:
    old = _variant("rows.sql", "-- record: Row\nSELECT 1 AS x\n")
    new = _variant("rows.pg19.sql", "-- record: Row\n-- needs: view pg_stat_lock\nSELECT 2 AS x\n")
    beta, released = (replace(INFO, version_num=190000, views=frozenset(views)) for views in ((), ("pg_stat_lock",)))
    both, alone = query(old, new), query(new)
    assert [both.text(info) for info in (beta, released)] == [old.text, new.text]
    assert [both.obstacle(info) for info in (beta, released)] == [None, None]
    assert alone.obstacle(released) is None and alone.obstacle(beta) == "this server has no pg_stat_lock"
    assert alone.obstacle(INFO) == "needs PostgreSQL 19 or later"


@pytest.mark.parametrize(("need", "unmet"), [
    ("server 14-18", None), ("server 19-", "needs PostgreSQL 19"), ("server -17", "up to PostgreSQL 17"),
    ("extension vector", None), ("extension vector 0.8.10", "ALTER EXTENSION"), ("extension age", "CREATE EXTENSION"),
    ("role pg_monitor", None), ("role pg_signal_backend", "GRANT pg_signal_backend TO me"),
    ("view pg_stat_io", None), ("view pg_stat_lock", "this server has no pg_stat_lock"),
    ("superuser", "needs a superuser"), ("primary", None), ("standby", "only on a standby"),
])
def test_an_unmet_need_says_what_would_meet_it(need: str, unmet: str | None) -> None:
    reason = _unmet(need, INFO)
    assert reason is None if unmet is None else unmet in (reason or "")


def test_an_unknown_need_is_a_bug() -> None:
    with pytest.raises(ValueError, match="unknown need"):
        _unmet("luck", INFO)


@pytest.mark.parametrize("file", QUERIES, ids=lambda file: f"{name(file)}-{file.name}")
def test_a_query_names_its_record_its_needs_and_its_interval(file: Path) -> None:
    text = file.read_text("utf-8")
    variant = _variant(file.name, text)
    assert f"\n-- interval: {variant.interval}\n" in text and variant.interval in INTERVALS
    for need in variant.needs:
        _unmet(need, INFO)


@pytest.mark.parametrize("file", [*QUERIES, *LEDGER, *MIRROR], ids=lambda file: f"{file.parent.name}-{file.name}")
def test_a_file_holds_one_statement(file: Path) -> None:
    bare = re.sub(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", "", file.read_text("utf-8"), flags=re.DOTALL)
    assert ";" not in bare.strip().removesuffix(";")


def test_every_file_is_one_of_these() -> None:
    assert sorted([*QUERIES, *LEDGER, *MIRROR]) == sorted(PACKAGE.rglob("*.sql"))


def test_no_two_queries_have_one_name() -> None:
    names = {(name(file), _variant(file.name, "-- record: X\n").since) for file in QUERIES}
    assert len(names) == len(QUERIES)


def test_a_name_has_the_package_in_it() -> None:
    ours = load("console.metrics", "settings", ServerSetting)
    theirs = load("console.vectors", "settings", SearchSetting)
    assert (ours.name, theirs.name) == ("metrics.settings", "vectors.settings")
    assert ours.title == "settings" and title("catalog.partition_of on \"a.b\"") == "partition of"
    readings = Readings({ours.name: [1], theirs.name: [2]})
    assert (readings.rows(ours), readings.rows(theirs)) == ([1], [2])


def test_a_query_for_many_has_arrays_for_what_was_typed() -> None:
    asked = query(_variant("rows.sql", "-- record: Row\n"
                                       "SELECT x FROM t WHERE o = %(oid)s::oid AND c = %(kind)s::text\n"))
    many = asked.of_many("oid")
    text = many.text(INFO)
    assert "pg_catalog.unnest(%(oid)s::pg_catalog.oid[])" in text and "o = many.oid" in text
    assert "c = %(kind)s::text" in text, "what isn't named stays the same for all"
    row = many.record(x=1, place=2, row_in_order=1)
    assert isinstance(row, Row) and (row.x, row.place) == (1, 2)
