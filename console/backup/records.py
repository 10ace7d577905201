"""What a backup's manifest says, and what comes of looking at one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

Kind = Literal["logical", "base", "incremental"]
"""What pg_dump wrote, what pg_basebackup wrote, and what it wrote of the changes since another one."""


LARGE_OBJECTS = "large objects"
"""Stand among the tables: how many there are, and which."""


class TableRows(Struct, frozen=True):
    """How many rows a table has and what they come to: the same digest, the same rows in whatever order."""

    rows: int
    digest: str


class SequenceValues(Struct, frozen=True):
    """Between which values a sequence stood while the backup was made: no snapshot holds it still."""

    lowest: int
    highest: int


class BackedUpDatabase(Struct, frozen=True, kw_only=True):
    """A database as it was in the backup's snapshot, to be compared with what a restore brings.

    `folder` is pg_dump's, within the backup ("": of a base backup, which has all in one). `schemas` are those that were
    chosen, empty: all. `locale` are the options of CREATE DATABASE that give it the same order of text. `catalog` maps
    each object ("table shop.orders") to a digest of its facts. `is_proof`: tables, sequences and catalog were read.
    `has_unlogged`: unlogged tables are in the backup; on a standby, and in a base backup, there are none.
    `unsettled` are tables that others changed while a base backup ran: what it holds of them nobody can say beforehand.
    """

    name: str
    folder: str = ""
    bytes: int | None = None
    schemas: tuple[str, ...] = ()
    encoding: str = "UTF8"
    locale: str = ""
    extensions: Mapping[str, str] = {}
    is_proof: bool = True
    has_unlogged: bool = True
    tables: Mapping[str, TableRows] = {}
    sequences: Mapping[str, SequenceValues] = {}
    catalog: Mapping[str, str] = {}
    unsettled: tuple[str, ...] = ()

    @property
    def settled(self) -> Mapping[str, TableRows]:
        """The tables whose rows a restore has to bring as they were."""
        return {name: rows for name, rows in self.tables.items() if name not in (*self.unsettled, LARGE_OBJECTS)}


class BackupFile(Struct, frozen=True):
    """A file of a backup, by its path within it."""

    path: str
    bytes: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True):
    """What a backup is. Times are those of this machine; `label` names the target without secrets.

    `superuser` is a role that a restored base backup can be looked at as. `parent` is the name of the backup that an
    incremental one needs. `first_wal` is the segment from which on WAL is needed to recover a base backup, and
    `last_wal` the one that makes it consistent.
    """

    format: int = 1
    name: str
    kind: Kind
    label: str
    version: str
    major: int
    system_identifier: str | None = None
    began_at: dt.datetime
    ended_at: dt.datetime
    superuser: str | None = None
    parent: str | None = None
    first_wal: str | None = None
    last_wal: str | None = None
    databases: tuple[BackedUpDatabase, ...] = ()
    files: tuple[BackupFile, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """What its files take."""
        return sum(file.bytes for file in self.files)


State = Literal["good", "unfinished", "damaged", "foreign"]


class BackupEntry(Struct, frozen=True, kw_only=True):
    """A folder where backups are: `manifest` where there is one that can be read; `words` say what else it is.

    `proved_at` is when a verify of these very files has proved it, None: none has; `verdict` is what the last one said.
    """

    path: Path
    state: State
    words: str = ""
    manifest: Manifest | None = None
    proved_at: dt.datetime | None = None
    verdict: str | None = None


ProofStatus = Literal["proved", "damaged", "differs", "failed", "unproved"]
"""damaged: its files aren't those that were written; differs: what it brings is something else; failed: it can't be
restored; unproved: this machine lacks what a proof needs, which says nothing of the backup."""


class BackupProof(Struct, frozen=True, kw_only=True):
    """What a verify found: sentences of what it proved, of what is wrong, and of what it couldn't look at."""

    name: str
    status: ProofStatus
    at: dt.datetime
    manifest_sha256: str = ""
    proved: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
