"""The console in a real terminal on a real server: what goes down the wire, what is legible, how fast it leaves."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.support.servers import LiveServer
from tests.support.terminal import Terminal, terminal


def start(server: LiveServer, state: Path, size: tuple[int, int] = (120, 36), **environment: str):  # type: ignore[no-untyped-def]
    return terminal([sys.executable, "-m", "console", server.dsn], *size, environment={
        "LANG": "C.UTF-8", "LC_ALL": "", "XDG_STATE_HOME": str(state)} | environment)


def settled(screen: Terminal) -> None:
    screen.wait("connections", 30)
    screen.wait("live")
    screen.idle(3)


def test_a_tick_costs_hundreds_of_bytes(server: LiveServer, tmp_path: Path) -> None:
    with start(server, tmp_path) as screen:
        settled(screen)
        before = screen.bytes_out
        screen.idle(8)
        assert 0 < (screen.bytes_out - before) / 4 < 2500, "bytes for each tick of 2 s, clock included"


def test_paused_it_costs_the_clock_alone(server: LiveServer, tmp_path: Path) -> None:
    with start(server, tmp_path) as screen:
        settled(screen)
        screen.send(" ")
        screen.wait("paused")
        screen.idle(1)
        before = screen.bytes_out
        screen.idle(4)
        assert screen.bytes_out - before < 1000


@pytest.mark.parametrize("environment", [{"TERM": "linux"}, {"LANG": "C"}, {"LC_ALL": "POSIX"}], ids=str)
def test_without_utf8_everything_is_ascii(server: LiveServer, tmp_path: Path, environment: dict[str, str]) -> None:
    with start(server, tmp_path, (80, 24), **environment) as screen:
        settled(screen)
        screen.send("t")
        screen.wait("Target")
        assert screen.text.isascii()


def test_without_colour_none_is_written(server: LiveServer, tmp_path: Path) -> None:
    with start(server, tmp_path, (80, 24), NO_COLOR="1") as screen:
        settled(screen)
        cells = [cell for row in screen.screen.buffer.values() for cell in row.values()]
        assert {cell.fg for cell in cells} | {cell.bg for cell in cells} == {"default"}
        assert any(cell.reverse for cell in cells)
        assert any(line.lstrip().startswith(("O ", "C ")) for line in screen.text.splitlines())


def test_q_leaves_at_once_when_the_server_does_not_answer(own_server: LiveServer, tmp_path: Path) -> None:
    with start(own_server, tmp_path) as screen:
        settled(screen)
        with own_server.connect() as other:
            backends = [pid for (pid,) in other.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'dbconsole'").fetchall()]
        assert backends
        for pid in backends:
            os.kill(pid, signal.SIGSTOP)
        try:
            screen.idle(3)
            before = time.perf_counter()
            screen.send("q")
            assert screen.wait_end(10) == 0
            assert time.perf_counter() - before < 8
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)
