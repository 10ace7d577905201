"""A command's deadline, and what it says while it waits."""

from __future__ import annotations

import asyncio
import gc
import time

import pytest

from console import waiting
from console.commands import deadline
from console.errors import ConsoleError, UsageError


@pytest.fixture(autouse=True)
def nothing_is_waited_for() -> None:
    """A command that heeds no end, as one before may have left it, is gone with its event loop."""
    if waiting.waits():
        gc.collect()
    assert not waiting.waits()


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
    assert deadline.run(waits(0.05), 60) == 3
    assert deadline.run(waits(0.05)) == 3
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("stubborn", [False, True])
def test_one_that_waits_longer_ends_whatever_it_waits_for(stubborn: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "HEEDED_WITHIN_S", 0.1)
    began = time.monotonic()
    with pytest.raises(ConsoleError) as told:
        deadline.run(waits(60, stubborn=stubborn), 0.2)
    assert told.value.summary == "waited 200 ms in vain for the moon" and "--timeout" in (told.value.hint or "")
    assert time.monotonic() - began < 20


def test_many_waits_may_take_longer_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "HEEDED_WITHIN_S", 0.1)

    async def often() -> int:
        for _ in range(10):
            await waits(0.25)
        return 4

    assert deadline.run(often(), 2.0) == 4


def test_what_may_last_for_ever_ends_nothing_and_is_not_told(
        capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEEDED_WITHIN_S", "SAID_AFTER_S"):
        monkeypatch.setattr(deadline, name, 0.05)

    async def patiently() -> int:
        with waiting.limited(None):
            return await waits(0.8)

    assert deadline.run(patiently(), 0.1) == 3 and capsys.readouterr().err == ""


def test_what_is_waited_for_is_said_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "SAID_AFTER_S", 0.1)
    assert deadline.run(waits(0.8)) == 3
    assert capsys.readouterr().err == "waiting for the moon (0 s)\n"


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf"), 1e6])
def test_a_deadline_that_makes_no_sense_is_refused(seconds: float) -> None:
    with pytest.raises(UsageError, match="--timeout"):
        deadline.checked(seconds)
