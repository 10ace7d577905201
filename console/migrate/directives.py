"""What a file says of itself in its header: `-- dbconsole: DIRECTIVE`, one a line, before the first statement.

    no-transaction                  statement by statement, outside a transaction
    lock-timeout=3s                 instead of the engine's 3 s; 0 waits without end
    statement-timeout=10min         instead of none
    requires-extension=age          held until the extension exists in the database
    requires=platform/0003          comes after that migration of another service
    irreversible: reason            there is no way back, and why
    ignore=RULE[,RULE]: reason      the linter keeps quiet about these rules; may also stand above a statement
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from msgspec import Struct, field

from console.migrate.faults import FileError

_LINE = re.compile(r"^[ \t]*--[ \t]*dbconsole:[ \t]*(.*?)[ \t]*\r?$", re.MULTILINE)
_HEADER = re.compile(r"(?:[ \t]*(?:--[^\n]*)?(?:\r?\n|\Z))*")
_UNITS_MS = {"": 1, "us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_FLAGS = ("no-transaction",)
_VALUES = ("lock-timeout", "statement-timeout", "requires-extension", "requires", "ignore")
_NAMES = (*_FLAGS, *_VALUES, "irreversible")


class Requirement(Struct, frozen=True):
    """A migration of another service that must be applied first."""

    service: str
    version: str


class Directives(Struct, frozen=True, kw_only=True):
    """A script's header. Timeouts in milliseconds, 0 for none; None: the engine's default.

    `own_transaction`: the layout's tool runs files without a transaction, so one BEGIN and COMMIT around everything
    is the file's way to ask for what the engine does anyway.
    """

    no_transaction: bool = False
    lock_timeout_ms: int | None = None
    statement_timeout_ms: int | None = None
    extensions: tuple[str, ...] = ()
    requires: tuple[Requirement, ...] = ()
    irreversible: str | None = None
    ignores: tuple[str, ...] = ()
    own_transaction: bool = False


NONE = Directives()


def read(text: str, path: Path, first_line: int = 1) -> Directives:
    """The directives of `text`. Raises FileError naming the line of one that is unknown, wrong or misplaced."""
    if "dbconsole:" not in text:
        return NONE
    header_end = _HEADER.match(text).end()  # type: ignore[union-attr]
    found = _Found()
    for match in _LINE.finditer(text):
        line = first_line + text.count("\n", 0, match.start())
        name = re.split(r"[=:\s]", match[1], maxsplit=1)[0]
        if match.start() >= header_end and name in _NAMES:
            if name == "ignore":
                continue
            raise FileError(path, f"the directive {name} stands after the first statement", line=line,
                            hint="directives belong into the header: comment lines at the top of the file")
        if match.start() < header_end:
            found.take(match[1], path, line)
    return found.directives()


class _Found(Struct):
    no_transaction: bool = False
    timeouts_ms: dict[str, int] = field(default_factory=dict)
    extensions: list[str] = field(default_factory=list)
    requires: list[Requirement] = field(default_factory=list)
    irreversible: str | None = None
    ignores: list[str] = field(default_factory=list)

    def take(self, text: str, path: Path, line: int) -> None:
        match = re.fullmatch(r"([\w-]+)(?:\s*([=:])\s*(.*))?", text)
        name = match[1] if match else text.split(" ")[0]
        sign, value = (match[2], (match[3] or "").strip()) if match else (None, "")
        if name not in _NAMES:
            close = difflib.get_close_matches(name, _NAMES, 1, 0.5)
            raise FileError(path, f"unknown directive {name!r}", line=line,
                            hint=f"did you mean {close[0]}?" if close else "known: " + ", ".join(_NAMES))
        wanted = {"irreversible": ":"}.get(name, None if name in _FLAGS else "=")
        if sign != wanted or (wanted and not value):
            example = {None: name, "=": f"{name}=...", ":": f"{name}: reason"}[wanted]
            raise FileError(path, f"the directive is written: -- dbconsole: {example}", line=line)
        match name:
            case "no-transaction":
                self.no_transaction = True
            case "lock-timeout" | "statement-timeout":
                self.timeouts_ms[name] = _milliseconds(value, name, path, line)
            case "requires-extension":
                self.extensions.append(value)
            case "requires":
                service, slash, version = value.partition("/")
                if not (service and slash and version):
                    raise FileError(path, f"requires={value}: no service/version", line=line,
                                    hint="write for example requires=platform/0003")
                self.requires.append(Requirement(service, version))
            case "irreversible":
                self.irreversible = value
            case "ignore":
                rules, colon, reason = value.partition(":")
                if not (colon and reason.strip()):
                    raise FileError(path, f"ignore={rules} gives no reason", line=line,
                                    hint="write ignore=RULE: reason")
                self.ignores.extend(rule.strip() for rule in rules.split(","))

    def directives(self) -> Directives:
        return Directives(
            no_transaction=self.no_transaction, lock_timeout_ms=self.timeouts_ms.get("lock-timeout"),
            statement_timeout_ms=self.timeouts_ms.get("statement-timeout"), extensions=tuple(self.extensions),
            requires=tuple(self.requires), irreversible=self.irreversible, ignores=tuple(self.ignores))


def _milliseconds(value: str, name: str, path: Path, line: int) -> int:
    match = re.fullmatch(r"(\d+)\s*(us|ms|s|min|h|d|)", value)
    if not match:
        raise FileError(path, f"{name}={value}: no duration", line=line,
                        hint="PostgreSQL's own way: 500ms, 3s, 10min, 1h; 0 is none")
    number = int(match[1]) * _UNITS_MS[match[2]]
    return max(1, round(number)) if number else 0
