"""Versions as people write them, and the order that they mean.

`0003`, `3` and `00003` are one version, `1.2` and `1_2` and `1.2.0` too, and so are `2017-09-23-182408` and
`20170923182408` and `20170923182408000`: ordering by file names would put one project's timestamps before another's.
"""

from __future__ import annotations

import re
from functools import lru_cache

VersionKey = tuple[tuple[int, int, str], ...]
"""Compares and hashes as the version; numbers come before words."""

_TIME = "YYYYMMDDHHMMSS"

ZERO = "0"
"""The version before the first, for `--to`."""


REPEATABLE = "R__"
"""What the version of a file begins with that has no number: it is run again whenever its text has changed."""


@lru_cache(maxsize=65536)
def version_key(version: str) -> VersionKey:
    """The key by which versions are compared: numbers as numbers, whatever width and separators they have; repeatable
    files come after all numbers, by name."""
    if version.startswith(REPEATABLE):
        return ((1, 0, version),)
    if version.isascii() and version.isdigit():
        if len(version) > len(_TIME) and re.match("(19|20)[0-9]{2}[01]", version):  # a timestamp with more after it
            return (0, int(version[:len(_TIME)]), ""), (1, 0, version[len(_TIME):])
        number = int(version)
        return ((0, number, ""),) if number else ()
    dashless = version.replace("-", "") if re.fullmatch(r"\d{4}-?\d\d-?\d\d-\d+(-\d+)?", version) else version
    if dashless != version:
        return version_key(dashless)
    parts: list[tuple[int, int, str]] = []
    for part in re.split(r"[._-]", dashless):
        parts.append((0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part))
    while parts and parts[-1] == (0, 0, ""):
        parts.pop()
    return tuple(parts)
