"""What is in the editor: its statements, which one the cursor is on, and what each needs before it is run. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from console.migrate.faults import FileError
from console.migrate.records import Script
from console.server.interactive import Control, InteractiveStatement
from console.sql import grammar
from console.sql.grammar import Name
from console.sql.splitter import split as split_by_lexer

_CONTROLS: dict[str, Control] = {
    "BEGIN": "begin", "START": "begin", "START TRANSACTION": "begin", "COMMIT": "commit", "END": "commit",
    "ROLLBACK": "rollback", "ABORT": "rollback"}
_EXPLAIN = re.compile(r"explain\b\s*(?:\((?!\s*(?:select\b|with\b|values\b|table\b|\())[^)]*\)\s*"
                      r"|(?:analy[sz]e|verbose)\b\s*)*", re.IGNORECASE)


class Sweep(Struct, frozen=True):
    """A DELETE, UPDATE or TRUNCATE of every row of a relation: without a WHERE, or with one that holds for all."""

    verb: str
    relation: Name


class Piece(Struct, frozen=True):
    """One statement: its text, where it begins in characters, how it is run, and what it would sweep away.

    `refusal` says why it can't be run here at all; "" where it can.
    """

    text: str
    offset: int
    command: InteractiveStatement
    sweeps: tuple[Sweep, ...] = ()
    refusal: str = ""

    @property
    def end(self) -> int:
        return self.offset + len(self.text)


def pieces(text: str) -> tuple[Piece, ...]:
    """The statements of `text`. What the grammar here doesn't know is left to the server to judge."""
    found = grammar.split(text)
    if not isinstance(found, grammar.SyntaxFault):
        return tuple(_piece(statement, statement.text, statement.offset) for statement in found)
    try:
        split = split_by_lexer(Script("query", section=text))
    except FileError as fault:
        if (stripped := text.strip()) == "":
            return ()
        # It never ends, or is psql's: as one statement, whose fault is told instead of the server's.
        return (Piece(stripped, text.index(stripped), InteractiveStatement(stripped), refusal=fault.message),)
    known: list[Piece] = []
    for script_statement in split:
        again = grammar.split(script_statement.sql)
        if isinstance(again, grammar.SyntaxFault) or len(again) != 1:
            known.append(Piece(script_statement.sql, script_statement.offset,
                               InteractiveStatement(script_statement.sql)))
        else:
            known.append(_piece(again[0], script_statement.sql, script_statement.offset))
    return tuple(known)


def at(found: Sequence[Piece], offset: int) -> Piece | None:
    """The statement that the cursor at `offset` is in or just behind; between two of them the one before."""
    chosen: Piece | None = None
    for piece in found:
        if piece.offset <= offset or chosen is None:
            chosen = piece
    return chosen


def explained(text: str) -> tuple[str, bool]:
    """What an EXPLAIN explains, and whether it runs it; of another statement itself."""
    found = _EXPLAIN.match(text)
    if found is None:
        return text, False
    return text[found.end():], re.search(r"\banaly[sz]e\b(?!\s*(off|false|0))", found[0], re.IGNORECASE) is not None


def _piece(statement: grammar.ParsedStatement, text: str, offset: int) -> Piece:
    control = _CONTROLS.get(statement.kind)
    refusal = ""
    if statement.reads_client_data:
        refusal = "COPY between server and client is psql's way to carry data: e exports a result, INSERT writes"
    elif statement.kind == "PREPARE TRANSACTION":
        refusal = "a prepared transaction would be left behind: prepare it with psql"
    alone = statement.outside_transaction is not None or statement.node_kind in ("call_stmt", "do_stmt")
    command = InteractiveStatement(text, is_query=_is_query(statement), is_alone=alone, control=control,
                      is_setting=statement.node_kind == "variable_set_stmt" and not statement.body.is_local)
    return Piece(text, offset, command, tuple(_sweeps(statement)), refusal)


def _is_query(statement: grammar.ParsedStatement) -> bool:
    """Whether a cursor can bring the rows: a SELECT or VALUES that neither makes a table nor writes in a WITH.

    FOR UPDATE doesn't go by a cursor: its locks would be held for as long as one reads.
    """
    if statement.node_kind != "select_stmt" or statement.body.HasField("into_clause"):
        return False
    return next(grammar.find(statement.body, "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "IntoClause",
                           "LockingClause"), None) is None


def _sweeps(statement: grammar.ParsedStatement) -> list[Sweep]:
    if statement.node_kind == "truncate_stmt":
        return [Sweep("TRUNCATE", grammar.range_name(relation.range_var)) for relation in statement.body.relations]
    if statement.node_kind == "explain_stmt" and not any(option.def_elem.defname == "analyze"
                                                         for option in statement.body.options):
        return []
    return [Sweep("DELETE" if node.DESCRIPTOR.name == "DeleteStmt" else "UPDATE", grammar.range_name(node.relation))
            for node in grammar.find(statement.body, "DeleteStmt", "UpdateStmt")
            if not node.HasField("where_clause") or _is_constant(node.where_clause)]


def _is_constant(condition: grammar.Node) -> bool:
    """Whether a WHERE looks at no row: `true`, `1 = 1`, but for a plain `false`. A function may be anything."""
    if condition.HasField("a_const") and condition.a_const.HasField("boolval"):
        return bool(condition.a_const.boolval.boolval)
    return next(grammar.find(condition, "ColumnRef", "FuncCall", "SubLink", "ParamRef", "SQLValueFunction",
                           "CurrentOfExpr"), None) is None
