"""The console's own log: a file of this user's alone under XDG_STATE_HOME, or nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.cli import keep_log


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    root = logging.getLogger()
    before = list(root.handlers)
    yield
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
        handler.close()


def test_what_goes_wrong_is_kept_for_its_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    keep_log()
    logging.getLogger("console.sampler").error("a listener failed")
    log = tmp_path / "dbconsole" / "dbconsole.log"
    assert "ERROR console.sampler: a listener failed" in log.read_text("utf-8")
    assert log.stat().st_mode & 0o077 == 0


def test_where_it_cannot_be_written_nobody_complains(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    keep_log()
    logging.getLogger("console.sampler").error("a listener failed")
    assert capsys.readouterr().err == ""
