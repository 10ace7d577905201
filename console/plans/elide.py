"""Query vectors and other long lists of numbers in short: a vector of 1,536 dimensions is 17 kB in every node."""

from __future__ import annotations

import re

MOST_VALUES = 8
"""So many values may stand as they are."""

SHORTEST = 2 * MOST_VALUES
"""No shorter text can hold more."""

# One character class for the whole body: it can't overlap the next opening, so that a search is linear in the text.
_LIST = re.compile(r"(?P<open>'\[|'\{|\bARRAY\[)(?P<body>[-+.\deENULinfa,\s]{16,})(?P<close>\]'|\}'|\])")
_SPARSE = re.compile(r"(?P<open>'\{)(?P<body>[-+.\deE,:\s]{16,})(?P<close>\}/\d+')")
_CASTS = re.compile(r"(?P<open>\bARRAY\[)(?P<body>(?='?[-+.\d])[-+.\d,\s':a-zA-Z()]{64,})(?P<close>\])")
_BITS = re.compile(r"'([01]{65,})'")


def elided(text: str) -> str:
    """`text` with each long vector or list of numbers as '[0.1,0.2,...384 values]'."""
    if len(text) < SHORTEST:
        return text
    if "," in text:
        text = _LIST.sub(_short, text)
        if "}/" in text:
            text = _SPARSE.sub(_short, text)
        if "ARRAY[" in text:
            text = _CASTS.sub(_short, text)
    return _BITS.sub(lambda found: f"'{found[1][:16]}...{len(found[1])} bits'", text) if len(text) > 64 else text


def _short(found: re.Match[str]) -> str:
    body = found["body"]
    count = body.count(",") + 1
    if count <= MOST_VALUES:
        return found[0]
    first, second, _ = body.split(",", 2)
    return f"{found['open']}{first.strip()},{second.strip()},...{count} values{found['close']}"
