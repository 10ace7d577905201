"""Statements of the same shape: those that differ in literals, in the length of lists, in white space or comments."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"""
      (?P<comment> /\*.*?(?:\*/|\Z) | --[^\n]* )
    | (?P<literal> (?:\b[eEbBxX]|\b[uU]&)?'(?:[^']|'')*(?:'|\Z) | (?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?:(?P=tag)|\Z)
        | \$\d+ | (?<![\w"])[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b )
    | (?P<quoted> "(?:[^"]|"")*"? )
    | (?P<space> \s+ )
    | (?P<word> \w+ )
""", re.VERBOSE | re.DOTALL)
_AFTER_OPENING = re.compile(r"([(\[]) | ([)\],;])")
_LIST = re.compile(r"\?(?:\s*,\s*\?)+")
_ROWS = re.compile(r"\(\?\)(?:\s*,\s*\(\?\))+")


def shape(text: str) -> str:
    """What all statements of one shape have in common; of a text that was cut, that of its part."""
    plain = _TOKEN.sub(_plain, text)
    plain = " ".join(plain.split())
    plain = _AFTER_OPENING.sub(lambda match: match[1] or match[2], plain)
    return _ROWS.sub("(?)", _LIST.sub("?", plain)).rstrip(" ;")


def _plain(match: re.Match[str]) -> str:
    if match["literal"]:
        return "?"
    if match["word"]:
        return match[0].lower()
    return match[0] if match["quoted"] else " "
