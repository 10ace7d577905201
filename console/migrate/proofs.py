"""Which migrations were proved when: remembered on this machine, for the Migrations screen. Losing it loses nothing."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from console import files
from console.errors import ConsoleError
from console.migrate.records import MigrationFile
from console.resources import state_dir
from console.services.ownership import OF_TENANT

FILE = "proofs.json"
KEPT = 20_000


def key(file: MigrationFile, major: int) -> str:
    """What a proof holds for: these very texts, on this major version of the server. Raises FileError."""
    down = file.down.checksum if file.down is not None else ""
    service = file.service.removesuffix(f"{OF_TENANT}{file.tenant}")
    return f"{service}/{file.version} {file.up.checksum} {down} {major}"


def read(folder: Path | None = None) -> Mapping[str, dt.datetime]:
    """When what was proved, by `key`; empty where nothing is remembered or the file makes no sense."""
    try:
        found = json.loads(((folder or state_dir()) / FILE).read_text("utf-8"))
        return {str(item): dt.datetime.fromisoformat(when) for item, when in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def remember(migrations: Iterable[MigrationFile], major: int, folder: Path | None = None) -> None:
    """Notes that `migrations` were proved now. A folder that can't be written to is no error."""
    folder = folder or state_dir()
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    try:
        proved = {**read(folder), **{key(file, major): now for file in migrations}}
        newest = sorted(proved.items(), key=lambda pair: pair[1])[-KEPT:]
        files.replace(folder / FILE, json.dumps({text: when.isoformat() for text, when in newest}))
    except (OSError, ConsoleError):
        pass
