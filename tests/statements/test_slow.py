"""Slow statements are kept after they have ended."""

from __future__ import annotations

import datetime as dt

from console.statements import slow
from console.statements.slow import SlowLog
from tests.support.statements import NOW, slow_session


def test_from_the_first_sight_to_the_end() -> None:
    log = SlowLog(1.0)
    log.take([slow_session(1, 0.5)])
    assert len(log) == 0
    log.take([slow_session(1, 2.5)])
    assert [(statement.lasted_s, statement.is_over) for statement in log.running] == [(2.5, False)]
    log.take([slow_session(1, 4.5, blockers=["9 report (idle in transaction): UPDATE"])])
    log.take([slow_session(1, 6.5)])
    log.take([])
    (kept,) = log.statements
    assert (kept.lasted_s, kept.is_over, log.running) == (6.5, True, [])
    assert kept.blockers == ("9 report (idle in transaction): UPDATE",), "who was in its way is remembered"


def test_the_next_statement_of_the_same_session_is_another_one() -> None:
    log = SlowLog(1.0)
    log.take([slow_session(1)])
    log.take([slow_session(1, query_start=NOW)])
    assert [statement.is_over for statement in log.statements] == [False, True], "newest first"


def test_the_oldest_go_first_but_never_one_that_runs() -> None:
    log = SlowLog(1.0)
    first = slow_session(1, 5.0)
    log.take([first])
    for number in range(slow.MOST_KEPT + 20):
        log.take([first, slow_session(2, query_start=NOW + dt.timedelta(seconds=number))])
    assert len(log) == slow.MOST_KEPT and len(log.running) == 2
