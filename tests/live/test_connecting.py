"""Connecting as psql would, and what each failure is told as."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from console.config import Config
from console.errors import ConsoleError, PasswordNeeded, Unreachable
from console.server.connection import connect
from console.server.faults import translate_errors
from console.server.session import PgSession, read_info
from console.server.target import Target, resolve
from tests.live.test_pool import query
from tests.support.servers import Database
from tests.support.tls import TlsServer


async def whoami(target: Target) -> str:
    with translate_errors(target.label):
        connection = await connect(target)
    try:
        return (await read_info(connection, target)).user
    finally:
        await connection.close()


@pytest.mark.parametrize(("conninfo", "summary", "hint"), [
    ("host=127.0.0.1 port=1", "no server answers there", "host and port"),
    ("host=/nonexistent", "no server answers there", "host and port"),
    ("host=no.such.host.invalid", "the host name is unknown", "spelling"),
    ("service=nowhere", "the service is unknown", "pg_service.conf"),
])
async def test_a_server_that_is_not_there(conninfo: str, summary: str, hint: str) -> None:
    with pytest.raises(Unreachable) as caught:
        await whoami(Target(name="", conninfo=conninfo))
    assert summary in caught.value.summary and hint in (caught.value.hint or "")


async def test_a_database_or_role_that_is_not_there(database: Database) -> None:
    with pytest.raises(Unreachable, match="the database does not exist"):
        await whoami(Target(name="", conninfo=make_conninfo(database.conninfo, dbname="none[/x]")))
    with pytest.raises(Unreachable, match="the role does not exist"):
        await whoami(Target(name="", conninfo=make_conninfo(database.conninfo, user="nobody else")))


async def test_something_else_answers_on_that_port(unused_server: int) -> None:
    with pytest.raises(Unreachable) as caught:
        await whoami(Target(name="", conninfo=f"host=127.0.0.1 port={unused_server} sslmode=disable"))
    assert "PostgreSQL" in caught.value.summary or "no server" in caught.value.summary \
        or "answer" in caught.value.summary


@pytest.fixture
async def unused_server():  # type: ignore[no-untyped-def]
    """A port where something that isn't PostgreSQL answers."""
    import asyncio

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_tls_and_passwords_by_every_way_that_libpq_has(
        tls_server: TlsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lettered = tls_server.conninfo(user="lettered", sslmode="verify-full", sslrootcert=str(tls_server.ca))
    with pytest.raises(PasswordNeeded):
        await whoami(Target(name="", conninfo=lettered))
    with pytest.raises(PasswordNeeded) as refused:
        await whoami(Target(name="", conninfo=lettered, password="wrong"))
    assert "wrong" not in "\n".join(refused.value.lines())

    assert await whoami(Target(name="", conninfo=lettered, password=tls_server.password)) == "lettered"
    command = Target(name="", conninfo=lettered, password_command=f"printf '%s\\n' '{tls_server.password}'")
    assert await whoami(command) == "lettered"

    passfile = tmp_path / "pgpass"
    passfile.write_text(f"*:*:*:lettered:{tls_server.password}\n")
    passfile.chmod(0o600)
    assert await whoami(Target(name="", conninfo=make_conninfo(lettered, passfile=str(passfile)))) == "lettered"

    service = tmp_path / "service.conf"
    parts = conninfo_to_dict(lettered)
    service.write_text("[mine]\n" + "".join(f"{key}={value}\n" for key, value in parts.items()))
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    assert await whoami(resolve("service=mine", Config())) == "lettered"
    monkeypatch.setenv("PGSERVICE", "mine")
    assert await whoami(resolve(None, Config())) == "lettered"

    certified = tls_server.conninfo(user="certified", sslmode="verify-full", sslrootcert=str(tls_server.ca),
                                    sslcert=str(tls_server.certificate), sslkey=str(tls_server.key))
    assert await whoami(Target(name="", conninfo=certified)) == "certified"


async def test_tls_that_cannot_be_agreed_on(tls_server: TlsServer, database: Database) -> None:
    for words in ({"sslmode": "verify-full", "sslrootcert": str(tls_server.other_ca)}, {"sslmode": "disable"},):
        with pytest.raises(Unreachable) as caught:
            await whoami(Target(name="", conninfo=tls_server.conninfo(user="lettered", **words)))
        assert caught.value.hint and not isinstance(caught.value, PasswordNeeded), caught.value.lines()


async def test_a_password_command_that_fails_is_told_without_its_output(database: Database) -> None:
    for command, words in (
            ("sh -c 'echo s3cret; echo vault sealed >&2; exit 3'", "ended with 3"), ("true", "printed nothing"),
            ("/no/such/program s3cret", "can't be run: No such file"), ("echo s3cret | cat", "is a shell's")):
        with pytest.raises(PasswordNeeded) as caught:
            await whoami(Target(name="", conninfo=database.conninfo, password_command=command))
        told_lines = "\n".join(caught.value.lines())
        assert words in told_lines and "s3cret" not in told_lines


async def test_text_of_no_known_encoding_is_read(database: Database) -> None:
    with database.server.connect() as admin:
        name = f"{database.name}_ascii"
        admin.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0")
        try:
            target = Target(name="", conninfo=make_conninfo(database.conninfo, dbname=name))
            connection = await connect(target)
            session = PgSession(connection, await read_info(connection, target), target)
            assert session.info.server_encoding == "SQL_ASCII"
            (row,) = await session.fetch(query(r"SELECT 'caf' || convert_from('\xe9'::bytea, 'SQL_ASCII') AS x"))
            assert row.x == "caf\N{REPLACEMENT CHARACTER}"
            await connection.close()
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def test_what_the_environment_says_is_not_overruled(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in conninfo_to_dict(database.conninfo).items():
        monkeypatch.setenv({"dbname": "PGDATABASE", "host": "PGHOST", "port": "PGPORT", "user": "PGUSER"}.get(
            key, f"PG{key.upper()}"), str(value))
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "7")
    assert await whoami(resolve(None, Config())) == os.environ.get("PGUSER", "postgres")


async def test_errors_are_console_errors(database: Database) -> None:
    with pytest.raises(ConsoleError):
        await whoami(Target(name="", conninfo="host=127.0.0.1 port=1"))
