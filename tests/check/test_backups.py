"""The checks of backups, on folders as `dbconsole backup` leaves them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from console.backup import folder as folders
from console.backup import manifest as manifests
from console.backup.records import BackupProof, Kind, Manifest, ProofStatus
from console.check.evaluation import evaluate
from console.check.records import CheckContext, CheckResult, Status
from console.check.registry import configured
from console.config import BackupConfig, Config
from console.metrics.reads.upkeep import ARCHIVER_STATE
from console.metrics.reads.wal import ARCHIVER
from console.metrics.records.upkeep import ArchiverState
from console.metrics.records.wal import Archiver
from console.server.target import Target
from tests.check.given import context, readings

OK, WARNING, CRITICAL, UNKNOWN = Status.OK, Status.WARNING, Status.CRITICAL, Status.UNKNOWN
SEGMENT = 16 << 20


def judged(name: str, backup: BackupConfig | None, last: str | None = None) -> CheckResult:
    on = CheckContext(context().info, Target(name="t", backup=backup))
    state = ArchiverState("on", False, None, None, 1.0, 0, 0, SEGMENT)
    archiver = Archiver("on", 1, 0, last, 1.0, None, None, False, None)
    (check,) = [each for each in configured(Config()) if each.check.name == name]
    (result,) = evaluate([check], readings((ARCHIVER_STATE, [state]), (ARCHIVER, [archiver])), on)
    return result


def made(folder: Path, age_h: float, kind: Kind = "logical", **more: Any) -> Path:
    at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=age_h)
    path = folder / folders.name_of(at, kind)
    path.mkdir(parents=True)
    manifests.write(path, Manifest(name=path.name, kind=kind, label="t", version="18.6", major=18, began_at=at,
                                   ended_at=at, **more))
    return path


def prove(path: Path, age_h: float, status: ProofStatus = "proved") -> None:
    at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=age_h)
    folders.write_proof(path, BackupProof(name=path.name, status=status, at=at,
                                          manifest_sha256=manifests.read(path)[1]))


@pytest.mark.parametrize("name", ["backup_age", "backup_verified", "wal_gap"])
def test_where_no_backup_is_configured_it_is_nobody_s_business(name: str, tmp_path: Path) -> None:
    for backup in (None, BackupConfig()):
        result = judged(name, backup)
        assert result.status is OK and "configured" in result.summary
    assert judged(name, BackupConfig(folder=tmp_path / "gone", archive=tmp_path)).status is UNKNOWN


@pytest.mark.parametrize(("ages_h", "status"), [
    ((1, 400), OK), ((25,), OK), ((27,), WARNING), ((51,), CRITICAL), ((), CRITICAL)])
def test_backup_age(tmp_path: Path, ages_h: tuple[float, ...], status: Status) -> None:
    for age_h in ages_h:
        made(tmp_path, age_h)
    (tmp_path / f"{folders.name_of(dt.datetime.now(dt.UTC), 'logical')}.partial").mkdir()
    result = judged("backup_age", BackupConfig(folder=tmp_path))
    assert result.status is status and (result.value is None) == (not ages_h)


def test_a_damaged_manifest_is_no_backup(tmp_path: Path) -> None:
    path = made(tmp_path, 1)
    (path / manifests.NAME).write_bytes((path / manifests.NAME).read_bytes()[:-20])
    assert judged("backup_age", BackupConfig(folder=tmp_path)).status is CRITICAL


def test_backup_verified(tmp_path: Path) -> None:
    backup = BackupConfig(folder=tmp_path)
    old, new = made(tmp_path, 300), made(tmp_path, 2)
    assert judged("backup_verified", backup).status is WARNING
    prove(old, 250)
    assert judged("backup_verified", backup).status is WARNING
    prove(new, 1)
    assert judged("backup_verified", backup).status is OK
    prove(new, 1, "unproved")
    assert judged("backup_verified", backup).status is WARNING
    for status in ("damaged", "differs", "failed"):
        prove(new, 1, status)  # type: ignore[arg-type]
        result = judged("backup_verified", backup)
        assert result.status is CRITICAL and status in result.summary
    prove(new, 1)
    manifests.write(new, replace(manifests.read(new)[0], label="another"))
    assert judged("backup_verified", backup).status is WARNING


def test_wal_gap(tmp_path: Path) -> None:
    folder, archive = tmp_path / "b", tmp_path / "wal"
    folder.mkdir()
    archive.mkdir()
    backup = BackupConfig(folder=folder, archive=archive)
    names = [f"00000001000000{high:02X}000000{low:02X}" for high, low in ((0, 0xFE), (0, 0xFF), (1, 0), (1, 1))]
    for name in names:
        (archive / f"{name}.gz").touch()
    (archive / f"{names[1]}.00000028.backup").touch()
    assert judged("wal_gap", backup, names[3]).status is UNKNOWN
    made(folder, 5, "base", first_wal=names[0], last_wal=names[0])
    assert judged("wal_gap", backup, None).status is UNKNOWN
    assert judged("wal_gap", backup, names[3]).status is OK
    (archive / f"{names[2]}.gz").unlink()
    result = judged("wal_gap", backup, names[3])
    assert (result.status, result.value) == (CRITICAL, 1) and names[2] in result.summary
    (archive / names[2].replace("00000001", "00000002", 1)).touch()  # another timeline's
    assert judged("wal_gap", backup, names[3]).status is OK
    assert judged("wal_gap", backup, "00000001000000010000000A").value == 9
