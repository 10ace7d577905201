"""Leaving at once: whatever hangs, the process is gone, its terminal in order, its sessions ended on the server."""

from __future__ import annotations

import os
import random
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.support.pgbouncer import PgBouncers
from tests.support.servers import Database, LiveServer
from tests.support.terminal import Terminal, default_signals, terminal

ROOT = Path(__file__).parents[2]
CONSOLE = [sys.executable, "-m", "console"]
SOON_S = 5.0
"""What half a second may become on a busy machine; what hangs does so for minutes."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


pytestmark = pytest.mark.usefixtures("own_files")


@dataclass
class Silent:
    """A listener that accepts connections and never says anything."""

    port: int
    accepted: list[socket.socket] = field(default_factory=list)

    def accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                self.accepted.append(listener.accept()[0])


@pytest.fixture
def silent() -> Iterator[Silent]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Silent(listener.getsockname()[1])
        thread = threading.Thread(target=found.accept, args=(listener,))
        thread.start()
        yield found
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in found.accepted:
            connection.close()


def sessions(server: LiveServer, name: str) -> list[str]:
    """The sessions of a program by its application name."""
    with server.connect() as connection:
        rows = connection.execute("SELECT state FROM pg_stat_activity WHERE application_name = %s", (name,)).fetchall()
    return [str(state) for (state,) in rows]


def soon(fact: Callable[[], bool], seconds: float = SOON_S) -> bool:
    """Whether it becomes true in that time."""
    until = time.monotonic() + seconds
    while not (found := fact()) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def is_in_order(screen: Terminal) -> bool:
    """Whether the terminal echoes, reads lines, shows its cursor and its own screen."""
    flags = termios.tcgetattr(screen.fileno)[3]
    written = bytes(screen.written)
    return bool(flags & termios.ECHO and flags & termios.ICANON and flags & termios.ISIG) \
        and written.rfind(b"\x1b[?1049l") >= written.rfind(b"\x1b[?1049h") \
        and written.rfind(b"\x1b[?25h") >= written.rfind(b"\x1b[?25l")


def left(screen: Terminal, way: str, *, reads: bool = True) -> float:
    """Seconds until the console has left by a key or a signal; it must leave the terminal in order."""
    number = getattr(signal, way, None)
    began = time.perf_counter()
    if number is None:
        screen.send(way)
    else:
        os.kill(screen.pid, number)
    status = screen.wait_end(SOON_S, reads=reads)
    seconds = time.perf_counter() - began
    screen.idle(SOON_S)  # until all is read
    assert status == (0 if number is None else 128 + number)
    assert is_in_order(screen), bytes(screen.written[-300:])
    assert b"Traceback" not in screen.written
    return seconds


WAYS = ["q", "\x11", "SIGTERM", "SIGHUP", "SIGINT"]
BY_EACH_WAY = pytest.mark.parametrize("way", WAYS, ids=["q", "ctrl+q", *WAYS[2:]])


# what hangs in the console

SLOW_NAMES = """
import socket, time
asked = socket.getaddrinfo

def getaddrinfo(host, *arguments, **options):
    if str(host).endswith("slow.invalid"):
        time.sleep(600)  # in C, as the resolver waits
    return asked(host, *arguments, **options)

socket.getaddrinfo = getaddrinfo
"""


@BY_EACH_WAY
def test_no_name_is_waited_for(way: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_NAMES)
    with terminal([*CONSOLE, "host=slow.invalid connect_timeout=600"], cwd=ROOT,
                  environment={"PYTHONPATH": str(tmp_path)}) as screen:
        screen.wait("connecting")
        screen.idle(0.3)
        left(screen, way)


@BY_EACH_WAY
def test_no_password_command_is_waited_for(way: str, tmp_path: Path) -> None:
    mark = f"6{secrets.randbelow(10**6)}.5"
    config = tmp_path / "config.toml"
    config.write_text("[targets.hangs]\ndsn = 'host=127.0.0.1'\n"
                      f"password_command = '''sh -c 'trap \"\" TERM INT HUP; sleep {mark}' '''")
    with terminal([*CONSOLE, "hangs", "--config", str(config)], cwd=ROOT) as screen:
        screen.wait("connecting")
        assert soon(lambda: is_running(mark))
        left(screen, way)
        assert soon(lambda: not is_running(mark))


@BY_EACH_WAY
def test_no_alert_command_is_waited_for(way: str, database: Database, tmp_path: Path) -> None:
    mark = f"6{secrets.randbelow(10**6)}.5"
    config = tmp_path / "config.toml"
    config.write_text("[alerts]\n" + f"command = {shlex.quote(f'sleep {mark}')}\ntimeout = '10min'\n"
                      "[checks.idle_in_transaction]\nwarning = '100ms'\ncritical = '200ms'\n")
    with terminal([*CONSOLE, database.conninfo, "--config", str(config)], cwd=ROOT) as screen, \
            database.connect() as connection:
        screen.wait("● live")
        connection.execute("BEGIN; SELECT 1")
        screen.wait("1 alert")
        assert soon(lambda: is_running(mark), 30)
        left(screen, way)
        assert soon(lambda: not is_running(mark))


def is_running(mark: str) -> bool:
    """Whether a `sleep` of so many seconds runs."""
    return subprocess.run(["pgrep", "-f", rf"^sleep {mark.replace('.', '[.]')}$"], capture_output=True).returncode == 0


@BY_EACH_WAY
def test_no_embedder_is_waited_for(way: str, embedded: LiveServer, silent: Silent, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"[embedders.silent]\nurl = 'http://127.0.0.1:{silent.port}/v1'\nmodel = 'm'\ntimeout = '10min'")
    with embedded.database() as database:
        with database.connect() as connection:
            connection.execute("CREATE EXTENSION vector; CREATE TABLE items (id int PRIMARY KEY, v vector(3)); "
                               "INSERT INTO items VALUES (1, '[1,2,3]'), (2, '[3,2,1]'); "
                               "CREATE INDEX ON items USING hnsw (v vector_cosine_ops); ANALYZE items")
        with terminal([*CONSOLE, database.conninfo, "--config", str(config)], cwd=ROOT) as screen:
            screen.wait(" well")
            screen.send("6")
            screen.wait("items", 30)
            screen.idle(0.5)
            screen.send("n")
            screen.wait("words to search for", 30)
            screen.idle(0.3)
            screen.send("something\r")
            screen.wait("words to search for", gone=True)
            assert soon(lambda: bool(silent.accepted), 30)
            left(screen, way)


@pytest.mark.parametrize(("first", "frozen_for_s"), [("connecting", 0.5), ("connected", 3), ("trying", 13)])
def test_no_silent_server_is_waited_for(first: str, frozen_for_s: float, own_server: LiveServer) -> None:
    """Five consoles at once, so that the server's silence is waited for once: each is left by another way."""
    with ExitStack() as stack:
        if first == "connecting":
            stack.enter_context(own_server.frozen())
        screens = [stack.enter_context(terminal([*CONSOLE, own_server.conninfo()], cwd=ROOT)) for _ in WAYS]
        for screen in screens:
            screen.wait("connecting" if first == "connecting" else " well")
        if first != "connecting":
            stack.enter_context(own_server.frozen())
        until = time.monotonic() + frozen_for_s
        while time.monotonic() < until:
            for screen in screens:
                screen.read(0.02)
        for screen, way in zip(screens, WAYS, strict=True):
            left(screen, way)
    assert soon(lambda: not sessions(own_server, "dbconsole"))


@BY_EACH_WAY
def test_a_statement_that_runs_is_cancelled(way: str, database: Database) -> None:
    name = f"leaving_{secrets.token_hex(4)}"
    with terminal([*CONSOLE, make_conninfo(database.conninfo, application_name=name)], cwd=ROOT) as screen:
        screen.wait(" well")
        screen.send("8")
        screen.wait("run", 30)
        screen.idle(0.5)
        screen.send("SELECT pg_sleep(600)")
        screen.idle(0.3)
        screen.send("\x12")  # ctrl+r
        assert soon(lambda: "active" in sessions(database.server, name), 20)
        screen.send("\x1bOP")  # f1: where q is no letter
        screen.wait("transactions/s")
        left(screen, way)
        assert soon(lambda: not sessions(database.server, name))


# a terminal that nobody reads


@pytest.mark.parametrize("way", ["q", "SIGTERM", "SIGHUP", "SIGINT"])
@pytest.mark.parametrize("what", ["a screen", "a statement"])
def test_a_terminal_that_stops_reading_holds_nothing(way: str, what: str, database: Database) -> None:
    name = f"leaving_{secrets.token_hex(4)}"
    conninfo = make_conninfo(database.conninfo, application_name=name)
    with terminal([*CONSOLE, conninfo], 240, 60, cwd=ROOT) as screen:
        screen.wait(" well")
        if what == "a statement":
            screen.send("8")
            screen.wait("run", 30)
            screen.idle(0.5)
            screen.send("SELECT pg_sleep(600)")
            screen.idle(0.3)
            screen.send("\x12")
            assert soon(lambda: "active" in sessions(database.server, name), 20)
            screen.send("\x1bOP")
            screen.wait("transactions/s")
        for _ in range(60):  # the whole screen again, some 20 kB each: more than any buffer between holds
            screen.send("\x0c")
            time.sleep(0.05)
        time.sleep(0.5)
        left(screen, way, reads=False)
        assert soon(lambda: not sessions(database.server, name))


def test_what_was_not_read_is_drawn_when_it_is_read_again(database: Database) -> None:
    with terminal([*CONSOLE, database.conninfo], 240, 60, cwd=ROOT) as screen:
        screen.wait(" well")
        for _ in range(60):
            screen.send("\x0c")
            time.sleep(0.05)
        screen.send("8")
        time.sleep(2)
        screen.wait("run", 20)
        left(screen, "\x11")


# signals at any moment


def test_a_signal_at_any_moment_of_start_and_end(database: Database) -> None:
    """No traceback, the terminal in order, no session left: 15 starts of many, each another."""
    chance = random.Random(seed := secrets.randbits(32))
    name = f"leaving_{secrets.token_hex(4)}"
    for number in range(15):
        after_s, way = chance.uniform(0.03, 2.5), chance.choice(SIGNALS)
        what = f"seed {seed}, start {number}: {way.name} after {after_s:.3f} s"
        with terminal([*CONSOLE, make_conninfo(database.conninfo, application_name=name)], cwd=ROOT) as screen:
            if number % 3 == 2:  # at the end: it leaves already
                screen.wait(" well")
                screen.send("q")
                after_s = chance.uniform(0, 0.4)
            screen.idle(after_s)
            if screen.exit_status is None:
                os.kill(screen.pid, way)
            status = screen.wait_end(SOON_S)
            assert status in (0, 128 + way, -way), what
            assert is_in_order(screen) and b"Traceback" not in screen.written, (what, bytes(screen.written[-2000:]))
    assert soon(lambda: not sessions(database.server, name))


# headless commands

COMMANDS = {
    "search": ["search", "--column", "items.v", "--like-id", "1", "-t"],
    "recall": ["recall", "--column", "items.v", "-t"],
    "explain": ["explain", "SELECT 1", "-t"],
    "ddl": ["ddl", "-t"],
    "diagnose": ["diagnose", "-t"],
    "status": ["migrate", "status", "--migrations", "migrations", "-t"],
    "plan": ["migrate", "plan", "--migrations", "migrations", "-t"],
    "up": ["migrate", "up", "--migrations", "migrations", "--yes", "-t"],
    "verify": ["migrate", "verify", "--migrations", "migrations", "-t"],
    "drift": ["migrate", "drift", "--migrations", "migrations", "-t"],
    "on data": ["migrate", "verify", "--on-data", "--migrations", "migrations", "-t"],
    "diff": ["migrate", "diff", "files", "--migrations", "migrations"],
    "adopt": ["migrate", "adopt", "--migrations", "migrations", "--yes", "-t"],
    "squash": ["migrate", "squash", "--to", "2", "--service", "analytics", "--migrations", "migrations", "-t"],
    "check": ["--check", "--timeout", "600"],
}


def started(command: list[str], *, stdin: int = subprocess.DEVNULL, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen([*CONSOLE, *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            stdin=stdin, preexec_fn=default_signals, env=os.environ | environment)


def interrupted(*processes: subprocess.Popen[str], after_s: float = 2.0, says: str = "") -> None:
    """SIGINT, once it `says` so on stderr, else after that time, ends each with 130, and nothing but sentences."""
    try:
        if not says:
            time.sleep(after_s)
        for process in processes:
            assert process.poll() is None, process.args
            while says and process.stderr is not None and says not in process.stderr.readline():
                assert process.poll() is None, process.args
            process.send_signal(signal.SIGINT)
            out, said = process.communicate(timeout=SOON_S)
            assert process.returncode == 130 and "Traceback" not in out + said, process.args
    finally:
        for process in processes:
            process.kill()
            process.wait()


def all_commands(conninfo: str) -> tuple[list[subprocess.Popen[str]], list[subprocess.Popen[str]]]:
    """Every command on that server: those that say what they wait for, and --check, which says nothing till it ends."""
    processes = {name: started([*command, conninfo]) for name, command in COMMANDS.items()}
    return [process for name, process in processes.items() if name != "check"], [processes["check"]]


def test_ctrl_c_ends_a_command_that_waits_for_a_stopped_server(own_server: LiveServer) -> None:
    with own_server.frozen():
        saying, silent = all_commands(own_server.conninfo())
        interrupted(*silent)
        interrupted(*saying, says="to accept the connection")


def test_ctrl_c_ends_a_command_that_waits_for_a_paused_pooler(pgbouncers: PgBouncers, embedded: LiveServer) -> None:
    pooler = pgbouncers.make(embedded)
    try:
        psycopg.connect(pooler.conninfo()).close()
        pooler.command("PAUSE")
        saying, silent = all_commands(pooler.conninfo())
        interrupted(*silent)
        interrupted(*saying, says="to answer")
    finally:
        pooler.stop(signal.SIGQUIT)


def test_a_paused_pooler_is_not_waited_for_for_ever(pgbouncers: PgBouncers, embedded: LiveServer) -> None:
    pooler = pgbouncers.make(embedded)
    try:
        psycopg.connect(pooler.conninfo()).close()
        pooler.command("PAUSE")
        done = subprocess.run([*CONSOLE, "explain", "SELECT 1", "-t", pooler.conninfo(), "--timeout", "3"], cwd=ROOT,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 2 and "has not answered in 3.0 s" in done.stderr
    finally:
        pooler.stop(signal.SIGQUIT)


def test_ctrl_c_ends_a_command_that_waits_for_anything_else(database: Database, silent: Silent, tmp_path: Path
                                                            ) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_NAMES)
    config = tmp_path / "config.toml"
    config.write_text(f"[targets.hangs]\ndsn = 'host=127.0.0.1'\npassword_command = 'sleep 600'\n"
                      f"[embedders.silent]\nurl = 'http://127.0.0.1:{silent.port}/v1'\nmodel = 'm'\ntimeout = '10min'")
    with database.connect() as connection:
        connection.execute("CREATE EXTENSION vector; CREATE TABLE items (id int PRIMARY KEY, v vector(3)); "
                           "INSERT INTO items VALUES (1, '[1,2,3]')")
    on_it, own_config = ["-t", database.conninfo], ["--config", str(config)]
    silent_server = f"host=127.0.0.1 port={silent.port} connect_timeout=600"
    waiting, typing = os.pipe()  # nobody types
    try:
        interrupted(
            started(["explain", "SELECT 1", "-t", "host=slow.invalid connect_timeout=600"], PYTHONPATH=str(tmp_path)),
            started(["explain", "SELECT 1", "-t", "hangs", *own_config]),
            started(["explain", "SELECT 1", "-t", silent_server]),
            started(["search", "--column", "items.v", "--text", "x", *own_config, *on_it]),
            started(["explain", "--analyze", "SELECT pg_sleep(600)", *on_it, "--timeout", "600"]),
            started(["search", "--column", "items.v", "--vector", "-", *on_it], stdin=waiting), after_s=4)
    finally:
        os.close(waiting)
        os.close(typing)


def test_the_end_of_a_command_waits_for_no_thread(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(SLOW_NAMES)
    began = time.perf_counter()
    done = subprocess.run([*CONSOLE, "--check", "--timeout", "1", "host=slow.invalid connect_timeout=600"], cwd=ROOT,
                          capture_output=True, text=True, timeout=60, env=os.environ | {"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 2 and "no connection in" in done.stdout
    assert time.perf_counter() - began < 1 + 2 * SOON_S


def test_a_console_that_is_stopped_gives_the_terminal_back_and_takes_it_again(database: Database) -> None:
    with terminal([*CONSOLE, database.conninfo], cwd=ROOT) as screen:
        screen.wait(" well")
        os.kill(screen.pid, signal.SIGTSTP)
        # A shell says `fg` to what it has seen stop.
        assert soon(lambda: screen.read(0.05) and os.waitid(os.P_PID, screen.pid, os.WSTOPPED | os.WNOHANG) is not None)
        assert is_in_order(screen)
        os.kill(screen.pid, signal.SIGCONT)
        assert soon(lambda: screen.read(0.05) and not is_in_order(screen))
        screen.send("2")
        screen.wait("event triggers", 30)
        left(screen, "q")
