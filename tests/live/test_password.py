"""A password that is wanted over a slow link, or anew while the console is open: asked for, never a crash."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.support.proxy import Proxy, slow_link
from tests.support.servers import LiveServer, Servers
from tests.support.terminal import terminal

ROOT = Path(__file__).parents[2]
CONSOLE = [sys.executable, "-m", "console"]
DELAY_S = 0.05
"""Each way: a round trip of 100 ms, as between continents."""

HBA = """\
local all all              trust
host  all all 127.0.0.1/32 scram-sha-256
"""


@pytest.fixture(scope="module")
def guarded(servers: Servers) -> Iterator[LiveServer]:
    """A server that wants a password over TCP."""
    found = servers.listening(HBA)
    yield found
    assert found.cluster is not None
    found.cluster.remove()


@pytest.fixture
def role(guarded: LiveServer) -> Iterator[str]:
    with guarded.role("LOGIN") as name:
        set_password(guarded, name, "one")
        yield name


def set_password(server: LiveServer, role: str, password: str) -> None:
    with server.connect() as connection:
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))


@pytest.fixture
def link(guarded: LiveServer) -> Iterator[Proxy]:
    with slow_link(guarded.tcp(), DELAY_S) as found:
        yield found


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {name: str(tmp_path / name) for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME")} | {
        "PGPASSFILE": str(tmp_path / "pgpass"), "DBCONSOLE_CONFIG": ""}


@pytest.mark.parametrize("delay_s", [0.0, 0.05, 0.2])
def test_it_is_asked_for_over_a_slow_link(link: Proxy, role: str, environment: dict[str, str], delay_s: float) -> None:
    link.delay_s = delay_s
    conninfo = make_conninfo(link.conninfo, user=role, dbname="postgres")
    with terminal([*CONSOLE, conninfo], environment=environment, cwd=ROOT) as screen:
        screen.wait("Password for")
        screen.send("wrong\r")
        screen.wait("Password for", gone=True)
        screen.wait("Password for")
        screen.send("one\r")
        screen.wait(" well", 30)
        screen.send("q")
        assert screen.wait_end() == 0


def test_it_is_asked_for_when_it_was_changed_while_connected(guarded: LiveServer, link: Proxy, role: str,
                                                             environment: dict[str, str]) -> None:
    Path(environment["PGPASSFILE"]).write_text("*:*:*:*:one")
    Path(environment["PGPASSFILE"]).chmod(0o600)
    conninfo = make_conninfo(link.conninfo, user=role, dbname="postgres")
    with terminal([*CONSOLE, conninfo], environment=environment, cwd=ROOT) as screen:
        screen.wait(" well", 30)
        password = secrets.token_hex(4)
        set_password(guarded, role, password)
        with guarded.connect() as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (role,))
        screen.wait("Password for", 30)
        screen.send(f"{password}\r")
        screen.wait("live", 30)
        screen.send("q")
        assert screen.wait_end() == 0


def test_keys_typed_while_it_is_waited_for_are_obeyed(link: Proxy, role: str, environment: dict[str, str]) -> None:
    link.delay_s = 5
    conninfo = make_conninfo(link.conninfo, user=role, dbname="postgres", connect_timeout=60)
    with terminal([*CONSOLE, conninfo], environment=environment, cwd=ROOT) as screen:
        screen.wait("connecting")
        screen.send("2")
        screen.wait("Password for", 30)
        link.delay_s = DELAY_S
        screen.send("one\r")
        screen.wait("event triggers", 30)
        screen.send("q")
        assert screen.wait_end() == 0
