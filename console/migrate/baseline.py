"""A baseline: one file in place of a service's first ones, which it names with their checksums. Pure.

Where they are applied, all of them and with these texts, it stands for them: the next `up` writes that into the ledger
and runs nothing. Where none is applied, it is run as any other file. Where only some are, nothing can be known of what
is there, and runs refuse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from console.migrate.records import LedgerRow, MigrationFile, MigrationState, ServiceStatus
from console.migrate.version import VersionKey, version_key

Node = tuple[str, VersionKey]


def replaced(file: MigrationFile) -> Mapping[VersionKey, str]:
    """The checksums of the files that it stands for, by version; empty where it is no baseline. Raises FileError."""
    return {version_key(each.version): each.checksum for each in file.up.directives.replaces}


def places(statuses: Sequence[ServiceStatus]) -> Mapping[Node, Node]:
    """By migration whose file is gone the baseline that stands for it, which is the first of its service."""
    found: dict[Node, Node] = {}
    for status in statuses:
        file = status.migrations[0].file if status.migrations else None
        for key in replaced(file) if file is not None else ():
            found[status.service.name, key] = status.service.name, status.migrations[0].key
    return found


def standing(file: MigrationFile, rows: Mapping[VersionKey, LedgerRow],
             pending: MigrationState) -> Sequence[MigrationState]:
    """The states of a baseline and of the `rows` that it stands for; none where it is like any other file.

    `pending` is its state where nothing of it is applied.
    """
    row = rows.get(file.key)
    if row is not None and row.checksum_up == file.up.checksum:
        return ()
    wanted = replaced(file)
    present = tuple(rows[key] for key in wanted if key in rows)
    if not present:
        return ()
    words = f"{file.up.directives.replaces[0].version} to {file.version}"
    if fault := _fault(wanted, rows):
        reason, advice = fault
        return [*(MigrationState(file.service, other.version, other.name, "missing", None, other,
                                 f"{file.version}_{file.name} stands for {words}, but {reason}", advice=advice)
                  for other in present if other.key != file.key),
                MigrationState(file.service, file.version, file.name, "changed" if row else "held", file, row,
                               f"stands for {words}, but {reason}", advice=advice)]
    return [replace(pending, state="pending", row=row, replaced=present,
                    detail=f"stands for {words}, which are applied: nothing is run")]


def _fault(wanted: Mapping[VersionKey, str], rows: Mapping[VersionKey, LedgerRow]) -> tuple[str, str] | None:
    """Why it can't stand for what is applied here, and what to do."""
    before = "with the files from before the squash (version control has them): dbconsole migrate "
    absent = [key for key in wanted if key not in rows]
    if absent:
        return (f"{len(absent)} of these {len(wanted)} are not applied here",
                f"{before}up to there, then come back to these")
    for key, checksum in wanted.items():
        if rows[key].state != "applied":
            return f"{rows[key].version} is half done here", f"{before}repair retry, then come back to these"
        if rows[key].checksum_up != checksum:
            return (f"{rows[key].version} was applied here with another text",
                    f"{before}repair accept-checksum where that is right, then come back to these")
    return None
