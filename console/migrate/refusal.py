"""What the server refused, as an error that names the place in the file and the way forward."""

from __future__ import annotations

from console.errors import Unreachable
from console.migrate.events import Waiting
from console.migrate.faults import FileError
from console.migrate.prepare import NO_TRANSACTION_HINT, Prepared
from console.server.script import ScriptFault
from console.sql.splitter import LineIndex, ScriptStatement

_HINTS = {
    "25001": NO_TRANSACTION_HINT,
    "55P04": "a value added to an enum can be used after its transaction: use it in the next migration",
    "53100": "the disk is full; make room on the server and run this again",
    "25006": "the transaction is read-only: the file says so, or the server became a standby",
}


def of_statement(script: Prepared, statement: ScriptStatement, fault: ScriptFault,
                 waiting: Waiting | None) -> FileError:
    """What the server said of `statement`; `waiting` is who was last in the way of anything."""
    line, column = statement.line, statement.column
    if fault.position is not None:
        lines = LineIndex(script.script.text, script.script.first_line)
        line, column = lines.place(statement.offset + fault.position - 1)
    error = fault.fault
    if isinstance(error, Unreachable) and fault.sqlstate is None:
        hint: str | None = "see migrate status for what is committed, then run again"
    else:
        hint = _HINTS.get(fault.sqlstate or "") or error.hint
    if fault.sqlstate == "55P03" and waiting is not None and waiting.statement is statement:
        hint = "in the way: " + "; ".join(f"pid {blocker.pid} ({blocker.application or 'unnamed'}, {blocker.state})"
                                          for blocker in waiting.blockers)
    detail = "\n".join(part for part in (error.detail, fault.context, f"in: {statement.summary}") if part)
    return FileError(script.script.path, error.summary, line=line, column=column, sqlstate=fault.sqlstate,
                     detail=detail, hint=hint)


def of_ours(script: Prepared, fault: ScriptFault, from_end: int) -> FileError:
    """Something around the statements was refused: command number `from_end` from the last, which is COMMIT."""
    where = "at COMMIT" if from_end == 0 else "while writing the ledger" if from_end <= 2 else "at BEGIN"
    return FileError(script.script.path, f"{where}: {fault.fault.summary}", sqlstate=fault.sqlstate,
                     detail=fault.fault.detail, hint=_HINTS.get(fault.sqlstate or "") or fault.fault.hint)
