"""The audit log: cancels, terminates, index builds, loads of vectors, what was let act on a read-only target, and what
came of them; a JSON object a line."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from console import files
from console.errors import ConsoleError
from console.redaction import masked
from console.resources import state_dir

QUERY_CHARACTERS = 300


def path() -> Path:
    """The log's file, in XDG_STATE_HOME/dbconsole."""
    return state_dir() / "audit.jsonl"


def write(event: str, facts: dict[str, Any]) -> None:
    """Appends one line, readable by its owner alone. Raises ConsoleError where it can't be written."""
    try:
        person = getpass.getuser()
    except (OSError, KeyError):
        person = f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"
    line = json.dumps({"at": dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"), "event": event,
                       "by": person, **_masked(facts)}, ensure_ascii=True, default=str)
    try:
        files.append(path(), line + "\n")
    except OSError as error:
        raise ConsoleError(f"the audit log can't be written: {path()}: {error.strerror}",
                           hint="nothing is cancelled, terminated, built, loaded or let act without it") from error


def write_allowed(target: str, effects: Iterable[str], statement: str) -> None:
    """That a person let a statement act on a target that is read-only; `effects` in sentences. Raises ConsoleError."""
    write("allowed", {"action": "act although read-only", "target": target, "effects": list(effects),
                      "query": masked(statement)[:QUERY_CHARACTERS]})


def _masked(facts: Any) -> Any:
    """What people wrote into statements and names may hold passwords."""
    if isinstance(facts, dict):
        return {name: _masked(value) for name, value in facts.items()}
    if isinstance(facts, list | tuple):
        return [_masked(value) for value in facts]
    return masked(facts) if isinstance(facts, str) else facts
