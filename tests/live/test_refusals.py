"""Who is not let in is told why, in whatever language the server has; what it refused is not sent to it again."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from msgspec import Struct
from psycopg.conninfo import make_conninfo

from console.errors import ConsoleError, Denied, PasswordNeeded, Unreachable
from console.local_postgres.cluster import LOG, free_port
from console.server import handshake
from console.server.handshake import forget_refusals
from console.server.pool import Pool
from console.server.query import Query, Variant
from console.server.single import single_session
from console.server.target import Target
from tests.support.servers import LiveServer, Servers, missing

LOCALE = "de_DE.UTF-8"
HBA = """\
local all peered               peer
local all all                  trust
host  all rejected 127.0.0.1/32 reject
host  all asked    127.0.0.1/32 ident
host  all listed   127.0.0.1/32 ldap ldapserver=127.0.0.1 ldapport=1 ldapprefix="cn="
host  all lettered 127.0.0.1/32 scram-sha-256
"""
ROLES = """
CREATE ROLE lettered LOGIN PASSWORD 'open sesame'; CREATE ROLE peered LOGIN; CREATE ROLE rejected LOGIN;
CREATE ROLE asked LOGIN; CREATE ROLE listed LOGIN; CREATE ROLE sleeping NOLOGIN; CREATE ROLE plain LOGIN;
CREATE ROLE limited LOGIN CONNECTION LIMIT 0
"""


class Word(Struct):
    x: str | None


DATABASES = ("private", "closed", "crowded", "broken")


@pytest.fixture(scope="module")
def german(servers: Servers) -> Iterator[LiveServer]:
    """A server that says everything in German, on a socket and on TCP."""
    locales = servers.folder / "locales"
    locales.mkdir()
    made = shutil.which("localedef") and subprocess.run(
        ["localedef", "-i", "de_DE", "-f", "UTF-8", str(locales / LOCALE)], capture_output=True).returncode == 0
    cluster = servers.cluster("postgres17", {
        "listen_addresses": "127.0.0.1", "port": str(free_port()), "log_line_prefix": "%e ", "max_connections": "20"})
    if not made or not list(cluster.binaries.bin_dir.parents[3].glob("share/locale/de/*/postgres-17.mo")):
        missing("german", "no German locale can be made, or this PostgreSQL was packaged without languages")
    cluster.settings["lc_messages"] = LOCALE
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCPATH", str(locales))
        cluster.start()
        server = LiveServer.behind("german", cluster.conninfo(), cluster)
        with server.connect() as connection:
            for name in DATABASES:
                connection.execute(f"CREATE DATABASE {name}")
            connection.execute(ROLES)
            connection.execute("""
                REVOKE CONNECT ON DATABASE private FROM PUBLIC; ALTER DATABASE closed ALLOW_CONNECTIONS false;
                ALTER DATABASE crowded CONNECTION LIMIT 0;
                UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'broken'""")
        (cluster.data_dir / "pg_hba.conf").write_text(HBA)
        with server.connect() as connection:
            connection.execute("SELECT pg_reload_conf()")
        yield server
        cluster.remove()


@pytest.fixture(autouse=True)
def nothing_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    forget_refusals()


async def refused(conninfo: str, password: str | None = None) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        async with single_session(Target(name="", conninfo=conninfo, password=password)):
            pass
    return caught.value


SOCKET: dict[str, tuple[dict[str, str], str, str, str]] = {
    "no such database": ({"dbname": "nowhere"}, "3D000", "the database does not exist", "psql -l"),
    "no such role": ({"user": "nobody at all"}, "28000", "the role does not exist or may not log in", "-U"),
    "no login": ({"user": "sleeping"}, "28000", "the role does not exist or may not log in", "ALTER ROLE ... LOGIN"),
    "no right to connect": ({"user": "plain", "dbname": "private"}, "42501", "the role may not connect", "GRANT"),
    "no connections at all": ({"user": "plain", "dbname": "closed"}, "55000", "takes no connections",
                              "ALLOW_CONNECTIONS"),
    "half dropped": ({"dbname": "broken"}, "55000", "the database is invalid", "DROP DATABASE"),
    "a full database": ({"user": "plain", "dbname": "crowded"}, "53300", "the database has as many", "ALTER DATABASE"),
    "a role's limit": ({"user": "limited"}, "53300", "the role has as many", "ALTER ROLE"),
    "another account": ({"user": "peered"}, "28000", "did not recognise you", "pg_ident.conf"),
}
TCP: dict[str, tuple[str, str, str, str]] = {
    "refused by pg_hba.conf": ("rejected", "28000", "admits no such client", "pg_hba.conf"),
    "no entry of pg_hba.conf": ("plain", "28000", "admits no such client", "sslmode"),
    "no ident": ("asked", "28000", "did not recognise you", "pg_ident.conf"),
}


async def test_each_refusal_is_told_apart_in_any_language(german: LiveServer) -> None:
    for case, (words, sqlstate, summary, hint) in SOCKET.items():
        error = await refused(german.conninfo(**words))
        assert (error.sqlstate, isinstance(error, PasswordNeeded)) == (sqlstate, False), case
        assert summary in error.summary and hint in (error.hint or ""), (case, error.lines())
        assert "LOCATION" not in (error.detail or "") and sqlstate not in (error.detail or ""), error.detail
    assert "existiert nicht" in str((await refused(german.conninfo(dbname="nowhere"))).detail), "it is German"
    for case, (user, sqlstate, summary, hint) in TCP.items():
        error = await refused(german.tcp(user=user))
        assert (error.sqlstate, isinstance(error, PasswordNeeded)) == (sqlstate, False), case
        assert summary in error.summary and hint in (error.hint or ""), (case, error.lines())
    for user in ("lettered", "listed"):
        none = await refused(german.tcp(user=user))
        assert isinstance(none, PasswordNeeded) and "none was found" in none.summary, none.lines()
        wrong = await refused(german.tcp(user=user), "wrong one")
        assert isinstance(wrong, PasswordNeeded) and "the password was refused" in wrong.summary, wrong.lines()
        assert "wrong one" not in "\n".join(wrong.lines())


def test_libpq_is_understood_where_a_person_has_another_language(german: LiveServer) -> None:
    """What libpq, OpenSSL and the system say stays English: nothing here may choose another language for messages."""
    elsewhere = {"LC_ALL": LOCALE, "LANGUAGE": "de"}
    assert subprocess.run([sys.executable, "-c", "import locale; locale.setlocale(locale.LC_ALL, '')"],
                          env=os.environ | elsewhere).returncode == 0, "the locale is at hand"
    for conninfo, said in {
        f"host=127.0.0.1 port={free_port()}": "no server answers there",
        "host=nowhere.invalid": "the host name is unknown",
        german.tcp(user="plain", sslmode="require"): "the server offers no TLS",
        german.tcp(user="lettered"): "the server wants a password and none was found",
        "service=nowhere": "the service is unknown",
    }.items():
        done = subprocess.run([sys.executable, "-m", "console", "--check", conninfo], env=os.environ | elsewhere,
                              capture_output=True, text=True, timeout=60)
        assert said in done.stdout + done.stderr, (conninfo, done.stdout, done.stderr)


async def test_what_a_role_lacks_has_a_hint_in_any_language(german: LiveServer) -> None:
    text = "SELECT rolpassword AS x FROM pg_catalog.pg_authid"
    async with single_session(Target(name="", conninfo=german.conninfo(user="plain"))) as session:
        with pytest.raises(Denied, match="keine Berechtigung") as caught:
            await session.fetch(Query("secrets", Word, (Variant("secrets.sql", 14, "Word", (), "tick", text),)))
    assert "GRANT" in str(caught.value.hint)


async def test_a_refused_password_is_sent_once(german: LiveServer, tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by the connections that a pool makes by itself, until a person wants to try again or a while is over."""
    assert german.cluster is not None
    log = german.cluster.data_dir / LOG

    def refusals() -> int:
        return log.read_text(errors="replace").count("28P01 FATAL")

    (tmp_path / "pgpass").write_text("*:*:*:lettered:open sesame\n")
    (tmp_path / "pgpass").chmod(0o600)
    pool = Pool(Target(name="", conninfo=german.tcp(user="lettered")))
    async with pool.session(), pool.session():
        pass
    before = refusals()
    with german.connect() as connection:
        connection.execute("ALTER ROLE lettered PASSWORD 'another one'")
        connection.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'lettered'")
    for _ in range(8):
        pool.breaker.retry_now()
        with suppress(ConsoleError):
            async with pool.session() as session:
                await session.renew()
        await asyncio.sleep(0.1)
    assert refusals() == before + 1
    assert isinstance(pool.error, PasswordNeeded) and "not sent again" in str(pool.error.hint)
    for number, again in enumerate((forget_refusals, lambda: monkeypatch.setattr(handshake, "REMEMBERED_S", 0.0)), 2):
        again()
        pool.breaker.retry_now()
        with pytest.raises(PasswordNeeded):
            async with pool.session():
                pass
        assert refusals() == before + number
    (tmp_path / "pgpass").write_text("*:*:*:lettered:another one\n")
    pool.breaker.retry_now()
    async with pool.session() as session:
        assert session.info.user == "lettered"
    await pool.close()
    with german.connect() as connection:
        connection.execute("ALTER ROLE lettered PASSWORD 'open sesame'")


async def test_a_passfile_that_others_can_read_is_said_to_be_ignored(
        german: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    passfile = tmp_path / "pgpass"
    passfile.write_text("*:*:*:lettered:open sesame\n")
    passfile.chmod(0o644)
    conninfo = german.tcp(user="lettered")
    service = tmp_path / "service.conf"
    service.write_text(f"[mine]\npassfile={passfile}\n")
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    for given in (conninfo, make_conninfo(conninfo, passfile=str(passfile)), f"{conninfo} service=mine"):
        error = await refused(given)
        assert isinstance(error, PasswordNeeded) and "the passfile is ignored" in error.summary, error.lines()
        assert f"{passfile} is ignored, as others can read it" in str(error.detail) and "chmod 600" in str(error.hint)
        if "service" not in given:
            assert not capfd.readouterr().err, "libpq's own warning would spoil the screen"
    async with single_session(Target(name="", conninfo=conninfo, password="open sesame")):
        pass
    passfile.chmod(0o600)
    async with single_session(Target(name="", conninfo=conninfo)):
        pass
    assert os.environ["PGPASSFILE"] == str(passfile)


async def test_no_slot_and_no_server_yet(german: LiveServer) -> None:
    with german.connect():
        slots = [psycopg.connect(german.conninfo(user="plain")) for _ in range(16)]
        try:
            for _ in range(5):
                with suppress(psycopg.OperationalError):
                    slots.append(psycopg.connect(german.conninfo(user="plain")))
            error = await refused(german.conninfo(user="plain"))
            assert error.sqlstate == "53300" and "no connection left" in error.summary, error.lines()
        finally:
            for slot in slots:
                slot.close()
    cluster = german.cluster
    assert cluster is not None
    dsn = german.tcp(user="plain")
    cluster.stop()
    (cluster.data_dir / "standby.signal").touch()
    shutil.chown(cluster.data_dir / "standby.signal", cluster.data_dir.stat().st_uid)
    cluster.settings["hot_standby"] = "off"
    with suppress(ConsoleError):  # it never gets ready
        cluster.start(2)
    error = await refused(dsn)
    assert error.sqlstate == "57P03" and "starting, stopping or recovering" in error.summary, error.lines()
    cluster.stop("immediate")
    error = await refused(dsn)
    assert error.sqlstate is None and "no server answers there" in error.summary
