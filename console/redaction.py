"""Texts without secrets: the one place that knows which there are, and what a text looks like that holds one.

A secret that dbconsole gets (of a conninfo, a passfile, the environment, a command, a person) is kept here by `keep`,
and from then on recognised wherever it stands. Others are told by what stands before them: in URIs, after `password =`
and its like, after PASSWORD in SQL, in headers. What passes through `masked`: every error, the log and its tracebacks,
what is said on stderr, what commands of others write, the audit log, recordings, telemetry, the process list.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import quote, unquote

MASK = "***"

SHORTEST = 4
"""A shorter secret is told only by what stands before it: its characters are part of too many words."""

_NO_SECRETS = frozenset({"password", "postgres", "postgresql"})
"""Passwords that are found in the sentences of every program for PostgreSQL."""

_CACHED_CHARACTERS = 20_000

_kept: set[str] = set()


def keep(secret: str | None, *known: str | None) -> None:
    """From now on `secret` is masked everywhere, unless it is too short or one of what is `known` of its owner."""
    if secret and len(secret) >= SHORTEST and secret not in _kept and secret not in _NO_SECRETS.union(known):
        _kept.add(secret)
        for made in (_forms, _by_value, _masked):
            made.cache_clear()


def keep_environment(environment: Mapping[str, str]) -> None:
    """Keeps the passwords, keys and headers among a process's variables, which every program that it starts has too."""
    known = [environment.get(name) for name in ("PGUSER", "PGHOST", "PGDATABASE")]
    for name, value in environment.items():
        if name.endswith(_SECRET_VARIABLES):
            keep(value, *known)
        elif name.startswith("OTEL_EXPORTER_OTLP_") and name.endswith("HEADERS"):
            for pair in value.split(","):
                keep(unquote(pair.partition("=")[2].strip()))


_SECRET_VARIABLES = ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "API_KEY", "APIKEY", "ACCESS_KEY")


def masked(text: str) -> str:
    """`text` with *** for each secret in it, as far as they can be told."""
    return _masked(text) if len(text) <= _CACHED_CHARACTERS else _masked.__wrapped__(text)


def may_hold_secret(sql: str) -> bool:
    """Whether a statement may hold a password or the like. In doubt it does."""
    return _suspicious().search(sql) is not None or masked(sql) != sql


def is_clean(text: str) -> bool:
    """Whether no part of `text` is masked: a quick look, which sees a secret where there may be none."""
    lowered = text.lower()
    return not any(hint in lowered for hint in _HINTS) and not any(form in text for form in _forms())


@lru_cache(4096)  # a recorder hands the same texts over again and again
def _masked(text: str) -> str:
    if is_clean(text):
        return text
    if _forms():
        text = _by_value().sub(MASK, text)
    for pattern, words in _by_place():
        text = pattern.sub(words, text)
    return text


_HINTS = ("://", "passw", "passphrase", "secret", "token", "api_key", "apikey", "bearer", "authorization")
"""What no text lacks that one of the patterns matches."""


@cache
def _forms() -> tuple[str, ...]:
    """The kept secrets, also as URIs, conninfo strings, SQL and JSON write them; the longest first."""
    forms = {form for secret in _kept for form in (
        secret, quote(secret, safe=""), quote(secret), re.sub(r"([\\'])", r"\\\1", secret), secret.replace("'", "''"),
        secret.replace("\\", "\\\\").replace('"', '\\"'), repr(secret)[1:-1])}
    return tuple(sorted(forms, key=len, reverse=True))


@cache
def _by_value() -> re.Pattern[str]:
    return re.compile("|".join(map(_as_word, _forms())))


def _as_word(text: str) -> str:
    """It is no secret as a part of a longer word."""
    before = r"(?<!\w)" if text[0].isalnum() else ""
    after = r"(?!\w)" if text[-1].isalnum() else ""
    return before + re.escape(text) + after


_NAMES = r"(?:password|passwd|passphrase|secret|token|api_?key)"
_QUOTED = r"'(?:[^'\\]|\\.|'')*(?:'|$)|\"(?:[^\"\\]|\\.)*(?:\"|$)"


@cache
def _by_place() -> tuple[tuple[re.Pattern[str], str], ...]:
    return (
        # In a URI, up to the last @: one in the password may stand bare.
        (re.compile(r"(://[^:/?#\s@'\"]*:)[^\s'\"]*@"), rf"\1{MASK}@"),
        # `targets.a.password: ...` is a sentence about a key.
        (re.compile(rf"(?i)(\b\w*{_NAMES}['\"]?\s*:?=>?\s*|(?<!\.)\b\w*{_NAMES}['\"]?\s*:(?!:)\s*)"
                    rf"({_QUOTED}|[^\s,;)&'\"]+)"), rf"\1{MASK}"),
        (re.compile(r"(?i)(\bpassword\s+(?:e|u&)?)('(?:[^'\\]|\\.|'')*(?:'|$)|\$(\w*)\$.*?(?:\$\3\$|$))", re.DOTALL),
         rf"\1'{MASK}'"),
        (re.compile(r"(?i)(\bbearer\s+|\bauthorization['\"]?\s*[:=]\s*['\"]?\w+\s+)[\w.~+/=-]{6,}"), rf"\1{MASK}"),
    )


@cache
def _suspicious() -> re.Pattern[str]:
    return re.compile(
        r"passw(or)?d|\bpwd\b|secret|\btoken\b|api_?key|credential|\bpgp_(sym|pub)_|\bencrypt|\bdecrypt|\bcrypt\s*\("
        r"|\bdblink_connect|\bidentified\s+by\b|://[^/\s:'\"]+:[^@\s'\"]+@|-----BEGIN", re.IGNORECASE)


@cache
def _whole_uri() -> re.Pattern[str]:
    """That of an argument: whatever stands in it."""
    return re.compile(r"(://[^:/?#@]*:).*@", re.DOTALL)


def mask_command_line() -> None:
    """Overwrites the passwords among this process's arguments, which all users of the machine can list.

    On Linux alone, where a process can write to that part of itself; `sys.argv` keeps them. Raises nothing.
    """
    own = Path("/proc/self")
    with suppress(OSError, ValueError, IndexError):
        arguments = (own / "cmdline").read_bytes().split(b"\0")
        shown = [os.fsencode(masked(_whole_uri().sub(rf"\1{MASK}@", os.fsdecode(argument)))) for argument in arguments]
        if shown != arguments:
            start = int((own / "stat").read_bytes().rpartition(b")")[2].split()[45])  # arg_start, the 48th of the line
            with (own / "mem").open("r+b", buffering=0) as memory:
                memory.seek(start)
                memory.write(b"\0".join(new[:len(old)].ljust(len(old)) for new, old in
                                        zip(shown, arguments, strict=True)))
