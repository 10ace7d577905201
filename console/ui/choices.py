"""What a person chose last, kept in a small file under XDG_STATE_HOME."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict, replace

from console import files
from console.resources import state_dir

REFRESH_S = (0.5, 1.0, 2.0, 5.0, 10.0)


class Choices(Struct, frozen=True):
    """The remembered choices; None is no choice yet. `databases` by target, `refresh_s` in seconds."""

    theme: str | None = None
    target: str | None = None
    refresh_s: float | None = None
    databases: Mapping[str, str] = field(default_factory=dict)


def load(path: Path | None = None) -> Choices:
    """The choices in the file; whatever in it makes no sense is as if it weren't there."""
    try:
        data = json.loads((path or _file()).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return Choices()
    if not isinstance(data, dict):
        return Choices()
    refresh, databases = data.get("refresh_s"), data.get("databases")
    return Choices(
        theme=_text(data.get("theme")), target=_text(data.get("target")),
        databases={target: name for target, name in databases.items() if _text(name)}
        if isinstance(databases, dict) else {},
        refresh_s=float(refresh) if isinstance(refresh, int | float) and refresh in REFRESH_S else None)


def remember(path: Path | None = None, **chosen: Any) -> None:
    """Changes these choices in the file, at once or not at all; a disk that refuses is no reason to complain."""
    assert set(chosen) <= set(Choices.__struct_fields__)
    path = path or _file()
    text = json.dumps(asdict(replace(load(path), **chosen)), indent=1)
    with contextlib.suppress(OSError):
        files.replace(path, text + "\n")


def remember_target(name: str, database: str | None) -> None:
    """The target that was chosen and, unless it was its own, the database there."""
    databases = dict(load().databases)
    if database is not None:
        databases[name] = database
    remember(target=name, databases=databases)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _file() -> Path:
    return state_dir() / "choices.json"
