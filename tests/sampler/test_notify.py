"""Telling of alerts: a real command, what it is told, how it fails, how often."""

from __future__ import annotations

import asyncio
import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from console.config import AlertsConfig, Duration
from console.errors import ConfigError
from console.sampler.alerts import Alerts, Event
from console.sampler.notify import Notifier
from tests.check.given import NOW
from tests.sampler.test_alerts import CRITICAL, OK, WARNING, at, found
from tests.support.fake_clock import FakeClock

WRITE = "import json, os, sys; open(sys.argv[1], 'a').write(json.dumps([json.load(sys.stdin), " \
        "os.environ['DBCONSOLE_ALERT_CHECK'], sys.argv[2]]) + '\\n')"


def notifier(command: str | None, clock: FakeClock | None = None, **words: Any) -> Notifier:
    return Notifier(AlertsConfig(command=command, **words), "prod", "production", clock or FakeClock())


def events(*statuses: Any) -> list[Event]:
    alerts = Alerts()
    alerts.add_sample([found(OK)], NOW)
    return [event for number, status in enumerate(statuses) for event in alerts.add_sample([found(status)], at(number))]


async def done(told: Notifier) -> None:
    assert told._task is not None
    async with asyncio.timeout(30):
        await told._task


def python(code: str, *words: str) -> str:
    return shlex.join([sys.executable, "-c", code, *words])


async def test_the_command_gets_the_facts_and_no_shell(tmp_path: Path) -> None:
    file = tmp_path / "told; touch oops"
    told = notifier(python(WRITE, str(file), "$HOME;`id`"))
    told.take(events(WARNING, CRITICAL, OK))
    await done(told)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [facts["event"] for facts, _, _ in lines] == ["raised", "worsened", "ended"]
    assert [facts["status"] for facts, _, _ in lines] == ["WARNING", "CRITICAL", "OK"]
    facts, check, word = lines[0]
    assert check == "lag" == facts["check"] and word == "$HOME;`id`" and facts["target"] == "prod"
    assert facts["since"] == NOW.isoformat() and told.failure is None


@pytest.mark.parametrize(("command", "words"), [
    ("/no/such/program --at all", "No such file"), (python("import sys; sys.exit('disk full')"), "disk full"),
    (python("import sys; sys.exit(7)"), "exited with 7")])
async def test_a_failure_is_said_and_nothing_else_happens(command: str, words: str) -> None:
    told = notifier(command)
    told.take(events(WARNING))
    await done(told)
    assert told.failure is not None and words in told.failure


async def test_a_command_that_hangs_is_killed_with_all_it_started() -> None:
    starting = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    told = notifier(python(starting), timeout=Duration(1.0))
    told.take(events(WARNING))
    await done(told)
    assert told.failure is not None and "was killed" in told.failure


async def test_leaving_does_not_wait_for_a_command() -> None:
    told = notifier(python("import time; time.sleep(600)"), timeout=Duration(600))
    told.take(events(WARNING))
    await asyncio.sleep(0)
    started = time.monotonic()
    await told.close()
    assert time.monotonic() - started < 20


async def test_what_flaps_is_told_once_a_while(tmp_path: Path) -> None:
    clock = FakeClock()
    file = tmp_path / "told"
    told = notifier(python(WRITE, str(file), ""), clock, bell=True)
    told.take(events(WARNING, OK, WARNING, OK, WARNING))
    assert told.rings == 1 and told.left_out == 2
    await done(told)
    clock.advance(61)
    told.take(events(WARNING))
    await done(told)
    assert told.rings == 2


async def test_without_configuration_nobody_is_told() -> None:
    told = notifier(None)
    told.take(events(WARNING, CRITICAL))
    assert told.rings == 0 and told._task is None
    await told.close()


@pytest.mark.parametrize("table", [{"command": "echo 'unclosed"}, {"command": "  "}, {"timeout": 0}, {"bel": True}])
def test_a_wrong_configuration_is_said(table: dict[str, Any]) -> None:
    from console.config import parse

    with pytest.raises(ConfigError, match="alerts"):
        parse({"alerts": table}, Path("config.toml"))
