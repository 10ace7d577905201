"""What a statement has to do with transactions, by its words."""

from __future__ import annotations

import pytest

from console.sql.grammar import split as parsed
from console.sql.splitter import split
from console.sql.transactions import VERBS, chains, outside_transaction, runs_code, sets_session, transaction_control
from tests.support.transaction_blocks import CASES, BlockCase


def answer(sql: str) -> str:
    outside = outside_transaction(sql)
    return "inside" if outside is None else "outside" if outside.is_certain else "depends"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sql[:60])
def test_the_engine_and_the_linter_have_one_answer(case: BlockCase) -> None:
    sql = case.text()
    assert answer(sql) == case.answer
    if case.other:
        assert answer(case.other) == case.answer, "the text is the same: only the server knows the difference"
    (statement,) = split(sql)
    assert case.answer == "inside" or statement.verb in VERBS
    found = parsed(sql)
    assert isinstance(found, list) and [item.outside_transaction for item in found] == [outside_transaction(sql)]


def test_there_are_at_least_sixty() -> None:
    assert len(CASES) >= 60 and {case.since for case in CASES} == {14, 15, 17, 18, 19}


@pytest.mark.parametrize(("sql", "control"), [
    ("BEGIN", "begin"), ("begin work", "begin"), ("START TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY", "begin"),
    ("BEGIN NOT DEFERRABLE", "begin"), ("COMMIT", "commit"), ("END", "commit"), ("/* x */ COMMIT -- y", "commit"),
    ("COMMIT WORK AND NO CHAIN", "commit"), ("COMMIT AND CHAIN", "commit"), ("ABORT TRANSACTION", "rollback"),
    ("ROLLBACK", "rollback"), ("PREPARE TRANSACTION 'x'", "prepare"), ("COMMIT PREPARED 'x'", "commit prepared"),
    ("ROLLBACK PREPARED 'x'", "rollback prepared"),
    ("COMMIT:", None), ("END IF", None), ("COMMIT WORK x", None), ("BEGIN ATOMIC", None), ("ROLLBACK TO a", None),
    ("ROLLBACK WORK TO SAVEPOINT a", None), ("SAVEPOINT a", None), ("RELEASE a", None), ("PREPARE p AS SELECT 1", None),
    ("SELECT 'COMMIT'", None), ('"commit"', None), ("", None), ("-- COMMIT", None),
])
def test_what_begins_and_ends_a_transaction(sql: str, control: str | None) -> None:
    assert transaction_control(sql) == control


def test_a_chain_begins_the_next_transaction() -> None:
    assert chains("COMMIT AND CHAIN") and not chains("COMMIT AND NO CHAIN") and not chains("COMMIT")


@pytest.mark.parametrize(("sql", "lasts"), [
    ("SET a.b = 1", True), ("set session x to 1", True), ("RESET ALL", True), ("SET LOCAL a.b = 1", False),
    ("SET CONSTRAINTS ALL DEFERRED", False), ("SET TRANSACTION READ ONLY", False), ("SET TIME ZONE 'UTC'", True),
    ("SELECT set_config('a.b', 'x', false)", True), ("SELECT pg_catalog.set_config('a', 'true', true)", False),
    ("SELECT set_config('a', f(true), 'f')", True), ("SELECT set_config('a', 'b', 't')", False),
    ("SELECT set_config('a', 'b', true), set_config('c', 'd', false)", True), ("SELECT 'set_config(1, 2, 3)'", False),
    ("SELECT set_config", False), ("UPDATE t SET x = 1", False),
])
def test_what_outlives_its_transaction(sql: str, lasts: bool) -> None:
    assert sets_session(sql) is lasts


def test_what_may_commit_by_itself() -> None:
    assert runs_code("CALL p()") and runs_code("do 'x'") and not runs_code("SELECT call()")
