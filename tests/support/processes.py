"""The processes of this machine, from /proc: no procps where Debian is minimal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def children(pid: int) -> list[int]:
    """The processes whose parent is `pid`."""
    return [child for child, parent, _ in _processes() if parent == pid]


def running(words: str) -> list[int]:
    """The processes, zombies left out, whose command line holds `words`."""
    return [pid for pid, _, command in _processes() if words in command]


def sockets(pid: int) -> list[str]:
    """The open sockets of a process, by their names such as "socket:[4711]"."""
    try:
        names = [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:  # a file was closed meanwhile, or the process has ended
        return []
    return [name for name in names if name.startswith("socket:")]


def _processes() -> Iterator[tuple[int, int, str]]:
    """Number, parent's number and command line."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:  # it has ended meanwhile
                continue
            yield int(folder.name), int(stat[1]), command
