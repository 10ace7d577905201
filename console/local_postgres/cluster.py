"""A PostgreSQL server of our own: its cluster is made, started, found again and stopped.

The server outlives the process that starts it and is known by its data folder alone: whoever asks for the same folder
gets the same running server. Nothing here connects; `conninfo` says how to.
"""

from __future__ import annotations

import glob
import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from msgspec import Struct

from console import files
from console.errors import ConsoleError
from console.local_postgres.binaries import (
    WINDOWS,
    Binaries,
    own_folder,
    reachable,
    server_account,
    server_uid,
)

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

SOCKET_PATH_BYTES = 103  # sockaddr_un holds 107 on Linux, 103 on macOS
SOCKET_PORT = 5432
LOG = "server.log"
SETTINGS = "dbconsole.conf"
PASSFILE = "dbconsole.pgpass"

Listen = Literal["socket", "loopback"]


class ServerStatus(Struct, frozen=True):
    """What a running server says of itself in postmaster.pid; `host` is a folder (of the socket) or an address."""

    pid: int
    started_at: datetime
    host: str
    port: int


class Cluster:
    """One data folder and the server on it.

    It listens on a Unix socket that only the server's account and root can reach, or (`listen="loopback"`, where there
    are no sockets) on 127.0.0.1 with a password in a file. `settings` are written at every start and win over all else.
    """

    def __init__(
        self,
        data_dir: Path,
        binaries: Binaries,
        settings: Mapping[str, str] | None = None,
        *,
        port: int | None = None,
        listen: Listen = "loopback" if WINDOWS else "socket",
        initdb_options: tuple[str, ...] = (),
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.binaries = binaries
        self.settings = dict(settings or {})
        self.port = port or (SOCKET_PORT if listen == "socket" else None)
        self.listen: Listen = listen
        self.initdb_options = initdb_options
        self.account = server_account(self.data_dir)

    @property
    def version(self) -> str:
        return self.binaries.version

    @property
    def is_running(self) -> bool:
        return self.status() is not None

    def status(self) -> ServerStatus | None:
        """The running server that answers, None while there is none."""
        lines = self._pid_lines()
        if len(lines) < 8 or lines[7].strip() != "ready":
            return None
        status = ServerStatus(
            pid=int(lines[0]),
            started_at=datetime.fromtimestamp(int(lines[2]), UTC),
            host=lines[4] or lines[5],
            port=int(lines[3]),
        )
        return status if _answers(status) else None

    def conninfo(self, dbname: str = "postgres") -> str:
        """A libpq conninfo string for the superuser; meaningful once the server runs."""
        status = self.status()
        words = {
            "host": status.host if status else self._host(),
            "port": str(status.port if status else self.port or ""),
            "user": "postgres",
            "dbname": dbname,
        }
        if self.listen == "loopback":
            words["passfile"] = str(self.data_dir / PASSFILE)
        return quote_conninfo(words)

    def initdb(self) -> None:
        """Makes the cluster in a folder beside its own, renamed when all is done: a crash leaves no half of one."""
        for left in self.data_dir.parent.glob(f"{glob.escape(self._beside('new').name)}-*"):
            shutil.rmtree(left, ignore_errors=True)  # of a crash; its initdb may still be at it
        new = self._beside(f"new-{secrets.token_hex(4)}")
        new.mkdir(mode=0o700)
        if self.account:
            self.account.owns(new)
        options = ["-D", str(new), "-U", "postgres", "-E", "UTF8", "--auth-local=trust", *self.initdb_options]
        password = secrets.token_urlsafe(24)
        if self.listen == "loopback":
            secret = self._beside("password")
            self._write(secret, password)
            options += ["--auth-host=scram-sha-256", f"--pwfile={secret}"]
        else:
            options.append("--auth-host=reject")
        try:
            for locale in _locales(self.binaries.major):
                code, output = self._run("initdb", *options, *locale, "--lc-messages=C", timeout=120)
                if code == 0:
                    break
            else:
                summary = f"initdb of PostgreSQL {self.version} failed in {self.data_dir}"
                raise ConsoleError(summary, detail=_tail(output))
        finally:
            self._beside("password").unlink(missing_ok=True)
        conf = new / "postgresql.conf"
        self._write(conf, f"{conf.read_text()}\ninclude_if_exists = '{SETTINGS}'\n")
        if self.listen == "loopback":
            self._write(new / PASSFILE, f"*:*:*:postgres:{password}\n")
        if self.data_dir.exists():
            self.data_dir.rmdir()  # it's empty; `start` has looked
        new.rename(self.data_dir)

    def start(self, timeout: float = 60) -> None:
        """Starts the server, after initdb on first use; returns once it takes connections, at once where it runs.

        `timeout` in seconds. Raises ConsoleError with the end of the server's log.
        """
        if self.is_running:
            return
        deadline = time.monotonic() + timeout
        with self._exclusively():
            while not self.is_running:
                if not self._postmaster_alive():
                    self._launch(deadline)
                elif time.monotonic() > deadline:
                    summary = f"PostgreSQL in {self.data_dir} isn't ready after {timeout:g} s"
                    raise ConsoleError(summary, detail=self._log_tail())
                else:
                    time.sleep(0.1)

    def stop(self, mode: str = "fast", timeout: float = 60) -> None:
        """Stops the server ("smart", "fast" or "immediate"); nothing happens where none runs."""
        if self.data_dir.exists():
            with self._exclusively():
                self._stop(mode, timeout)

    def remove(self) -> None:
        """Stops the server and deletes its data."""
        if self.data_dir.exists():
            with self._exclusively():
                self._check_data_dir()
                self._stop("immediate", 60)
                old = self._beside(f"new-{secrets.token_hex(4)}")  # so that the next initdb clears it if we die now
                self.data_dir.rename(old)
                shutil.rmtree(old)
                if (folder := self._socket_dir()) != str(self.data_dir):
                    shutil.rmtree(folder)

    def _stop(self, mode: str, timeout: float) -> None:
        if not self._postmaster_alive():
            return
        code, output = self._run("pg_ctl", "stop", "-w", "-m", mode, "-t", str(round(timeout)), timeout=timeout + 5)
        if code != 0 and self._postmaster_alive():
            raise ConsoleError(f"PostgreSQL in {self.data_dir} doesn't stop", detail=_tail(output))

    def _launch(self, deadline: float) -> None:
        self._check_data_dir()
        if not self.data_dir.exists() or not any(self.data_dir.iterdir()):
            self.initdb()
        self._check_version()
        settings = self._configuration()
        # A killed server leaves these, and whoever has its process number since would keep ours from starting.
        (self.data_dir / "postmaster.pid").unlink(missing_ok=True)
        if folder := settings.get("unix_socket_directories", "").strip('"'):
            Path(folder, f".s.PGSQL.{settings['port']}.lock").unlink(missing_ok=True)
        lines = (f"{name} = '{_escape(value)}'\n" for name, value in settings.items())
        self._write(self.data_dir / SETTINGS, "# written by dbconsole at every start\n" + "".join(lines))
        log = self.data_dir / LOG
        while True:
            if log.exists():
                log.replace(log.with_suffix(".log.1"))
            seconds = max(1.0, deadline - time.monotonic())
            code, output = self._run("pg_ctl", "start", "-w", "-t", str(round(seconds)), "-l", LOG, timeout=seconds + 5)
            if code == 0:
                return
            tail = self._log_tail() or _tail(output)
            if "pre-existing shared memory block" not in tail or time.monotonic() > deadline:
                raise ConsoleError(f"PostgreSQL {self.version} doesn't start in {self.data_dir}", detail=tail)
            time.sleep(0.2)  # the children of a killed server need a moment to notice

    def _check_version(self) -> None:
        found = (self.data_dir / "PG_VERSION").read_text().strip()
        if found != str(self.binaries.major):
            raise ConsoleError(
                f"{self.data_dir} was made by PostgreSQL {found}; this is PostgreSQL {self.version}",
                hint=f"dbconsole demo reset makes it anew; or install PostgreSQL {found} with pgvector",
            )

    def _check_data_dir(self) -> None:
        if not self.data_dir.exists():
            return
        if self.data_dir.stat().st_uid not in (server_uid(self.account), server_uid(None)):
            raise ConsoleError(
                f"{self.data_dir} belongs to another user",
                hint="run dbconsole as its owner, or set XDG_DATA_HOME to another folder",
            )
        if any(self.data_dir.iterdir()) and not (self.data_dir / "PG_VERSION").exists():
            raise ConsoleError(
                f"{self.data_dir} holds files, but no database cluster",
                hint="move the folder away, or set XDG_DATA_HOME to another one",
            )

    def _configuration(self) -> dict[str, str]:
        if self.listen == "loopback":
            settings = {"listen_addresses": "127.0.0.1", "port": str(self.port or free_port())}
        else:
            settings = {"listen_addresses": "", "port": str(self.port)}
        if not WINDOWS:
            folder = f'"{self._socket_dir()}"' if self.listen == "socket" else ""
            settings |= {"unix_socket_directories": folder, "unix_socket_permissions": "0700"}
        return settings | self.settings

    def _host(self) -> str:
        return self._socket_dir() if self.listen == "socket" else "127.0.0.1"

    def _socket_dir(self) -> str:
        """The data folder itself, private as it is; a short one where libpq or the kernel couldn't name it."""
        path = str(self.data_dir)
        longest = len(os.fsencode(path)) + len(f"/.s.PGSQL.{self.port}")
        if longest <= SOCKET_PATH_BYTES and path.isprintable() and not set(path) & set(',"\\'):
            return path
        token = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
        short = Path("/tmp") / f"dbconsole-{server_uid(self.account)}-{token}"
        with _failing_clearly(f"no socket folder {short}"):
            own_folder(short, mode=0o700, account=self.account)
        return str(short)

    def _run(self, program: str, *arguments: str, timeout: float) -> tuple[int, str]:
        """Exit status and output. The session is new, so that a Ctrl-C in our terminal doesn't reach the server."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
        environment |= {"LC_ALL": "C", "PGDATA": str(self.data_dir)}
        binaries = reachable(self.binaries, self.account)
        cwd = self.data_dir if self.data_dir.exists() else self.data_dir.parent
        with tempfile.TemporaryFile() as output:  # a pipe would stay open as long as the server runs
            try:
                done = subprocess.run(
                    [binaries.program(program), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=cwd,
                    env=environment,
                    start_new_session=True,
                    timeout=timeout,
                    **(self.account.identity() if self.account else {}),
                )
            except subprocess.TimeoutExpired:
                return -1, f"{program} didn't finish in {timeout:g} s"
            output.seek(0)
            return done.returncode, output.read().decode(errors="replace")

    def _pid_lines(self) -> list[str]:
        try:
            return (self.data_dir / "postmaster.pid").read_text(errors="surrogateescape").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise ConsoleError(f"{self.data_dir} can't be read: {error.strerror}") from error

    def _postmaster_alive(self) -> bool:
        lines = self._pid_lines()
        if not lines or not lines[0].isdigit():
            return False
        try:  # Linux: a zombie isn't alive, and another program with the same number isn't PostgreSQL
            _, _, rest = Path(f"/proc/{lines[0]}/stat").read_text().partition("(")
            return rest.startswith("postgres") and not rest.rpartition(")")[2].lstrip().startswith("Z")
        except OSError:
            if Path("/proc/self/stat").exists():
                return False
        code, _ = self._run("pg_ctl", "status", timeout=10)
        return code == 0

    def _log_tail(self) -> str:
        try:
            return _tail((self.data_dir / LOG).read_text(errors="replace"))
        except OSError:
            return ""

    def _beside(self, suffix: str) -> Path:
        return self.data_dir.with_name(f".{self.data_dir.name}.{suffix}")

    def _write(self, path: Path, text: str) -> None:
        """Writes a file of the server's: whole or not at all, never through a link that its account has put there."""
        with files.replacing(path) as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            if self.account:
                self.account.owns(file.fileno())

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        """One process at a time starts or stops this server; the kernel lets go of the lock of one that dies."""
        with _failing_clearly(f"the server in {self.data_dir} can't be managed"):
            made = [path for path in self.data_dir.parents if not path.exists()]
            self.data_dir.parent.mkdir(parents=True, exist_ok=True)
            if self.account:  # it must get through them, whatever root's umask
                for path in made:
                    path.chmod(0o755)
            with os.fdopen(files.appended_to(self._beside("lock")), "ab") as lock:
                if sys.platform == "win32":
                    msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
                else:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                yield


def free_port() -> int:
    """A port that nobody listens on at 127.0.0.1 now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def quote_conninfo(words: Mapping[str, str]) -> str:
    """A libpq conninfo string of keywords and values."""
    return " ".join(f"{key}='{_escape(value)}'" for key, value in words.items())


def _escape(value: str) -> str:
    """Inside single quotes of a conninfo string or of postgresql.conf: both take backslashes."""
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _tail(text: str, lines: int = 12) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])


def _answers(status: ServerStatus) -> bool:
    try:
        if status.host.startswith("/") and sys.platform != "win32":
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(f"{status.host}/.s.PGSQL.{status.port}")
        else:
            socket.create_connection((status.host, status.port), timeout=2).close()
    except OSError:
        return False
    return True


def _locales(major: int) -> tuple[list[str], ...]:
    """initdb's options for UTF-8 sorted by code point: the same order on every machine; the first that it takes."""
    if major >= 17:
        return (["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],)
    return (["--locale=C.UTF-8"], ["--locale=C"])


@contextmanager
def _failing_clearly(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        raise ConsoleError(
            f"{what}: {reason}", hint="set XDG_DATA_HOME to a folder that you can write to, or free some space"
        ) from error
