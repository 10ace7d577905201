"""A command's deadline, and what it says while it waits."""

from __future__ import annotations

import asyncio
import time

import pytest

from console import waiting
from console.commands import deadline
from console.errors import ConsoleError


async def waits(seconds: float, *, stubborn: bool = False) -> int:
    ends_s = time.monotonic() + seconds
    with waiting.waiting_for("the moon"):
        while (left_s := ends_s - time.monotonic()) > 0:
            try:
                await asyncio.sleep(left_s)
            except asyncio.CancelledError:
                if not stubborn:
                    raise
    return 3


def test_a_command_in_time_has_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert deadline.run(waits(0.05), within_s=60) == 3
    assert deadline.run(waits(0.05)) == 3
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("stubborn", [False, True])
def test_one_that_takes_longer_ends_whatever_it_waits_for(stubborn: bool) -> None:
    began = time.monotonic()
    with pytest.raises(ConsoleError) as told:
        deadline.run(waits(60, stubborn=stubborn), within_s=0.2)
    assert told.value.summary == "not done in 0.2 s: waiting for the moon" and time.monotonic() - began < 20


def test_what_is_waited_for_is_said_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "SAID_AFTER_S", 0.1)
    assert deadline.run(waits(0.8)) == 3
    assert capsys.readouterr().err == "dbconsole: waiting for the moon\n"
