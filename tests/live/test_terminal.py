"""The real console in a real terminal on a real server, on good days and bad ones."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import processes
from tests.support.pgbouncer import PgBouncer
from tests.support.servers import Database, LiveServer, Servers
from tests.support.terminal import Terminal, terminal
from tests.support.tls import TlsServer
from tests.support.waiting import wait_for

ROOT = Path(__file__).parents[2]
CONSOLE = [sys.executable, "-m", "console"]


pytestmark = pytest.mark.usefixtures("own_files")


def console(*arguments: str, size: tuple[int, int] = (120, 36), **environment: str) -> Iterator[Terminal]:
    return terminal([*CONSOLE, *arguments], *size, environment=environment, cwd=ROOT)  # type: ignore[return-value]


@pytest.mark.parametrize("size", [(120, 36), (80, 24)])
def test_it_opens_shows_the_checks_and_leaves(database: Database, size: tuple[int, int]) -> None:
    with console(database.conninfo, size=size) as screen:
        screen.wait(" well")
        screen.wait("transactions/s")
        screen.wait(database.server.version)
        assert all(len(line) <= size[0] for line in screen.text.splitlines())
        screen.send("q")
        assert screen.wait_end() == 0


def test_every_version_opens_and_is_browsed(any_server: LiveServer) -> None:
    with any_server.database() as database, any_server.role() as nobody:
        with database.connect() as connection:
            connection.execute("CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY)")
        for conninfo in (database.conninfo, f"{database.conninfo} user={nobody}"):
            _opens_and_browses(conninfo, any_server.version)


def test_a_standby_and_a_pooler_are_browsed_like_any_server(servers: Servers, pgbouncer: PgBouncer,
                                                            embedded: LiveServer) -> None:
    primary = servers.make("embedded")
    for conninfo, server in ((servers.standby(primary).conninfo(), primary), (pgbouncer.conninfo(), embedded)):
        with server.connect() as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS shop; "
                               "CREATE TABLE IF NOT EXISTS shop.orders (id int PRIMARY KEY)")
        _opens_and_browses(conninfo, server.version)


def _opens_and_browses(conninfo: str, version: str) -> None:
    with console(conninfo) as screen:
        screen.wait(f"PostgreSQL {version}")
        screen.wait(" well")
        screen.send("2")
        screen.wait("shop", 30)
        screen.wait("event triggers", 30)
        screen.still()
        screen.send("/")
        screen.wait("clear filter")
        screen.send("orders")
        screen.wait("found")
        screen.still()
        screen.send("\r")
        screen.wait("integer", 20)
        screen.send("\x11")
        assert screen.wait_end() == 0


def test_keys_are_as_they_are_configured(database: Database, tmp_path: Path) -> None:
    """Also in what is shown by whoever was there before the first screen, such as the connection's samples."""
    config = tmp_path / "config.toml"
    config.write_text('[keys]\npreset = "vim"\n"overview.load" = "L"\n"app.quit" = "f10"\n')
    with console("--config", str(config), database.conninfo) as screen:
        screen.wait("L Load")
        screen.wait("f10 quit")
        screen.send("L")
        screen.wait("rows written/s")
        screen.send("q")
        screen.idle(0.5)
        screen.send("\x1b[21~")
        assert screen.wait_end() == 0


def test_a_conflict_of_keys_is_said_before_anything_is_opened(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[keys]\n"activity.cancel" = "q"\n')
    with console("--config", str(config), "host=nowhere.invalid", size=(300, 24)) as screen:
        screen.wait("activity.cancel", 60)
        assert f"{config}: keys: q would be both app.quit (quit) and activity.cancel (cancel the" in screen.text
        assert screen.wait_end() == 3


def test_a_server_that_goes_away_and_comes_back(own_server: LiveServer) -> None:
    assert own_server.cluster is not None
    with console(own_server.conninfo()) as screen:
        screen.wait("live")
        own_server.cluster.stop("immediate")
        screen.wait("next try", 20)
        assert " well" in screen.text, "the last data stays"
        own_server.cluster.start()
        screen.wait("live", 40)
        screen.send("q")
        assert screen.wait_end() == 0


@pytest.mark.parametrize(("conninfo", "words"), [
    ("host=127.0.0.1 port=1", "no server answers there"),
    ("host=no.such.host.invalid", "the host name is unknown"),
])
def test_no_server_is_one_clear_sentence_and_can_be_left(conninfo: str, words: str) -> None:
    with console(conninfo) as screen:
        screen.wait(words)
        assert "Traceback" not in screen.text
        screen.send("q")
        assert screen.wait_end() == 0


def test_a_password_is_asked_for(tls_server: TlsServer) -> None:
    conninfo = tls_server.conninfo(user="lettered", sslmode="require")
    with console(conninfo) as screen:
        screen.wait("password")
        screen.still()
        screen.send("wrong\r")
        screen.wait("refused", 20)
        screen.still()
        screen.send(f"{tls_server.password}\r")
        screen.wait(" well")
        assert tls_server.password not in screen.text
        screen.send("q")
        assert screen.wait_end() == 0


def test_without_colour_or_utf8_it_says_the_same_in_ascii(database: Database) -> None:
    with console(database.conninfo, size=(80, 24), NO_COLOR="1", LANG="C", LC_ALL="C", TERM="linux",
                 PYTHONUTF8="0", PYTHONCOERCECLOCALE="0") as screen:
        screen.wait(" well")
        screen.still()
        assert screen.text.isascii(), sorted(set(re.findall(r"[^\x00-\x7f]", screen.text)))
        screen.send("q")
        assert screen.wait_end() == 0


def test_ctrl_c_ends_a_check_with_130(own_server: LiveServer) -> None:
    assert own_server.cluster is not None and (status := own_server.cluster.status()) is not None
    os.kill(status.pid, signal.SIGSTOP)
    try:
        process = subprocess.Popen([*CONSOLE, "--check", own_server.conninfo()], cwd=ROOT, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        wait_for(lambda: len(processes.sockets(process.pid)) > 2)  # the event loop's two, and that to the server
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=5)
    finally:
        os.kill(status.pid, signal.SIGCONT)
    assert process.returncode == 130 and "Traceback" not in out + err


@pytest.mark.parametrize(("arguments", "status", "words"), [
    (["--check", "nowhere"], 3, "there is no target 'nowhere'"),
    (["nowhere", "extra"], 3, "one target at a time"),
    (["--cheque"], 3, "unrecognized arguments: --cheque"),
    (["--check", "--config", "/nonexistent.toml"], 3, "no such file"),
    (["--check", "--only", "cache_hits"], 3, "did you mean cache_hit?"),
    (["--json"], 3, "belong to --check"),
    (["demo", "dance"], 3, "invalid choice"),
    (["migrate", "up", "-t", "nowhere"], 3, "there is no target 'nowhere'"),
    (["--check", "host=127.0.0.1 port=1"], 2, ""),
    (["--check", "demo", "-d", "other"], 3, "the demo server takes no dbname"),
    (["--check", "--config", ""], 3, "no such file"),
    (["--check", "--config", "tests"], 3, "Is a directory"),
    (["--check", "no\x1b[31mwhere\n"], 3, "there is no target"),
    (["--check", "host=x password='hunter2"], 3, "not a valid connection string"),
])
def test_mistakes_have_a_sentence_and_an_exit_status(arguments: list[str], status: int, words: str) -> None:
    done = subprocess.run([*CONSOLE, *arguments], capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL)
    assert done.returncode == status, done.stderr
    assert words in done.stderr and "Traceback" not in done.stderr and "hunter2" not in done.stderr + done.stdout
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize(("conninfo", "words"), [
    (f"host={'x' * 70}.example", "the host name is unknown"),
    ("host=a..b", "the host name is unknown"),
    ("host=127.0.0.1 port=99999", "the port makes no sense"),
    ("host=127.0.0.1 port=abc", "the port makes no sense"),
    ("host=/tmp port=0x1", "the port makes no sense"),
])
def test_a_place_that_cannot_be_is_told_as_such(conninfo: str, words: str) -> None:
    done = subprocess.run([*CONSOLE, "--check", conninfo], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and words in done.stdout and "Traceback" not in done.stderr


def test_a_password_command_that_hangs_ends_with_the_check_and_with_all_it_started(tmp_path: Path) -> None:
    config = tmp_path / "dbconsole.toml"
    config.write_text("[targets.a]\ndsn='host=127.0.0.1 port=1'\npassword_command='''sh -c 'sleep 61.25; true' '''\n")
    started = time.monotonic()
    done = subprocess.run([*CONSOLE, "--check", "a", "--config", str(config), "--timeout", "1"],
                          capture_output=True, text=True, cwd=ROOT, timeout=20)
    assert done.returncode == 2 and time.monotonic() - started < 15
    assert processes.running("sleep 61.25") == []


def test_a_full_disk_or_closed_output_is_no_traceback(database: Database) -> None:
    check = f"{sys.executable} -m console --check '{database.conninfo}' --only role"
    full, closed = (subprocess.run(f"{check} >{where}", shell=True, capture_output=True, text=True, cwd=ROOT)
                    for where in ("/dev/full", "&-"))
    assert full.returncode == 2 and "No space left" in full.stderr and "Traceback" not in full.stderr
    assert closed.returncode == 0 and not closed.stderr
    done = subprocess.run(f"{sys.executable} -m console '{database.conninfo}' <&-", shell=True, capture_output=True,
                          text=True, cwd=ROOT)
    assert done.returncode == 3 and "needs a terminal" in done.stderr


def test_a_database_that_is_dropped_while_watched_says_so_and_another_can_be_chosen(server: LiveServer) -> None:
    with server.database() as database, console(database.conninfo, size=(80, 24)) as screen:
        screen.wait(" well")
        with server.connect() as connection:
            connection.execute(f'DROP DATABASE "{database.name}" WITH (FORCE)')
        screen.wait("does not exist", 20)
        assert " well" in screen.text
        screen.send("q")
        assert screen.wait_end() == 0


def test_in_a_very_small_terminal_the_checks_are_what_stays(database: Database) -> None:
    with console(database.conninfo, size=(40, 10)) as screen:
        screen.wait("findings")
        screen.resize(1, 1)
        screen.still()
        screen.resize(80, 24)
        screen.wait("cache hit")
        screen.send("q")
        assert screen.wait_end() == 0


def test_without_a_terminal_the_console_says_what_scripts_use(database: Database) -> None:
    done = subprocess.run([*CONSOLE, database.conninfo], capture_output=True, text=True, cwd=ROOT,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == 3 and "--check" in done.stderr


def test_a_reader_that_goes_away_is_no_error(database: Database) -> None:
    done = subprocess.run(f"{sys.executable} -m console --help | true; exit ${{PIPESTATUS[0]}}", shell=True,
                          capture_output=True, text=True, cwd=ROOT, executable="/bin/bash")
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr


def test_a_failure_is_one_also_when_the_reader_has_gone() -> None:
    code = ("import sys; from console import cli; from console.errors import ConsoleError\n"
            "def fails(arguments):\n    sys.stdin.read(); sys.stdout.write('half'); raise ConsoleError('no')\n"
            "cli._dispatch = fails; status = cli.main([]); cli._to_nowhere(sys.stdout); sys.exit(status)")
    buffered = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
                               env=buffered)
    assert process.stdin is not None and process.stdout is not None
    process.stdout.close()
    process.stdin.close()
    assert process.wait(30) == 2
