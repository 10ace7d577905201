"""Which backups are kept, and the texts that make one each night."""

from __future__ import annotations

import datetime as dt
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from console.backup import schedule
from console.backup.prune import kept
from console.backup.records import BackupEntry, Kind, Manifest
from console.backup.status import RecoveryWindow, recovery_window
from console.text.parse import retention

TODAY = dt.datetime(2026, 11, 30, 2, 30, tzinfo=dt.UTC)


def entry(days_ago: float, kind: Kind = "logical", parent: str | None = None, *, proved: bool = False) -> BackupEntry:
    at = TODAY - dt.timedelta(days=days_ago)
    name = f"{days_ago:g}"
    return BackupEntry(path=Path(name), state="good", proved_at=at if proved else None, manifest=Manifest(
        name=name, kind=kind, label="t", version="18.6", major=18, began_at=at, ended_at=at, parent=parent))


def names(entries: list[BackupEntry], keep: str) -> set[str]:
    return set(kept(entries, retention(keep)))


def test_days_weeks_and_months() -> None:
    nightly = [entry(days) for days in range(200)]
    found = names(nightly, "7d,4w,6m")
    assert {str(day) for day in range(7)} <= found
    # 2026-11-30 is a Monday: the newest of the weeks before are Sundays; the last days of the months before
    assert found - {str(day) for day in range(7)} == {"8", "15", "30", "61", "91", "122", "153"}


def test_two_of_a_day_count_once_and_spans_without_a_backup_not_at_all() -> None:
    assert names([entry(0), entry(0.04), entry(40), entry(80)], "2d") == {"0", "40"}


def test_the_newest_the_last_that_was_proved_and_what_others_stand_on_are_kept() -> None:
    chain = [entry(1, "incremental", "2"), entry(2, "incremental", "9"), entry(9, "base"), entry(12, "base")]
    assert names(chain, "1d") == {"1", "2", "9"}
    assert names([entry(0), entry(5, proved=True), entry(6, proved=True)], "1d") == {"0", "5"}
    assert names([entry(0), entry(30, "base")], "1d") == {"0", "30"}
    assert names([], "1d") == set()


@pytest.mark.parametrize("text", ["", "7", "7x", "7d,7d", "0d", "d", "-1d", "7d;4w"])
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must name|keep nothing"):
        retention(text)


ODD = ["/opt/db console", "-t", "a%b", "it's", 'a "b" \\ $c']


def test_a_shell_reads_the_crontab_line_as_it_was_meant() -> None:
    (line,) = schedule.crontab(ODD, 2, 5)
    assert line.startswith("5 2 * * * ")
    assert shlex.split(line.removeprefix("5 2 * * * ").replace("\\%", "%"))[:5] == ODD


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    texts = schedule.systemd("dbconsole-backup-prod", ["/bin/true", *ODD[1:]], 2, 5)
    assert "OnCalendar=*-*-* 02:05:00" in texts["dbconsole-backup-prod.timer"]
    assert r'ExecStart=/bin/true -t a%%b "it' + "'" + r's" "a \"b\" \\ $$c"' in texts["dbconsole-backup-prod.service"]
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze: not here")
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", *(str(tmp_path / name) for name in texts)],
                          capture_output=True, text=True, timeout=60)
    assert "dbconsole-backup" not in done.stderr, done.stderr


def test_the_recovery_window_begins_with_the_oldest_base_that_lacks_nothing() -> None:
    def base(days_ago: float, number: int) -> BackupEntry:
        found = entry(days_ago, "base")
        assert found.manifest is not None
        return replace(found, manifest=replace(found.manifest, first_wal=f"{1:08X}{0:08X}{number:08X}"))

    there = [f"{1:08X}{0:08X}{number:08X}" for number in range(1, 30) if number != 12]
    entries = [base(9, 5), base(5, 14), base(2, 20), entry(1)]
    window = recovery_window(entries, there, there[-1], TODAY, 16 << 20)
    assert (window.backup, window.begins_at, window.ends_at) == ("5", TODAY - dt.timedelta(days=5), TODAY)
    window = recovery_window(entries, there[:20], there[-1], TODAY, 16 << 20)
    assert window.backup is None and len(window.missing) == 8
    assert recovery_window([entry(1)], there, there[-1], TODAY, 16 << 20) == RecoveryWindow()
