"""A streaming pair behind a target of two hosts: who answered, and what it is now, is on the screen at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.local_postgres.cluster import free_port
from tests.support.servers import LiveServer, Servers
from tests.support.terminal import terminal

ROOT = Path(__file__).parents[2]
CONSOLE = [sys.executable, "-m", "console"]
HBA = "local all,replication all trust\nlocal replication all trust\nhost all all 127.0.0.1/32 trust\n"


@pytest.fixture
def pair(servers: Servers) -> Iterator[tuple[LiveServer, LiveServer]]:
    """A primary and its standby, over TCP."""
    def listening() -> dict[str, str]:
        return {"listen_addresses": "127.0.0.1", "port": str(free_port())}

    primary = servers.make("embedded", listening())
    assert primary.cluster is not None
    (primary.cluster.data_dir / "pg_hba.conf").write_text(HBA)
    with primary.connect() as connection:
        connection.execute("SELECT pg_reload_conf()")
    standby = servers.standby(primary, listening())
    yield primary, standby
    for server in (standby, primary):
        assert server.cluster is not None
        server.cluster.remove()


def port(server: LiveServer) -> int:
    assert server.cluster is not None and (status := server.cluster.status()) is not None
    return status.port


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
def test_who_answers_and_that_it_was_promoted(pair: tuple[LiveServer, LiveServer], size: tuple[int, int]) -> None:
    primary, standby = pair
    hosts = f"host=127.0.0.1,127.0.0.1 port={port(primary)},{port(standby)} user=postgres dbname=postgres"
    with terminal([*CONSOLE, hosts], *size, environment={"DBCONSOLE_CONFIG": ""}, cwd=ROOT) as screen:
        screen.wait(f"at 127.0.0.1:{port(primary)}", 60)
        screen.wait("primary")
        screen.wait("no TLS")
        screen.send("E")
        screen.wait("can be read on its way")
        screen.send("\x1b")
        assert primary.cluster is not None
        primary.cluster.stop("immediate")
        screen.wait(f"at 127.0.0.1:{port(standby)}", 60)
        screen.wait(" standby")
        began_s = screen.wait("live")
        with standby.connect() as connection:
            connection.execute("SELECT pg_promote()")
        assert screen.wait(" primary") - began_s < 10, "that takes two samples, not the half minute of a renewal"
        screen.send("q")
        assert screen.wait_end() == 0
