"""Which of the known faults a version has, and what one may have spoilt."""

from __future__ import annotations

import re

import pytest

from console.advisories.known import advisories, mended_between, mended_by, open_advisories, spoilt
from console.advisories.records import Advisory, SuspectIndex
from console.server.info import NEWEST_MAJOR, OLDEST_MAJOR
from console.text.parse import version_numbers


def test_the_list_is_in_order() -> None:
    """Newest first, one version of PostgreSQL a major, a release before the one that mends it, nothing said twice."""
    for advisory in advisories():
        fixed = [version_numbers(version) for version in advisory.fixed]
        assert fixed == sorted(fixed, reverse=True)
        majors = [version[0] for version in fixed]
        if advisory.product == "PostgreSQL":
            assert len(set(majors)) == len(majors) and all(OLDEST_MAJOR <= major <= NEWEST_MAJOR for major in majors)
        else:
            assert len(fixed) == 1
        assert all(mended_by(advisory, since) for since in advisory.since)
        assert advisory.todo or advisory.rebuild or advisory.danger != "data", advisory.what
    told = [(advisory.product, advisory.fixed, advisory.what) for advisory in advisories()]
    assert len(set(told)) == len(told)
    cves = [cve for advisory in advisories() for cve in re.findall(r"CVE-\d{4}-\d+", advisory.what)]
    assert len(set(cves)) + 1 >= len(cves)  # of CVE-2026-2006 both the hole and what its mend broke


@pytest.mark.parametrize(("version", "fixed", "since", "mended"), [
    ("18.5", ("18.6", "17.11"), (), "18.6"), ("18.6", ("18.6", "17.11"), (), None),
    ("17.10", ("18.6", "17.11"), (), "17.11"), ("16.1", ("18.6", "17.11"), (), None),
    ("19.0", ("18.6",), (), None), ("16.14", ("16.15",), ("16.14",), "16.15"), ("16.13", ("16.15",), ("16.14",), None),
    ("18.10", ("18.6",), (), None), ("15.9 (Debian 15.9-0+deb12u1)", ("15.10",), (), "15.10"),
])
def test_a_version_has_a_fault_until_it_is_mended(version: str, fixed: tuple[str, ...], since: tuple[str, ...],
                                                  mended: str | None) -> None:
    advisory = Advisory(product="PostgreSQL", fixed=fixed, since=since, danger="data", what="x")
    assert mended_by(advisory, version) == mended


def test_products_of_one_line_compare_whole_versions() -> None:
    assert {advisory.fixed for advisory in open_advisories("pgvector", "0.8.2")} == {("0.8.7",), ("0.8.3",)}
    assert not open_advisories("pgvector", "0.8.7") and not open_advisories("PgBouncer", "1.26.1")
    assert len(open_advisories("PgBouncer", "1.18.0")) == 5
    with pytest.raises(ValueError, match="unknown"):
        open_advisories("PgBouncer", "unknown")


def test_an_extension_that_is_not_installed_has_no_fault() -> None:
    without, having = open_advisories("PostgreSQL", "18.1"), open_advisories("PostgreSQL", "18.1", {"ltree"})
    assert len(having) == len(without) + 2
    assert all(advisory.extension is None for advisory in without)


def test_after_an_upgrade_what_it_mended_is_told() -> None:
    told = mended_between("PostgreSQL", "16.1", "16.14")
    assert [advisory.fixed[0] for advisory in told if advisory.rebuild] == ["17.6", "17.5", "16.2"]
    assert mended_between("PostgreSQL", "16.14", "16.14") == []


def test_indexes_are_named_by_all_that_is_given() -> None:
    def names(product: str, version: str) -> list[list[str]]:
        found = [SuspectIndex("s.gin", "gin", ["anyarray"], ["array_ops"], 1),
                 SuspectIndex("s.path", "btree", ["ltree"], ["ltree_ops"], 1),
                 SuspectIndex("s.brin", "brin", ["int4"], ["int4_bloom_ops"], 1),
                 SuspectIndex("s.nan", "gist", ["float8"], ["gist_float8_ops"], 1),
                 SuspectIndex("s.graph", "hnsw", ["vector"], ["vector_l2_ops"], 1)]
        told = open_advisories(product, version, {"ltree", "btree_gist"})  # type: ignore[arg-type]
        return [[index.name for index in spoilt(advisory, found)] for advisory in told if advisory.rebuild]

    assert names("PostgreSQL", "16.0") == [["s.nan"], ["s.path"], [], ["s.brin"], ["s.gin"], ["s.nan"]]
    assert names("pgvector", "0.8.2") == [["s.graph"]]
