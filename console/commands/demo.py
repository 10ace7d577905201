"""`dbconsole demo start|stop|status|reset`: the demo server without the console. Narrates on stderr."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from console.commands.output import say, write_data, write_lines
from console.demo.postgres import DemoServer, demo_cluster, demo_data_dir
from console.demo.prepare import DATABASE, prepare
from console.text import format as fmt

if TYPE_CHECKING:
    from console.commands.opening import Opening

DONE, NOT_RUNNING = 0, 1


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The commands of `dbconsole demo`."""
    parser.add_argument("command", choices=("start", "stop", "status", "reset"))
    common(parser)


async def run(opening: Opening) -> int:
    """Runs one of start, stop, status, reset and returns the exit status. Raises ConsoleError."""
    match opening.options.command:
        case "stop":
            return _stop(demo_cluster())
        case "status":
            return _status(demo_cluster())
        case "reset":
            server = demo_cluster()
            say("dropping the demo")
            server.remove()
    target = await prepare(say)
    say("the demo is running; dbconsole demo opens it, dbconsole demo stop stops it")
    write_data(target.conninfo)
    return DONE


def _stop(server: DemoServer) -> int:
    if server.is_running:
        server.stop()
        say("the demo is stopped; its data stays")
    else:
        say("the demo is not running")
    return DONE


def _status(server: DemoServer) -> int:
    is_running = server.is_running
    folder = demo_data_dir()
    lines = [f"demo      {'running' if is_running else 'not running'}, PostgreSQL {server.version}",
             f"data      {folder}, {fmt.size(_total_bytes(folder))}" if folder.is_dir()
             else f"data      none yet; it will be in {folder}"]
    if is_running:
        lines.append(f"conninfo  {server.conninfo(DATABASE)}")
    write_lines(lines)
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
