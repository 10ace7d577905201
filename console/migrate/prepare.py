"""What a script may not contain, said with its line before anything runs, and what each of its statements needs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from msgspec import Struct

from console.migrate.directives import Directives
from console.migrate.faults import FileError
from console.migrate.records import Script
from console.sql import transactions
from console.sql.splitter import ScriptStatement
from console.sql.transactions import outside_transaction, runs_code, transaction_control

NO_TRANSACTION_HINT = ("put it into a file of its own with the line `-- dbconsole: no-transaction` at the top; "
                       "such a file runs statement by statement and resumes where it failed")


_OTHER_MODES = frozenset(("SERIALIZABLE", "REPEATABLE", "ONLY", "UNCOMMITTED"))


class Prepared(Struct, frozen=True):
    """A script ready to run: its statements without BEGIN and COMMIT, and where these part it how many are in each
    transaction (`blocks`; empty: the file says nothing of transactions)."""

    script: Script
    statements: tuple[ScriptStatement, ...]
    directives: Directives
    blocks: tuple[int, ...] = ()

    @property
    def in_transaction(self) -> bool:
        """Whether all of it is one transaction, with its row in the ledger."""
        if self.directives.batches is not None:
            return False
        return len(self.blocks) == 1 if self.blocks else not self.directives.no_transaction


def prepare(script: Script) -> Prepared:
    """Splits `script` and refuses what would break a run. Raises FileError with line and column."""
    directives = script.directives
    statements = script.statements()
    if not statements and script.given is None and not script.text.strip():
        raise FileError(script.path, "is empty", hint="if nothing is to be done, a comment that says why is enough")
    blocks: tuple[int, ...] = ()
    if directives.own_transaction and any(_control(statement) for statement in statements):
        found = _blocks(script, statements, alone=directives.no_transaction)
        statements, blocks = tuple(chain.from_iterable(found)), tuple(map(len, found))
        for block in found:
            _check_all(script, block, in_transaction=len(block) > 1 or not directives.no_transaction)
    else:
        _check_all(script, statements, in_transaction=not directives.no_transaction)
    if directives.batches is not None:
        _check_batches(script, statements, blocks)
    return Prepared(script, statements, directives, blocks)


def _check_batches(script: Script, statements: Sequence[ScriptStatement], blocks: Sequence[int]) -> None:
    """Raises FileError where it isn't one statement that names its range."""
    if len(statements) != 1 or blocks:
        raise FileError(script.path, f"has {len(statements)} statements, but what runs in batches is one",
                        line=statements[1].line if len(statements) > 1 else None,
                        hint="put the others into files of their own; BEGIN and COMMIT are the engine's")
    (statement,) = statements
    if not {"$1", "$2"} <= set(statement.words) or outside_transaction(statement.sql) is not None:
        raise _refusal(script, statement, "names no range to run for",
                       "write WHERE key BETWEEN $1 AND $2, in one statement that can run in a transaction")


def _check_all(script: Script, statements: Sequence[ScriptStatement], *, in_transaction: bool) -> None:
    for statement in statements:
        if statement.verb in transactions.VERBS:
            _check(script, statement, in_transaction=in_transaction)


def _check(script: Script, statement: ScriptStatement, *, in_transaction: bool) -> None:
    if transaction_control(statement.sql) is not None:
        raise _refusal(script, statement, f"{_leading(statement)} doesn't belong into a migration",
                       "the engine begins and commits: a file and its ledger row are one transaction; "
                       'layout = "golang-migrate" in service.toml runs them as they are written')
    outside = outside_transaction(statement.sql)
    if in_transaction and outside is not None and outside.is_certain:
        raise _refusal(script, statement, f"{outside.what} cannot run inside a transaction", NO_TRANSACTION_HINT)


def runs_bare(statement: ScriptStatement) -> bool:
    """Whether a statement of a file without a transaction may not even have one of its own: it would be refused, or
    it commits by itself."""
    return outside_transaction(statement.sql) is not None or runs_code(statement.sql)


def _control(statement: ScriptStatement) -> str | None:
    """How it begins or ends a transaction; "?" for what begins like a COMMIT and is none."""
    if statement.verb not in transactions.VERBS:
        return None
    return transaction_control(statement.sql) or ("?" if statement.verb in ("COMMIT", "END") else None)


def _blocks(script: Script, statements: Sequence[ScriptStatement], *, alone: bool) -> list[list[ScriptStatement]]:
    """The statements of each transaction that BEGIN and COMMIT make of a file, without these.

    What stands before a BEGIN is in its transaction, as the server has it of statements that are sent together; where
    the file runs without one (`alone`), each outside of BEGIN and COMMIT is one of its own. Raises FileError for what
    is rolled back, never committed, or wants another isolation.
    """
    blocks: list[list[ScriptStatement]] = [[]]
    begun: ScriptStatement | None = None
    for statement in statements:
        match _control(statement):
            case None:
                blocks[-1].append(statement)
                if alone and begun is None:
                    blocks.append([])
            case "begin":
                if _OTHER_MODES.intersection(statement.words):
                    raise _refusal(script, statement, f"{statement.summary}: files run READ COMMITTED and READ WRITE",
                                   "leave the modes out, or SET TRANSACTION in the file")
                begun = begun or statement
            case "commit":
                begun = statement if transactions.chains(statement.sql) else None
                blocks.append([])
            case "?":
                left = ", and the file's transaction is left open" if begun is not None else ""
                raise _refusal(script, statement, f"this is no {statement.verb}{left}",
                               f"write {statement.verb}; and nothing more")
            case _:
                raise _refusal(script, statement, f"{_leading(statement)} doesn't belong into a migration",
                               "what it takes back is better not written")
    if begun is not None:
        raise _refusal(script, begun, "this transaction is never committed", "write COMMIT; where it ends")
    return [block for block in blocks if block] or [[]]


def _leading(statement: ScriptStatement) -> str:
    found = statement.words
    return " ".join(found[:2] if found[0] in ("START", "PREPARE", "COMMIT", "ROLLBACK") else found[:1])


def _refusal(script: Script, statement: ScriptStatement, summary: str, hint: str) -> FileError:
    return FileError(script.path, summary, line=statement.line, column=statement.column, hint=hint,
                     detail=statement.summary)
