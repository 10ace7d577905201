"""The statements that the body of a function runs, as far as its text tells.

A body in SQL is statements. One in PL/pgSQL is cut into its own, and what each of these runs is SQL again: a query
after PERFORM or RETURN QUERY, the condition of an IF, what a FOR goes through. What is put together as it runs, and
what can't be read, is told and not guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from console.sql.grammar import ParsedStatement, SyntaxFault, split
from console.sql.names import text_of
from console.sql.tokens import Token, significant

DYNAMIC = "a statement that is put together as it runs"
UNREADABLE = "something that can't be read here"
_RUN = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE", "ALTER", "CREATE", "DROP", "LOCK",
        "TRUNCATE", "CALL", "REFRESH", "ANALYZE", "COPY", "COMMENT", "GRANT", "REVOKE", "REINDEX", "CLUSTER", "DO",
        "REASSIGN", "IMPORT", "SET", "RESET", "NOTIFY", "SECURITY")
_ASKED = ("IF", "ELSIF", "ELSEIF", "WHEN", "CASE")
_NOTHING = ("END", "NULL", "RAISE", "EXIT", "CONTINUE", "GET", "FETCH", "MOVE", "CLOSE", "COMMIT", "ROLLBACK", "BEGIN",
            "DECLARE", "LOOP", "ELSE", "THEN", "EXCEPTION", "ASSERT")


class Body(Struct, frozen=True):
    """The statements in the order of the text, and in words what else it runs, which isn't known."""

    statements: list[ParsedStatement] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def body_of(text: str, language: str) -> Body:
    """What a body runs; `language` as CREATE FUNCTION has it. A standard SQL body comes with its BEGIN ATOMIC."""
    if language == "sql":
        found = split(_plain(text))
        return Body([], [UNREADABLE]) if isinstance(found, SyntaxFault) else Body(found)
    if language != "plpgsql":
        return Body([], [f"what is written in {language}"])
    body = Body()
    for piece in _pieces(text):
        _read(text, piece, body)
    return body


def _plain(text: str) -> str:
    """The statements of a standard body, which begins with BEGIN ATOMIC or RETURN."""
    found = list(significant(text))
    words = [token.word for token in found[:2]]
    if words == ["BEGIN", "ATOMIC"] and found[-1].word == "END":
        return text[found[1].end:found[-1].start]
    return f"SELECT {text[found[0].end:].strip()}" if words[:1] == ["RETURN"] else text


def _pieces(text: str) -> Iterator[Sequence[Token]]:
    """PL/pgSQL's own statements, and the heads of those that hold others. THEN and ELSE of a CASE that is an expression
    end none."""
    piece: list[Token] = []
    cases = 0
    for token in significant(text):
        word = token.word
        if not piece and word in _NOTHING:
            piece = [token]
            if word in ("BEGIN", "DECLARE", "LOOP", "ELSE", "THEN", "EXCEPTION"):
                piece = []
            continue
        if piece and word == "CASE" and piece[-1].word != "END":
            cases += 1
        elif piece and word == "END" and cases:
            cases -= 1
        elif token.text == ";" or (piece and not cases and _is_head_end(piece[0].word, word)):
            if piece:
                yield piece
            piece, cases = ([token] if word == "WHEN" else []), 0
            continue
        piece.append(token)
    if piece:
        yield piece


def _is_head_end(first: str, word: str) -> bool:
    return (word == "THEN" and first in ("IF", "ELSIF", "ELSEIF", "WHEN")) or (
        word == "LOOP" and first in ("FOR", "FOREACH", "WHILE")) or (word == "WHEN" and first == "CASE")


def _read(text: str, piece: Sequence[Token], body: Body) -> None:
    first = piece[0].word
    if first in _NOTHING:
        return
    if first == "EXECUTE":
        _dynamic(text, piece[1:], body)
    elif first == "PERFORM":
        _sql(f"SELECT {_text(text, piece[1:])}", body)
    elif first == "RETURN":
        _return(text, piece[1:], body)
    elif first == "FOR" or first == "OPEN":
        _loop(text, piece, body)
    elif first == "WHILE" or first in _ASKED:
        if len(piece) > 1:
            _sql(f"SELECT {_text(text, piece[1:])}", body)
    elif first in _RUN:
        _sql(_without_into(text, piece), body)
    else:
        _assignment(text, piece, body)


def _return(text: str, rest: Sequence[Token], body: Body) -> None:
    if rest and rest[0].word == "QUERY":
        if len(rest) > 1 and rest[1].word == "EXECUTE":
            _dynamic(text, rest[2:], body)
        else:
            _sql(_text(text, rest[1:]), body)
    elif rest and rest[0].word != "NEXT" and any(token.text == "(" for token in rest):
        _sql(f"SELECT {_text(text, rest)}", body)


def _loop(text: str, piece: Sequence[Token], body: Body) -> None:
    """FOR ... IN a query, and OPEN ... FOR one."""
    mark = "IN" if piece[0].word == "FOR" else "FOR"
    place = next((number for number, token in enumerate(piece) if number and token.word == mark), None)
    rest = piece[place + 1:] if place is not None else []
    if rest and rest[0].word == "EXECUTE":
        _dynamic(text, rest[1:], body)
    elif rest and (rest[0].word in _RUN or rest[0].text == "("):
        _sql(_text(text, rest), body)


def _assignment(text: str, piece: Sequence[Token], body: Body) -> None:
    """What stands behind := or =, where it may be a query or call something."""
    for number, token in enumerate(piece):
        if token.text in (":=", "=") or (token.text == ":" and piece[number + 1:number + 2]
                                         and piece[number + 1].text == "="):
            rest = piece[number + (2 if token.text == ":" else 1):]
            if any(each.text == "(" for each in rest):
                _sql(f"SELECT {_text(text, rest)}", body)
            return


def _dynamic(text: str, rest: Sequence[Token], body: Body) -> None:
    """EXECUTE of a constant is known."""
    end = next((number for number, token in enumerate(rest) if token.word in ("USING", "INTO")), len(rest))
    if end == 1 and rest[0].kind == "string":
        _sql(text_of(rest[0].text), body)
    else:
        body.unread.append(DYNAMIC)


def _without_into(text: str, piece: Sequence[Token]) -> str:
    """A statement without where PL/pgSQL puts its result: INTO [STRICT] a, b.c."""
    depth = 0
    for number, token in enumerate(piece):
        depth += (token.text == "(") - (token.text == ")")
        if token.word == "INTO" and not depth and piece[number - 1].word not in ("INSERT", "MERGE"):
            return f"{_text(text, piece[:number])} {_text(text, piece[_after_targets(piece, number + 1):])}"
    return _text(text, piece)


def _after_targets(piece: Sequence[Token], place: int) -> int:
    """Behind the variables that a result goes to."""
    texts = [token.text for token in piece]
    place += piece[place:] != [] and piece[place].word == "STRICT"
    place += 1
    while texts[place:place + 1] and texts[place] in (".", ",", "["):
        place = texts.index("]", place) + 1 if texts[place] == "[" and "]" in texts[place:] else place + 2
    return place


def _text(text: str, piece: Sequence[Token]) -> str:
    return text[piece[0].start:piece[-1].end] if piece else ""


def _sql(text: str, body: Body) -> None:
    found = split(text)
    if isinstance(found, SyntaxFault):
        body.unread.append(UNREADABLE)
    else:
        body.statements.extend(found)
