"""What the terminal can do, as its environment says."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

SIXTEEN_COLOURS = ("linux", "vt100", "vt220", "ansi", "dumb", "cygwin")

COERCED = (("LC_CTYPE", "C.UTF-8"), ("LC_CTYPE", "C.utf8"))


def is_ascii(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether only ASCII is safe: a locale without UTF-8, or a terminal without the glyphs."""
    if environment.get("TERM", "") in SIXTEEN_COLOURS:
        return True
    if sys.platform in ("win32", "darwin") and "LC_ALL" not in environment:
        return False
    # Where the locale is C, Python itself sets LC_CTYPE=C.UTF-8 (PEP 538): that says nothing about the terminal.
    locale = next((value for key in ("LC_ALL", "LC_CTYPE", "LANG") if (value := environment.get(key))
                   and (key, value) not in COERCED), "")
    return "utf8" not in locale.lower().replace("-", "")


def theme_for(environment: Mapping[str, str] = os.environ) -> str | None:
    """The theme that the environment asks for, None when any will do."""
    if environment.get("NO_COLOR"):
        return "monochrome"
    return "terminal" if environment.get("TERM", "") in SIXTEEN_COLOURS else None
