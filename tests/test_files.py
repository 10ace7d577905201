"""Files that somebody else may have left: pipes, devices, folders, sockets, what has no end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from console import files

SMALL = b"x" * (2 * files.CHUNK_BYTES)


def odd(path: Path, kind: str) -> None:
    """Makes `path` what it says."""
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case "socket":
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(path))
        case "circle":
            path.symlink_to(path)


ODD = {"pipe": "it is a pipe", "device": "it is a device", "folder": "it is a folder", "socket": "No such device",
       "circle": "Too many levels of symbolic links"}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_file_is_an_error_at_once(kind: str, tmp_path: Path) -> None:
    odd(tmp_path / "x", kind)
    for read in (lambda path: files.read(path), lambda path: files.beginning(path, 10)):
        with pytest.raises(OSError, match=ODD[kind]):
            read(tmp_path / "x")


def test_what_is_too_large_is_an_error_and_nothing_is_lost_below(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for length in (0, 1, files.CHUNK_BYTES - 1, files.CHUNK_BYTES, files.CHUNK_BYTES + 1, len(SMALL)):
        path.write_bytes(SMALL[:length])
        assert files.read(path) == SMALL[:length] and files.beginning(path, 5) == SMALL[:min(5, length)]
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(OSError, match="larger than 1 MB"):
        files.read(path, 1 << 20)


COMMANDS = {
    "migrate lint": ("migrate", "lint", "--migrations", "{folder}/m"),
    "migrate status": ("migrate", "status", "--migrations", "{folder}/m", "-t", "host={folder} port=1"),
    "explain --file": ("explain", "--file", "{folder}/m/app/0001_a.up.sql"),
    "replay": ("replay", "{folder}/m/app/0001_a.up.sql"),
}


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_waits_for_one(command: str, kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "m" / "app"
    folder.mkdir(parents=True)
    odd(folder / "0001_a.up.sql", kind)
    (folder / "0001_a.down.sql").touch()
    words = [word.format(folder=tmp_path) for word in COMMANDS[command]]
    done = subprocess.run([sys.executable, "-m", "console", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode in (2, 3) and done.stderr.startswith("dbconsole: ") and "Traceback" not in done.stderr
    assert command == "migrate status" or f"it is a {kind}" in done.stderr
