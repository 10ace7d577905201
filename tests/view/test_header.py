"""The header's words at every width."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from console.server.tls import Encryption
from console.view import header as view
from console.view.header import HeaderFacts, header
from console.view.table import plain

FULL = HeaderFacts(
    name="prod", environment="production", link=view.live(2.0, 0.5), clock="12:00:00", version="18.6", read_only=True,
    encryption=Encryption("TLS", verified="name"), is_pooled=True, connections=42, max_connections=100, rtt_ms=0.4,
    pool_in_use=1, pool_max=4, pool_waiting=2)


@pytest.mark.parametrize("width", [*range(10, 160, 7), 80, 120])
def test_it_fits_and_always_says_production(width: int) -> None:
    text = plain(header(FULL, width))
    if width >= 60:
        assert len(text) == width and "PRODUCTION" in text and "● live" in text and "read-only" in text


@pytest.mark.parametrize("name", ["postgres@/tmp/a/very/long/socket/folder:5432/postgres", "日本語のデータベース" * 3])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_long_name_leaves_room_for_the_state(name: str, width: int) -> None:
    text = plain(header(replace(FULL, name=name), width))
    assert view.cells(text) == width and "● live 2 s" in text and "…" in text


def test_everything_is_said_where_there_is_room() -> None:
    text = plain(header(FULL, 140))
    for words in ("prod · PRODUCTION", "PostgreSQL 18.6 primary", "read-only", "TLS", "via pooler", "42/100 conn",
                  "rtt 0.4 ms", "pool 1/4 +2", "● live 2 s", "12:00:00"):
        assert words in text


@pytest.mark.parametrize(("link", "text"), [
    (view.live(2.0, 3.0), "● live 2 s"), (view.live(2.0, 14.0), "● data 14 s old"),
    (view.live(0.5, None), "● live 0.5 s"),
    (view.paused(34.0), "‖ paused, 34 s old"), (view.connecting(1.0), "◐ connecting"),
    (view.connecting(12.0), "◐ connecting 00:12"),
    (view.lost(12.0, 4.0, ever=True), "○ lost 00:12, next try in 4 s (r now)"),
    (view.lost(12.0, 0.0, ever=True), "○ lost 00:12, trying now"),
    (view.lost(1.0, 9.0, ever=False), "○ not connected, next try in 9 s (r now)"),
])
def test_the_state_of_the_connection_in_words(link: view.ConnectionWords, text: str) -> None:
    assert link.text == text


@pytest.mark.parametrize("name", ["prod", "postgres@db1.example,db2.example/app"])
@pytest.mark.parametrize("host", ["10.0.0.12:5433", "db2.eu-west-1.example.com"])
@pytest.mark.parametrize("width", [80, 100, 120])
def test_who_answers_and_that_anybody_can_read_along_is_said_where_there_is_little_room(
        name: str, host: str, width: int) -> None:
    facts = replace(FULL, name=name, environment="staging", host=host, encryption=Encryption("none"))
    text = plain(header(facts, width))
    assert view.cells(text) == width and "18.6 primary" in text and "no TLS" in text and "read-only" in text
    assert f"at {host[:6]}" in text and "● live 2 s" in text


@pytest.mark.parametrize(("encryption", "words"), [
    (Encryption("TLS", verified="name"), "TLS"), (Encryption("TLS", verified="authority"), "TLS"),
    (Encryption("TLS", verified="nothing"), "TLS unverified"), (Encryption("GSSAPI"), "GSSAPI"),
    (Encryption("socket"), "socket"), (Encryption("none"), "no TLS"), (None, "")])
def test_how_the_connection_is_protected(encryption: Encryption | None, words: str) -> None:
    text = plain(header(replace(FULL, encryption=encryption), 160))
    assert f"read-only  {words}  via pooler" in text if words else "read-only  via pooler" in text


@pytest.mark.parametrize(("facts", "text"), [
    ({}, " prod-eu-west · PRODUCTION  18.6 primary  read-only  no TLS          ● live 2 s "),
    ({"environment": "unknown", "host": "db2.example:5433"},
     " prod-eu-west  18.6 primary  read-only  at db2.exa…le:5433  no TLS   ● live 2 s "),
    ({"environment": "unknown", "encryption": Encryption("TLS", verified="nothing")},
     " prod-eu-west  18.6 primary  read-only  ! 2 alerts  TLS unverified   ● live 2 s ")])
def test_what_matters_most_is_kept_at_80(facts: dict[str, object], text: str) -> None:
    given = {"name": "prod-eu-west", "is_pooled": False, "alerts": 2, "encryption": Encryption("none")} | facts
    assert plain(header(replace(FULL, **given), 80)) == text
