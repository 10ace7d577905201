"""The audit log: one private file, a JSON object a line, and no action without it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.activity import audit
from console.errors import ConsoleError


def test_lines_are_json_whatever_a_query_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    audit.write("asked", {"pid": 1, "query": "select '\n\x1b[31m\ud800'"})
    audit.write("done", {"pid": 1})
    path = tmp_path / "dbconsole" / "audit.jsonl"
    assert audit.path() == path and path.stat().st_mode & 0o777 == 0o600
    first, second = map(json.loads, path.read_text("ascii").splitlines())
    assert first["event"] == "asked" and first["query"] == "select '\n\x1b[31m\ud800'" and first["by"] and first["at"]
    assert second["event"] == "done"


def test_a_log_that_cant_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dbconsole").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(ConsoleError, match="audit log") as caught:
        audit.write("asked", {})
    assert "nothing is cancelled" in (caught.value.hint or "")
