"""The log: a file of this user's alone under XDG_STATE_HOME, without secrets; and one sentence for a person."""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from console import log
from console.text.sanitiser import harmful


@pytest.fixture(autouse=True)
def own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    root, before = logging.getLogger(), list(logging.getLogger().handlers)
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    log.keep()
    yield tmp_path / "dbconsole" / "dbconsole.log"
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    log.forget()
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)


def test_what_goes_wrong_is_kept_for_its_user_alone(own_log: Path) -> None:
    assert not own_log.exists()
    logging.getLogger("console.sampler").error("a listener failed")
    assert "ERROR console.sampler: a listener failed" in own_log.read_text("utf-8")
    assert own_log.stat().st_mode & 0o777 == 0o600
    assert own_log.parent.stat().st_mode & 0o777 == 0o700


def test_where_it_cannot_be_written_nobody_complains(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    logging.getLogger("console.sampler").error("a listener failed")
    assert capsys.readouterr().err == ""
    log.failed(ValueError())
    assert log.forget() == [f"a mistake of dbconsole's own: ValueError; the traceback can't be kept: {log.path()}: "
                           "Not a directory"]


def test_no_link_is_followed(own_log: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("")
    own_log.parent.mkdir()
    own_log.symlink_to(tmp_path / "other")
    logging.getLogger("console").error("a listener failed")
    assert (tmp_path / "other").read_text() == ""


def test_secrets_are_masked(own_log: Path) -> None:
    logging.getLogger("console").error("postgresql://me:hunter2@db/app")
    assert "hunter2" not in own_log.read_text()


def test_a_mistake_is_a_sentence_and_a_traceback_without_values(
        own_log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "__stderr__", sys.stderr)
    secret = "hunter" + str(2)

    def fails(secret: str) -> None:
        raise RuntimeError("no")

    try:
        fails(secret)
    except RuntimeError as error:
        log.failed(error)
        log.failed(error)
    assert log.say() and not log.say()
    said = capsys.readouterr().err
    assert said.startswith("dbconsole: a mistake of dbconsole's own: RuntimeError in test_log.py, line ")
    assert said.count("\n") == 1 and str(own_log) in said
    kept = own_log.read_text()
    assert 'raise RuntimeError("no")' in kept and "Traceback" in kept and "hunter2" not in kept


def test_a_record_is_a_line_whatever_is_in_it(own_log: Path) -> None:
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if type(handler).__module__.startswith("_pytest")]:
        root.removeHandler(handler)  # a report of several processes can't carry text that isn't Unicode
    logging.getLogger("console").error("the table %s", "a\n2026-01-01 ERROR console: forged\x1b]0;x\x07\u202e\ud800")
    try:
        raise ValueError("b\x1b[2J\nERROR forged too\u2028\x9b")
    except ValueError:
        logging.getLogger("console").exception("failed")
    text = own_log.read_text("utf-8")
    assert not [character for character in text if character != "\n" and harmful().match(character)]
    assert "the table a 2026-01-01 ERROR console: forged\ufffd]0;x" in text
    assert len([line for line in text.splitlines() if re.match(r"[-\d]+ [:,\d]+ ERROR console: ", line)]) == 2
