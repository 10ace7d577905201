"""This machine beside its server, and only where that is proven."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from console.metrics.local import LOCAL_FACTS, LocalHost, doubt, read_process
from console.server.single import single_session
from console.server.target import Target
from tests.support.servers import LiveServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


async def test_a_server_here_is_proven_and_another_is_not(own_server: LiveServer) -> None:
    async with single_session(Target(name="t", conninfo=own_server.dsn)) as session:
        (facts,) = await session.fetch(LOCAL_FACTS)
        assert doubt(facts) is None
        assert "pooler" in str(doubt(facts, is_pooled=True))
        assert "network" in str(doubt(replace(facts, server_address="10.0.4.7")))
        assert "network" in str(doubt(replace(facts, client_address="2001:db8::1")))
        assert "another one" in str(doubt(replace(facts, backend_pid=os.getpid())))
        assert "no process" in str(doubt(replace(facts, backend_pid=2**22 + 1)))
        later = dt.timedelta(seconds=30)
        assert facts.backend_started_at is not None
        assert "another one" in str(doubt(replace(facts, backend_started_at=facts.backend_started_at + later)))
        assert "another one" in str(doubt(replace(facts, backend_started_at=None)))
        assert "postmaster" in str(doubt(replace(facts, started_at=facts.started_at - later)))
        process = read_process(facts.backend_pid, facts.backend_started_at)
        assert process is not None and process.cpu_s >= 0 and process.own_bytes and process.own_bytes < 2**30
        assert read_process(facts.backend_pid, facts.backend_started_at + later) is None
        assert read_process(2**22 + 1, facts.backend_started_at) is None
        host = LocalHost(facts.data_directory).read()
        assert host.cores >= 1 and host.disk_total_bytes and host.disk_percent is not None


def proc(folder: Path, busy: int, waiting: int, idle: int) -> Path:
    (folder / "stat").write_text(f"cpu  {busy} 0 0 {idle} {waiting} 0 0 0 0 0\ncpu0 0 0 0 0\ncpu1 0 0 0 0\nintr 1\n")
    (folder / "meminfo").write_text("MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 250 kB\n")
    (folder / "loadavg").write_text("1.50 1.00 0.50 1/200 4711\n")
    return folder


def test_percentages_are_of_the_time_between_two_looks(tmp_path: Path) -> None:
    host = LocalHost(None, proc(tmp_path, 1000, 50, 10_000))
    first = host.read()
    assert (first.cores, first.cpu_percent, first.load, first.memory_percent) == (2, None, 1.5, 75.0)
    assert first.disk_percent is None
    proc(tmp_path, 1075, 60, 10_015)
    second = host.read()
    assert (second.cpu_percent, second.io_percent) == (75.0, 10.0)
    assert host.read().cpu_percent is None, "no time has passed"


def test_a_data_directory_that_is_out_of_reach_is_no_disk(tmp_path: Path) -> None:
    assert LocalHost(str(tmp_path / "gone"), proc(tmp_path, 1, 1, 1)).read().disk_total_bytes is None
