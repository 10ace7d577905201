"""How a connection begins: libpq says by which SQLSTATE it was refused, and a refused password isn't sent again.

The loop is psycopg's own. What it lacks is a place between the beginning and the first answer, at which libpq can be
told to word errors in full, and at which it is known which password it has found and is about to send.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

from psycopg import OperationalError, pq
from psycopg.abc import PQGenConn
from psycopg.errors import finish_pgconn
from psycopg.pq.abc import PGconn
from psycopg.waiting import Wait

from console.server.refusals import Refusal, RefusedConnection, refusals, worst

_DEFAULT, _VERBOSE = 1, 2
"""PGVerbosity."""

REMEMBERED_S = 1800.0
"""For so long a refused password isn't sent again, unless a person wants it: what locks accounts counts a few tries in
some minutes, and a program that nobody watches (--listen) is to go on once somebody has mended the server."""

_refused: dict[int, tuple[float, Refusal]] = {}


def forget_refusals() -> None:
    """A person wants to try: what was refused may be sent once more."""
    _refused.clear()


def handshake(conninfo: str) -> PQGenConn[PGconn]:
    """Connects, as psycopg.generators.connect does. Raises psycopg.OperationalError, RefusedConnection where it is the
    server that says no, or where it has said so to the same password before."""
    pgconn = pq.PGconn.connect_start(conninfo.encode())
    _word_errors(pgconn, _VERBOSE)
    known = _credentials(pgconn)
    since_s, refusal = _refused.get(known, (0.0, None)) if known is not None else (0.0, None)
    if refusal is not None and time.monotonic() - since_s < REMEMBERED_S:
        pgconn.finish()
        raise RefusedConnection(f"the server has refused this password before: {refusal.words}", refusal)
    while (status := pgconn.connect_poll()) != pq.PollingStatus.OK:
        if status == pq.PollingStatus.FAILED:
            raise _error(pgconn, known)
        wait = Wait.R if status == pq.PollingStatus.READING else Wait.W
        while not (yield pgconn.socket, wait):
            pass
    _word_errors(pgconn, _DEFAULT)
    pgconn.nonblocking = 1
    return pgconn


def _error(pgconn: PGconn, credentials: int | None) -> OperationalError:
    # With sslmode=prefer a second try without TLS follows, which may have been asked for none.
    tried_again = pgconn.get_error_message("utf-8").count("connection to server ") > 1
    text, found = refusals(pgconn.get_error_message("utf-8"),
                           used_password=pgconn.used_password or (tried_again and bool(pgconn.password)))
    finished = finish_pgconn(pgconn)
    if not found:
        return OperationalError(text, pgconn=finished)
    refusal = worst(found)
    if refusal.is_of_password and credentials is not None:
        _refused[credentials] = time.monotonic(), refusal
    return RefusedConnection(text, refusal, finished)


def _credentials(pgconn: PGconn) -> int | None:
    """What a server would be given, without the secret in it; None without a password."""
    if pgconn.status == pq.ConnStatus.BAD or not pgconn.password:
        return None
    return hash((pgconn.host, pgconn.hostaddr, pgconn.port, pgconn.user, pgconn.password))


@cache
def _set_error_verbosity() -> Any:
    """libpq's function, of the very library that psycopg uses; None where it can't be found.

    psycopg has no way to it. A module of compiled code is asked for it, which hands on to the libraries behind it.
    """
    made_by = sys.modules[pq.PGconn.__module__]
    try:
        library = made_by.impl.pq if hasattr(made_by, "impl") else ctypes.CDLL(str(made_by.__file__))
        function = library.PQsetErrorVerbosity
    except (OSError, AttributeError):
        return None
    function.argtypes, function.restype = (ctypes.c_void_p, ctypes.c_int), ctypes.c_int
    return function


def _word_errors(pgconn: PGconn, verbosity: int) -> None:
    address = getattr(pgconn, "pgconn_ptr", None)
    if address is not None and (function := _set_error_verbosity()) is not None:
        function(address, verbosity)


def ignored_passfile(given: str | None) -> Path | None:
    """The passfile that libpq would ignore, as others can read it; None where it takes it, or there is none."""
    path = Path(given or os.environ.get("PGPASSFILE") or "~/.pgpass").expanduser()
    try:
        return path if os.name == "posix" and path.is_file() and path.stat().st_mode & 0o077 else None
    except OSError:
        return None
