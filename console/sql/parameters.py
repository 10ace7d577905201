"""Values in place of a statement's parameters, for a text that somebody else runs."""

from __future__ import annotations

from collections.abc import Sequence

from console.sql.quoting import literal
from console.sql.tokens import tokens


def filled(text: str, values: Sequence[str | None]) -> str:
    """`text` with constants for its $1, $2...: what looks like one in a constant or a comment stays."""
    parts, written = [], 0
    for token in tokens(text):
        if token.kind == "parameter":
            value = values[int(token.text[1:]) - 1]
            parts += [text[written:token.start], "NULL" if value is None else literal(value)]
            written = token.end
    return "".join([*parts, text[written:]])
