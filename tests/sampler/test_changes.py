"""What changed and when, from one snapshot to the next."""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec.structs import replace

from console.activity.records import CommandProgress
from console.errors import Unreachable
from console.metrics.records.settings import ServerSetting
from console.sampler.changes import Changes
from console.sampler.records import Snapshot
from console.server.session import Readings
from tests.support import builders

AT = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
START = builders.info().started_at


def snapshot(minutes: float = 0.0, *, info: Any = None, **rows: Any) -> Snapshot:
    named = {name.replace("__", "."): found for name, found in rows.items()}
    return builders.snapshot(taken_at=AT + dt.timedelta(minutes=minutes), info=info or builders.info(),
                             readings=Readings(named), services=())


def setting(name: str, value: str) -> ServerSetting:
    return ServerSetting(**dict.fromkeys(ServerSetting.__struct_fields__) | {  # type: ignore[arg-type]
        "name": name, "setting": value, "reset_setting": value})


def build(pid: int, elapsed_s: float) -> CommandProgress:
    return CommandProgress(pid, AT, "CREATE INDEX", "db", "public.t", "building", 1, 2, "blocks", None, elapsed_s)


def words(changes: Changes) -> list[str]:
    return [change.words for change in changes.found]


def test_the_servers_start_and_a_reset_have_their_own_times() -> None:
    changes = Changes()
    reset = AT - dt.timedelta(hours=1)
    (counters,) = builders.answers(builders.FakeClock())["database_counters"](None)  # type: ignore[operator]
    changes.take(snapshot(metrics__database_counters=[replace(counters, stats_reset=reset)]))
    assert [(change.at, change.words) for change in changes.found] == [(START, "restart"), (reset, "statistics reset")]
    later = AT + dt.timedelta(seconds=90)
    changes.take(snapshot(2, info=replace(builders.info(), started_at=later)))
    changes.take(snapshot(3, info=replace(builders.info(), started_at=later)))
    assert words(changes) == ["restart", "statistics reset", "restart"]


def test_settings_roles_and_index_builds_are_of_the_sample_that_saw_them() -> None:
    changes = Changes()
    changes.take(snapshot(metrics__settings=[setting("work_mem", "4096"), setting("fsync", "on")]))
    changes.take(snapshot(1, metrics__settings=[setting("work_mem", "4096"), setting("fsync", "off")],
                          activity__progress_create_index=[build(7, 30.0)]))
    changes.take(snapshot(2, info=replace(builders.info(), is_standby=True),
                          activity__progress_create_index=[build(7, 90.0)]))
    changes.take(snapshot(3))
    changes.take(snapshot(4, activity__progress_create_index=[build(8, 0.0)]))
    assert words(changes) == ["restart", "CREATE INDEX public.t", "fsync off", "now a standby", "promoted",
                              "CREATE INDEX public.t"]
    assert changes.found[1].at == AT + dt.timedelta(seconds=30), "when it began, not when it was seen"


def test_a_failure_says_nothing_and_a_recording_wound_back_begins_anew() -> None:
    changes = Changes()
    changes.take(snapshot(5))
    changes.take(replace(snapshot(6, info=replace(builders.info(), is_standby=True)), error=Unreachable("gone")))
    changes.take(snapshot(1, info=replace(builders.info(), is_standby=True)))
    assert words(changes) == ["restart"]
