"""psycopg's exceptions in words for people."""

from __future__ import annotations

import logging

import psycopg

import console.server.connection  # noqa: F401  (it quiets psycopg)
from console.errors import Unreachable
from console.server.faults import translate


def test_a_lost_connection_is_said_once() -> None:
    told = translate(psycopg.OperationalError(
        "consuming input failed: server closed the connection unexpectedly\n\tThis probably means the server "
        "terminated abnormally"), "live")
    assert isinstance(told, Unreachable) and told.summary == "live: server closed the connection unexpectedly"
    assert "\n".join(told.lines()).count("closed the connection") == 1
    assert "terminated abnormally" in (told.detail or "")


def test_psycopg_warns_of_nothing_that_is_raised_as_well() -> None:
    assert not logging.getLogger("psycopg").isEnabledFor(logging.WARNING)
