"""How long a command still needs, from what it reported."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.activity.pace import Pace
from console.activity.records import CommandProgress

BUILD = CommandProgress(7, None, "create index", "console", "public.accounts", "building index", 0, 1000, "blocks",
                        None, 0.0)


def look(pace: Pace, done: int | None, elapsed_s: float, **changes: object) -> CommandProgress:
    command = replace(BUILD, done=done, elapsed_s=elapsed_s, **changes)  # type: ignore[arg-type]
    pace.add_sample([command])
    return command


def test_one_look_tells_no_rate() -> None:
    pace = Pace()
    assert pace.seconds_left(look(pace, 100, 1.0)) is None


def test_the_rate_is_that_between_looks_by_the_servers_clock() -> None:
    pace = Pace()
    look(pace, 100, 10.0)
    now = look(pace, 300, 14.0)
    assert pace.per_second(now) == 50.0 and pace.seconds_left(now) == 14.0


def test_only_the_last_minute_counts() -> None:
    pace = Pace()
    for second in range(0, 200, 2):
        now = look(pace, second if second < 100 else 100 + (second - 100) * 5, float(second))
    assert pace.per_second(now) == pytest.approx(5.0)


def test_another_phase_begins_anew() -> None:
    pace = Pace()
    look(pace, 900, 10.0)
    now = look(pace, 10, 14.0, phase="loading")
    assert pace.seconds_left(now) is None


def test_a_counter_that_goes_back_gives_no_negative_rate() -> None:
    pace = Pace()
    look(pace, 900, 10.0)
    assert pace.seconds_left(look(pace, 10, 14.0)) is None
    assert pace.seconds_left(look(pace, 20, 16.0)) == pytest.approx(196.0)


@pytest.mark.parametrize("total", [None, 0])
def test_without_a_total_nothing_is_left_to_know(total: int | None) -> None:
    pace = Pace()
    look(pace, 1, 1.0, total=total)
    assert not pace.seconds_left(look(pace, 5, 5.0, total=total))


def test_standing_still_is_not_done_soon() -> None:
    pace = Pace()
    look(pace, 5, 1.0)
    assert pace.seconds_left(look(pace, 5, 9.0)) is None
