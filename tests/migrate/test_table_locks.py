"""Lock modes and conflicts as the manual has them, and locks as far as the text alone tells. The rest is live."""

from __future__ import annotations

import pytest

from console.migrate.column_types import type_change_rewrites
from console.migrate.lock_modes import LockMode, mode_named
from console.migrate.table_locks import functions_of, locks_of, made_by, relations_of
from console.sql.grammar import Name, ParsedStatement, split


def only(text: str) -> ParsedStatement:
    found = split(text)
    assert isinstance(found, list) and len(found) == 1
    return found[0]


def told(text: str) -> dict[str, str]:
    return {str(lock.relation): lock.mode.label for lock in locks_of(only(text)).locks}


def test_conflicts_are_symmetric_and_grow_with_the_mode() -> None:
    for mode in LockMode:
        for other in LockMode:
            assert mode.conflicts_with(other) == other.conflicts_with(mode)
    counts = [sum(lock_mode.conflicts_with(other) for other in LockMode) for lock_mode in LockMode]
    assert counts == [1, 2, 4, 5, 5, 6, 7, 8]  # the manual's table 13.2
    assert LockMode.SHARE_UPDATE_EXCLUSIVE.conflicts_with(LockMode.SHARE_UPDATE_EXCLUSIVE)
    assert not LockMode.SHARE.conflicts_with(LockMode.SHARE)


def test_what_a_mode_blocks_follows_from_its_conflicts() -> None:
    for mode in LockMode:
        assert mode.blocks_writes == mode.conflicts_with(LockMode.ROW_EXCLUSIVE)
        assert mode.blocks


def test_names_of_modes() -> None:
    assert LockMode.SHARE_ROW_EXCLUSIVE.label == "SHARE ROW EXCLUSIVE"
    assert [mode_named(mode.server_name) for mode in LockMode] == list(LockMode)
    assert mode_named("ShareUpdateExclusiveLock") is LockMode.SHARE_UPDATE_EXCLUSIVE
    assert mode_named("ExclusiveLock") is LockMode.EXCLUSIVE and mode_named("SIReadLock") is None


@pytest.mark.parametrize(("text", "locks"), [
    ("ALTER TABLE s.t ADD FOREIGN KEY (a) REFERENCES s.u",
     {"s.t": "SHARE ROW EXCLUSIVE", "s.u": "SHARE ROW EXCLUSIVE"}),
    ("CREATE INDEX CONCURRENTLY i ON s.t (a)", {"s.t": "SHARE UPDATE EXCLUSIVE"}),
    ('ALTER TABLE "A b"."C""d" DROP COLUMN x', {'"A b"."C""d"': "ACCESS EXCLUSIVE"}),
    ("WITH t AS (SELECT 1) SELECT * FROM t, s.t", {"s.t": "ACCESS SHARE"}),
    ("WITH t AS (UPDATE u SET a = 1 WHERE b RETURNING *) SELECT * FROM t", {"u": "ROW EXCLUSIVE"}),
    ("SELECT * INTO s.n FROM s.t", {"s.t": "ACCESS SHARE"}),
    ("CREATE TABLE s.n (a int REFERENCES s.n, b int)", {}),
    ("ALTER TABLE s.t SET (fillfactor = 70), ADD COLUMN a int", {"s.t": "ACCESS EXCLUSIVE"}),
    ("ALTER TABLE s.t SET (fillfactor = 70), VALIDATE CONSTRAINT k", {"s.t": "SHARE UPDATE EXCLUSIVE"}),
    ("INSERT INTO a SELECT * FROM b JOIN (SELECT * FROM c FOR UPDATE) x USING (id)",
     {"a": "ROW EXCLUSIVE", "c": "ROW SHARE", "b": "ACCESS SHARE"}),
    ("SELECT 1", {}),
])
def test_locks_by_the_text_alone(text: str, locks: dict[str, str]) -> None:
    assert told(text) == locks


@pytest.mark.parametrize("text", [
    "DO 'BEGIN END'", "CALL p()", "CREATE EXTENSION vector", "DROP TABLE t CASCADE", "DROP SCHEMA s CASCADE", "VACUUM",
    "REINDEX DATABASE d", "CLUSTER", "TRUNCATE t CASCADE", "REASSIGN OWNED BY a TO b", "ALTER DOMAIN d SET NOT NULL",
])
def test_what_the_text_does_not_tell_is_said(text: str) -> None:
    assert locks_of(only(text)).opaque


def test_strongest_comes_first() -> None:
    footprint = locks_of(only("INSERT INTO z SELECT * FROM a"))
    assert footprint.locks[0].relation == Name(None, "z")
    assert not locks_of(only("SELECT 1")).locks


def test_what_to_ask_the_catalog_for() -> None:
    statement = only("CREATE INDEX i ON s.t (s.f(a), lower(b)) WHERE g(c)")
    assert relations_of(statement) == [Name("s", "i"), Name("s", "t")]
    assert functions_of(statement) == {"f", "lower", "g"}


@pytest.mark.parametrize(("text", "name"), [
    ("CREATE TABLE s.t ()", Name("s", "t")), ("CREATE TABLE t AS SELECT 1", Name(None, "t")),
    ("CREATE VIEW s.v AS SELECT 1", Name("s", "v")), ("CREATE OR REPLACE VIEW s.v AS SELECT 1", None),
    ("ALTER TABLE s.made RENAME TO n", Name("s", "n")), ("ALTER TABLE s.old RENAME TO n", None),
    ("CREATE INDEX i ON t (a)", None),
])
def test_what_a_statement_makes(text: str, name: Name | None) -> None:
    assert made_by(only(text), None, frozenset({Name("s", "made")})) == name


@pytest.mark.parametrize(("old", "new", "rewrites"), [
    ("integer", "integer", False), ("integer", "bigint", True),
    ("character varying(10)", "character varying(20)", False),
    ("character varying(20)", "character varying(10)", True), ("character varying(10)", "text", False),
    ("character varying", "character varying(10)", True), ("text", "character varying(10)", True),
    ("numeric(8,2)", "numeric(10,2)", False), ("numeric(8,2)", "numeric(10,3)", True),
    ("numeric(8,2)", "numeric", False),
    ("numeric", "numeric(8,2)", True), ("timestamp(3) without time zone", "timestamp(6) without time zone", False),
    ("timestamp(6) without time zone", "timestamp(3) without time zone", True), ("text", "jsonb", True),
    ("timestamp without time zone", "timestamp with time zone", True), ("cidr", "inet", False), ("inet", "cidr", True),
    ("bit(4)", "bit(8)", True), ("vector(3)", "vector(4)", True), ("character(3)", "character(5)", True),
])
def test_type_changes(old: str, new: str, rewrites: bool) -> None:
    assert type_change_rewrites(old, new) is rewrites


@pytest.mark.parametrize(("old", "new", "rewrites"), [
    ("timestamp without time zone", "timestamp with time zone", False),
    ("timestamp with time zone", "timestamp without time zone", False),
    ("timestamp(3) without time zone", "timestamp with time zone", False),
    ("timestamp without time zone", "timestamp(3) with time zone", True), ("integer", "bigint", True),
])
def test_under_utc_both_timestamps_are_the_same_bytes(old: str, new: str, rewrites: bool) -> None:
    assert type_change_rewrites(old, new, is_utc=True) is rewrites


def test_what_only_a_newer_grammar_knows_may_lock_anything() -> None:
    (found,) = split("WAIT FOR LSN '0/1'")  # type: ignore[misc]
    assert locks_of(found).opaque == "PostgreSQL 19's WAIT FOR is not known to the grammar here: it may take any lock"


@pytest.mark.parametrize(("text", "name", "mode", "rewrites"), [
    ("REPACK s.t", Name("s", "t"), LockMode.ACCESS_EXCLUSIVE, True),
    ('REPACK (VERBOSE) "S"."T" USING INDEX i', Name("S", "T"), LockMode.ACCESS_EXCLUSIVE, True),
    ("REPACK (CONCURRENTLY) T", Name(None, "t"), LockMode.SHARE_UPDATE_EXCLUSIVE, False),
    ("REPACK (CONCURRENTLY false) t (a, b)", Name(None, "t"), LockMode.ACCESS_EXCLUSIVE, True),
])
def test_repack_locks_its_table(text: str, name: Name, mode: LockMode, rewrites: bool) -> None:
    (found,) = split(text)  # type: ignore[misc]
    footprint = locks_of(found)
    assert footprint.opaque is None
    assert [(lock.relation, lock.mode, lock.rewrites) for lock in footprint.locks] == [(name, mode, rewrites)]


def test_repack_of_everything_may_lock_anything() -> None:
    for text in ("REPACK", "REPACK USING INDEX", "REPACK (VERBOSE)"):
        (found,) = split(text)  # type: ignore[misc]
        assert locks_of(found).opaque is not None
