"""What the engine knows: files, ledger rows, and the state of a migration that follows from both.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from console import files
from console.migrate import directives
from console.migrate.directives import Directives, Requirement
from console.migrate.faults import FileError
from console.migrate.version import REPEATABLE, VersionKey, version_key
from console.services import Service
from console.services.ownership import OF_TENANT
from console.sql import splitter
from console.sql.splitter import ScriptStatement
from console.sql.tokens import SqlFault
from console.text.encoding import conversion

if TYPE_CHECKING:
    from console.sql.grammar import ParsedStatement, SyntaxFault

Direction = Literal["up", "down"]
State = Literal["applied", "pending", "failed", "changed", "missing", "held"]
WORST: Sequence[State] = ("failed", "changed", "missing", "pending", "held", "applied")
"""The states, the worst first."""


class Script(Struct, frozen=True, dict=True):
    """The SQL of one direction: a whole file, or a section of one that begins at `first_line`.

    Nothing is read before it is asked for, so that a look at 5,000 applied migrations opens no down file. Hence no
    slots: what was read is kept in the instance. `given` are directives that a layout spells in its own way;
    `filled` is the text with what its placeholders stand for, which is run, while the checksum is the file's own.
    """

    location: Path | str
    section: str | None = None
    first_line: int = 1
    given: Directives | None = None
    filled: str | None = None

    @cached_property
    def path(self) -> Path:
        """`location`; made when it is asked for, since thousands of paths cost more than reading the files."""
        return Path(self.location)

    def _read(self) -> bytes:
        if self.section is not None:
            return self.section.encode()
        try:
            return files.read_inside(self.location)
        except OSError as error:
            raise FileError(self.path, f"can't be read: {error.strerror}") from None

    @cached_property
    def _content(self) -> bytes:
        return self._read()

    def keep(self) -> None:
        """Reads it now and for good: its checksum is that of the text that will be run, whatever becomes of the file.

        Raises FileError.
        """
        self._content  # noqa: B018

    @cached_property
    def text(self) -> str:
        """The file's own text, line ends as they are, without a byte order mark, and with its placeholders filled in.

        Raises FileError if it isn't UTF-8.
        """
        if self.filled is not None:
            return self.filled
        content = self._content
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + self.first_line
            raise FileError(self.path, f"is not UTF-8 text: byte 0x{content[error.start]:02x}", line=line,
                            hint=conversion(content)) from None
        if "\0" in text:
            raise FileError(self.path, "holds a NUL character", line=text.count("\n", 0, text.index("\0")) + 1,
                            hint=f"if it is UTF-16 text, {conversion(content)}" if text.count("\0") > 1 else None)
        return text

    @cached_property
    def _checksums(self) -> tuple[str, str | None]:
        # What has been read to be run is what is summed up; what is only compared is not kept.
        raw = self.__dict__.get("_content") or self._read()
        content = raw.removeprefix(b"\xef\xbb\xbf")
        if b"\r" in content:
            content = content.replace(b"\r\n", b"\n")
        checksum = "sha256:" + hashlib.sha256(content).hexdigest()
        return checksum, None if content is raw else "sha256:" + hashlib.sha256(raw).hexdigest()

    @property
    def checksum(self) -> str:
        """`sha256:` and the digest of the text without byte order mark and with LF line ends."""
        return self._checksums[0]

    @property
    def raw_checksum(self) -> str | None:
        """The same of the bytes as they are, None where a byte order mark or line ends make no difference."""
        return self._checksums[1]

    def statements(self) -> tuple[ScriptStatement, ...]:
        """The statements. Raises FileError for what never ends and for what only psql understands."""
        try:
            return splitter.split(self.text, self.first_line)
        except SqlFault as fault:
            line, column = splitter.LineIndex(self.text, self.first_line).place(fault.offset)
            raise FileError(self.path, fault.summary, line=line, column=column, hint=fault.hint) from None

    @cached_property
    def parsed(self) -> list[ParsedStatement] | SyntaxFault:
        """The statements with their trees, which are kept: for who asks again. Raises FileError."""
        return self.parsed_once

    @property
    def parsed_once(self) -> list[ParsedStatement] | SyntaxFault:
        """The same, not kept where nobody has asked for `parsed`: the trees of thousands of files are large."""
        from console.sql.grammar import split

        kept: list[ParsedStatement] | SyntaxFault | None = self.__dict__.get("parsed")
        return split(self.text) if kept is None else kept

    @cached_property
    def directives(self) -> Directives:
        """What the header says. Raises FileError."""
        return self.given if self.given is not None else directives.read(self.text, self.path, self.first_line)


class MigrationFile(Struct, frozen=True):
    """One migration of a service: the way up and, unless it is irreversible or missing, the way down.

    `version` is as written; `key` is what is compared and ordered by. `tenant` is the schema that it runs in, where it
    is one of many tenants'. `callbacks` are its folder's, by the event: see console.migrate.callbacks.
    """

    service: str
    version: str
    name: str
    up: Script
    down: Script | None = None
    tenant: str | None = None
    callbacks: Mapping[str, tuple[Script, ...]] = field(default_factory=dict)

    @property
    def key(self) -> VersionKey:
        return version_key(self.version)

    @property
    def family(self) -> str:
        """Its service's name, of a tenant's that of the service which all tenants have."""
        return self.service.removesuffix(f"{OF_TENANT}{self.tenant}")

    @property
    def is_repeatable(self) -> bool:
        """Whether it is run again whenever its text has changed, after all that have a number."""
        return self.version.startswith(REPEATABLE)

    @property
    def label(self) -> str:
        """`service/version_name`, for people."""
        return f"{self.service}/{self.version}_{self.name}" if self.name else f"{self.service}/{self.version}"

    def script(self, direction: Direction) -> Script | None:
        return self.up if direction == "up" else self.down


class ServiceFiles(Struct, frozen=True):
    """A service's migrations in order of version, what is worth a word about them (gaps, missing downs), its seeds."""

    service: Service
    migrations: tuple[MigrationFile, ...]
    notes: tuple[str, ...] = ()
    seeds: tuple[Path, ...] = ()


class RepeatableRun(Struct, frozen=True):
    """A run of a repeatable file that is still in effect (sql/repeatable_runs.sql).

    `content` is what was run, `undo` the SQL that puts back what was there before it, None where that can't be told:
    then `reason` says why. `rank` is the run's in the order of application.
    """

    service: str
    version: str
    number: int
    checksum: str
    content: str
    undo: str | None
    reason: str | None
    rank: int


class LedgerRow(Struct, frozen=True):
    """A row of dbconsole.migration (sql/migrations.sql).

    `raw_checksum_up` is that of the bytes with their line ends and byte order mark, None where they change nothing.
    `state` is applied, running or failed; the last two belong to files without a transaction, where
    `statements_done` of `statements_total` are done in `direction`. `rank` is the order of application.
    """

    service: str
    version: str
    name: str
    state: str
    direction: Direction
    checksum_up: str
    raw_checksum_up: str | None
    statements_done: int
    statements_total: int
    error: str | None
    rank: int
    applied_at: dt.datetime
    applied_by: str
    duration_ms: float

    @property
    def key(self) -> VersionKey:
        return version_key(self.version)

    @property
    def is_repeatable(self) -> bool:
        return self.version.startswith(REPEATABLE)

    @property
    def runs(self) -> tuple[RepeatableRun, ...]:
        """The runs of a repeatable file that are in effect, newest first, where they were asked for."""
        return ()


class RepeatableRow(LedgerRow, frozen=True):
    """The row of a repeatable file, with its runs."""

    runs: tuple[RepeatableRun, ...] = ()


class MigrationState(Struct, frozen=True):
    """One migration: its file, its ledger row (one of them may be missing) and what follows from them.

    `detail` says why in a sentence, "" where there is nothing to say, `advice` what to do where that isn't what the
    state by itself asks for. `out_of_order`: pending, though a later version of its service is applied. `replaced` are
    the rows that a baseline stands for here: nothing of it is run.
    """

    service: str
    version: str
    name: str
    state: State
    file: MigrationFile | None
    row: LedgerRow | None
    detail: str = ""
    out_of_order: bool = False
    replaced: tuple[LedgerRow, ...] = ()
    advice: str = ""

    @property
    def key(self) -> VersionKey:
        return version_key(self.version)

    @property
    def is_repeatable(self) -> bool:
        return self.version.startswith(REPEATABLE)

    @property
    def is_applied(self) -> bool:
        """Whether its effect is in the database, whole: applied, changed since, or its file is missing."""
        return self.row is not None and self.row.state == "applied"


class ServiceStatus(Struct, frozen=True):
    """A service's migrations in order of version, with what the ledger says of each."""

    service: Service
    migrations: tuple[MigrationState, ...]
    notes: tuple[str, ...] = ()

    def count(self, state: State) -> int:
        return sum(migration.state == state for migration in self.migrations)

    @property
    def applied(self) -> int:
        return sum(migration.is_applied for migration in self.migrations)

    @property
    def pending(self) -> int:
        return self.count("pending")

    @property
    def latest(self) -> MigrationState | None:
        """The highest version that is applied."""
        return next((migration for migration in reversed(self.migrations)
                     if migration.is_applied and not migration.is_repeatable), None)

    @property
    def state(self) -> State:
        """The worst state of any: failed, changed, missing, pending, held, applied."""
        present = {migration.state for migration in self.migrations}
        return next((state for state in WORST if state in present), "applied")


class Step(Struct, frozen=True):
    """One script to run: a migration and a direction; `done` statements of it were done by an earlier run.

    `run`: which run of a repeatable file is taken back, 0 for any other step. `replaced` are the rows that a baseline
    stands for: it is put in their place, and nothing is run.
    """

    migration: MigrationFile
    direction: Direction
    row: LedgerRow | None = None
    done: int = 0
    run: int = 0
    replaced: tuple[LedgerRow, ...] = ()

    @property
    def script(self) -> Script:
        script = self.migration.script(self.direction)
        if script is None:
            raise FileError(self.migration.up.path, "has no way down", hint="write the .down.sql file beside it")
        return script


class RunRange(Struct, frozen=True, kw_only=True):
    """What is asked of a run. `to` is the version to end at (0: before the first), `steps` how many; None: all.

    `failed_only`: only what an earlier run left half done.
    """

    direction: Direction = "up"
    to: str | None = None
    steps: int | None = None
    out_of_order: bool = False
    failed_only: bool = False


class RunOptions(Struct, frozen=True, kw_only=True):
    """How a run waits: for another run's end (seconds), a statement for its locks (milliseconds), and how often a file
    is tried that can't get them. `keep_going`: where one tenant's file fails, the others are still migrated."""

    lock_wait_s: float = 60.0
    lock_timeout_ms: int = 3000
    attempts: int = 8
    keep_going: bool = False


class RunReport(Struct, frozen=True):
    """What a run did. `held` are left for later with their reasons, `failed` the tenants' files after which the other
    tenants were gone on with; durations in milliseconds."""

    done: tuple[Step, ...]
    held: tuple[MigrationState, ...] = ()
    duration_ms: float = 0.0
    notes: tuple[str, ...] = ()
    failed: tuple[tuple[Step, FileError], ...] = ()


__all__ = ["Direction", "Directives", "LedgerRow", "MigrationFile", "MigrationState", "Requirement", "RunOptions",
           "RunRange", "RunReport", "Script", "ServiceFiles", "ServiceStatus", "State", "Step"]
