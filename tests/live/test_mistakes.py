"""Mistakes of our own, planted at every stage: one sentence, the exit status, a log for its user alone, no secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.servers import Database
from tests.support.terminal import default_signals, terminal

ROOT = Path(__file__).parents[2]
SECRET = "hunter2"

PLANTED = '''
import sys

def fails(*arguments, **options):
    password = "hunter" + str(2)
    raise RuntimeError("planted")

async def fails_later(*arguments, **options):
    fails(password="hunter" + str(2))

WHERE

sys.argv[0] = "dbconsole"
from console.__main__ import main
main()
'''

IN_THE_CONSOLE = {
    "the command line": ("from console import cli; cli._open = fails", ""),
    "the start": ("from console.ui import start; start.Connection = fails", ""),
    "the imports": ("from console.ui import start; start._import_widgets = fails", ""),
    "before there is a screen": ("from console.ui.app import ConsoleApp; ConsoleApp.on_load = fails", ""),
    "the first screen": ("from console.ui.frame import ConsoleScreen; ConsoleScreen.compose = fails", ""),
    "a style sheet": ("from console.ui.app import ConsoleApp; ConsoleApp.CSS = 'Screen { colour: }'", ""),
    "drawing": ("from console.ui.widgets.painting import Lines; Lines._drawn = fails", ""),
    "a key": ("from console.ui.app import ConsoleApp; ConsoleApp.action_pause = fails", " "),
    "a clock": ("from console.ui.app import ConsoleApp; ConsoleApp._tick = fails", ""),
    "a dialog": ("from console.ui.dialogs.help import HelpDialog; HelpDialog.body = fails", "?"),
    "the end": ("from console.ui.connection import Connection; Connection.close = fails_later", "q"),
}


@pytest.mark.parametrize(("where", "key"), IN_THE_CONSOLE.values(), ids=IN_THE_CONSOLE)
def test_a_mistake_that_ends_the_console(where: str, key: str, database: Database, tmp_path: Path) -> None:
    with planted(where, database, tmp_path) as screen:
        if key:
            screen.wait(" well")
            screen.send(key)
        assert screen.wait_end(30) == 2
        screen.idle(1)
        told(bytes(screen.written).decode("utf-8", "replace").replace("\r", ""), tmp_path)


GOES_ON = {
    "a screen's own reads": ("from console.ui.screens.activity.screen import ActivityScreen; "
                             "ActivityScreen.sample = fails_later", "4"),
    "a listener": ("from console.ui.connection import Connection; Connection._look_for_slow = fails", ""),
    "a task": ("from console.ui.connection import Connection; import asyncio\nfrom console.ui.app import ConsoleApp\n"
               "def open_it(self):\n    import gc; asyncio.get_running_loop().call_soon(fails, password())\n"
               "def password():\n    return 'hunter' + str(2)\nConsoleApp.action_pause = open_it", " "),
    "a thread": ("import threading\nfrom console.ui.app import ConsoleApp\n"
                 "ConsoleApp.action_pause = lambda self: threading.Thread(target=fails).start()", " "),
    "the recorder": ("from console.recorder.recorder import Recorder; Recorder._record = fails", ""),
    "the connection": ("from console.sampler.sampler import Sampler; Sampler._sample = fails_later", ""),
}


@pytest.mark.parametrize(("where", "key"), GOES_ON.values(), ids=GOES_ON)
def test_a_mistake_beside_the_console_does_not_end_it(where: str, key: str, database: Database, tmp_path: Path) -> None:
    with planted(where, database, tmp_path) as screen:
        screen.wait("RuntimeError" if "_sample" in where else " well")
        if key:
            screen.send(key)
        screen.idle(4)
        screen.send("q")
        status = screen.wait_end(30)
        screen.idle(1)
        written = bytes(screen.written).decode("utf-8", "replace").replace("\r", "")
        if key:
            assert status == 2
            told(written, tmp_path)
        else:  # the log says so
            kept = (tmp_path / "dbconsole" / "dbconsole.log").read_text()
            assert "RuntimeError: planted" in kept and SECRET not in written + kept and "Traceback" not in written


def planted(where: str, database: Database, tmp_path: Path):  # type: ignore[no-untyped-def]
    program = tmp_path / "planted.py"
    program.write_text(PLANTED.replace("WHERE", where))
    return terminal([sys.executable, str(program), database.conninfo], cwd=ROOT, environment={
        "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path),
        "DBCONSOLE_CONFIG": ""})


def told(written: str, tmp_path: Path) -> None:
    """One sentence at the end of all that was written, and a log without secrets."""
    log = tmp_path / "dbconsole" / "dbconsole.log"
    kept = log.read_text()
    sentences = [line for line in written.splitlines() if "dbconsole: a mistake" in line]
    assert len(sentences) == 1, written[-2000:]
    assert str(log) in sentences[0] and ", line " in sentences[0]
    assert "Traceback" not in written and "locals" not in written and SECRET not in written
    assert "Traceback (most recent call last)" in kept and SECRET not in kept
    assert log.stat().st_mode & 0o777 == 0o600


HEADLESS = {
    "--check": ("from console.check import runner; runner.evaluate = fails", ["--check"]),
    "--check, in a thread": ("import asyncio\nfrom console.commands import check\nasync def run(*given):\n"
                             "    await asyncio.to_thread(fails, 'hunter' + str(2))\ncheck.run = run",
                             ["--check"]),
    "explain": ("from console.commands import explain; explain.analyse = fails", ["explain", "SELECT 1", "-t"]),
    "search": ("from console.vectors import read; read.find_column = fails_later",
               ["search", "--column", "a.b.c", "--like-id", "1", "-t"]),
    "recall": ("from console.vectors import read; read.find_column = fails_later",
               ["recall", "--column", "a.b.c", "-t"]),
    "migrate": ("from console.commands import migrate_commands; migrate_commands.status = fails_later",
                ["migrate", "status", "--migrations", "migrations", "-t"]),
    "record": ("from console.recorder.recorder import Recorder; Recorder.start = fails", ["record", "FILE", "-t"]),
    "the arguments": ("from console.commands import usage; usage.parser = fails", ["--check"]),
    "connecting": ("from console.server import connection; connection._records_adapters = fails\n"
                   "connection._Context = fails", ["explain", "SELECT 1", "-t"]),
}


@pytest.mark.parametrize(("where", "arguments"), HEADLESS.values(), ids=HEADLESS)
def test_a_mistake_in_a_command(where: str, arguments: list[str], database: Database, tmp_path: Path) -> None:
    program = tmp_path / "planted.py"
    program.write_text(PLANTED.replace("WHERE", where))
    words = [str(tmp_path / "file.dbrec") if word == "FILE" else word for word in arguments]
    done = subprocess.run(
        [sys.executable, str(program), *words, database.conninfo], cwd=ROOT, capture_output=True, text=True, timeout=60,
        stdin=subprocess.DEVNULL, preexec_fn=default_signals, env=os.environ | {
            "PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path),
            "DBCONSOLE_CONFIG": ""})
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    told(done.stderr, tmp_path)
    assert SECRET not in done.stdout
