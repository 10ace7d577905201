"""What a fault is, and how a console is driven through it and measured."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import cast

import psycopg
from msgspec import Struct, field
from psycopg.conninfo import make_conninfo

from tests.support.pgbouncer import PgBouncers
from tests.support.servers import LiveServer, Servers
from tests.support.terminal import Terminal, default_signals, terminal

CONSOLE = (sys.executable, "-m", "console")
LIVE, LOST = "● live", "○ lost"
TICK_S = 2.0
LEAVES_WITHIN_S = 5.0
"""What the promised half second may become on a busy machine; what hangs does so for minutes."""
RECOVERS_WITHIN_S = 60.0
SEEN_WITHIN_S = 40.0
CHECK_TIMEOUT_S = 4


class Outcome(Struct):
    """What was measured. Times in seconds; None where there was nothing to measure."""

    seen: str = ""
    seen_s: float | None = None
    leaves_s: float | None = None
    recovers_s: float | None = None
    stays: str = ""
    """Instead, where it needn't recover."""
    check: int | None = None
    left: str = "nothing"
    wrong: list[str] = field(default_factory=list)
    """What was expected otherwise."""


class Scene:
    """Where one fault happens: a server of its own, a console's folders of its own, and the programs under test."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.poolers = PgBouncers(servers)
        self.name = f"fault_{secrets.token_hex(4)}"
        self.folder = servers.folder / self.name
        self.folder.mkdir()
        self.environment = {name: str(self.folder / name)
                            for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")}
        self.prefix: tuple[str, ...] = ()
        self.is_pooled = False
        self.where: tuple[str, ...] = ()
        """What the console is told instead of `conninfo`."""
        self._server: LiveServer | None = None
        self._conninfo = ""

    @property
    def server(self) -> LiveServer:
        """An embedded server for this fault alone, started by the first to ask."""
        if self._server is None:
            self.server = self.servers.make("embedded")
        assert self._server is not None
        return self._server

    @server.setter
    def server(self, server: LiveServer) -> None:
        self._server = server

    @property
    def conninfo(self) -> str:
        """Where the console connects to; the server itself, unless a fault says otherwise."""
        return make_conninfo(self._conninfo or self.server.dsn, application_name=self.name)

    @conninfo.setter
    def conninfo(self, conninfo: str) -> None:
        self._conninfo = conninfo

    def sql(self, *statements: str, dbname: str = "postgres") -> list[tuple[object, ...]]:
        """Runs them as the superuser; the rows of the last, if it has any."""
        with self.server.connect(dbname) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def configure(self, **words: str) -> None:
        """From now on the console finds the target by name in a configuration, with these words beside its dsn."""
        self.where = ("--config", str(self.folder / "dbconsole.toml"), "fault")
        lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in ({"dsn": self.conninfo} | words).items())
        Path(self.where[1]).write_text(f"[targets.fault]\n{lines}")

    def command(self, *arguments: str) -> list[str]:
        return [*self.prefix, *CONSOLE, *arguments]

    def console(self, columns: int = 120, rows: int = 36, **environment: str) -> AbstractContextManager[Terminal]:
        """The console in a terminal."""
        command = self.command(*(self.where or (self.conninfo,)))
        return terminal(command, columns, rows, self.environment | environment, self.folder)

    def check(self) -> subprocess.CompletedProcess[str]:
        """`--check`, which has CHECK_TIMEOUT_S and must end soon after, but for the check that finds fsync off."""
        config = self.folder / "check.toml"
        config.write_text("[checks.data_safety]\nenabled = false\n")
        return subprocess.run(
            self.command("--check", "--timeout", str(CHECK_TIMEOUT_S), "--config", str(config), self.conninfo),
            cwd=self.folder, text=True,
            capture_output=True, stdin=subprocess.DEVNULL, timeout=CHECK_TIMEOUT_S + 30, preexec_fn=default_signals,
            env=os.environ | self.environment)

    def left(self, outcome: Outcome, within_s: float = 90.0) -> None:
        """Notes what of ours is still on the server when nothing of ours runs any more, and how long it was there."""
        began = time.monotonic()
        while (found := self._left()) != "nothing" and time.monotonic() < began + within_s:
            time.sleep(0.1)
        seconds = time.monotonic() - began
        outcome.left = found if seconds < LEAVES_WITHIN_S else f"{found} after {seconds:.0f} s"
        expect(outcome, found == "nothing", f"left on the server: {outcome.left}")

    def _left(self) -> str:
        # Behind a pooler the sessions are the pooler's, and keep the name of their last client.
        ours = "application_name = %s" + (" AND state <> 'idle'" if self.is_pooled else "")
        with psycopg.connect(self.server.dsn, autocommit=True) as connection:
            row = connection.execute(
                f"SELECT count(DISTINCT a.pid), count(l.pid) FROM pg_stat_activity a LEFT JOIN pg_locks l USING (pid) "
                f"WHERE {ours}", (self.name,)).fetchone()  # type: ignore[arg-type]
            held = connection.execute("SELECT count(*) FROM pg_prepared_xacts").fetchone()
        assert row is not None and held is not None
        counts = {"session": row[0], "lock": row[1], "prepared transaction": held[0]}
        return ", ".join(f"{count} {what}s" for what, count in counts.items() if count) or "nothing"

    def close(self) -> None:
        self.poolers.stop()
        if self._server is not None and self._server.cluster is not None:
            self._server.cluster.remove()
        shutil.rmtree(self.folder, ignore_errors=True)


Breaks = Callable[[Scene], Iterator[None]]
Tries = Callable[[Scene], Outcome]


class Fault(Struct, frozen=True):
    """One thing that happens. `tries` does it, drives the console through it and measures; `needs` says what of the
    machine it lacks here, if anything; the `quick` ones are tried with every change: the word is what has to be there
    then, as DBCONSOLE_TEST_REQUIRE has it.
    """

    name: str
    what: str
    tries: Tries
    quick: str = ""
    needs: Callable[[], str | None] = lambda: None


FAULTS: dict[str, Fault] = {}
"""By name, in the order of the table."""


def fault(sees: str, *, check: int | None = 2, quick: str = "", stays_live: bool = False,
          needs: Callable[[], str | None] = lambda: None) -> Callable[[Breaks], Breaks]:
    """Registers a generator that makes ready, yields, breaks something, yields, and mends it; where something must
    outlive the console it yields once more. Its docstring is what happens.

    The console must show `sees` (a regular expression) while it is broken, `--check` end with `check`, and live data
    be back by itself when it is mended; where it `stays_live`, they never went. LIVE to see is live again, or still.
    """
    def register(breaks: Breaks) -> Breaks:
        def tries(scene: Scene) -> Outcome:
            return driven(scene, breaks, sees, check, stays_live)

        _register(breaks, tries, quick, needs)
        return breaks

    return register


def trial(*, quick: str = "", needs: Callable[[], str | None] = lambda: None) -> Callable[[Tries], Tries]:
    """Registers what is driven and measured in a way of its own."""
    def register(tries: Tries) -> Tries:
        _register(tries, tries, quick, needs)
        return tries

    return register


def _register(function: Breaks | Tries, tries: Tries, quick: str, needs: Callable[[], str | None]) -> None:
    name = function.__name__.strip("_").replace("_", "-")  # type: ignore[union-attr]
    assert name not in FAULTS, name
    what = " ".join((function.__doc__ or "").split()).rstrip(".")
    FAULTS[name] = Fault(name, what, tries, quick, needs)


def attempt(fault: Fault, servers: Servers) -> Outcome:
    """Tries a fault in a scene of its own."""
    scene = Scene(servers)
    try:
        return fault.tries(scene)
    finally:
        scene.close()


def driven(scene: Scene, breaks: Breaks, sees: str, check: int | None, stays_live: bool) -> Outcome:
    """Two consoles are live when it breaks: one is left by `q` meanwhile, the other stays until it is live again."""
    outcome = Outcome()
    steps = cast("Generator[None]", breaks(scene))
    with ExitStack() as stack:
        stack.callback(steps.close)
        next(steps)
        staying = stack.enter_context(scene.console())
        staying.wait(LIVE, SEEN_WITHIN_S)
        leaving = stack.enter_context(scene.console())
        leaving.wait(LIVE, SEEN_WITHIN_S)
        next(steps)
        try:
            outcome.seen = see(staying, sees, outcome)
            checked = scene.check()
            outcome.check = checked.returncode
            expect(outcome, check is None or checked.returncode == check,
                   f"--check ended with {checked.returncode}: {checked.stdout[:300]}{checked.stderr[-300:]}")
            expect(outcome, "Traceback" not in checked.stdout + checked.stderr, "--check has a traceback")
            outcome.leaves_s = leave(leaving, outcome)
        finally:
            next(steps, None)
        mended = time.perf_counter()
        back = appears(staying, re.escape(LIVE), RECOVERS_WITHIN_S)
        outcome.recovers_s = time.perf_counter() - mended
        outcome.stays = "stays live" if stays_live else "live again meanwhile" if sees == LIVE else ""
        expect(outcome, back is not None, f"not live {RECOVERS_WITHIN_S:g} s after it was mended:\n{staying.text}")
        expect(outcome, not stays_live or LOST.encode() not in staying.written, "it was lost meanwhile")
        leave(staying, outcome)
        scene.left(outcome)
    return outcome


def see(screen: Terminal, pattern: str, outcome: Outcome, within_s: float = SEEN_WITHIN_S) -> str:
    """The words on the screen that `pattern` matches; how long they took is noted."""
    if pattern == LIVE:  # it is so before, too: what is to be seen is that it stays or comes back
        screen.idle(3 * TICK_S)
    began = time.perf_counter()
    found = appears(screen, pattern, within_s)
    outcome.seen_s = None if pattern == LIVE else time.perf_counter() - began
    expect(outcome, found is not None, f"{pattern!r} is not on the screen:\n{screen.text}")
    return found or "something else"


def appears(screen: Terminal, pattern: str, within_s: float) -> str | None:
    """What matches `pattern` on the screen, each space taken for one, as soon as it does; None after that time."""
    until = time.perf_counter() + within_s
    while not (match := re.search(pattern, " ".join(screen.text.split()))):
        if time.perf_counter() > until or not screen.read(0.1):
            return None
    return match[0]


def leave(screen: Terminal, outcome: Outcome, key: str = "q") -> float:
    """Seconds until the console has left by that key."""
    began = time.perf_counter()
    screen.send(key)
    status: int | None = None
    try:
        status = screen.wait_end(LEAVES_WITHIN_S)
    except AssertionError as error:
        outcome.wrong.append(f"{key!r}: {error}")
    seconds = time.perf_counter() - began
    expect(outcome, status in (0, None), f"{key!r}: exit status {status}")
    expect(outcome, b"Traceback" not in screen.written, f"a traceback: {bytes(screen.written[-1500:])!r}")
    return seconds


def expect(outcome: Outcome, holds: bool, otherwise: str) -> None:
    if not holds:
        outcome.wrong.append(otherwise)


def needs_root() -> str | None:
    return None if os.geteuid() == 0 else "only root can"


def needs_program(name: str) -> Callable[[], str | None]:
    """That the program is installed."""
    def missing() -> str | None:
        return None if shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") else f"no {name} here"

    return missing


def needs_all(*needs: Callable[[], str | None]) -> Callable[[], str | None]:
    return lambda: next((reason for need in needs if (reason := need())), None)


HEADS: Sequence[str] = ("fault", "what happens", "what is seen", "after", "`q` leaves after", "recovers after",
                        "`--check`", "left on the server")


def cells(fault: Fault, outcome: Outcome) -> list[str]:
    """The row of the table."""
    def seconds(value: float | None) -> str:
        return "" if value is None else f"{value:.1f} s"

    status = "" if outcome.check is None else ("OK", "WARNING", "CRITICAL", "UNKNOWN")[outcome.check]
    return [fault.name, fault.what, outcome.seen, seconds(outcome.seen_s), seconds(outcome.leaves_s),
            outcome.stays or seconds(outcome.recovers_s), status, outcome.left]
