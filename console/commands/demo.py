"""`dbconsole demo start|stop|status|reset`: the demo server without the console. Narrates on stderr."""

from __future__ import annotations

import sys
from pathlib import Path

from console import ending
from console.demo.postgres import DemoServer, demo_cluster, demo_data_dir
from console.demo.prepare import DATABASE, prepare
from console.text import format as fmt

DONE, NOT_RUNNING = 0, 1


def run(command: str) -> int:
    """Runs one of start, stop, status, reset and returns the exit status. Raises ConsoleError."""
    match command:
        case "start":
            return _start()
        case "stop":
            return _stop(demo_cluster())
        case "status":
            return _status(demo_cluster())
        case "reset":
            server = demo_cluster()
            _say("dropping the demo")
            server.remove()
            return _start()
    raise AssertionError(command)


def _start() -> int:
    target = ending.run(prepare(_say))
    _say("the demo is running; dbconsole demo opens it, dbconsole demo stop stops it")
    _print(target.conninfo)
    return DONE


def _stop(server: DemoServer) -> int:
    if server.is_running:
        server.stop()
        _say("the demo is stopped; its data stays")
    else:
        _say("the demo is not running")
    return DONE


def _status(server: DemoServer) -> int:
    is_running = server.is_running
    folder = demo_data_dir()
    _print(f"demo      {'running' if is_running else 'not running'}, PostgreSQL {server.version}")
    if folder.is_dir():
        _print(f"data      {folder}, {fmt.size(_total_bytes(folder))}")
    else:
        _print(f"data      none yet; it will be in {folder}")
    if is_running:
        _print(f"conninfo  {server.conninfo(DATABASE)}")
    return DONE if is_running else NOT_RUNNING


def _total_bytes(folder: Path) -> int:
    """Of all files below; what the server removes meanwhile doesn't count."""
    total_bytes = 0
    for path in folder.rglob("*"):
        try:
            total_bytes += path.lstat().st_size
        except OSError:
            continue
    return total_bytes


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()
