"""Secrets in texts: told by what stands before them, or known by their values; and the process list."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console import redaction
from console.errors import ConsoleError
from console.redaction import is_clean, keep, keep_environment, masked


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    before = set(redaction._kept)
    redaction._kept.clear()
    forget()
    yield
    redaction._kept.clear()
    redaction._kept.update(before)
    forget()


def forget() -> None:
    for made in (redaction._forms, redaction._by_value, redaction._masked):
        made.cache_clear()


@pytest.mark.parametrize(("text", "shown"), [
    ("postgresql://me:hunter2@db/app", "postgresql://me:***@db/app"),
    ("postgresql://me@db/app", "postgresql://me@db/app"),
    ("host=db password=hunter2 user=me", "host=db password=*** user=me"),
    ("host=db password='hunter2 and more' user=me", "host=db password=*** user=me"),
    (r"password='it\'s hunter2' user=me", "password=*** user=me"),
    ("{'password': 'hunter2', 'user': 'me'}", "{'password': ***, 'user': 'me'}"),
    ("Authorization: Bearer hunter2", "Authorization: Bearer ***"),
    ("OPENAI_API_KEY=hunter2", "OPENAI_API_KEY=***"),
    ("PGPASSWORD=hunter2 psql", "PGPASSWORD=*** psql"),
    ("the password was refused: host=db", "the password was refused: host=db"),
    ("postgresql://me:hun@ter2/hunter2@db/app?a=b", "postgresql://me:***@db/app?a=b"),
    ("at 'postgresql://me:hunter2@db' and 'x@y'", "at 'postgresql://me:***@db' and 'x@y'"),
    ("ALTER ROLE a PASSWORD 'hun''ter2' VALID UNTIL 'x'", "ALTER ROLE a PASSWORD '***' VALID UNTIL 'x'"),
    ("CREATE USER a ENCRYPTED PASSWORD $x$hunter2$x$ LOGIN", "CREATE USER a ENCRYPTED PASSWORD '***' LOGIN"),
    (r"create role a password E'hun\'ter2'", "create role a password E'***'"),
    ("ALTER ROLE a PASSWORD 'hunter2 and cut", "ALTER ROLE a PASSWORD '***'"),
    ("password='hunter2 and cut", "password=***"),
    ("OPTIONS (user 'a', password 'hunter2')", "OPTIONS (user 'a', password '***')"),
    ('{"api_key": "hunter2", "model": "m"}', '{"api_key": ***, "model": "m"}'),
    ("https://api.example/v1?api_key=hunter2&x=1", "https://api.example/v1?api_key=***&x=1"),
    ("authorization: Basic aHVudGVyMg==", "authorization: Basic ***"),
    ("config.toml: targets.a.password: unknown key", "config.toml: targets.a.password: unknown key"),
    ("SELECT secret::text, token FROM passwords", "SELECT secret::text, token FROM passwords"),
    ("http://localhost:8080/v1 can't be reached", "http://localhost:8080/v1 can't be reached"),
])
def test_a_secret_is_told_by_what_stands_before_it(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert str(ConsoleError(text)) == shown
    assert text == shown or not is_clean(text)


@pytest.mark.parametrize("text", [
    "role {} does not exist", "'{}'", "postgresql://u:{}@h", "a={};", "got {}", "{}",
])
@pytest.mark.parametrize(("secret", "written"), [
    ("hunter2", "hunter2"), ("p@ss w/rd", "p%40ss%20w%2Frd"), (r"it's\so", r"it\'s\\so"), ("it's so", "it''s so"),
    ('say "x"', 'say \\"x\\"'), ("hünter", "h%C3%BCnter")])
def test_a_secret_that_is_kept_is_masked_wherever_it_stands(text: str, secret: str, written: str) -> None:
    keep(secret)
    for form in (secret, written):
        assert secret not in masked(text.format(form)) and written not in masked(text.format(form))
        assert "***" in masked(text.format(form))


def test_what_is_no_secret_stays() -> None:
    keep("app", "app")  # too short
    keep("orders", "orders", "db")  # the user's name, which is shown anyway
    keep("postgres")
    keep("hunter2")
    assert masked("orders@db/app: PostgreSQL by postgres; hunter22 is another") == \
        "orders@db/app: PostgreSQL by postgres; hunter22 is another"


def test_the_environments_secrets_are_kept() -> None:
    keep_environment({"PGPASSWORD": "hunter2", "OPENAI_API_KEY": "sk-123456", "TOKENIZERS_PARALLELISM": "false",
                      "OTEL_EXPORTER_OTLP_HEADERS": "x-a=Bearer%20hunter3,x-b=hunter4"})
    assert masked("hunter2 sk-123456 false Bearer hunter3 hunter4") == "*** *** false *** ***"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="the process list is overwritten on Linux alone")
@pytest.mark.parametrize("argument", [
    "postgresql://me:hunter2@db/app", "postgresql://me:hun@ter2 hunter2@db/app", "host=db password=hunter2",
    "host=db password='hunter2 and", "--like=postgresql://me:'hunter2\"@db"])
def test_the_process_list_does_not_show_them(argument: str) -> None:
    code = ("import sys; from pathlib import Path; from console import redaction; redaction.mask_command_line();"
            "print(Path('/proc/self/cmdline').read_bytes(), sys.argv[1:])")
    done = subprocess.run([sys.executable, "-c", code, argument, "last"], capture_output=True, text=True, check=True)
    listed, _, kept = done.stdout.partition("' [") if "' [" in done.stdout else done.stdout.partition('" [')
    assert "hunter2" not in listed and "ter2" not in listed and "last" in listed
    assert argument in kept or "hunter2" in kept
