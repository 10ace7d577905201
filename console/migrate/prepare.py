"""What a script may not contain, said with its line before anything runs, and what each of its statements needs."""

from __future__ import annotations

from msgspec import Struct

from console.migrate.directives import Directives
from console.migrate.faults import FileError
from console.migrate.records import Script
from console.sql.splitter import ScriptStatement, split

NO_TRANSACTION_HINT = ("put it into a file of its own with the line `-- dbconsole: no-transaction` at the top; "
                       "such a file runs statement by statement and resumes where it failed")


class Prepared(Struct, frozen=True):
    """A script ready to run."""

    script: Script
    statements: tuple[ScriptStatement, ...]
    directives: Directives

    @property
    def in_transaction(self) -> bool:
        return not self.directives.no_transaction


def prepare(script: Script) -> Prepared:
    """Splits `script` and refuses what would break a run. Raises FileError with line and column."""
    directives = script.directives
    statements = split(script)
    if not statements and script.given is None and not script.text.strip():
        raise FileError(script.path, "is empty", hint="if nothing is to be done, a comment that says why is enough")
    if directives.own_transaction:
        statements = _without_own_transaction(statements)
    for statement in statements:
        if _controls_transaction(statement.head):
            raise _refusal(script, statement, f"{_leading(statement)} doesn't belong into a migration",
                           "the engine begins and commits: a file and its ledger row are one transaction")
        if not directives.no_transaction and (what := outside_transaction(statement.head)):
            raise _refusal(script, statement, f"{what} cannot run inside a transaction", NO_TRANSACTION_HINT)
    return Prepared(script, statements, directives)


def outside_transaction(head: tuple[str, ...]) -> str | None:
    """What a statement that PostgreSQL refuses inside a transaction is called; None for all others."""
    words = set(head)
    match head:
        case ("CREATE" | "DROP", "DATABASE" | "TABLESPACE" as what, *_):
            return f"{head[0]} {what}"
        case ("CREATE", "SUBSCRIPTION", *_) if not {"FALSE", "OFF"} & words:
            return "CREATE SUBSCRIPTION"
        case ("ALTER", "SYSTEM", *_):
            return "ALTER SYSTEM"
        case ("ALTER", "DATABASE", _, "SET", "TABLESPACE", *_):
            return "ALTER DATABASE ... SET TABLESPACE"
        case ("CREATE" | "DROP", *rest) if "INDEX" in rest[:2] and "CONCURRENTLY" in rest[:3]:
            return f"{head[0]} INDEX CONCURRENTLY"
        case ("REINDEX", *rest) if "CONCURRENTLY" in rest:
            return "REINDEX CONCURRENTLY"
        case ("REINDEX", *rest) if {"SCHEMA", "DATABASE", "SYSTEM"} & set(_after_options(rest)[:1]):
            return f"REINDEX {_after_options(rest)[0]}"
        case ("VACUUM", *_):
            return "VACUUM"
        case ("CLUSTER",) | ("CLUSTER", "VERBOSE"):
            return "CLUSTER of all tables"
        case ("DISCARD", "ALL"):
            return "DISCARD ALL"
        case ("ALTER", "TABLE", *rest) if "DETACH" in rest and "CONCURRENTLY" in rest:
            return "DETACH PARTITION CONCURRENTLY"
    return None


def runs_bare(statement: ScriptStatement) -> bool:
    """Whether a statement of a file without a transaction may not even have one of its own: it would be refused, or
    it commits by itself."""
    return outside_transaction(statement.head) is not None or statement.head[0] in ("CALL", "DO")


def sets_session(statement: ScriptStatement) -> bool:
    """Whether it changes a setting that lasts beyond the transaction."""
    match statement.head:
        case ("SET", "LOCAL" | "CONSTRAINTS" | "TRANSACTION", *_):
            return False
        case ("SET" | "RESET", *_):
            return True
        case ("SELECT", "SET_CONFIG", *_) | ("SELECT", "PG_CATALOG", ".", "SET_CONFIG", *_):
            return "TRUE" not in statement.head
    return False


def _controls_transaction(head: tuple[str, ...]) -> bool:
    match head:
        case ("BEGIN" | "COMMIT" | "END" | "ABORT", *_) | ("START" | "PREPARE", "TRANSACTION", *_):
            return True
        case ("ROLLBACK", *rest):
            return "TO" not in rest[:2]
    return False


def _without_own_transaction(statements: tuple[ScriptStatement, ...]) -> tuple[ScriptStatement, ...]:
    if len(statements) >= 2 and statements[0].head[0] in ("BEGIN", "START") \
            and statements[-1].head[0] in ("COMMIT", "END"):
        return statements[1:-1]
    return statements


def _after_options(words: list[str]) -> list[str]:
    """REINDEX (VERBOSE) SCHEMA: the words after the parenthesis."""
    if words[:1] == ["("] and ")" in words:
        return words[words.index(")") + 1:]
    return words[1:] if words[:1] == ["VERBOSE"] else words


def _leading(statement: ScriptStatement) -> str:
    head = statement.head
    return " ".join(head[:2] if head[0] in ("START", "PREPARE", "COMMIT", "ROLLBACK") else head[:1])


def _refusal(script: Script, statement: ScriptStatement, summary: str, hint: str) -> FileError:
    return FileError(script.path, summary, line=statement.line, column=statement.column, hint=hint,
                     detail=statement.summary)
