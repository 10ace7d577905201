"""A real pseudo-terminal with a program in it: types, waits for words on its screen, measures."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte

# What pyte would print as text: keyboard-protocol and mode queries, DCS and APC strings.
_NOT_FOR_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b[P_^][^\x1b]*\x1b\\|\x1b\[[0-9;]*t")


def default_signals() -> None:
    """Signals as a program finds them that a person starts, whatever this one was started with.

    A suite in the background of a script ignores SIGINT, one under nohup SIGHUP, and so would all that it starts.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


class Terminal:
    """The program's side is a terminal of `columns` x `rows`; `written` is what it wrote, `bytes_out` how much."""

    def __init__(self, command: Sequence[str], columns: int = 120, rows: int = 36,
                 environment: Mapping[str, str] | None = None, cwd: Path | None = None) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self._rest = b""
        self.bytes_out = 0
        self.written = bytearray()
        self.exit_status: int | None = None
        self.started = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            try:
                default_signals()
                if cwd is not None:
                    os.chdir(cwd)
                os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor"} | dict(environment or {}))
                # readline puts the size of pytest's own terminal into the environment of whatever it starts.
                for name in ("COLUMNS", "LINES"):
                    os.environ.pop(name, None)
                os.execvpe(command[0], list(command), os.environ)
            finally:
                os._exit(127)
        self.resize(columns, rows)

    @property
    def fileno(self) -> int:
        """Our side's descriptor."""
        return self._fd

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def read(self, seconds: float) -> bool:
        """Feeds the screen with what comes within so long, returning after the first piece; False when it ended."""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            data = b""
        if not data:
            self._reap()
            return False
        self.bytes_out += len(data)
        self.written += data
        if b"\x1b[6n" in data:
            self.send(f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R")
        data = self._rest + data
        self._rest = b""
        cut = data.rfind(b"\x1b", max(0, len(data) - 64))
        if cut >= 0 and not re.search(rb"[a-zA-Z\\~]", data[cut + 2:]):
            data, self._rest = data[:cut], data[cut:]
        self._stream.feed(_NOT_FOR_PYTE.sub(b"", data))
        return True

    def idle(self, seconds: float) -> None:
        """Reads for so long."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0 and self.read(left):
            pass

    def still(self, quiet_s: float = 0.3, seconds: float = 20) -> None:
        """Reads until nothing came for `quiet_s`; AssertionError when that never happens."""
        until = time.perf_counter() + seconds
        before, since = -1, time.perf_counter()
        while time.perf_counter() - since < quiet_s:
            assert time.perf_counter() < until, f"the screen changes all the time:\n{self.text}"
            if self.bytes_out != before:
                before, since = self.bytes_out, time.perf_counter()
            if not self.read(0.05):
                break

    def wait(self, words: str, seconds: float = 20, *, gone: bool = False) -> float:
        """Seconds since the start when `words` are (or no longer are) on the screen; AssertionError if never."""
        until = time.perf_counter() + seconds
        while (words in self.text) is gone:
            left = until - time.perf_counter()
            if left <= 0 or not self.read(min(left, 0.2)):
                if (words in self.text) is not gone:
                    break
                what = "still" if gone else "not"
                raise AssertionError(f"{words!r} {what} on the screen after {seconds} s:\n{self.text}")
        return time.perf_counter() - self.started

    def send(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def wait_end(self, seconds: float = 10, *, reads: bool = True) -> int:
        """The exit status; AssertionError when the program goes on. Unless it `reads`, nobody does what it writes."""
        until = time.perf_counter() + seconds
        while self.exit_status is None:
            if time.perf_counter() > until:
                raise AssertionError(f"still running after {seconds} s:\n{self.text}")
            if reads:
                self.read(0.1)
            else:
                time.sleep(0.02)
                self._reap(os.WNOHANG)
        return self.exit_status

    @property
    def rss_mib(self) -> float:
        """Resident memory of the program itself, in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        match = re.search(r"VmRSS:\s+(\d+)", status)
        return int(match[1]) / 1024 if match else 0.0

    @property
    def cpu_s(self) -> float:
        """User and system time of the program itself, in seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def hang_up(self) -> None:
        """Closes our side, as a terminal does whose window is closed."""
        os.close(self._fd)
        self._fd = os.open(os.devnull, os.O_RDWR)

    def close(self) -> None:
        if self.exit_status is None:
            for signum in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(self.pid, signum)
                except ProcessLookupError:
                    break
                self.idle(0.3)
                if self.exit_status is not None:
                    break
            else:
                self._reap()
        os.close(self._fd)

    def _reap(self, options: int = 0) -> None:
        if self.exit_status is None and (found := os.waitpid(self.pid, options)) != (0, 0):
            self.exit_status = os.waitstatus_to_exitcode(found[1])


@contextmanager
def terminal(command: Sequence[str], columns: int = 120, rows: int = 36,
             environment: Mapping[str, str] | None = None, cwd: Path | None = None) -> Iterator[Terminal]:
    """A terminal with `command` running in it, ended afterwards."""
    found = Terminal(command, columns, rows, environment, cwd)
    try:
        yield found
    except Exception as error:
        error.add_note(f"the screen was:\n{found.text}")
        raise
    finally:
        found.close()
