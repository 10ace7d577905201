"""What is in the editor: its statements, which one the cursor is on, and what each needs before it is run. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from console.sql import grammar, splitter
from console.sql.grammar import Name
from console.sql.tokens import SqlFault, first_words, significant
from console.sql.transactions import outside_transaction, runs_code, sets_session, transaction_control

Control = Literal["begin", "commit", "rollback"]


class InteractiveStatement(Struct, frozen=True):
    """One statement. `is_query`: a cursor can bring its rows. `is_alone`: it refuses to run in a transaction.

    `control`: it begins or ends a transaction. `is_setting`: it changes the session and nothing else (SET, RESET).
    """

    sql: str
    is_query: bool = False
    is_alone: bool = False
    control: Control | None = None
    is_setting: bool = False


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
        return tuple(_known(statement, _piece(statement.text, statement.offset)) for statement in found)
    try:
        split = splitter.split(text)
    except SqlFault as fault:
        if (stripped := text.strip()) == "":
            return ()
        # It never ends, or is psql's: as one statement, whose fault is told instead of the server's.
        return (Piece(stripped, text.index(stripped), InteractiveStatement(stripped), refusal=fault.summary),)
    known: list[Piece] = []
    for script_statement in split:
        piece = _piece(script_statement.sql, script_statement.offset)
        again = grammar.split(script_statement.sql)
        is_known = not isinstance(again, grammar.SyntaxFault) and len(again) == 1
        known.append(_known(again[0], piece) if is_known else piece)  # type: ignore[index]
    return tuple(known)


def at(found: Sequence[Piece], offset: int) -> Piece | None:
    """The statement that the cursor at `offset` is in or just behind; between two of them the one before."""
    chosen: Piece | None = None
    for piece in found:
        if piece.offset <= offset or chosen is None:
            chosen = piece
    return chosen


def is_explain(text: str) -> bool:
    """Whether a statement is an EXPLAIN itself."""
    return first_words(text, 1) == ("EXPLAIN",)


def has_plan(text: str) -> bool:
    """Whether a statement is of a kind that EXPLAIN takes and that is planned when it is run."""
    first = next((token.word for token in significant(text) if token.text != "("), "")
    return first in ("SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH", "VALUES", "TABLE")


def selects_nothing(text: str) -> bool:
    """Whether a query has no columns, a SELECT without a list, and makes no table of them."""
    found = [token.word for token in significant(text) if token.text not in ("(", ")", ";")]
    return found[:1] == ["SELECT"] and (len(found) == 1 or found[1] in _AFTER_LIST) and "INTO" not in found


_AFTER_LIST = frozenset(("FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "UNION", "INTERSECT", "EXCEPT", "ORDER", "LIMIT",
                         "OFFSET", "FETCH", "FOR"))


def explained(text: str) -> tuple[str, bool]:
    """What an EXPLAIN explains, and whether it runs it; of another statement itself."""
    found = [*significant(text)]
    if not found or found[0].word != "EXPLAIN":
        return text, False
    place, runs = 1, False
    while place < len(found):
        token = found[place]
        if token.word in ("ANALYZE", "ANALYSE", "VERBOSE"):
            runs = runs or token.word != "VERBOSE"
            place += 1
        elif token.text == "(" and not (place + 1 < len(found) and _begins_query(found[place + 1].text)):
            end = next((i for i in range(place, len(found)) if found[i].text == ")"), len(found) - 1)
            runs = runs or _analyzes([item.text.lower() for item in found[place + 1:end]])
            place = end + 1
        else:
            break
    return (text[found[place].start:] if place < len(found) else ""), runs


def _begins_query(word: str) -> bool:
    return word.upper() in ("SELECT", "WITH", "VALUES", "TABLE", "(")


def _analyzes(options: Sequence[str]) -> bool:
    return any(word in ("analyze", "analyse") and following not in ("off", "false", "0", "'off'", "'false'")
               for word, following in zip(options, [*options[1:], ""], strict=True))


def _piece(text: str, offset: int) -> Piece:
    """A statement as far as its words tell."""
    control = transaction_control(text)
    refusal = ""
    if splitter.copies_to_client(text):
        refusal = "COPY between server and client is psql's way to carry data: e exports a result, INSERT writes"
    elif control == "prepare":
        refusal = "a prepared transaction would be left behind: prepare it with psql"
    command = InteractiveStatement(
        text, is_alone=outside_transaction(text) is not None or runs_code(text),
        control=control if control in ("begin", "commit", "rollback") else None,
        is_setting=first_words(text, 1) in (("SET",), ("RESET",)) and sets_session(text))
    return Piece(text, offset, command, refusal=refusal)


def _known(statement: grammar.ParsedStatement, piece: Piece) -> Piece:
    """The same with what the tree tells."""
    return replace(piece, command=replace(piece.command, is_query=_is_query(statement)),
                   sweeps=tuple(_sweeps(statement)))


def _is_query(statement: grammar.ParsedStatement) -> bool:
    """Whether a cursor can bring the rows: a SELECT or VALUES that neither makes a table nor writes in a WITH.

    FOR UPDATE doesn't go by a cursor: its locks would be held for as long as one reads.
    """
    if statement.node_kind != "select_stmt" or statement.body.HasField("into_clause"):
        return False
    return not grammar.find(statement.body, "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "IntoClause",
                            "LockingClause")


def _sweeps(statement: grammar.ParsedStatement) -> list[Sweep]:
    if statement.node_kind == "truncate_stmt":
        return [Sweep("TRUNCATE", grammar.range_name(relation.range_var)) for relation in statement.body.relations]
    if statement.node_kind == "explain_stmt" and not explained(statement.text)[1]:
        return []
    return [Sweep("DELETE" if node.DESCRIPTOR.name == "DeleteStmt" else "UPDATE", grammar.range_name(node.relation))
            for node in grammar.find(statement.body, "DeleteStmt", "UpdateStmt")
            if not node.HasField("where_clause") or _is_constant(node.where_clause)]


def _is_constant(condition: grammar.Node) -> bool:
    """Whether a WHERE looks at no row: `true`, `1 = 1`, but for a plain `false`. A function may be anything."""
    if condition.HasField("a_const") and condition.a_const.HasField("boolval"):
        return bool(condition.a_const.boolval.boolval)
    return not grammar.find(condition, "ColumnRef", "FuncCall", "SubLink", "ParamRef", "SQLValueFunction",
                            "CurrentOfExpr")
