"""Files that somebody else may have left: pipes, devices, folders, sockets, what has no end."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
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
    "diagnose": ("diagnose", "{folder}/m/app/0001_a.up.sql"),
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


@pytest.mark.parametrize("place", ["file", "folder", "seed"])
def test_a_link_out_of_a_folder_of_migrations_is_an_error(place: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "up.sql").write_text("DROP TABLE precious;\n")
    (tmp_path / "elsewhere" / "1.sql").write_text("DROP TABLE precious;\n")
    folder = tmp_path / "m" / "app"
    folder.mkdir(parents=True)
    match place:
        case "file":
            (folder / "0001_a.up.sql").symlink_to(tmp_path / "elsewhere" / "up.sql")
        case "folder":  # diesel's: a folder a migration
            (folder / "2024-01-01-000000_a").symlink_to(tmp_path / "elsewhere")
        case "seed":
            (folder / "0001_a.up.sql").write_text("SELECT 1;\n")
            (folder / "seed").symlink_to(tmp_path / "elsewhere")
    which = [folder, "--layout", "diesel"] if place == "folder" else [tmp_path / "m"]
    done = subprocess.run([sys.executable, "-m", "console", "migrate", "lint", "--migrations", *which],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode in (1, 2) and "is a link to something outside of" in done.stdout + done.stderr


def test_a_link_within_a_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "linked").symlink_to(tmp_path)
    assert files.read_inside(tmp_path / "b") == files.read_inside(tmp_path / "linked" / "b") == b"x"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_what_is_the_programs_own_is_for_its_owner_alone(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "state" / "dbconsole"
    assert files.append(folder / "log", "a\n") == 2 and files.append(folder / "log", "\ud800\n") == 9
    files.replace(folder / "choices", "b")
    os.close(files.create(folder / "recording"))
    assert [mode(path) for path in (folder.parent, folder)] == [0o700, 0o700]
    assert {path.name: mode(path) for path in folder.iterdir()} == dict.fromkeys(("log", "choices", "recording"), 0o600)


def test_what_was_others_to_read_is_no_longer(tmp_path: Path) -> None:
    folder = tmp_path / "dbconsole"
    folder.mkdir(mode=0o755)
    (folder / "log").write_text("a")
    (folder / "log").chmod(0o644)
    files.append(folder / "log", "b")
    assert mode(folder) == 0o700 and mode(folder / "log") == 0o600 and (folder / "log").read_text() == "ab"


def test_what_a_person_asked_for_is_by_the_umask(tmp_path: Path, umask: int) -> None:
    files.write_new(tmp_path / "new.sql", "x\n")
    with files.replacing(tmp_path / "rows.csv", files.BY_UMASK) as file:
        file.write(b"x")
    assert [mode(tmp_path / name) for name in ("new.sql", "rows.csv")] == [0o666 & ~umask] * 2


def test_nothing_is_written_through_a_link_or_into_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "other")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "link", tmp_path / "pipe"):
        with pytest.raises(OSError):
            files.append(path, "x")
        with pytest.raises(FileExistsError):
            files.create(path)
    files.replace(tmp_path / "link", "new")
    assert (tmp_path / "other").read_text() == "precious"
    assert (tmp_path / "link").read_text() == "new" and not (tmp_path / "link").is_symlink()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("before")
    with pytest.raises(ZeroDivisionError), files.replacing(path) as file:
        file.write(b"half")
        file.flush()
        raise ZeroDivisionError
    assert path.read_text() == "before" and [each.name for each in tmp_path.iterdir()] == ["x"]
