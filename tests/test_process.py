"""Programs: real ones, that end well, fail, hang, leave children behind, or are not wanted any more."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
import time
from pathlib import Path

import pytest

from console import process


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def is_gone(pid: int) -> bool:
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        state = Path(f"/proc/{pid}/stat")
        if state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def number_in(path: Path) -> int:
    """The one that is written there, sooner or later."""
    ends_s = time.monotonic() + 60
    while not path.exists() or not path.read_text().strip():
        assert time.monotonic() < ends_s
        time.sleep(0.05)
    return int(path.read_text())


async def test_what_it_says_and_how_it_ends() -> None:
    code = "import sys; print(sys.stdin.read().upper()); sys.stderr.write('so'); sys.exit(3)"
    assert await process.run(python(code), within_s=30, given=b"what") == process.Finished(3, b"WHAT\n", b"so")
    assert await process.run(("sh", "-c", "cat; echo $VALUE | tr a-z A-Z"), within_s=30,
                             environment=os.environ | {"VALUE": "x"}) \
        == process.Finished(0, b"X\n", b"")
    with pytest.raises(FileNotFoundError):
        await process.run(["/no/such/program"], within_s=30)


PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
{then}
"""


@pytest.mark.parametrize("then", ["child.wait()", "", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
                                                      "child.wait()"])
async def test_one_that_hangs_ends_with_all_that_it_has_started(tmp_path: Path, then: str) -> None:
    said = tmp_path / "said"
    command = "sh", "-c", f"{shlex.join(python(PARENT.format(then=then)))} | tee {said}"
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await process.run(command, within_s=2)
    assert time.monotonic() - began < 20
    assert is_gone(number_in(said))


async def test_one_that_nobody_waits_for_any_more_ends_with_all_that_it_has_started(tmp_path: Path) -> None:
    said = tmp_path / "said"
    command = "sh", "-c", f"{shlex.join(python(PARENT.format(then='child.wait()')))} | tee {said}"
    running = asyncio.ensure_future(process.run(command, within_s=600))
    child = await asyncio.to_thread(number_in, said)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert is_gone(child)


GENTLE = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print("there", flush=True)
time.sleep(600)
"""


async def test_it_may_be_asked_before_it_is_killed() -> None:
    async with process.started(python(GENTLE), gently_s=30) as running:
        assert running.stdout is not None
        assert await running.stdout.readline() == b"there\n"
    assert running.returncode == 7


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_a_program_that_writes_without_end_is_ended(stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "OUTPUT_BYTES", 2**20)
    with pytest.raises(OSError, match="wrote more than 1 MB"):
        await process.run(python(f"import sys\nwhile True: sys.{stream}.write('x' * 65536)"), within_s=60)
