"""Statements of the same shape: those that differ in constants, in the length of lists, in white space or comments."""

from __future__ import annotations

from console.sql.keywords import RESERVED
from console.sql.tokens import tokens

_CONSTANTS = frozenset(("string", "number", "parameter"))


def shape(text: str) -> str:
    """What all statements of one shape have in common: their tokens, a space between any two. Of a text that was cut,
    that of its part."""
    found: list[str] = []
    sign_end = -1
    for token in tokens(text):
        kind, written, start = token.kind, token.text, token.start
        if kind == "comment":
            continue
        if kind in _CONSTANTS:
            if start == sign_end and kind == "number":
                found.pop()
            _add_constant(found)
            continue
        if kind == "operator" and written in "+-" and _begins_value(found):
            sign_end = token.end
        found.append(written.lower() if kind == "word" else written)
        if written == ")":
            _join_rows(found)
    return " ".join(found).strip(" ;")


_CLOSER = ((" . ", "."), ("( ", "("), (" )", ")"), ("[ ", "["), (" ]", "]"), (" ,", ","), (" :: ", "::"), (" : ", ": "))


def label(text: str) -> str:
    """The shape of a text as a person would write it, on one line."""
    found = shape(text)
    for apart, close in _CLOSER:
        found = found.replace(apart, close)
    return found


def _add_constant(found: list[str]) -> None:
    """A list of constants is one."""
    if found[-2:] == ["?", ","]:
        found.pop()
    else:
        found.append("?")


def _join_rows(found: list[str]) -> None:
    """A list of rows of constants is one."""
    if found[-7:] == ["(", "?", ")", ",", "(", "?", ")"]:
        del found[-4:]


def _begins_value(found: list[str]) -> bool:
    """Whether a sign here belongs to a number: after a name, a constant or a bracket it joins two values."""
    before = found[-1] if found else ""
    is_name = before[:1] in ('"', "_") or (before[:1].isalpha() and before not in RESERVED)
    return not (is_name or before in ("?", ")", "]"))
