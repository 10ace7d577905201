"""Which programs make a backup: the newest of the server's major version, or none with a clear word."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from console.backup import programs
from console.backup.programs import ClientPrograms, age_note, clients
from console.errors import ConsoleError


def test_the_newest_of_the_same_major_version(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [ClientPrograms(Path(version), version) for version in ("18.6", "17.2", "17.10", "16.14")]
    monkeypatch.setattr(programs, "_at_hand", lambda: iter(there))
    assert clients("17.9").version == "17.10"
    with pytest.raises(ConsoleError, match=r"of version 15: here are those of 18.6, 17.2, 17.10, 16.14"):
        clients("15.3")
    assert age_note("17.10", "17.9") == () and "17.12" in age_note("17.10", "17.12")[0]


def test_what_a_program_complains_of_is_said_and_its_progress_not(tmp_path: Path) -> None:
    script = tmp_path / "pg_dump"
    script.write_text("#!/bin/sh\necho 'pg_dump: reading tables' >&2\necho 'pg_dump: error: no space' >&2\nexit 7\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    heard: list[str] = []
    with pytest.raises(ConsoleError) as told:
        asyncio.run(ClientPrograms(tmp_path, "18.6").run("pg_dump", [], on_line=heard.append))
    assert told.value.summary == "pg_dump 18.6 ended with 7" and told.value.detail == "pg_dump: error: no space"
    assert heard == ["pg_dump: reading tables", "pg_dump: error: no space"]
    with pytest.raises(ConsoleError, match="can't be started"):
        asyncio.run(ClientPrograms(tmp_path, "18.6").run("pg_basebackup", []))
