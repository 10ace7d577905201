"""Migrations as tables, a verdict, plans and a run's log: records in, values out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from console.migrate import events
from console.migrate.faults import FileError
from console.migrate.frameworks.records import (
    ForeignLedger,
    ForeignMigration,
    ForeignRun,
    LedgerEntry,
    PendingMigration,
)
from console.migrate.history import LedgerEvent
from console.migrate.plan import planned
from console.migrate.prepare import prepare
from console.migrate.records import MigrationFile, MigrationState, Script, ServiceStatus, Step
from console.services import Service
from console.ui.widgets.paper import wrapped
from console.view.migrate import services as view
from console.view.migrate.plan import findings_summary, plan_paragraphs
from console.view.migrate.run import MOST_PARAGRAPHS, RunLog
from console.view.table import Line, plain

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
SERVICE = Service(name="shop", schemas=("shop",))


def file(version: str, sql: str = "SELECT 1;") -> MigrationFile:
    return MigrationFile("shop", version, "x", Script(Path(f"{version}_x.up.sql"), section=sql))


def pending(version: str) -> MigrationState:
    return MigrationState("shop", version, "x", "pending", file(version), None)


def event(word: str, version: str, minutes_ago: int) -> LedgerEvent:
    return LedgerEvent(NOW - dt.timedelta(minutes=minutes_ago), "shop", version, "x", word, "why", None, "deploy",
                       "ci", "runner", "dbconsole", "1.0")


def line(name: str = "shop", *states: str) -> view.ServiceLine:
    migrations = tuple(view.MigrationLine(str(number), "x", state) for number, state in enumerate(states))
    worst = next((state for state in view.WORST if state in states), "applied")
    return view.ServiceLine(name, name, "dbconsole", migrations, worst, states.count("applied"),
                            states.count("pending"), "")


def told(log: RunLog, now_s: float = 0.0) -> str:
    return "\n".join(plain(paragraph) for _, paragraph in log.paragraphs(now_s))


@pytest.mark.parametrize(("lines", "words"), [
    ([], "no migrations"),
    ([line("shop", "applied", "applied")], "all 2 migrations applied"),
    ([line("shop", "applied", "held")], "nothing to run · 1 held in shop"),
    ([line("a", "pending"), line("b", "pending", "pending"), line("c", "pending")], "4 pending in a and 2 more"),
    ([line("a", "pending"), line("b", "failed", "changed")], "1 failed in b · 1 changed in b · 1 pending in a"),
    ([view.broken("a", "dbconsole", "why"), line("b", "pending")], "1 unreadable in a · 1 pending in b"),
])
def test_the_verdict_says_first_what_needs_a_person(lines: list[view.ServiceLine], words: str) -> None:
    assert plain(view.verdict(lines)).strip() == words


def test_a_pending_migration_remembers_how_its_last_try_ended() -> None:
    status = ServiceStatus(SERVICE, (pending("1"), pending("2"), pending("3")))
    found = view.native(status, [event("interrupted", "1", 5), event("applied", "2", 6), event("failed", "2", 7)],
                        {("shop", "3"): NOW})
    assert [migration.tried for migration in found.migrations] == ["interrupted", "",
                                                                   ""], "the newest event of each decides"
    assert "was interrupted" in found.migrations[0].detail
    assert found.last_at == NOW - dt.timedelta(minutes=5)
    assert "last try failed" in plain(view.verdict([found]))
    assert view.proofs([found], NOW) == [("2 of 3 rollbacks not proved (V)", "dim")]


def test_proofs() -> None:
    both = (view.MigrationLine("1", "x", "applied", proved_at=NOW - dt.timedelta(hours=2)),
            view.MigrationLine("2", "x", "applied", proved_at=NOW - dt.timedelta(minutes=2)))
    assert view.proofs([view.ServiceLine("a", "a", "dbconsole", both, "applied", 2, 0, "")], NOW) == [
        ("all rollbacks proved 2 h 00 ago", "ok")]
    assert view.proofs([view.ServiceLine("a", "a", "Alembic", both, "applied", 2, 0, "", is_native=False)], NOW) == []


def test_a_foreign_ledger_says_only_what_it_stores() -> None:
    run = ForeignRun("alembic", "table lock", 4711, "deploy", None, None)
    ledger = ForeignLedger("alembic", "billing", "alembic_version", "a81f", run=run,
                           differences=(PendingMigration("b2", None, None, "pending", "b2.py"),))
    found = view.foreign(LedgerEntry("billing", ledger), "Alembic", [
        ForeignMigration("a81f", None, None, "applied"), ForeignMigration("b2", None, None, "pending")], "pending")
    (row,) = view.services_table([found], NOW).rows
    assert [cell.text for cell in row.cells] == ["billing", "Alembic", "-", "1", "a81f", "-", "pending"]
    assert found.notes == ("a run of Alembic is in progress (table lock: pid 4711, deploy)",)
    denied = ForeignLedger("goose", "x", "t", unavailable="GRANT SELECT")
    unreadable = view.foreign(LedgerEntry("x", denied), "goose", (), None)
    assert unreadable.state == "unknown" and unreadable.notes == ("GRANT SELECT",)


def test_a_plan_names_locks_only_where_others_could_wait() -> None:
    steps = planned([Step(file("1", "CREATE TABLE shop.a (id int PRIMARY KEY);\nALTER TABLE shop.a ADD b int;\n"
                                    "ALTER TABLE shop.old ADD c int;"), "up")], None)
    words = [plain(paragraph) for _, paragraph in plan_paragraphs(steps, lambda sql: [((sql, ""),)])]
    assert sum("ACCESS EXCLUSIVE" in word for word in words) == 1
    assert any("ACCESS EXCLUSIVE on shop.old" in word for word in words)
    alone = planned([Step(file("1", "CREATE TABLE shop.a (id int PRIMARY KEY);"), "up")], None)
    assert "locks nothing that others use" in plain(plan_paragraphs(alone, lambda sql: [((sql, ""),)])[0][1])
    assert findings_summary(()) == ("no findings", "ok")


def run_of(sql: str) -> tuple[RunLog, Step, events.StatementStarted]:
    step = Step(file("1", sql), "up")
    log = RunLog(planned([step], None))
    statements = prepare(step.script).statements
    log.take(events.RunStarted((step,), (), ()), 0.0)
    log.take(events.FileStarted(step, 1, 1, len(statements)), 0.0)
    started = events.StatementStarted(step, statements[0], 0, len(statements))
    log.take(started, 0.0)
    return log, step, started


def test_a_statement_that_waits_says_for_which_lock_and_behind_whom() -> None:
    log, step, started = run_of("ALTER TABLE shop.old ADD c int;\nSELECT 2;")
    blocker = events.Peer("blocker", 4711, None, None, None, None, None, None)
    log.take(events.Waiting(step, started.statement, 2.1, (blocker,), (blocker, blocker)), 2.1)
    assert "waiting 2.1 s for ACCESS EXCLUSIVE behind pid 4711 (unnamed, state unknown)" in told(log, 2.1)
    assert "2 sessions queue behind" in told(log) and "SELECT 2" in told(log), "what is to come is there as well"
    log.take(events.StatementFinished(step, started.statement, 0, 2, "ALTER TABLE", None, 2200.0), 2.2)
    assert "waiting" not in told(log) and "✓   2.2 s" in told(log)


def test_a_retry_keeps_who_was_in_the_way_and_begins_again() -> None:
    log, step, started = run_of("ALTER TABLE shop.old ADD c int;")
    blocker = events.Peer("blocker", 4711, "u", "report", "active", None, 3.0, None)
    log.take(events.Waiting(step, started.statement, 2.1, (blocker,), ()), 2.1)
    log.take(events.Retrying(step, "lock timeout", 2, 8, 0.7), 3.0)
    assert "lock timeout, behind pid 4711 (report, u, active 3.0 s): rolled back, attempt 2 of 8" in told(log)
    log.take(started, 4.0)
    assert told(log, 4.5).count("ALTER TABLE") == 1


@pytest.mark.parametrize(("done", "total", "share"), [
    (0, 200, "0 %"), (50, 200, "25 %"), (300, 200, "100 %"), (5, 0, "")])
def test_a_bar_has_the_same_length_whatever_the_server_counts(done: int, total: int, share: str) -> None:
    log, step, started = run_of("CREATE INDEX i ON shop.old (c);")
    log.take(events.StatementProgress(step, started.statement, 1.0, "building index", done, total, "rows"), 1.0)
    text = told(log)
    assert share in text
    assert text.count("█") + text.count("·") in ((24,) if total else (0,))


def test_what_failed_is_marked_and_the_outcome_comes_last() -> None:
    log, step, _ = run_of("SELECT nonsense;")
    log.take(events.Failed(step, FileError(Path("x.sql"), "no such column")), 1.0)
    log.finish(1.5, ("no such column", "critical"))
    lines = told(log).splitlines()
    assert lines[0].startswith(" ! up shop/1_x") and lines[1].strip().startswith("!") and lines[-1] == " no such column"


def test_a_run_of_thousands_shows_its_end() -> None:
    log = RunLog()
    for number in range(3 * MOST_PARAGRAPHS):
        log.say(f"line {number}")
    found = log.paragraphs(0.0)
    assert len(found) == MOST_PARAGRAPHS + 1
    assert "earlier lines" in plain(found[0][1]) and plain(found[-1][1]) == f" line {3 * MOST_PARAGRAPHS - 1}"


@pytest.mark.parametrize("cells", [10, 17, 40, 200])
@pytest.mark.parametrize("paragraph", [
    (("one two three four five six", ""),), (("  indented ", "dim"), ("wörter und 日本語 in tones", "ok")),
    (("x" * 95, "accent"), (" end", "")), ((" ", ""), ("a\tb\nc", "")), ((" ", ""), ("", ""))])
def test_wrapping_fits_and_loses_nothing(paragraph: Line, cells: int) -> None:
    from console.ui import text

    lines = wrapped(paragraph, cells, 4)
    assert all(text.width(plain(line).rstrip()) <= cells for line in lines)
    assert "".join("".join(map(plain, lines)).split()) == "".join(text.clean(plain(paragraph)).split())
