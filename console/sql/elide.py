"""Query vectors and other long constants in short: a vector of 1,536 dimensions is 17 kB in every node of a plan."""

from __future__ import annotations

from collections.abc import Sequence

from console.sql.tokens import Token, tokens

MOST_VALUES = 8
"""So many values may stand as they are."""

MOST_BITS = 64

SHORTEST = 2 * MOST_VALUES
"""No shorter text can hold more."""

_MARKS = ("'[", "'{", "ARRAY[", "array[", "'0", "'1")
_LIST = str.maketrans("", "", "-+.0123456789eENULinfa, \t\n\r")
_SPARSE = str.maketrans("", "", "-+.0123456789eE:, \t\n\r")
_BITS = str.maketrans("", "", "01")


def elided(text: str, shown: int = 2) -> str:
    """`text` with each long vector or list of numbers as '[0.1,0.2,...384 values]', with so many of them `shown`; with
    none as '[...]'."""
    if len(text) < SHORTEST or not any(mark in text for mark in _MARKS):
        return text
    found = list(tokens(text))
    parts: list[str] = []
    written = place = 0
    while place < len(found):
        token, last = found[place], place
        short: str | None = None
        if token.kind == "string" and token.is_closed and len(token.text) > SHORTEST:
            short = _constant(token.text, shown)
        elif token.word == "ARRAY" and (array := _array(found, place)) is not None:
            last, count = array
            inside = text[found[place + 1].end:found[last].start]
            short = _short(f"{token.text}[", inside, count, "]", shown)
        if short is not None:
            parts += [text[written:token.start], short]
            written = found[last].end
            place = last
        place += 1
    return "".join([*parts, text[written:]]) if parts else text


def _constant(written: str, shown: int) -> str | None:
    """A constant in quotes in short; None where it is no list, or no long one."""
    prefix, body = written[:written.index("'")], written[written.index("'") + 1:-1] if "'" in written else ""
    if len(body) > MOST_BITS and not body.translate(_BITS):
        begin = body[:MOST_BITS // 4]
        return f"{prefix}'{begin}...{len(body)} bits'" if shown else f"{prefix}'...'"
    is_vector = body[:1] == "[" and body[-1:] == "]"
    inside, brace, rest = body[1:].rpartition("]" if is_vector else "}")
    if not brace or prefix or (not is_vector and body[:1] != "{"):
        return None
    if (rest and not (rest[0] == "/" and rest[1:].isdigit())) or inside.translate(_SPARSE if rest else _LIST):
        return None
    what = "nonzero" if rest else "values"  # of a sparse vector the rest of its dimensions are zero
    return _short(f"'{body[0]}", inside, inside.count(",") + 1, f"{brace}{rest}'", shown, what)


def _short(begin: str, inside: str, count: int, end: str, shown: int, what: str = "values",
           ) -> str | None:
    if count <= MOST_VALUES:
        return None
    if not shown:
        return f"{begin}...{end}"
    first = ",".join(part.strip() for part in inside.split(",", shown)[:shown])
    return f"{begin}{first},...{count} {what}{end}"


def _array(found: Sequence[Token], place: int) -> tuple[int, int] | None:
    """Where an ARRAY[...] of constants ends, and how many there are; None where it holds anything else."""
    count, depth = 1, 0
    for last in range(place + 1, len(found)):
        token = found[last]
        depth += (token.text in ("[", "(")) - (token.text in ("]", ")"))
        if not depth:
            return (last, count) if token.text == "]" else None
        if token.text == ",":
            count += depth == 1
        elif not _is_of_constant(token, found[last - 1]):
            return None
    return None


def _is_of_constant(token: Token, before: Token) -> bool:
    """Whether a token may be a part of a constant: a number, a text, a sign, a cast to a type, or a bracket."""
    if token.kind == "word":
        return token.word == "NULL" or before.text == "::" or before.kind == "word"
    return token.kind in ("number", "string") or token.text in ("-", "+", "::", "[", "]", "(", ")")
