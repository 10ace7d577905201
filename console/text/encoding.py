"""Which encoding a file has that isn't UTF-8: a guess, for a hint."""

from __future__ import annotations

_MARKS = ((b"\xff\xfe\0\0", "UTF-32"), (b"\0\0\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
_LOOKED_AT = 4096


def conversion(content: bytes) -> str:
    """What to do about a text that is not UTF-8: the iconv that makes it so."""
    return f"convert it: iconv -f {_encoding(content)} -t UTF-8"


def _encoding(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    begin = content[:_LOOKED_AT]
    if (zeros := begin.count(0)) * 4 > len(begin):  # every other byte of what has few characters beyond ASCII
        return "UTF-16BE" if begin[::2].count(0) * 2 > zeros else "UTF-16LE"
    # Between them LATIN1 has control characters, which nobody writes, and WINDOWS-1252 quotes, dashes and the euro.
    return "WINDOWS-1252" if any(0x80 <= byte < 0xa0 for byte in content) else "LATIN1"
