"""psycopg's exceptions in words for people."""

from __future__ import annotations

import logging

import psycopg
import pytest

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


@pytest.mark.parametrize(("why", "summary"), [
    ('role "me" is not permitted to log in', "the role may not log in"),
    ('permission denied for database "shop"', "the role may not connect to the database"),
    ('database "shop" is not currently accepting connections', "the database takes no connections"),
    ("something that no version says yet", "something that no version says yet"),
    ("failed: of all things", "failed: of all things"),
])
@pytest.mark.parametrize("place", [
    'on socket "/tmp/a/folder/of/some/length/.s.PGSQL.5432"', 'at "127.0.0.1", port 5432',
    'at "db.example" (192.0.2.1), port 5432',
])
def test_why_a_server_refuses_comes_first(place: str, why: str, summary: str) -> None:
    for severity in ("FATAL:  ", ""):
        text = f"connection failed: connection to server {place} failed: {severity}{why}"
        told = translate(psycopg.OperationalError(text), "live")
        assert isinstance(told, Unreachable) and told.summary == f"live: {summary}"
        assert why in (told.detail or ""), "the whole is in the detail"


def test_psycopg_warns_of_nothing_that_is_raised_as_well() -> None:
    assert not logging.getLogger("psycopg").isEnabledFor(logging.WARNING)
