"""A manifest tells each way in which a backup's files can be other than they were written."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from console.backup import compare
from console.backup import folder as folders
from console.backup import manifest as manifests
from console.backup.records import BackedUpDatabase, BackupProof, Manifest, SequenceValues, TableRows
from console.errors import UsageError

AT = dt.datetime(2026, 11, 30, 2, tzinfo=dt.UTC)


def made(folder: Path, name: str = "20261130T020000Z-logical") -> Path:
    with folders.writing(folder, name) as partial:
        (partial / "001").mkdir()
        (partial / "001" / "toc.dat").write_bytes(b"contents")
        (partial / "001" / "1.dat.gz").write_bytes(b"rows" * 1000)
        manifests.write(partial, Manifest(
            name=name, kind="logical", label="shop", version="18.6", major=18, began_at=AT, ended_at=AT,
            files=manifests.measure(partial, threading.Event())))
    return folder / name


def faults(path: Path) -> list[str]:
    return manifests.faults(path, manifests.read(path)[0], threading.Event())


def alter(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (lambda path: (path / "001/1.dat.gz").write_bytes(b"rows"), "was truncated: 4 bytes instead of 4000"),
    "altered": (lambda path: alter(path / "001/1.dat.gz", 2000), "was altered"),
    "missing": (lambda path: (path / "001/1.dat.gz").unlink(), "is missing"),
    "emptied": (lambda path: (path / "001/1.dat.gz").write_bytes(b""), "was emptied"),
    "foreign": (lambda path: (path / "001/2.dat.gz").write_bytes(b"x"), "is foreign"),
    "longer": (lambda path: (path / "001/toc.dat").write_bytes(b"contents!"), "was lengthened"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found_and_named(tmp_path: Path, name: str) -> None:
    path = made(tmp_path / "b")
    assert faults(path) == []
    damage, words = DAMAGES[name]
    damage(path)
    (found,) = faults(path)
    assert words in found and found.startswith("001/")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.99])
def test_a_manifest_that_was_altered_or_cut_is_damaged(tmp_path: Path, share: float) -> None:
    path = made(tmp_path / "b")
    whole = (path / manifests.NAME).read_bytes()
    for damage in (lambda: (path / manifests.NAME).write_bytes(whole[:int(len(whole) * share)]),
                   lambda: alter(path / manifests.NAME, int(len(whole) * share))):
        (path / manifests.NAME).write_bytes(whole)
        damage()
        with pytest.raises(manifests.DamagedManifest):
            manifests.read(path)
        found = folders.entry(path)
        assert found is not None and found.state == "damaged"


def test_a_link_in_a_file_s_place_is_no_file_of_the_backup(tmp_path: Path) -> None:
    path = made(tmp_path / "b")
    kept = tmp_path / "kept"
    (path / "001/toc.dat").rename(kept)
    (path / "001/toc.dat").symlink_to(kept)
    assert "can't be read" in faults(path)[0]


def test_what_has_no_manifest_is_unfinished_and_no_newest(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    first = made(folder)
    (folder / "20261201T020000Z-logical").mkdir()
    (folder / "20261202T020000Z-base.partial").mkdir()
    (folder / "by_hand").mkdir()
    (folder / "by_hand" / "toc.dat").write_bytes(b"")
    (folder / "something").mkdir()
    states = {each.path.name: each.state for each in folders.entries(folder)}
    assert states == {"20261201T020000Z-logical": "unfinished", "20261202T020000Z-base.partial": "unfinished",
                      "by_hand": "foreign", first.name: "good"}
    newest = folders.newest(folders.entries(folder))
    assert newest is not None and newest.path == first


def test_a_failed_backup_leaves_nothing_and_the_next_clears_what_a_killed_one_left(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    with pytest.raises(ZeroDivisionError), folders.writing(folder, "20261130T020000Z-logical") as partial:
        (partial / "x").touch()
        raise ZeroDivisionError
    assert [path.name for path in folder.iterdir()] == [folders.LOCK]
    (folder / "20261130T010000Z-logical.partial").mkdir()
    (folder / "mine.partial").mkdir()
    made(folder)
    assert sorted(path.name for path in folder.iterdir()) == [folders.LOCK, "20261130T020000Z-logical", "mine.partial"]
    assert folder.stat().st_mode & 0o777 == 0o700 and all(
        path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*") if path.name != "mine.partial")


def test_two_do_not_write_to_one_folder(tmp_path: Path) -> None:
    with folders.writing(tmp_path / "b", "20261130T020000Z-logical"), pytest.raises(UsageError, match="at work"), \
            folders.writing(tmp_path / "b", "20261130T020001Z-logical"):
        pass


def test_a_proof_holds_for_the_very_files_that_were_proved(tmp_path: Path) -> None:
    path = made(tmp_path / "b")
    folders.write_proof(path, BackupProof(name=path.name, status="proved", at=AT,
                                          manifest_sha256=manifests.read(path)[1]))
    assert (found := folders.entry(path)) is not None and found.proved_at == AT
    (path / "001/more").touch()
    manifest = manifests.read(path)[0]
    manifests.write(path, Manifest(name=path.name, kind="logical", label="other", version="18.6", major=18, began_at=AT,
                                   ended_at=AT, files=manifest.files))
    assert (found := folders.entry(path)) is not None and found.proved_at is None and found.verdict is None


@pytest.mark.parametrize("name", ["truncated", "missing", "emptied", "longer"])
def test_files_of_another_size_make_a_backup_no_newest(tmp_path: Path, name: str) -> None:
    old, new = made(tmp_path / "b", "20261129T020000Z-logical"), made(tmp_path / "b", "20261130T020000Z-logical")
    manifest = manifests.read(new)[0]
    manifests.write(new, replace(manifest, ended_at=AT + dt.timedelta(days=1)))
    assert (found := folders.newest(folders.entries(tmp_path / "b"))) is not None and found.path == new
    DAMAGES[name][0](new)
    assert (found := folders.newest(folders.entries(tmp_path / "b"))) is not None and found.path == old
    states = [folders.measured(each).state for each in folders.entries(tmp_path / "b")]
    assert states == ["damaged", "good"]


RECORDED = BackedUpDatabase(
    name="shop", tables={"s.t": TableRows(3, "a"), "s.u": TableRows(1, "b"), "s.busy": TableRows(9, "c")},
    sequences={"s.q": SequenceValues(5, 7)}, catalog={"table s.t": "1", "view s.v": "2"}, unsettled=("s.busy",))


def test_what_is_as_it_was_has_no_differences() -> None:
    now = {"s.t": TableRows(3, "a"), "s.u": TableRows(1, "b"), "s.busy": TableRows(11, "z")}
    assert compare.differences(RECORDED, now, {"s.q": 6}, {"table s.t": "1", "view s.v": "2"}) == []


def test_each_difference_is_said() -> None:
    now = {"s.t": TableRows(2, "a"), "s.u": TableRows(1, "x"), "s.new": TableRows(0, "")}
    assert compare.differences(RECORDED, now, {"s.q": 8}, {"table s.t": "9", "type s.y": "1"}) == [
        "shop: table s.t has 2 rows instead of 3", "shop: table s.u has other values in its 1 rows",
        "shop: table s.new wasn't there", "shop: sequence s.q stands at 8 instead of 5 to 7",
        "shop: view s.v is missing", "shop: type s.y wasn't there", "shop: table s.t is defined otherwise"]
