"""The migrations that another framework's files hold: their versions, told from names, never by running anything."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from console import files
from console.errors import ConsoleError

Checksums = Callable[[Path], frozenset[str]]


class FileMigration(Struct, frozen=True):
    """A migration in a file. `checksums` are those that its framework would accept, empty where it stores none.

    `replaces` are versions that a squashed migration stands for.
    """

    version: str
    name: str | None
    file: str
    line: str | None = None
    checksums: frozenset[str] = frozenset()
    replaces: tuple[str, ...] = ()
    is_repeatable: bool = False


class FilePattern(Struct, frozen=True):
    """Files whose path below the folder matches `pattern` (groups: version, perhaps name) are migrations."""

    pattern: re.Pattern[str]
    folders: tuple[str, ...] = (".",)
    checksums: Checksums | None = None

    def read(self, folder: Path) -> Iterator[FileMigration]:
        for root in (folder / inner for inner in self.folders):
            for path in sorted(root.rglob("*")) if root.is_dir() else ():
                relative = path.relative_to(root).as_posix()
                if (match := self.pattern.fullmatch(relative)) and path.is_file():
                    groups = match.groupdict()
                    yield FileMigration(groups["version"], groups.get("name"), path.relative_to(folder).as_posix(),
                                        checksums=self.checksums(path) if self.checksums else frozenset())


def line_end_variants(algorithm: str) -> Checksums:
    """Digests of a file as it is, with LF and with CRLF line ends: git may have changed them since."""
    def checksums(path: Path) -> frozenset[str]:
        raw = content(path)
        unix = raw.replace(b"\r\n", b"\n")
        return frozenset(hashlib.new(algorithm, text).hexdigest()
                         for text in (raw, unix, unix.replace(b"\n", b"\r\n")))
    return checksums


def flyway_checksum(path: Path) -> frozenset[str]:
    """Flyway's."""
    return frozenset({str(crc32_of_lines(content(path)))})


def crc32_of_lines(text: bytes) -> int:
    """Flyway's checksum: over the lines without their ends and without a byte order mark, as a signed number."""
    value = 0
    for line in text.removeprefix(b"\xef\xbb\xbf").splitlines():
        value = zlib.crc32(line, value)
    return value - (1 << 32) if value >= 1 << 31 else value


def _graphile_hash(path: Path) -> frozenset[str]:
    match = re.search(rb"^--! Hash:\s*(\S+)", content(path), re.MULTILINE)
    return frozenset({match[1].decode()}) if match else frozenset()


def content(path: Path) -> bytes:
    """The file's bytes. Raises ConsoleError naming it."""
    try:
        return files.read_inside(path)
    except OSError as error:
        raise ConsoleError(f"{path}: can't be read: {error.strerror}") from None


def _names(pattern: str, *folders: str, checksums: Checksums | None = None) -> FilePattern:
    return FilePattern(re.compile(pattern), folders or (".",), checksums)


_SCRIPT = r"\.(?:js|ts|mjs|cjs|mts|cts|sql|coffee)"
NAMED: Mapping[str, FilePattern] = {
    "ecto": _names(r"(?:.*/)?(?P<version>\d+)_(?P<name>[^/]+)\.exs"),
    "golang-migrate": _names(r"(?P<version>\d+)_(?P<name>[^/]*)\.up\.[^/]+"),
    "dbmate": _names(r"(?P<version>\d+)[_-]?(?P<name>[^/]*)\.sql"),
    "rails": _names(r"(?:.*/)?(?P<version>\d+)_(?P<name>[^/]+?)(?:\.[^./]+)?\.rb"),
    "supabase": _names(r"(?P<version>\d+)_(?P<name>[^/]+)\.sql", ".", "migrations", "supabase/migrations"),
    "ef-core": _names(r"(?:.*/)?(?P<version>\d{14}_(?P<name>[^/.]+))\.(?:cs|vb)"),
    "pgmigrate": _names(r"V(?P<version>\d+)__(?P<name>[^/]+)\.(?:sql|py)", ".", "migrations"),
    "prisma": _names(r"(?:.*/)?(?P<version>[^/]+)/migration\.sql", checksums=line_end_variants("sha256")),
    "sqlx": _names(r"(?P<version>\d+)_(?P<name>[^/]*?)(?:\.up)?(?<!\.down)\.sql",
                   checksums=line_end_variants("sha384")),
    "diesel": _names(r"(?P<version>[\d-]+)_(?P<name>[^/]*)/up\.sql"),
    "goose": _names(r"(?P<version>\d+)_(?P<name>[^/]+)(?<!_test)\.(?:sql|go)"),
    "sql-migrate": _names(r"(?P<version>[^/]+\.sql)"),
    "tern": _names(r"(?P<version>\d+)_(?P<name>[^/]+)\.(?:sql|go)"),
    "atlas": _names(r"(?P<version>[^/_]+)(?:_(?P<name>[^/]+))?\.sql"),
    "pgroll": _names(r"(?P<version>[^/]+)\.(?:ya?ml|json)"),
    "graphile-migrate": _names(r"(?P<version>\d{6,}[^/]*\.sql)", "committed", "migrations/committed",
                               checksums=_graphile_hash),
    "node-pg-migrate": _names(r"(?P<version>(?!\.)[^/]+?)(?<!\.down)" + _SCRIPT),
    "yoyo": _names(r"(?P<version>(?!__init__|post-apply)[^/]+?)(?<!\.rollback)\.(?:py|sql)"),
    "morph": _names(r"(?P<version>\d+)_(?P<name>[^/]*)\.up\.sql"),
    "knex": _names(r"(?P<version>[^/]+" + _SCRIPT + ")"),
    "kysely": _names(r"(?P<version>[^/]+?)(?<!\.d)" + _SCRIPT),
    "typeorm": _names(r"(?:.*/)?(?P<version>\d{10,})-(?P<name>[^/]+?)(?<!\.d)\.(?:ts|js|mjs|cjs)"),
    "sequelize": _names(r"(?P<version>[^/]+" + _SCRIPT + ")"),
    "laravel": _names(r"(?P<version>[^/]+)\.php"),
}
"""River's migrations travel inside its library, so it has no entry."""
