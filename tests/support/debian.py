"""PostgreSQL, PgBouncer, sshd and Prometheus of Debian's releases, each in a folder, whichever this machine has.

apt resolves and fetches a release's packages with a state of its own, dpkg-deb unpacks them, and patchelf makes the
programs load the folder's own C library. So nothing is installed, no chroot and no root is needed, and the programs run
beside the machine's own ones as if they were. `python3 tests/support/debian.py` makes what is missing, in a cache that
runs share; the tests use what is made. Only the standard library is imported: this runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = "http://deb.debian.org/debian"  # where this machine's own sources name none
MADE = "packages.list"  # written last: a folder without it is half made
UNUSED_DAYS = 30
HOW = "python3 tests/support/debian.py makes it"


@dataclass(frozen=True, slots=True)
class Release:
    """A release of Debian by the name of its suite, and the packages wanted from it."""

    suite: str
    packages: tuple[str, ...]


RELEASES = {
    "debian12": Release("bookworm", ("postgresql-15", "pgbouncer", "openssh-server")),
    "debian13": Release("trixie", (
        "postgresql-17", "postgresql-17-age", "postgresql-17-hypopg", "postgresql-17-pgaudit",
        "postgresql-17-pgvector", "pgbouncer", "postgresql-17-cron", "postgresql-17-partman",
        "postgresql-17-pg-qualstats", "postgresql-17-pg-stat-kcache", "postgresql-17-pg-wait-sampling",
        "postgresql-17-pglogical", "postgresql-17-powa", "postgresql-17-repack", "postgresql-17-timescaledb",
        "postgresql-17-wal2json", "prometheus")),
}  # fmt: skip


class NotMade(Exception):
    """Why a folder can't be made here."""


def cache() -> Path:
    """The folder of the folders. Root's is where the account can enter that PostgreSQL then runs as."""
    if os.geteuid() == 0:
        return Path("/var/cache/dbconsole-tests")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dbconsole-tests"


def folder(label: str, release: Release) -> Path:
    """Where the release is or will be: another place for other packages, another machine, another way of making it."""
    recipe = repr((release, platform.machine())).encode() + Path(__file__).read_bytes()
    return cache() / f"{label}-{hashlib.sha256(recipe).hexdigest()[:12]}"


def find(label: str) -> Path | None:
    """The folder of one of RELEASES, None while it isn't made."""
    found = folder(label, RELEASES[label])
    return found if (found / MADE).exists() else None


def make(label: str, release: Release) -> Path:
    """The folder, made now if need be: by one process at a time, and anew where an earlier one was interrupted."""
    root = folder(label, release)
    cache().mkdir(mode=0o755, parents=True, exist_ok=True)
    with _exclusively(root.with_suffix(".lock")):
        if not (root / MADE).exists():
            if absent := [name for name in ("apt-get", "dpkg-deb", "patchelf") if shutil.which(name) is None]:
                raise NotMade(f"no {absent[0]} here")
            if not KEYRING.exists():
                raise NotMade(f"no {KEYRING} to verify packages with")
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir(mode=0o755)
            packages = _fetch(release, root / "apt")
            for package in packages:
                _run("dpkg-deb", "--extract", str(package), str(root))
            shutil.rmtree(root / "apt")
            _drop_rights(root)
            _use_own_libraries(root)
            for program in programs(root):
                if program.name in ("postgres", "psql", "pgbouncer", "sshd", "prometheus"):
                    _run(str(program), "-V" if program.name == "sshd" else "--version")
            (root / MADE).write_text("".join(f"{package.stem}\n" for package in packages))
        os.utime(root)  # for `forget_unused`
    return root


def sshd() -> str | None:
    """OpenSSH's server: that of a release's folder, or the machine's own."""
    roots = [*filter(None, map(find, RELEASES)), Path("/")]
    return next((str(path) for root in roots if (path := root / "usr/sbin/sshd").exists()), None)


def prometheus() -> str | None:
    """Prometheus, of a release's folder."""
    found = (root / "usr/bin/prometheus" for root in filter(None, map(find, RELEASES)))
    return next((str(path) for path in found if path.exists()), None)


def programs(root: Path) -> list[Path]:
    """PostgreSQL's programs and its extensions', PgBouncer, sshd and Prometheus; no scripts."""
    patterns = "usr/lib/postgresql/*/bin/*", "usr/sbin/pgbouncer", "usr/sbin/sshd", "usr/bin/prometheus"
    return [path for pattern in patterns for path in root.glob(pattern) if path.read_bytes()[:4] == b"\x7fELF"]


def forget_unused() -> None:
    """Removes the folders that no run has asked for in UNUSED_DAYS."""
    for lock in cache().glob("*.lock"):
        with _exclusively(lock):
            root = lock.with_suffix("")
            if root.exists() and root.stat().st_mtime < time.time() - UNUSED_DAYS * 86400:
                shutil.rmtree(root)


def _fetch(release: Release, state: Path) -> list[Path]:
    """The packages and all that they depend on, verified by apt, which knows of nothing that is installed."""
    archives = state / "archives"
    for path in (state / "lists" / "partial", archives / "partial"):
        path.mkdir(parents=True)
    (state / "status").touch()
    sources = state / "sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {_mirror()} {release.suite} main\n")
    options = {
        "Dir::Etc::SourceList": sources, "Dir::Etc::SourceParts": "/dev/null", "Dir::Cache": state,
        "Dir::Cache::Archives": archives, "Dir::State": state, "Dir::State::Lists": state / "lists",
        "Dir::State::Status": state / "status", "Acquire::Languages": "none", "Acquire::Retries": 3,
        "APT::Sandbox::User": "root", "APT::Keep-Downloaded-Packages": "true",
    }  # fmt: skip
    apt = ["apt-get", *(f"--option={name}={value}" for name, value in options.items())]
    _run(*apt, "update", "--error-on=any")
    _run(*apt, "install", "--yes", "--no-install-recommends", "--download-only", *release.packages)
    return sorted(archives.glob("*.deb"))


def _mirror() -> str:
    """Where this machine's own packages come from, if that is Debian."""
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"],
        capture_output=True, text=True,
    )  # fmt: skip
    own = [line.split() for line in done.stdout.splitlines()] if release.get("ID") == "debian" else []
    suite = release.get("VERSION_CODENAME")
    return next((words[2] for words in own if words[:2] == [suite, "main"]), MIRROR)


def _drop_rights(root: Path) -> None:
    """Takes setuid and setgid from what has them: nobody updates these programs, and everybody can reach them."""
    for path in root.rglob("*"):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode) and mode & (stat.S_ISUID | stat.S_ISGID):
            path.chmod(stat.S_IMODE(mode) & 0o777)


def _use_own_libraries(root: Path) -> None:
    """Has the programs loaded by the folder's own loader, with the folder's libraries for them and for what they load.

    An RPATH, unlike a RUNPATH, also holds for the libraries of the libraries, unless one of these has a RUNPATH.
    """
    own = next(path.parent for parent in ("lib", "usr/lib") for path in root.glob(f"{parent}/*-linux-*/libc.so.6"))
    folders = [own, *(path for path in root.glob("usr/lib/*-linux-*") if path != own)]
    rpath = ["--force-rpath", "--set-rpath", ":".join(map(str, folders))]
    for program in programs(root):
        loader = own / Path(_run("patchelf", "--print-interpreter", str(program)).strip()).name
        _run("patchelf", "--set-interpreter", str(loader), *rpath, str(program))
    for library in (path for folder in folders for path in folder.glob("*.so*") if not path.is_symlink()):
        if _run("patchelf", "--print-rpath", str(library)).strip():
            _run("patchelf", *rpath, str(library))


def _run(*command: str) -> str:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-10:])
        raise NotMade(f"{Path(command[0]).name} failed with {done.returncode}:\n{tail}")
    return done.stdout


@contextmanager
def _exclusively(lock: Path) -> Iterator[None]:
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Makes all of RELEASES; says what can't be made and why, and then exits with 1."""
    status = 0
    for label, release in RELEASES.items():
        started = time.monotonic()
        try:
            print(f"{label}: {make(label, release)} ({time.monotonic() - started:.0f} s)")
        except (NotMade, OSError) as error:
            print(f"{label}: {error}", file=sys.stderr)
            status = 1
    forget_unused()
    return status


if __name__ == "__main__":
    sys.exit(main())
