"""Every command that connects ends by itself when the server is silent, and at once by Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.live.test_decoys import connecting
from tests.support import processes
from tests.support.servers import LiveServer
from tests.support.terminal import default_signals
from tests.support.waiting import wait_for

ROOT = Path(__file__).parents[2]
NO_WAITING = ("record", "migrate new", "backup verify", "backup restore", "backup prune", "backup schedule")
"""What has no time limit as it runs until Ctrl-C, what connects only where it is told to, and what looks at folders."""
LIMIT_S, MORE_S = 2, 20
"""The limit that is given, and what starting ten and more programs at once takes on a busy machine."""

pytestmark = pytest.mark.usefixtures("own_files")


def words_of(folder: Path) -> Mapping[str, Sequence[str]]:
    """What each command needs beside where it connects."""
    services = ("--migrations", str(folder))
    column = ("--column", "public.items.v")
    vectors = folder / "v.csv"
    vectors.write_text("id,v\n1,\"[1,2,3]\"\n")
    (folder / "0001_a.up.sql").write_text("CREATE TABLE a (id int);\n")
    (folder / "0001_a.down.sql").write_text("DROP TABLE a;\n")
    (folder / "seed").mkdir()
    (folder / "backups").mkdir(mode=0o700)
    (folder / "seed" / "1.sql").write_text("SELECT 1;\n")
    (folder / "service.toml").write_text('name = "shop"\n')
    migrate = {f"migrate {name}": services for name in ("status", "plan", "verify", "drift", "adopt")} | {
        "migrate seed": (*services, "--yes"),
        "migrate up": (*services, "--yes"), "migrate down": (*services, "--yes"),
        "migrate lint": services, "migrate squash": (*services, "--to", "0001", "--dry-run"),
        "migrate baseline": (*services, "--to", "0001", "--yes"), "migrate diff": (),
        "migrate repair": ("mark-applied", *services, "--version", "0001", "--yes")}
    return migrate | {
        "search": (*column, "--like-id", "1"), "recall": column, "explain": ("SELECT 1",), "diagnose": (),
        "backup run": ("--folder", str(folder / "backups")), "backup status": ("--folder", str(folder / "backups")),
        "advisories": (), "ddl": (), "vectors health": column, "vectors load": (*column, str(vectors), "--yes"),
        "vectors store": (*column, str(folder / "out.csv"))}


def started(command: str, words: Sequence[str], dsn: str, *more: str) -> subprocess.Popen[str]:
    where = (dsn, dsn) if command == "migrate diff" else ("-t", dsn)
    return subprocess.Popen([sys.executable, "-m", "console", *command.split(), *where, *words, *more], cwd=ROOT,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            preexec_fn=default_signals, env=os.environ | {"DBCONSOLE_CONFIG": ""})


def has_asked(process: subprocess.Popen[str]) -> bool:
    """Whether it has a connection beside the event loop's two sockets; or has ended, which is told by its status."""
    return process.poll() is not None or len(processes.sockets(process.pid)) > 2


def test_each_ends_by_itself_and_at_once_by_ctrl_c(own_server: LiveServer, tmp_path: Path) -> None:
    commands = words_of(tmp_path)
    assert set(commands) == set(connecting()) - set(NO_WAITING)
    wrong = []
    with own_server.frozen():
        began = time.monotonic()
        limited = {command: started(command, words, own_server.conninfo(), "--timeout", str(LIMIT_S))
                   for command, words in commands.items()}
        for command, process in limited.items():
            out, err = process.communicate(timeout=120)
            if process.returncode != 2 or "Traceback" in err or not re.search("answer|in vain|wait", err):
                wrong.append(f"{command}: {process.returncode} {out}{err}")
        if time.monotonic() - began > LIMIT_S * 3 + MORE_S * 2:
            wrong.append(f"they took {time.monotonic() - began:.0f} s")
        interrupted = {command: started(command, words, own_server.conninfo()) for command, words in commands.items()}
        for command, process in interrupted.items():
            wait_for(partial(has_asked, process))
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            out, err = process.communicate(timeout=60)
            if process.returncode != 130 or "Traceback" in err or time.monotonic() - began > MORE_S / 4:
                wrong.append(f"{command}, Ctrl-C: {process.returncode} after {time.monotonic() - began:.1f} s: {err}")
    assert not wrong, "\n".join(wrong)
