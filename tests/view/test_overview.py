"""The Overview's view model: verdict, tables and cards."""

from __future__ import annotations

from console.check.records import Status
from console.view import overview as view
from console.view.table import plain
from tests.support.builders import result, snapshot

BAD = (
    result("cache_hit", Status.OK, "99 %"),
    result("blocked_sessions", Status.WARNING, "1 session, 48 s", title="Blocked sessions"),
    result("wraparound", Status.CRITICAL, "2.0 B of 2.1 B transactions", title="Wraparound"),
    result("disk", Status.UNKNOWN, "not answered in time", title="Disk"),
)


def test_the_verdict_counts_and_says_the_worst_first() -> None:
    text = plain(view.verdict(BAD))
    assert text.strip() == ("1 critical, 1 warning, 1 unknown: wraparound 2.0 B of 2.1 B transactions · "
                            "blocked sessions 1 session, 48 s · disk not answered in time")


def test_all_well() -> None:
    assert plain(view.verdict(BAD[:1])).strip() == "All well · 1 check"


def test_nothing_is_well_that_is_not_known() -> None:
    text = plain(view.verdict(BAD[:1], is_old=True))
    assert text.strip() == "Unknown now. When it last answered: All well · 1 check"
    assert {tone for _, tone in view.verdict(BAD, is_old=True)} == {"warning", "dim"}


def test_checks_are_ordered_by_badness_and_carry_a_letter() -> None:
    rows = view.checks_table(BAD).rows
    assert [(row.cells[0].text, row.key) for row in rows] == [
        ("C", "wraparound"), ("W", "blocked_sessions"), ("U", "disk"), ("O", "cache_hit")]
    assert [row.cells[0].tone for row in rows] == ["critical", "warning", "unknown", "ok"]


def test_what_the_server_did_not_say_is_a_dash() -> None:
    nothing = snapshot(transactions_per_s=None, cache_hit_percent=None, wal_bytes_per_s=None, sessions=None)
    cards = view.cards(nothing, {name: [] for name in view.SERIES})
    assert [card.value for card in cards] == ["-", "-", "-", "-"]


def test_sizes_not_read_yet_are_a_dash_and_their_reason_is_said() -> None:
    denied = snapshot(services=(), unavailable={"metrics.schema_sizes": "permission denied: GRANT pg_monitor"})
    assert view.services_table(denied, None).empty == "permission denied: GRANT pg_monitor"
    assert "reading" in view.services_table(snapshot(services=()), None).empty


def test_a_check_in_full_names_its_limits() -> None:
    words = " ".join(text for text, _ in view.check_detail(result(hint="close some")))
    assert "warning above 80 %, critical above 95 %" in words and "close some" in words
