r"""The one place that decides which characters may reach a terminal, a log, a clipboard or a report.

Text comes from strangers: names, comments, statements, notices, files, the output of commands. What in it could move
the cursor, name the window, reorder a line or hide in it becomes U+FFFD:

- C0 and C1 control characters and DEL, with which every escape sequence begins;
- what changes the direction of writing (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069);
- what is invisible and has no width (Unicode's Default_Ignorable_Code_Point: U+200B, U+2060, U+FEFF, the tags of plane
  14, the fillers of Hangul...), so that two names that look alike are alike;
- lone surrogates, which can't be encoded, the interlinear annotations, private use and what is no character.

Joiners and variation selectors belong to emoji and to the writing of some languages: after a character outside of
ASCII they are left out without a sign. Spaces of other widths become a space, the soft hyphen a hyphen.
"""

from __future__ import annotations

import re
from functools import cache

REPLACEMENT = "\ufffd"

_CONTROLS = r"\x00-\x1f\x7f-\x9f"
_IGNORABLE = (r"\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
              r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
              r"\U000e0000-\U000e0fff")
_NO_TEXT = r"\ud800-\udfff\ue000-\uf8ff\ufff9-\ufffb\ufffe\uffff\U000f0000-\U0010ffff"
_SPACES = r"\u00a0\u1680\u2000-\u200a\u202f\u205f"
_LINE_BREAKS = "\n\r\u2028\u2029"
_JOINERS = frozenset("\u200c\u200d" + "".join(map(chr, range(0xfe00, 0xfe10))))
_SIGNS = dict.fromkeys("\t\u00a0\u1680\u202f\u205f" + "".join(map(chr, range(0x2000, 0x200b))), " ") | {"\u00ad": "-"}


# Compiled when first needed: most text never needs them, and a check that takes 100 ms shouldn't wait 2 of them.

@cache
def harmful() -> re.Pattern[str]:
    """One character that is not to be written as it is; what becomes of it, `single_line` says."""
    return re.compile(rf"[{_CONTROLS}\u00ad\u2028\u2029{_SPACES}{_IGNORABLE}{_NO_TEXT}]")


@cache
def _harmful_in_json() -> re.Pattern[str]:
    return re.compile(rf"[\x7f-\x9f\u2028\u2029{_IGNORABLE}{_NO_TEXT}]")


@cache
def _harmful_when_pasted() -> re.Pattern[str]:
    return re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def single_line(text: str, line_break: str = " ") -> str:
    """`text` on one line, harmless; each of its line breaks becomes `line_break`, a tab a space."""
    if text.isascii() and text.isprintable():
        return text

    def sign(match: re.Match[str]) -> str:
        character, start = match[0], match.start()
        if character in _LINE_BREAKS:
            return line_break
        if character in _JOINERS and (text[start - 1:start] > "\x7f" or text[start + 1:start + 2] == "\u20e3"):
            return ""
        return _SIGNS.get(character, REPLACEMENT)

    text = text.replace("\r\n", "\n")
    return harmful().sub(sign, text)


def lines(text: str, tab: int = 4) -> list[str]:
    """`text` as harmless lines, tabs expanded to multiples of `tab` columns; a last line break begins no line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    parts = text.split("\n")
    if not parts[-1]:
        parts.pop()
    return [single_line(part.expandtabs(tab)) for part in parts]


def block(text: str) -> str:
    """`text` as harmless lines in one string."""
    return text if text.isascii() and text.isprintable() else "\n".join(lines(text))


def json_escaped(document: str) -> str:
    r"""A JSON document with what is harmful in its strings as \u escapes: it means the same."""
    if document.isascii() and "\x7f" not in document:
        return document
    return _harmful_in_json().sub(lambda match: "".join(f"\\u{unit:04x}" for unit in _utf16(match[0])), document)


def for_pasting(text: str) -> str:
    """`text` for a clipboard: its true characters, but of the control characters newline and tab alone.

    A shell or an editor would obey the others, out of a bracketed paste too. A carriage return is a newline; the rest
    becomes U+FFFD, as do lone surrogates, which have no bytes.
    """
    return _harmful_when_pasted().sub(REPLACEMENT, text.replace("\r\n", "\n").replace("\r", "\n"))


def _utf16(character: str) -> tuple[int, ...]:
    code = ord(character)
    return (code,) if code < 0x10000 else (0xd800 + (code - 0x10000 >> 10), 0xdc00 + (code - 0x10000 & 0x3ff))
