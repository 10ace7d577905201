"""What a file says of itself in its header: `-- dbconsole: DIRECTIVE`, one a line, before the first statement.

    no-transaction                  statement by statement, outside a transaction
    lock-timeout=3s                 instead of the engine's 3 s; 0 waits without end
    statement-timeout=10min         instead of none
    requires-extension=age          held until the extension exists in the database
    requires=platform/0003          comes after that migration of another service
    batches=app.item.id/5000        the statement runs for 5,000 rows after the other, by that key from $1 to $2
    batches=item.id/500, pause-at-lag=5s, while=note IS NULL
                                    waits for standbys, and goes on as long as there are such rows
    adopts=django/shop.0001_initial[, ...]
                                    does what that migration of another tool has done, which `migrate adopt` looks for
    irreversible: reason            there is no way back, and why
    replaces=0001/sha256:...        a baseline: that file is gone, and this one stands for it where it was applied
    ignore=RULE[,RULE]: reason      the linter keeps quiet about these rules; may also stand above a statement
"""

from __future__ import annotations

import difflib
import string
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct, field

from console.migrate.faults import FileError
from console.sql.names import qualified_name
from console.sql.tokens import comments, tokens
from console.text import parse

MARK = "dbconsole:"
_NAME_LETTERS = string.ascii_letters + string.digits + "-_"
_FLAGS = ("no-transaction",)
_VALUES = ("lock-timeout", "statement-timeout", "requires-extension", "requires", "batches", "adopts", "replaces",
           "ignore")
_NAMES = (*_FLAGS, *_VALUES, "irreversible")


class Requirement(Struct, frozen=True):
    """A migration of another service that must be applied first."""

    service: str
    version: str


class Replaced(Struct, frozen=True):
    """A file that a baseline stands for: its version, and the checksum of its way up."""

    version: str
    checksum: str


class AdoptedMigration(Struct, frozen=True):
    """A migration of another tool, as its ledger has it; of Django's `app.name`."""

    tool: str
    version: str


class Batches(Struct, frozen=True):
    """The `batches` of a header: the table's name with its schema, if it has one, and the key's column; how many rows;
    from which lag of standbys on it pauses (ms, None: whatever they lag), and of which rows alone."""

    table: tuple[str, ...]
    column: str
    size: int
    pause_at_lag_ms: int | None = None
    condition: str | None = None


class Directives(Struct, frozen=True):
    """A script's header. Timeouts in milliseconds, 0 for none; None: the engine's default.

    `own_transaction`: the layout's tool sends BEGIN and COMMIT as they are written, so they part the file into
    transactions; one around everything asks for what the engine does anyway. `command` runs a file that is code.
    """

    no_transaction: bool = False
    lock_timeout_ms: int | None = None
    statement_timeout_ms: int | None = None
    extensions: tuple[str, ...] = ()
    requires: tuple[Requirement, ...] = ()
    irreversible: str | None = None
    ignores: tuple[str, ...] = ()
    own_transaction: bool = False
    batches: Batches | None = None
    replaces: tuple[Replaced, ...] = ()
    adopts: tuple[AdoptedMigration, ...] = ()
    command: str | None = None


NONE = Directives()


class WrittenDirective(Struct, frozen=True):
    """A directive as it stands in a comment: where the comment begins, and `name`, `sign` (=, : or "") and `value`.

    `is_alone`: nothing stands before it on its line; `in_header`: nor in the file, but for such comments.
    """

    offset: int
    name: str
    sign: str
    value: str
    is_alone: bool
    in_header: bool


def written(text: str) -> Iterator[WrittenDirective]:
    """Everything that looks like a directive in the comments of `text`."""
    if MARK not in text:
        return
    header_end = _header_end(text)
    for comment in comments(text) if MARK in text[header_end:] else comments(text[:header_end]):
        words = comment.text.removeprefix("--").lstrip(" \t")
        if comment.text.startswith("--") and words.startswith(MARK):
            before = text[text.rfind("\n", 0, comment.start) + 1:comment.start]
            yield WrittenDirective(comment.start, *_parts(words.removeprefix(MARK).strip()), not before.strip(),
                                   comment.start < header_end)


def _header_end(text: str) -> int:
    """Where the comments to the line's end that `text` begins with are over."""
    return next((token.start for token in tokens(text) if not token.text.startswith("--")), len(text))


def _parts(words: str) -> tuple[str, str, str]:
    """`name = value`, `name: value` or a bare name; what is none of these is all name."""
    name = words[:len(words) - len(words.lstrip(_NAME_LETTERS))]
    rest = words[len(name):].lstrip()
    if rest and rest[0] in "=:":
        return name, rest[0], rest[1:].strip()
    return words.split(" ")[0], "" if not rest else " ", ""


def read(text: str, path: Path, first_line: int = 1) -> Directives:
    """The directives of `text`. Raises FileError naming the line of one that is unknown, wrong or misplaced."""
    if MARK not in text:
        return NONE
    found = _Found()
    for directive in written(text):
        if not directive.is_alone:
            continue
        line = first_line + text.count("\n", 0, directive.offset)
        if directive.in_header:
            found.take(directive, path, line)
        elif directive.name in _NAMES and directive.name != "ignore":
            raise FileError(path, f"the directive {directive.name} stands after the first statement", line=line,
                            hint="directives belong into the header: comment lines at the top of the file")
    return found.directives()


class _Found(Struct):
    no_transaction: bool = False
    timeouts_ms: dict[str, int] = field(default_factory=dict)
    extensions: list[str] = field(default_factory=list)
    requires: list[Requirement] = field(default_factory=list)
    irreversible: str | None = None
    ignores: list[str] = field(default_factory=list)
    batches: Batches | None = None
    replaces: list[Replaced] = field(default_factory=list)
    adopts: list[AdoptedMigration] = field(default_factory=list)

    def take(self, directive: WrittenDirective, path: Path, line: int) -> None:
        name, value = directive.name, directive.value
        if name not in _NAMES:
            close = difflib.get_close_matches(name, _NAMES, 1, 0.5)
            raise FileError(path, f"unknown directive {name!r}", line=line,
                            hint=f"did you mean {close[0]}?" if close else "known: " + ", ".join(_NAMES))
        wanted = {"irreversible": ":"}.get(name, "" if name in _FLAGS else "=")
        if directive.sign != wanted or (wanted and not value):
            example = {"": name, "=": f"{name}=...", ":": f"{name}: reason"}[wanted]
            raise FileError(path, f"the directive is written: -- dbconsole: {example}", line=line)
        match name:
            case "no-transaction":
                self.no_transaction = True
            case "lock-timeout" | "statement-timeout":
                self.timeouts_ms[name] = _milliseconds(value, name, path, line)
            case "requires-extension":
                self.extensions.append(value)
            case "requires":
                self.requires.append(_requirement(value, path, line))
            case "batches":
                self.batches = _batches(value, path, line)
            case "replaces":
                self.replaces.append(_replaced(value, path, line))
            case "adopts":
                self.adopts += _adopted(value, path, line)
            case "irreversible":
                self.irreversible = value
            case "ignore":
                self.ignores += _ignored(value, path, line)

    def directives(self) -> Directives:
        return Directives(
            no_transaction=self.no_transaction, lock_timeout_ms=self.timeouts_ms.get("lock-timeout"),
            statement_timeout_ms=self.timeouts_ms.get("statement-timeout"), extensions=tuple(self.extensions),
            requires=tuple(self.requires), irreversible=self.irreversible, ignores=tuple(self.ignores),
            batches=self.batches, replaces=tuple(self.replaces), adopts=tuple(self.adopts))


def _adopted(value: str, path: Path, line: int) -> Iterator[AdoptedMigration]:
    for part in value.split(","):
        tool, _, version = part.strip().partition("/")
        if not (tool and version):
            raise FileError(path, f"adopts={part.strip()}: no tool/version", line=line,
                            hint="write for example adopts=rails/20240102030405")
        yield AdoptedMigration(tool, version)


def _milliseconds(value: str, name: str, path: Path, line: int) -> int:
    number = parse.milliseconds(value, bare="ms")
    if number is None:
        raise FileError(path, f"{name}={value}: no duration", line=line,
                        hint="PostgreSQL's own way: 500ms, 3s, 10min, 1h; 0 is none")
    return max(1, round(number)) if number else 0


def _requirement(value: str, path: Path, line: int) -> Requirement:
    service, slash, version = value.partition("/")
    if not (service and slash and version):
        raise FileError(path, f"requires={value}: no service/version", line=line,
                        hint="write for example requires=platform/0003")
    return Requirement(service, version)


def _replaced(value: str, path: Path, line: int) -> Replaced:
    version, _, checksum = value.partition("/")
    digest = checksum.removeprefix("sha256:")
    if not version or digest == checksum or len(digest) != 64 or not set(digest) <= set(string.hexdigits):
        raise FileError(path, f"replaces={value}: no version/sha256:...", line=line,
                        hint="dbconsole migrate squash writes these lines")
    return Replaced(version, checksum)


def _ignored(value: str, path: Path, line: int) -> list[str]:
    rules, colon, reason = value.partition(":")
    if not (colon and reason.strip()):
        raise FileError(path, f"ignore={rules} gives no reason", line=line, hint="write ignore=RULE: reason")
    return [rule.strip() for rule in rules.split(",")]


def _batches(value: str, path: Path, line: int) -> Batches:
    """`table.column/size[, pause-at-lag=DURATION][, while=CONDITION]`; the condition is all that is left."""
    def wrong(words: str) -> FileError:
        return FileError(path, f"batches={value}: {words}", line=line,
                         hint="write for example batches=app.item.id/5000, pause-at-lag=5s, while=note IS NULL")

    head, _, condition = value.partition("while=")
    if condition:
        head = head.rstrip().removesuffix(",")
    first, *others = (part.strip() for part in head.split(","))
    key, _, size = first.rpartition("/")
    name = qualified_name(key)
    if not 2 <= len(name) <= 3:
        raise wrong("no table.column before the slash")
    if not size.strip().isdigit() or not int(size):
        raise wrong("no number of rows behind the slash")
    lag_ms: int | None = None
    for other in others:
        option, _, text = other.partition("=")
        if option.strip() != "pause-at-lag":
            raise wrong(f"{option.strip() or other!r} is none of pause-at-lag, while")
        lag_ms = _milliseconds(text.strip(), "pause-at-lag", path, line)
    return Batches(name[:-1], name[-1], int(size), lag_ms, condition.strip() or None)
