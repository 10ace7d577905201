"""What the names and constants in a text mean."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache, lru_cache
from itertools import pairwise

from console.sql.keywords import RESERVED
from console.sql.quoting import quoted
from console.sql.tokens import CONTINUED, Token, pattern, significant, tokens

_CAPITALS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
NAMES = ("word", "quoted")
"""The kinds of tokens that may be a name."""


def functions_called(text: str) -> set[str]:
    """The names, without schema, of what is called in `text`: all that can be a name before an opening bracket."""
    found = list(significant(text))
    return {name_of(token.text) for token, following in pairwise(found) if following.text == "("
            and (token.kind == "quoted" or (token.kind == "word" and token.text.lower() not in RESERVED))}


def long_names(text: str, most_bytes: int) -> list[str]:
    """The names as `text` writes them that are longer than `most_bytes`; the server cuts them, as the tree has them."""
    if not _long(most_bytes).search(text.encode("utf-8", "replace")):
        return []  # nearly always, and much faster than reading the tokens
    return list(dict.fromkeys(token.text for token in significant(text) if token.kind in NAMES
                              and len(name_of(token.text).encode("utf-8", "replace")) > most_bytes))


@cache
def _long(most_bytes: int) -> re.Pattern[bytes]:
    return re.compile(rb'[\w$\x80-\xff]{%d}|"[^"]{%d}' % (most_bytes + 1, most_bytes + 1))


def names_in(text: str) -> set[str]:
    """The names in `text`, keywords too, each part of a qualified one by itself."""
    return {name_of(token.text) for token in significant(text) if token.kind in NAMES}


def qualified_name(text: str) -> tuple[str, ...]:
    """The parts of a name with dots, as the server reads them; none where `text` is anything else."""
    found = list(significant(text))
    is_name = len(found) % 2 == 1 and all((token.kind in NAMES) if place % 2 == 0 else token.text == "."
                                          for place, token in enumerate(found))
    return tuple(name_of(token.text) for token in found[::2]) if is_name else ()


def with_identifiers(text: str, names: Mapping[str, str], but: Collection[str] = ()) -> str:
    """`text` with each of psql's variables :"key" as the name of that key, in quotes, those in `but` left as they are.
    Raises LookupError for another that has no name."""
    return _filled(text, tuple(names.items()), tuple(but))


@lru_cache(maxsize=256)  # a statement is asked for with the same names at every tick
def _filled(text: str, pairs: tuple[tuple[str, str], ...], but: tuple[str, ...]) -> str:
    names = dict(pairs)
    parts: list[str] = []
    written, before = 0, Token("sign", "", -1)
    for token in tokens(text):
        if (token.kind == "quoted" and before.text == ":" and before.end == token.start
                and (key := name_of(token.text)) not in but):
            parts += [text[written:before.start], quoted(names[key])]
            written = token.end
        before = token
    return "".join([*parts, text[written:]])


def name_of(written: str) -> str:
    """The name that a word or a name in quotes means, as the catalog has it; not cut at 63 bytes."""
    if written.endswith('"') and '"' in written[:-1]:
        inner = written[written.index('"') + 1:-1].replace('""', '"')
        return _unicode(inner) if written[:1] in "uU" else inner
    return written.lstrip('"').translate(_CAPITALS)


def text_of(written: str) -> str:
    """What a string constant means, of whatever form; of one that never ends, what is there."""
    if written.startswith("$"):
        tag = written[:written.index("$", 1) + 1]
        return written[len(tag):].removesuffix(tag)
    prefix, _, _ = written.partition("'")
    if prefix in ("e", "E"):
        escaped = _joined(written, len(prefix), _ESCAPED).encode("utf-8", "surrogatepass")
        return re.sub(_ESCAPE, _escaped, escaped, flags=re.DOTALL).decode("utf-8", "replace")
    inside = _joined(written, len(prefix), _PLAIN).replace("''", "'")
    return _unicode(inside) if prefix in ("u&", "U&") else inside


def _joined(written: str, start: int, piece: str) -> str:
    """What stands between the quotes of a constant and of those that continue it on later lines."""
    found = []
    while (match := pattern(piece).match(written, start)) is not None:
        found.append(match[1])
        between = pattern(CONTINUED).match(written, match.end())
        if between is None:
            break
        start = between.end()
    return "".join(found)


_PLAIN = r"'([^']*+(?:''[^']*+)*+)'?"
_ESCAPED = r"'([^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+)'?"
_ESCAPE = rb"''|\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))"
_LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_CODE = r"\\(?:([0-9A-Fa-f]{4})|\+([0-9A-Fa-f]{6})|(\\))"


def _escaped(match: re.Match[bytes]) -> bytes:
    octal, hexadecimal, short, long, letter = match.groups()
    if octal or hexadecimal:
        return bytes((int(octal, 8) & 0xFF if octal else int(hexadecimal, 16),))
    if short or long:
        return _character(int(short or long, 16)).encode("utf-8", "replace")
    return b"'" if letter is None else _LETTERS.get(letter, letter)


def _unicode(text: str) -> str:
    """The text behind U&, with the escape character that it has without UESCAPE."""
    return pattern(_CODE).sub(lambda match: "\\" if match[3] else _character(int(match[1] or match[2], 16)), text)


def _character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF else "\ufffd"
