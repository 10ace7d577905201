"""What pg_dump says of a database's schema, entry by entry, and a script run by psql: the measure of the DDL."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

from tests.support.servers import Database, LiveServer

_HEADER = re.compile(r"^--\n-- Name: (.*); Type: (.*); Schema: (.*); Owner: (.*)\n--\n", re.M)
_NOISE = re.compile(r"^(SET default_\w+ = .*|\\(un)?restrict .*|-- PostgreSQL database dump complete|--)$", re.M)


def program(server: LiveServer, name: str) -> Path:
    """The server's own program of that name."""
    assert server.cluster is not None
    return server.cluster.binaries.program(name)


def dump(database: Database, *options: str) -> str:
    """pg_dump's script of the schema."""
    done = subprocess.run([program(database.server, "pg_dump"), "--schema-only", *options, "-d", database.conninfo],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def entries(text: str) -> Counter[tuple[str, str, str, str]]:
    """The entries of pg_dump's script: type, schema, name, and the statements with the owner."""
    pieces = _HEADER.split(text)
    found: Counter[tuple[str, str, str, str]] = Counter()
    for name, sort, schema, owner, statements in zip(*(pieces[start::5] for start in range(1, 6)), strict=True):
        words = re.sub(r"\n{2,}", "\n", _NOISE.sub("", statements)).strip()
        found[sort, schema, name, f"{owner}: {words}"] += 1
    return found


def lost(before: str, after: str) -> list[tuple[str, str, str, str]]:
    """The entries of one dump that another hasn't exactly so."""
    return sorted((entries(before) - entries(after)).elements())


def run(database: Database, text: str, *, stop: bool = True) -> str:
    """Runs the script by psql, as a person would; returns what it complained of."""
    done = subprocess.run(
        [program(database.server, "psql"), "-X", "-q", "-v", f"ON_ERROR_STOP={int(stop)}", "-d", database.conninfo],
        input=text, capture_output=True, text=True, timeout=300)
    assert not stop or done.returncode == 0, done.stderr
    return done.stderr
