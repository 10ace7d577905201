"""How a process of ours ends: real ones, held up in every way that there is, and told to end."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.terminal import default_signals

ROOT = Path(__file__).parents[1]

BEGIN = """
import asyncio, os, signal, sys, threading, time
from console import ending, log
ending.HEEDED_WITHIN_S = 0.5
ending.take_signals()
log.keep()

def there():
    os.write(2, b"there\\n")

def end(status):
    log.say()
    ending.finish(status)
"""

SOON_S = 8.0
"""What the time to heed a signal may become on a busy machine; what hangs lasts ten minutes."""


@contextmanager
def program(code: str, tmp_path: Path, **options: int) -> Iterator[subprocess.Popen[str]]:
    """A program that has begun and says `there` when it is ready to be ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", BEGIN.replace("\\\\", "\\") + code], cwd=ROOT, text=True, stderr=subprocess.PIPE,
        preexec_fn=default_signals, env=os.environ | {"XDG_STATE_HOME": str(tmp_path)},
        **({"stdout": subprocess.PIPE} | options))  # type: ignore[call-overload]
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == "there\n"
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status, soon, and what was said on standard error."""
    began = time.monotonic()
    process.wait(SOON_S)
    assert process.stderr is not None
    said = process.stderr.read()
    assert time.monotonic() - began < SOON_S and "Traceback" not in said
    return process.returncode, said


SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])

HELD_UP = {
    "before anything runs": "there(); time.sleep(600)",
    "by a thread": "async def main():\n    there(); await asyncio.to_thread(time.sleep, 600)\nend(ending.run(main()))",
    "by the event loop": "async def main():\n    there(); time.sleep(600)\nend(ending.run(main()))",
    "by a task that heeds nothing": """
async def main():
    there()
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            pass
end(ending.run(main()))""",
    "by a last job": """
ending.last_jobs.append(lambda: [lambda: time.sleep(600)])
async def main():
    there(); await asyncio.sleep(600)
end(ending.run(main()))""",
    "at the end": "async def main():\n    pass\nending.run(main()); there(); time.sleep(600)",
}


@SIGNALS
@pytest.mark.parametrize("code", HELD_UP.values(), ids=HELD_UP)
def test_a_signal_ends_it_whatever_holds_it_up(number: int, code: str, tmp_path: Path) -> None:
    with program(code, tmp_path) as process:
        process.send_signal(number)
        status, said = ended(process)
    if status == 1 and number == signal.SIGINT:
        raise AssertionError(said)
    assert status == 128 + number and said == ""


@SIGNALS
def test_it_ends_while_it_writes_to_who_does_not_read(number: int, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    code = "async def main():\n    there()\n    while True: os.write(1, b'x' * 100_000)\nend(ending.run(main()))"
    try:
        with program(code, tmp_path, stdout=writer) as process:
            time.sleep(0.5)
            process.send_signal(number)
            assert ended(process) == (128 + number, "")
    finally:
        os.close(reader)
        os.close(writer)


ENDED_WELL = {
    "a thread": "asyncio.get_running_loop().run_in_executor(None, time.sleep, 600); await asyncio.sleep(0)",
    "a thread of its own": "threading.Thread(target=time.sleep, args=(600,)).start()",
    "a task": "asyncio.create_task(asyncio.sleep(600))",
}


@pytest.mark.parametrize("code", ENDED_WELL.values(), ids=ENDED_WELL)
def test_an_end_of_its_own_waits_for_nobody(code: str, tmp_path: Path) -> None:
    code = f"async def main():\n    {code}\n    there()\n    return 5\nend(ending.run(main()))"
    with program(code, tmp_path) as process:
        assert ended(process) == (5, "")


TAKES_ITS_TIME = """
async def main():
    over = asyncio.Event()
    with ending.orderly(lambda number: (log._untold.append(f"heard {number}"), over.set()), 60):
        there()
        await over.wait()
        await asyncio.sleep(SECONDS)
    return 7
end(ending.run(main()))
"""


@SIGNALS
def test_who_wants_to_end_in_order_is_given_the_time(number: int, tmp_path: Path) -> None:
    with program(TAKES_ITS_TIME.replace("SECONDS", "1"), tmp_path) as process:
        process.send_signal(number)
        assert ended(process) == (7, f"dbconsole: heard {int(number)}\n")


def test_a_signal_that_comes_again_means_it_and_one_that_came_twice_does_not(tmp_path: Path) -> None:
    with program(TAKES_ITS_TIME.replace("SECONDS", "600"), tmp_path) as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.0)
        process.send_signal(signal.SIGINT)
        assert ended(process) == (130, "")


def test_the_time_that_was_given_is_not_exceeded(tmp_path: Path) -> None:
    code = TAKES_ITS_TIME.replace("SECONDS", "600").replace(", 60)", ", 0.3)")
    with program(code, tmp_path) as process:
        process.send_signal(signal.SIGTERM)
        assert ended(process)[0] == 143


def test_signals_that_are_ignored_stay_so(tmp_path: Path) -> None:
    code = BEGIN + "async def main():\n    there(); await asyncio.sleep(600)\nend(ending.run(main()))"
    ignoring = f"import os, signal, sys; signal.signal(1, signal.SIG_IGN); os.execv(sys.executable, " \
               f"[sys.executable, '-c', {code!r}])"
    process = subprocess.Popen([sys.executable, "-c", ignoring], cwd=ROOT, text=True, stderr=subprocess.PIPE)
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.readline() == "there\n"
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SOON_S) == 143


CRASHES = {
    "where it stands": "fails(SECRET)",
    "in the main task": "async def main():\n    there(); fails(SECRET)\nending.run(main())",
    "in a thread": """
thread = threading.Thread(target=fails, args=(SECRET,))
there(); thread.start(); thread.join(); end(log.say() * 2)""",
    "in a task": """
async def main():
    there(); asyncio.create_task(in_task()); await asyncio.sleep(0.1)
    import gc; gc.collect()
async def in_task():
    fails(SECRET)
ending.run(main()); end(log.say() * 2)""",
    "in a callback": """
async def main():
    there(); asyncio.get_running_loop().call_soon(fails, SECRET); await asyncio.sleep(0.1)
ending.run(main()); end(log.say() * 2)""",
}


FAILS = """
SECRET = "hunter" + str(2)

def fails(secret):
    password = secret * 2
    raise RuntimeError("planted")
"""


@pytest.mark.parametrize("code", CRASHES.values(), ids=CRASHES)
def test_a_mistake_is_one_sentence_and_no_secret(code: str, tmp_path: Path) -> None:
    code = FAILS + (code if "there()" in code else f"there(); {code}")
    wrapped = "\n".join(["try:", *("    " + line for line in code.splitlines()),
                         "except BaseException as error:", "    log.failed(error); log.say(); end(2)"])
    with program(wrapped, tmp_path) as process:
        status, said = ended(process)
    kept = (tmp_path / "dbconsole" / "dbconsole.log").read_text()
    assert status == 2 and said.count("\n") == 1, said
    assert said.startswith("dbconsole: a mistake of dbconsole's own: RuntimeError")
    assert str(tmp_path / "dbconsole" / "dbconsole.log") in said
    assert "RuntimeError: planted" in kept and "in fails" in kept and "hunter2" not in said + kept


RAW = """
import tty
own = ending.take_terminal()
def fill():
    try:
        while True:
            os.write(own, b'x' * 4096)
    except BlockingIOError:
        pass
tty.setraw(0)
os.write(1, b"\x1b[?1049h\x1b[?25l")
async def main():
    os.write(1, b"there")
    HANG; time.sleep(600)
end(ending.run(main()))
"""


@pytest.mark.parametrize("hang", ["pass", "fill()"], ids=["one that reads", "one that doesn't"])
@SIGNALS
def test_the_terminal_is_put_in_order_although_nothing_else_goes_on(number: int, hang: str, tmp_path: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        default_signals()
        os.chdir(ROOT)
        os.environ["XDG_STATE_HOME"] = str(tmp_path)
        code = BEGIN.replace("\\\\", "\\") + RAW.replace("HANG", hang)
        os.execv(sys.executable, [sys.executable, "-c", code])
    try:
        seen = b""
        while b"there" not in seen:
            seen += os.read(terminal, 1024)
        time.sleep(0.5)
        os.kill(pid, number)
        began = time.monotonic()
        while (found := os.waitpid(pid, os.WNOHANG)) == (0, 0):
            assert time.monotonic() - began < SOON_S
            time.sleep(0.02)
        assert os.waitstatus_to_exitcode(found[1]) == 128 + number
        flags = termios.tcgetattr(terminal)[3]
        assert flags & termios.ECHO and flags & termios.ICANON and flags & termios.ISIG
        with_reset = b""
        while select.select([terminal], [], [], 0.5)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            with_reset += piece
        assert with_reset.endswith(b"\x1b[?1049l\x1b[?25h"), with_reset[-200:]
    finally:
        os.close(terminal)
