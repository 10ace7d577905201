"""Plots: scales, thresholds, times on the axis, and what stands in words above them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from console.check.records import Status
from console.metrics.records.vacuum import AutovacuumScore, VacuumTable
from console.metrics.records.wal import Archiver, Checkpoints
from console.sampler.records import Alert
from console.text import format as fmt
from console.view import alerts
from console.view.metrics import facts, pages, plots, vacuum
from console.view.metrics.plots import Plot, Threshold, drawing, time_marks
from console.view.table import plain
from tests.support import builders

EDGE = dt.datetime(2026, 3, 1, 12, 0, 30, tzinfo=dt.UTC)


def drawn(plot: Plot, *values: float | None, now: float | None = None, check: float | None = None) -> plots.Drawing:
    (name,) = plot.series
    results = {} if check is None else {
        "c": builders.result("c", warning=check, critical=None)}
    return drawing(plot, {name: values}, {name: now, "whole": 200.0}, results, span_s=300, edge=EDGE)


def test_a_threshold_is_in_the_pictures_unit_and_drawn_where_it_is_near() -> None:
    plot = Plot(title="conn", series={"x": ""}, threshold=Threshold("c", 0.01, "whole"))
    near = drawn(plot, 50.0, 100.0, check=80)
    assert near.limits == ((160.0, "warning"),) and near.high > 160
    far = drawn(plot, 1.0, 2.0, check=80)
    assert far.limits == () and far.high < 3 and "W 160" in plain(far.heading)
    assert drawn(plot, 1.0).limits == ()


def test_a_percentage_near_its_top_is_seen_to_fall() -> None:
    plot = Plot(title="hit", series={"x": ""}, text=fmt.percent, low=None, high=100.0, threshold=Threshold("c"))
    assert (drawn(plot, 99.0, 99.5).low, drawn(plot, 99.0, check=95).low, drawn(plot, 41.0).low) == (80, 80, 30)


def test_what_is_unknown_stays_unknown_and_says_why() -> None:
    plot = Plot(title="wal", series={"x": ""}, factor=60, needs="wait")
    found = drawn(plot, None, None)
    assert found.series[0].values == (None, None) and found.empty == "wait" and "-" in plain(found.heading)
    assert drawn(plot, None, 2.0, now=2.0).series[0].values == (None, 120.0)


@given(some.just(0.0) | some.floats(1e-6, 1e15), some.sampled_from([10.0, 1024.0]))
def test_the_axis_has_few_round_values(top: float, base: float) -> None:
    plot = Plot(title="x", series={"x": ""}, base=base, text=lambda value: repr(value))
    found = drawn(plot, top)
    assert 1 <= len(found.rows) <= 6 and all(found.low <= value <= found.high * 1.001 for value, _ in found.rows)


@pytest.mark.parametrize("span_s", [span for span, _ in plots.SPANS])
def test_round_times_stand_below(span_s: float) -> None:
    marks = time_marks(EDGE, span_s)
    assert 3 <= len(marks) <= 6 and all(-span_s < at <= 0 for at, _ in marks)
    assert all((EDGE + dt.timedelta(seconds=at)).strftime("%H:%M") == words for at, words in marks)
    assert [at for at, _ in marks] == sorted(at for at, _ in marks)


def test_every_picture_shows_series_that_are_kept() -> None:
    from console.sampler.series import SLOW_SERIES, TICK_SERIES

    for page in (pages.LOAD, pages.HOST, pages.WAL, pages.IO, pages.VACUUM,
                  pages.SIZES):
        for plot in page:
            assert plot.series.keys() <= {*TICK_SERIES, *SLOW_SERIES} and len(plot.series) <= len(plots.TONES)


def test_thresholds_are_those_of_checks_that_exist() -> None:
    from console.check.registry import every_check

    known = {check.name for check in every_check()}
    wanted = {plot.threshold.check for page in (pages.LOAD, pages.VACUUM, pages.SIZES)
              for plot in page if plot.threshold is not None}
    assert wanted and wanted <= known


CHECKPOINTS = Checkpoints(10, 90, 0.0, 0.0, 0, 0, 0, None, None, 0, 30.0, 300, 2**30, False, None, None)
ARCHIVER = Archiver("on", 5, 2, "0001", 90.0, "0002", 10.0, True, None)


def test_words_above_the_charts() -> None:
    assert "90 requested" in plain(facts.checkpoints(CHECKPOINTS, None))
    assert "restartpoint" in plain(facts.checkpoints(replace(CHECKPOINTS, is_standby=True), None))
    assert "denied" in plain(facts.checkpoints(None, "denied"))
    failing = facts.archiver(ARCHIVER, None, "needs the role pg_monitor")
    assert "failing" in plain(failing) and "needs the role pg_monitor" in plain(failing)
    assert "off" in plain(facts.archiver(replace(ARCHIVER, mode="off"), None, None))
    nothing = builders.snapshot(why_no_host="a pooler stands between")
    assert "a pooler stands between" in plain(facts.host(nothing))


def vacuum_table(**changes: object) -> VacuumTable:
    plain_one = VacuumTable("s", "t", 900, 100, 230.0, 0, 1000.0, 0, 100.0, 50, 200e6, True, 60.0, None, 3)
    return replace(plain_one, **changes)  # type: ignore[arg-type]


def test_what_a_table_is_due_for() -> None:
    assert vacuum.due(vacuum_table(), {}) == []
    assert vacuum.due(vacuum_table(dead_rows=231, changed_rows=101), {}) == ["dead rows", "analyze"]
    assert vacuum.due(vacuum_table(insert_limit=None, inserted_rows=10**9), {}) == []
    off = vacuum.table([vacuum_table(is_enabled=False, transaction_age=201_000_000)], None).rows[0]
    assert off.cells[1].text == "off: freezing" and off.cells[1].tone == "critical"
    assert vacuum.table([vacuum_table()], None).rows[0].cells[-1].text == "never"


def test_what_is_due_is_counted_as_the_rows_say_it() -> None:
    """The number above the table is that of its amber rows; TOAST tables and pg_statistic are never analyzed."""
    tables = [vacuum_table(dead_rows=231), vacuum_table(changed_rows=101), vacuum_table(), vacuum_table(
        change_limit=None, changed_rows=10**6), vacuum_table(has_estimate=False)]
    rows = vacuum.table(tables, None).rows
    assert vacuum.due_words(tables, ()) == str(sum(row.cells[1].tone == "warning" for row in rows)) == "3"
    assert vacuum.due_words([tables[0]] * vacuum.MOST_TABLES, ()) == "200 or more"
    assert vacuum.due_words(None, ()) is None


def test_what_the_server_says_of_its_autovacuum_counts_instead_of_thresholds() -> None:
    quiet, busy = vacuum_table(oid=1, dead_rows=9_000), vacuum_table(table="u", oid=2)
    score = AutovacuumScore(2, 4.5, 0.1, 0.0, 0.2, 4.5, 1.5, True, True, False)
    scores = [score, AutovacuumScore(1, 0.3, 0.1, 0.0, 0.3, 0.1, 0.2, False, False, False)]
    rows = vacuum.table([quiet, busy], None, scores).rows
    assert [(row.cells[0].text, row.cells[1].text) for row in rows] == [("s.u", "inserts, analyze"), ("s.t", "")]
    forced = replace(score, is_for_wraparound=True, would_analyze=False)
    assert vacuum.due(busy, {2: forced}) == ["freezing"]


def test_a_table_that_autovacuum_never_comes_to_is_told() -> None:
    lost = vacuum_table(dead_limit=None, insert_limit=None, change_limit=None, has_estimate=False, dead_rows=10**6)
    (row,) = vacuum.table([lost], None).rows
    assert (row.cells[1].text, row.cells[1].tone) == ("no row estimate: ANALYZE", "warning")


def test_alerts_by_a_clock_that_is_not_ours() -> None:
    bad = builders.result("lag", Status.WARNING, "far behind")
    since = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    going, ended = Alert(bad, bad, since), Alert(bad, bad, since, since + dt.timedelta(minutes=5), Status.WARNING)
    rows = alerts.table([going], [ended], since - dt.timedelta(hours=3)).rows
    assert [row.cells[4].text for row in rows] == ["0 s", "5 min"]
    assert [row.cells[2].text for row in rows] == ["new", "ended"] and rows[0].cells[0].text == "W"
    assert any("acknowledged" in words for words, _ in alerts.detail(replace(ended, ended_at=None)))
