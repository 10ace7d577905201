"""The person's side: terminals that vanish, are stopped, resized, pasted into, of every kind, and behind sshd."""

from __future__ import annotations

import getpass
import os
import pwd
import random
import re
import secrets
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import psycopg

from console.local_postgres.cluster import free_port
from tests.faults.fault import (
    LIVE,
    SEEN_WITHIN_S,
    TICK_S,
    Outcome,
    Scene,
    expect,
    leave,
    needs_all,
    needs_program,
    see,
    trial,
)
from tests.faults.pooler import needs_pgbouncer
from tests.support import debian
from tests.support.terminal import Terminal, terminal

SHOWN = {
    "Overview": ("1", r"live 2 s[\s\S]* well"), "Schemas": ("2", "extension members"),
    "Migrations": ("3", "no service has migrations here"), "Activity": ("4", "worker-1"),
    "Statements": ("5", "generate_series"), "Vectors": ("6", "public.items"), "PgBouncer": ("7", "no client waits"),
    "Query": ("8", r"ctrl\+r|\^r"),
}
"""Of each screen its key, and what is on it when the server has answered."""
TERMS = ("xterm-256color", "tmux", "screen", "linux", "vt100", "dumb")
PASTED_BYTES = 1_000_000
BYTES_A_TICK = 2_000
STARTS = 50


def ended(screen: Terminal, outcome: Outcome, number: signal.Signals) -> float:
    """Seconds until it has ended after that signal, which nobody needs to read for."""
    began = time.perf_counter()
    try:
        status = screen.wait_end(5, reads=False)
        expect(outcome, status in (0, 128 + number, -number), f"{number.name}: exit status {status}")
    except AssertionError as error:
        outcome.wrong.append(str(error))
    return time.perf_counter() - began


@trial(quick="embedded")
def terminal_vanishes(scene: Scene) -> Outcome:
    """The terminal's window is closed."""
    outcome = Outcome("ends by itself")
    with scene.console() as screen:
        screen.wait(LIVE, 40)
        screen.hang_up()
        outcome.leaves_s = ended(screen, outcome, signal.SIGHUP)
    scene.left(outcome)
    return outcome


@trial()
def signals_while_it_starts(scene: Scene) -> Outcome:
    """SIGINT, SIGTERM or SIGHUP at a random moment of each of 50 starts."""
    chance = random.Random(seed := secrets.randbits(32))
    outcome = Outcome(f"{STARTS} times no traceback")
    longest_s = 0.0
    for number in range(STARTS):
        way, after_s = chance.choice((signal.SIGINT, signal.SIGTERM, signal.SIGHUP)), chance.uniform(0.02, 2)
        with scene.console() as screen:
            screen.idle(after_s)
            os.kill(screen.pid, way)
            began = time.perf_counter()
            status = screen.wait_end(10)
            longest_s = max(longest_s, time.perf_counter() - began)
            what = f"seed {seed}, start {number}, {way.name} after {after_s:.3f} s"
            expect(outcome, status in (0, 128 + way, -way), f"{what}: exit status {status}")
            expect(outcome, b"Traceback" not in screen.written, f"{what}: {bytes(screen.written[-1500:])!r}")
    outcome.leaves_s = longest_s
    scene.left(outcome)
    return outcome


def written_after(screen: Terminal, keys: str, words: str) -> float:
    """Seconds until the words are written anew after these keys; AssertionError if never."""
    before, began = len(screen.written), time.perf_counter()
    screen.send(keys)
    while words.encode() not in screen.written[before:]:
        screen.read(0.1)
        assert time.perf_counter() - began < 30, f"no {words!r} after {keys!r}:\n{screen.text}"
    return time.perf_counter() - began


@trial(quick="embedded")
def ctrl_z_and_fg(scene: Scene) -> Outcome:
    """Ctrl-Z in a shell, and `fg` after five seconds."""
    outcome = Outcome()
    shell = ["bash", "--norc", "--noprofile", "-i"]
    with terminal(shell, 120, 36, scene.environment | {"PS1": "shell> "}, scene.folder) as screen:
        screen.wait("shell>")
        screen.send(shlex.join(scene.command(scene.conninfo)) + "\r")
        screen.wait(LIVE, 40)
        screen.send("\x1a")
        outcome.seen = see(screen, "Stopped", outcome, 10)
        screen.idle(5)
        outcome.recovers_s = written_after(screen, "fg\r", LIVE)
        outcome.leaves_s = written_after(screen, "q", "shell>")
        screen.send("exit\r")
    scene.left(outcome)
    return outcome


@trial()
def resize_storm(scene: Scene) -> Outcome:
    """The terminal's size changes 300 times, within 6 s, from 20x5 to 300x100."""
    outcome = Outcome()
    chance = random.Random(7)
    with scene.console() as screen:
        screen.wait(LIVE, 40)
        for _ in range(300):
            screen.resize(chance.randint(20, 300), chance.randint(5, 100))
            screen.idle(0.02)
        screen.resize(120, 36)
        outcome.seen = see(screen, LIVE, outcome)
        see(screen, "1 Overview 2 Schemas.* 8 Query", outcome)
        outcome.leaves_s = leave(screen, outcome)
    scene.left(outcome)
    return outcome


@trial()
def paste_1_mb(scene: Scene) -> Outcome:
    """1 MB is pasted into Query."""
    outcome = Outcome()
    text = "SELECT 1 AS pasted;\r" * (PASTED_BYTES // 20) + "SELECT 'the end';"
    with scene.console() as screen:
        screen.wait(LIVE, 40)
        screen.send("8")
        screen.wait("run", 30)
        screen.still()
        os.set_blocking(screen.fileno, False)
        rest = f"\x1b[200~{text}\x1b[201~".encode()
        until = time.perf_counter() + 60
        while rest and time.perf_counter() < until:
            try:
                rest = rest[os.write(screen.fileno, rest[:4096]):]
            except BlockingIOError:
                screen.read(0.05)
        os.set_blocking(screen.fileno, True)
        outcome.seen = see(screen, "the end", outcome, 60)
        outcome.leaves_s = leave(screen, outcome, "\x11")
    scene.left(outcome)
    return outcome


@trial()
def bytes_a_tick(scene: Scene) -> Outcome:
    """Each screen is looked at for 20 s: what is written to the terminal for one refresh (2 s)."""
    outcome = Outcome()
    spent: dict[str, float] = {}
    with scene.console() as screen:
        screen.wait(LIVE, 40)
        for number, name in enumerate(SHOWN, 1):
            screen.send(f"\x1bO{'PQRS'[number - 1]}" if number < 5 else f"\x1b[{13 + number if number > 5 else 15}~")
            screen.idle(4)
            before = screen.bytes_out
            screen.idle(20)
            spent[name] = (screen.bytes_out - before) / 10
        outcome.leaves_s = leave(screen, outcome, "\x11")
    most = max(spent, key=lambda name: spent[name])
    outcome.seen = f"at most {spent[most]:.0f} bytes ({most})"
    expect(outcome, spent[most] <= BYTES_A_TICK, f"bytes a tick: {spent}")
    scene.left(outcome)
    return outcome


@contextmanager
def sshd(folder: Path) -> Iterator[list[str]]:
    """Debian's OpenSSH server on a port of its own, and the command that runs something through it."""
    program = debian.sshd()
    assert program is not None
    folder.mkdir(mode=0o700)
    for key in ("host", "own"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key], check=True)
    port = free_port()
    configuration = folder / "sshd_config"
    configuration.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/own.pub\n"
        f"PidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    server = subprocess.Popen([program, "-D", "-e", "-f", configuration], stderr=subprocess.DEVNULL)
    try:
        yield ["ssh", "-tt", "-F", "none", "-i", str(folder / "own"), "-p", str(port), "-o", "LogLevel=ERROR",
               "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectionAttempts=10",
               f"{getpass.getuser()}@127.0.0.1"]
    finally:
        server.terminate()
        server.wait()


def needs_sshd() -> str | None:
    if debian.sshd() is None:
        return f"no sshd here; {debian.HOW}"
    if os.geteuid() == 0 and not has_account("sshd"):
        return "no account sshd, which an sshd of root's gives up its rights to"
    return needs_program("ssh")()


def has_account(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def remotely(scene: Scene) -> str:
    """The shell's words that start the console at the other end of ssh."""
    words = " ".join(f"{name}={shlex.quote(value)}" for name, value in scene.environment.items())
    return f"LANG=C.UTF-8 {words} {shlex.join(scene.command(*(scene.where or (scene.conninfo,))))}"


def read_all(screens: Sequence[Terminal], until: Callable[[], bool], within_s: float) -> bool:
    """Reads all of them in turn, so that none waits for its reader; whether `until` came true."""
    ends = time.perf_counter() + within_s
    while not (done := until()) and time.perf_counter() < ends:
        for screen in screens:
            screen.read(0.02)
    return done


def left_on(written: bytes) -> list[str]:
    """The private modes that a terminal has, when all of it was written, otherwise than before: it shows its cursor
    (25) and wraps lines (7), and nothing else is on."""
    last = {number: way for numbers, way in re.findall(rb"\x1b\[\?([0-9;]+)([hl])", written)
            for number in numbers.split(b";")}
    return [f"?{number.decode()}{way.decode()}" for number, way in last.items()
            if (way == b"h") != (number in (b"25", b"7"))]


@contextmanager
def at_work(scene: Scene) -> Iterator[None]:
    """Others who have the server do something all the time, so that every screen has something new to say."""
    scene.sql("CREATE EXTENSION pg_stat_statements", "CREATE EXTENSION vector",
              "CREATE TABLE items (id int PRIMARY KEY, v vector(3))", "INSERT INTO items VALUES (1, '[1,2,3]')")
    done = threading.Event()

    def work(number: int) -> None:
        with psycopg.connect(scene.server.dsn, autocommit=True, application_name=f"worker-{number}") as connection:
            while not done.is_set():
                connection.execute("UPDATE items SET v = v; SELECT pg_sleep(0.1) FROM generate_series(1, 3)")

    with ThreadPoolExecutor(3) as pool:
        working = [pool.submit(work, number) for number in range(3)]
        try:
            yield
        finally:
            done.set()
    for each in working:
        each.result()


def all_show(screens: Sequence[Terminal], words: str) -> bool:
    return all(re.search(words, screen.text) for screen in screens)


def a_tick(screens: Mapping[str, Terminal]) -> dict[str, float]:
    """Bytes that are written for one refresh, in two ticks. Those that still fill a screen, or have rows change places,
    may spoil some, but not all of four."""
    least = dict.fromkeys(screens, float("inf"))
    for _ in range(4):
        before = {term: screen.bytes_out for term, screen in screens.items()}
        read_all(list(screens.values()), lambda: False, 2 * TICK_S)
        least = {term: min(least[term], (screen.bytes_out - before[term]) / 2) for term, screen in screens.items()}
        if max(least.values()) <= BYTES_A_TICK:
            break
    return least


@trial(needs=needs_all(needs_sshd, needs_pgbouncer), quick="sshd")
def kinds_of_terminal(scene: Scene) -> Outcome:
    """Through Debian's sshd, TERM is xterm-256color, tmux, screen, linux, vt100 or dumb, and each screen is opened."""
    outcome = Outcome()
    scene.configure(pgbouncer=scene.poolers.make(scene.server).stats_conninfo)
    spent: dict[str, float] = {}
    with at_work(scene), sshd(scene.folder / "ssh") as ssh, ExitStack() as stack:
        # what the terminal was set to, the console, and what it is set to then
        command = f"cd {scene.folder}; stty -g; {remotely(scene)}; echo status $?; stty -g"
        screens = {term: stack.enter_context(terminal([*ssh, command], environment={"TERM": term, "COLORTERM": ""}))
                   for term in TERMS}
        every = list(screens.values())
        for name, (key, words) in SHOWN.items():
            for screen in every if key != "1" else ():  # which is there, and before it the shell would have the key
                screen.send(key)
            is_shown = partial(all_show, every, words)
            expect(outcome, read_all(every, is_shown, SEEN_WITHIN_S * 2), f"no {name} on each of them")
            spent |= {f"{name}, {term}": count for term, count in a_tick(screens).items()}
        for term, screen in screens.items():
            outcome.leaves_s = max(outcome.leaves_s or 0.0, leave(screen, outcome, "\x11"))
            settings = re.findall(rb"^[0-9a-f]+(?::[0-9a-f]+){20,}", screen.written, re.MULTILINE)
            expect(outcome, len(settings) == 2 and settings[0] == settings[1], f"{term}: stty: {settings}")
            expect(outcome, b"status 0" in screen.written, f"{term}: {bytes(screen.written[-300:])!r}")
            expect(outcome, not left_on(screen.written), f"{term}: left on: {left_on(screen.written)}")
    most = max(spent, key=lambda name: spent[name])
    outcome.seen = f"all screens on each of them, at most {spent[most]:.0f} bytes a tick ({most})"
    expect(outcome, spent[most] <= BYTES_A_TICK, f"bytes a tick: {spent}")
    scene.left(outcome)
    return outcome


@trial(needs=needs_sshd, quick="sshd")
def ssh_lost(scene: Scene) -> Outcome:
    """Through Debian's sshd: one console is left, of another the ssh client is killed."""
    outcome = Outcome()
    with sshd(scene.folder / "ssh") as ssh:
        command = f"cd {scene.folder}; exec env {remotely(scene)}"
        with terminal([*ssh, command], environment={"TERM": "xterm-256color"}) as staying, \
                terminal([*ssh, command], environment={"TERM": "xterm-256color"}) as lost:
            outcome.seen = see(staying, LIVE, outcome)
            lost.wait(LIVE, 40)
            os.kill(lost.pid, signal.SIGKILL)
            outcome.leaves_s = leave(staying, outcome)
        scene.left(outcome)
    return outcome
