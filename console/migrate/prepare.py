"""What a script may not contain, said with its line before anything runs, and what each of its statements needs."""

from __future__ import annotations

from msgspec import Struct

from console.migrate.directives import Directives
from console.migrate.faults import FileError
from console.migrate.records import Script
from console.sql import transactions
from console.sql.splitter import ScriptStatement
from console.sql.transactions import outside_transaction, runs_code, transaction_control

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
    statements = script.statements()
    if not statements and script.given is None and not script.text.strip():
        raise FileError(script.path, "is empty", hint="if nothing is to be done, a comment that says why is enough")
    if directives.own_transaction:
        statements = _without_own_transaction(script, statements)
    for statement in statements:
        if statement.verb in transactions.VERBS:
            _check(script, statement, in_transaction=not directives.no_transaction)
    return Prepared(script, statements, directives)


def _check(script: Script, statement: ScriptStatement, *, in_transaction: bool) -> None:
    if transaction_control(statement.sql) is not None:
        raise _refusal(script, statement, f"{_leading(statement)} doesn't belong into a migration",
                       "the engine begins and commits: a file and its ledger row are one transaction; "
                       'layout = "golang-migrate" in service.toml takes one BEGIN and COMMIT around a whole file')
    outside = outside_transaction(statement.sql)
    if in_transaction and outside is not None and outside.is_certain:
        raise _refusal(script, statement, f"{outside.what} cannot run inside a transaction", NO_TRANSACTION_HINT)


def runs_bare(statement: ScriptStatement) -> bool:
    """Whether a statement of a file without a transaction may not even have one of its own: it would be refused, or
    it commits by itself."""
    return outside_transaction(statement.sql) is not None or runs_code(statement.sql)


def _without_own_transaction(script: Script,
                             statements: tuple[ScriptStatement, ...]) -> tuple[ScriptStatement, ...]:
    """What stands between the BEGIN and the COMMIT of a file. Raises FileError for one that begins and doesn't end."""
    if len(statements) < 2 or transaction_control(statements[0].sql) != "begin":
        return statements
    last = statements[-1]
    if transaction_control(last.sql) == "commit" and not transactions.chains(last.sql):
        return statements[1:-1]
    if last.verb in ("COMMIT", "END"):
        raise _refusal(script, last, f"this is no {last.verb}, and the file's transaction is left open",
                       f"write {last.verb}; and nothing more")
    return statements


def _leading(statement: ScriptStatement) -> str:
    found = statement.words
    return " ".join(found[:2] if found[0] in ("START", "PREPARE", "COMMIT", "ROLLBACK") else found[:1])


def _refusal(script: Script, statement: ScriptStatement, summary: str, hint: str) -> FileError:
    return FileError(script.path, summary, line=statement.line, column=statement.column, hint=hint,
                     detail=statement.summary)
