"""What the Statements screen says of figures: verdict, table, pane, and what to do where there are none."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.server.info import Extension
from console.sql.mark import marked
from console.statements import counters
from console.statements.ranking import FIGURES, rank
from console.statements.records import (
    Availability,
    Beside,
    LoggingSetting,
    MachineUse,
    Ranking,
    SampledWait,
    SlowStatement,
    Span,
    TouchedIndex,
    TouchedTable,
)
from console.view.statements import ranking, setup, slow
from console.view.statements.ranking import COLUMN_GROUPS, StatementNames, StatisticsBasis
from console.view.statements.tables import touched
from console.view.table import plain
from tests.support import builders
from tests.support.statements import entry, key, slow_session, standing, text

NAMES = StatementNames({5: "console"}, {10: "app_rw", 20: "billing"})
TEXTS = {key(1): text(1, "/* trace */ UPDATE accounts\n SET balance = $1"), key(2): text(2, None)}
SHOWN = StatisticsBasis(60.0, 8192, NAMES, TEXTS, role='"on call"')


def ranked(*entries: tuple[int | None, float, float], user_id: int = 10) -> Ranking:
    figures = {key(name, user_id): counters.parse(entry(1, calls, exec_ms).counters)
               for name, calls, exec_ms in entries}
    return rank(figures, by="total_ms", descending=True, limit=10)


def said(found: Ranking, **words: object) -> str:
    return plain(ranking.verdict(found, standing(100.0), 312, "minute", 60.0, **words))  # type: ignore[arg-type]


def test_the_verdict() -> None:
    assert said(ranked((1, 100, 710.0), (2, 5, 290.0))) == (
        " last 60 s: 1 statement takes 71 % of the time, 0.02 running · reset 2 h 22 ago · 312 entries"
        " · 0 evictions")
    assert "3 statements take 60 % of the time" in said(ranked(*[(number, 1, 20.0) for number in range(1, 6)]))
    assert "none stands out, the first takes 5 %" in said(ranked(*[(number, 1, 5.0) for number in range(1, 21)]))
    assert "nothing ran" in said(ranked())
    assert "counting since the statistics were reset: " in said(ranked(), anew="the statistics were reset")
    reset = ranking.verdict(ranked((1, 1, 1.0)), standing(1.0, evictions=3), 5000, "reset", None)
    assert plain(reset) == (" since the reset 2 h 22 ago: 1 statement takes 100 % of the time · 5 000 entries"
                            " · 3 evictions")
    assert reset[-1] == ("3 evictions", "warning")


def test_rows() -> None:
    table = ranking.table(ranked((1, 120, 710.0), (2, 5, 290.0), (3, 1, 0.0)), "overview", SHOWN, "")
    assert [row.cells[0].text for row in table.rows] == ["71.0", "29.0", "0.0"]
    assert [row.cells[-1].text for row in table.rows] == [
        "UPDATE accounts SET balance = $1", "the server has lost its text", "…"]
    assert [column.title for column in table.columns] == [
        "% time", "calls/s", "total", "mean", "rows/call", "hit %", "temp/s", "statement"]
    assert [cell.text for cell in table.rows[0].cells[1:4]] == ["2", "710 ms", "5.9 ms"]
    since = ranking.table(ranked((1, 120, 710.0)), "overview", replace(SHOWN, seconds=None), "")
    assert (since.columns[1].title, since.rows[0].cells[1].text) == ("calls", "120")


def test_the_consoles_own_statements_are_marked() -> None:
    own = marked("SELECT\n    s.userid AS user_id,\n    s.dbid AS database_id, s.toplevel")
    shown = replace(SHOWN, texts={key(1): text(1, own)})
    (row,) = ranking.table(ranked((1, 1, 1.0)), "overview", shown, "").rows
    assert row.cells[-1].text.startswith("(dbconsole) SELECT s.userid") and row.cells[-1].tone == "dim"


def test_whose_they_are_where_there_are_several() -> None:
    shown = replace(SHOWN, has_users=True, has_databases=True, has_levels=True)
    (row,) = ranking.table(ranked((None, 1, 1.0), user_id=20), "time", shown, "").rows
    assert [cell.text for cell in row.cells[-4:]] == [
        "top", "billing", "console",
        'other roles\' statements: GRANT pg_read_all_stats TO "on call" shows them']
    both = rank({key(1): counters.parse(entry(1).counters), key(1, 20, 6): counters.parse(entry(1).counters)},
                by="calls", descending=True, limit=5, group=lambda of: of.query_id)
    (row,) = ranking.table(both, "time", replace(shown, grouping="shape"), "").rows
    assert [cell.text for cell in row.cells[-3:]] == [
        "several", "several", "(2 alike) UPDATE accounts SET balance = $1"]
    assert NAMES.database(key(1, database_id=99)) == "dropped 99"


@pytest.mark.parametrize("group", COLUMN_GROUPS)
def test_every_column_can_be_sorted_by_and_bears_what_is_not_known(group: str) -> None:
    assert {figure.key for figure in COLUMN_GROUPS[group]} <= FIGURES
    old_versions_lack = ("other_read_ms", "other_write_ms", "wal_buffers_full", "jit_functions", "jit_ms", "workers")
    unknown = {"calls": 0, "exec_ms": 0.0} | dict.fromkeys(old_versions_lack, float("nan"))
    usage = counters.usage(counters.parse(entry(1, **unknown).counters))  # type: ignore[arg-type]
    for figure in COLUMN_GROUPS[group]:
        assert figure.value(usage, SHOWN)[1] in ("", "-", "0")


def test_notes_say_what_fills_columns() -> None:
    assert "track_planning = on" in ranking.notes(standing(1.0), "planning and JIT")
    assert "track_io_timing = on" in ranking.notes(standing(1.0, tracks_io_timing=False), "temp, WAL and I/O")
    assert "pg_stat_statements.max = 5000" in ranking.notes(standing(1.0, evictions=500), "overview")
    assert "pg_stat_statements.track = 'top'" in ranking.notes(standing(1.0, track="none"), "overview")
    assert ranking.notes(standing(1.0), "overview") == ""


def test_facts_of_one_statement() -> None:
    figures = {key(1): counters.parse(entry(
        1, 10, 50.0, exec_squares=2.0, min_exec_ms=1.0, max_exec_ms=9.0, rows=20, shared_hit=9, shared_read=1,
        wal_bytes=2048, jit_ms=3.0, workers=2, plans=10, plan_ms=1.0).counters)}
    (ranked,) = rank(figures, by=None, descending=True, limit=1).rows
    words = "\n".join(map(plain, ranking.facts(ranked, SHOWN, "minute")))
    for part in ("app_rw in console query id 1 · last minute", "10 calls · 50 ms, 100 % of all",
                 "mean 5.0 ms ± 2.0 ms", "ever 1.0 ms to 9.0 ms", "2 rows a call",
                 "cache hit 90 %", "WAL 2.0 kB", "JIT 3.0 ms", "2 parallel",
                 "planning 0.1 ms each", "read 8.0 kB"):
        assert part in words
    others = Beside(MachineUse(40.0, 4.0, 2048, 1024), (SampledWait("CPU", 3, 4), SampledWait("IO:DataFileRead", 1, 4)))
    *before, use, waits = map(plain, ranking.facts(ranked, SHOWN, "minute", others))
    assert "\n".join(before) == words, "nothing more is said where those extensions aren't"
    assert use == "ever CPU 40 ms, of it system 4.0 ms · from disk 2.0 kB, to it 1.0 kB"
    assert waits == "ever seen in CPU 75 %, IO:DataFileRead 25 %"


def test_a_statement_whose_number_is_hidden_has_none_made_up() -> None:
    figures = {key(None): counters.parse(entry(key(None), 10, 50.0).counters)}
    (ranked,) = rank(figures, by=None, descending=True, limit=1).rows
    assert "query id hidden" in plain(ranking.facts(ranked, SHOWN, "minute")[0])


def test_the_course_has_gaps_where_nobody_looked() -> None:
    spans = [Span(100.0, 2.0, 4.0, 8.0), Span(102.0, 2.0, 0.0, 0.0), Span(110.0, 2.0, 2.0, 6.0)]
    calls, mean, step_s = ranking.time_series(spans)
    assert calls.values == (2.0, 0.0, None, None, None, 1.0)
    assert mean.values == (2.0, None, None, None, None, 3.0)
    assert step_s == 2.0 and ranking.time_series([])[0].values == ()


def test_the_course_of_looks_that_are_a_little_late_has_no_gap() -> None:
    spans, at_s = [], 0.0
    for number in range(100):
        seconds = 2.0 + 0.3 * (number % 3)
        at_s += seconds
        spans.append(Span(at_s, seconds, 2.0 * seconds, 4.0))
    calls, mean, _ = ranking.time_series(spans)
    assert all(value is not None and abs(value - 2.0) < 1e-9 for value in calls.values) and None not in mean.values


INFO = builders.info()
INSTALLED = replace(INFO, extensions={"pg_stat_statements": Extension("pg_stat_statements", "1.8", "Odd x", "1.12")})


@pytest.mark.parametrize(("info", "availability", "reason", "expected"), [
    (INFO, Availability(True, "1.12", ""), "needs it", [
        f"CREATE EXTENSION pg_stat_statements in the database {INFO.database}"]),
    (INFO, Availability(False, "1.12", "auto_explain, pg_cron"), "needs it", [
        "1. ALTER SYSTEM SET shared_preload_libraries = auto_explain, pg_cron, pg_stat_statements;", "2. restart",
        "3. CREATE EXTENSION"]),
    (INFO, Availability(False, None, None), "needs it", ["contrib package", "and what is there already"]),
    (INSTALLED, Availability(False, "1.12", ""), "must be loaded", ["isn't loaded", "1. ALTER SYSTEM", "2. restart"]),
    (INSTALLED, Availability(True, "1.12", ""), 'needs 1.9: ALTER EXTENSION "pg_stat_statements" UPDATE', [
        "ALTER EXTENSION"]),
    (INSTALLED, Availability(True, "1.12", ""), "permission denied for schema", ['GRANT USAGE ON SCHEMA "Odd x" TO']),
    (INFO, None, "it is what it is", ["it is what it is"]),
])
def test_what_to_do_where_there_is_no_extension(info: object, availability: object, reason: str, expected: list[str]
                                                ) -> None:
    told = setup.what_to_do(info, availability, reason)  # type: ignore[arg-type]
    assert all(part in told for part in expected), told


def told(*found: LoggingSetting) -> str:
    return "\n".join(plain(line) for _, line in setup.settings(found))


def test_settings_and_how_to_turn_them_on() -> None:
    words = told(LoggingSetting("log_min_duration_statement", "-1", "ms", "default", "superuser"),
                 LoggingSetting("log_lock_waits", "on", None, "configuration file", "superuser"))
    assert "log_min_duration_statement off  ALTER SYSTEM SET log_min_duration_statement = '1s'" in words
    assert "log_lock_waits on  who waits" in words and "SET session_preload_libraries = 'auto_explain'" in words
    loaded = told(LoggingSetting("auto_explain.log_min_duration", "250", "ms", "configuration file", "superuser"))
    assert "auto_explain.log_min_duration 250 ms  plans of" in loaded and "preload" not in loaded
    assert setup.settings(None) == [(0, (("reading…", "dim"),))]


def test_slow_ones_that_run_come_first_and_the_longest_of_all_before_others() -> None:
    found = [SlowStatement(slow_session(number), lasted_s, (), is_over) for number, (lasted_s, is_over) in enumerate(
        ((2.0, False), (70.0, True), (420.0, False), (90.0, True)), start=1)]
    rows = slow.table(found, (), 1.0).rows
    assert [row.record.lasted_s for row in rows] == [420.0, 2.0, 90.0, 70.0]


def test_slow_statements() -> None:
    runs = SlowStatement(slow_session(1, blockers=["9 x"]), 12.0, ("9 x",), False)
    over = SlowStatement(slow_session(2), 70.0, ("9 x",), True)
    table = slow.table([runs, over], {slow.key(over)}, 1.0)
    assert [(row.cells[0].text, row.cells[3].text, row.cells[7].text) for row in table.rows] == [
        ("blocked", "12 s", ""), ("over", "≥ 70 s", "yes")]
    assert plain(slow.verdict([runs, over], 1.0)) == (
        " 1 statement runs for 12 s, 1 behind a lock · 1 slow one over")
    assert plain(slow.verdict([over], 1.0)) == " nothing runs for longer than 1.0 s · 1 slow one over"
    told = "\n".join(map(plain, slow.facts(over, ["Seq Scan takes it all"], None)))
    assert "was behind 9 x" in told and "plan: Seq Scan takes it all" in told
    assert "no plan: it is a secret" in "\n".join(map(plain, slow.facts(runs, None, "it is a secret")))


def test_tables_and_their_indexes() -> None:
    tables = [TouchedTable(1, "public", "accounts", "r", 1e5, 1 << 20, 4),
              TouchedTable(2, "public", "v", "v", None, 0, 0)]
    indexes = [TouchedIndex(1, "accounts_pkey", "btree (id)", True, True, 8192, 9),
               TouchedIndex(1, "broken", "btree (x)", False, False, 8192, 0)]
    assert [row.cells[0].text for row in touched(tables, indexes).rows] == [
        "public.accounts", "├ accounts_pkey  unique btree (id)", "└ broken INVALID  btree (x)", "public.v (view)"]
    assert touched((), (), "why").empty == "why" and touched(None, ()).empty == "reading…"
