"""What can be recovered: the span of time that base backups and the archive's WAL make reachable. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from msgspec import Struct

from console.backup import wal
from console.backup.records import BackupEntry, Manifest


class RecoveryWindow(Struct, frozen=True):
    """Any moment from `begins_at`, when the base backup `backup` was complete, to `ends_at`, when the last segment was
    archived. None for both: nothing can be recovered; `missing` are the segments that the newest base backup lacks."""

    backup: str | None = None
    begins_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    missing: tuple[str, ...] = ()


def recovery_window(entries: Sequence[BackupEntry], archived: Sequence[str], last: str, last_at: dt.datetime | None,
                    segment_bytes: int) -> RecoveryWindow:
    """The window that ends with the segment `last`, archived at `last_at`: from the oldest base backup on from whose
    first segment none is missing."""
    bases: list[Manifest] = sorted((each.manifest for each in entries if each.manifest and each.manifest.first_wal),
                                   key=lambda manifest: manifest.ended_at)
    gaps = {base.name: tuple(wal.missing(archived, base.first_wal or "", last, segment_bytes)) for base in bases}
    for base in bases:
        if not gaps[base.name]:
            return RecoveryWindow(base.name, base.ended_at, last_at)
    return RecoveryWindow(missing=gaps[bases[-1].name] if bases else ())
