"""The statements that were run, kept in a file a target; what may hold a password stays in memory."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from console import files
from console.redaction import may_hold_secret
from console.resources import state_dir

MOST = 1000
"""Statements that are kept."""

LARGEST_BYTES = 4 * 1024 * 1024
"""The file is cut to half of this when it has grown so large."""

LONGEST = 100_000
"""Characters of a statement that is worth keeping."""

class HistoryEntry(Struct, frozen=True):
    """A statement that was run: when (ISO 8601, UTC), the SQL, how long it took in milliseconds, whether it worked."""

    at: str
    sql: str
    elapsed_ms: float | None
    worked: bool


class StatementHistory:
    """The statements run on one target, the newest last. A disk that refuses is no reason to complain."""

    def __init__(self, target: str, folder: Path | None = None) -> None:
        self._path = (folder or state_dir() / "history") / _file_name(target)
        self.entries: list[HistoryEntry] = _read(self._path)

    def add(self, sql: str, elapsed_ms: float | None, *, worked: bool) -> None:
        """Keeps a statement; the same one run again moves to the end."""
        sql = sql.strip()
        if not sql or len(sql) > LONGEST:
            return
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        entry = HistoryEntry(now, sql, None if elapsed_ms is None else round(elapsed_ms, 1), worked)
        self.entries = [*(history_entry for history_entry in self.entries if history_entry.sql != sql), entry][-MOST:]
        if not may_hold_secret(sql):
            with contextlib.suppress(OSError):
                self._append(entry)

    def _append(self, entry: HistoryEntry) -> None:
        if files.append(self._path, json.dumps(asdict(entry), ensure_ascii=True) + "\n") > LARGEST_BYTES:
            self._shrink()

    def _shrink(self) -> None:
        """Writes the file anew with its newest statements."""
        lines: list[str] = []
        left = LARGEST_BYTES // 2
        for entry in reversed(_read(self._path)):
            line = json.dumps(asdict(entry), ensure_ascii=True) + "\n"
            left -= len(line)
            if left < 0:
                break
            lines.append(line)
        files.replace(self._path, "".join(reversed(lines)))


def _file_name(target: str) -> str:
    kept = "".join(text if text.isalnum() or text in "._-" else "_" for text in target)[:60]
    return f"{kept}-{hashlib.sha256(target.encode()).hexdigest()[:8]}.jsonl"


def _read(path: Path) -> list[HistoryEntry]:
    """What the file holds, each statement once; lines that make no sense are passed over."""
    found: dict[str, HistoryEntry] = {}
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            entry = HistoryEntry(**json.loads(line))
        except (ValueError, TypeError, RecursionError):
            continue
        if isinstance(entry.sql, str) and isinstance(entry.at, str):
            found.pop(entry.sql, None)
            found[entry.sql] = entry
    return list(found.values())[-MOST:]
