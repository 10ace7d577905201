"""TLS on a real server with an authority of its own: what was agreed on is said, and why it wasn't is told apart."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.server.single import single_session
from console.server.target import Target
from console.server.tls import Encryption
from tests.support.pgbouncer import PgBouncer
from tests.support.tls import TlsServer, authority, certificate, copy, revoke

ROOT = Path(__file__).parents[2]
PAST = ("-startdate", "20200101000000Z", "-enddate", "20200201000000Z")
FUTURE = ("-startdate", "20450101000000Z", "-enddate", "20460101000000Z")
LOCALHOST = "subjectAltName=DNS:localhost,IP:127.0.0.1"


@pytest.fixture(scope="module")
def folder(tls_server: TlsServer) -> Path:
    """The authority's, with certificates that are of no use, and the list of those that it has taken back."""
    found = tls_server.folder
    certificate(found, "expired", "localhost", LOCALHOST, dates=PAST)
    certificate(found, "early", "localhost", LOCALHOST, dates=FUTURE)
    certificate(found, "elsewhere", "db.example", "subjectAltName=DNS:db.example")
    certificate(found, "taken_back", "localhost", LOCALHOST)
    certificate(found, "old_client", "certified", "extendedKeyUsage=clientAuth", dates=PAST)
    certificate(found, "other_client", "certified", "extendedKeyUsage=clientAuth", authority="other_ca")
    certificate(found, "wrong_client", "somebody", "extendedKeyUsage=clientAuth")
    revoke(found, "taken_back")
    authority(found, "third_ca")
    revoke(found, authority="third_ca")
    return found


async def told(conninfo: str) -> str:
    """The sentence by which connecting fails."""
    with pytest.raises(ConsoleError) as failed:
        async with single_session(Target(name="db", conninfo=conninfo), 10):
            pass
    return failed.value.summary


@pytest.mark.parametrize(("shown", "words", "sentence"), [
    ("server", {"sslrootcert": "other_ca.crt"}, "of an authority that is not trusted here"),
    ("expired", {}, "the server's certificate has expired"),
    ("early", {}, "is not valid yet"),
    ("elsewhere", {}, "is for another name"),
    ("taken_back", {"sslcrl": "ca.crl"}, "the server's certificate is revoked"),
    ("server", {"sslcrl": "third_ca.crl"}, "no valid list of revoked certificates"),
    ("server", {"sslrootcert": "no.crt"}, "no certificate of an authority to check"),
])
async def test_why_the_servers_certificate_is_refused(tls_server: TlsServer, folder: Path, shown: str,
                                                      words: dict[str, str], sentence: str) -> None:
    files = {"sslrootcert": "ca.crt"} | words
    conninfo = tls_server.conninfo(user="lettered", password=tls_server.password, sslmode="verify-full",
                                   **{name: str(folder / file) for name, file in files.items()})
    with nullcontext() if shown == "server" else tls_server.showing(shown):
        assert sentence in await told(conninfo)


@pytest.mark.parametrize(("client", "sentence"), [
    (None, "wants a client certificate and got none"),
    ("old_client", "refuses the client certificate: it has expired"),
    ("other_client", "of no authority that it trusts"),
    ("wrong_client", "is another role's"),
    ("client.crt with the key of old_client", "or its key can't be used"),
])
async def test_why_the_clients_certificate_is_refused(tls_server: TlsServer, folder: Path, client: str | None,
                                                      sentence: str) -> None:
    certified, _, key = (client or "").partition(".crt with the key of ")
    files = {} if client is None else {"sslcert": str(folder / f"{certified}.crt"),
                                       "sslkey": str(folder / f"{key or certified}.key")}
    conninfo = tls_server.conninfo(user="certified", sslmode="verify-full", sslrootcert=str(tls_server.ca), **files)
    assert sentence in await told(conninfo)


async def test_a_revoked_client_certificate(tls_server: TlsServer, folder: Path) -> None:
    certificate(folder, "lost_client", "certified", "extendedKeyUsage=clientAuth")
    revoked = revoke(folder, "lost_client")
    assert (cluster := tls_server.server.cluster) is not None
    copy(revoked, cluster, "clients.crl")
    conninfo = tls_server.conninfo(
        user="certified", sslmode="verify-full", sslrootcert=str(tls_server.ca),
        sslcert=str(folder / "lost_client.crt"), sslkey=str(folder / "lost_client.key"))
    try:
        with tls_server.server.connect() as connection:
            connection.execute("ALTER SYSTEM SET ssl_crl_file = 'clients.crl'")
        with tls_server.showing("server"):
            assert "refuses the client certificate: it is revoked" in await told(conninfo)
    finally:
        with tls_server.server.connect() as connection:
            connection.execute("ALTER SYSTEM RESET ssl_crl_file")
            connection.execute("SELECT pg_reload_conf()")


async def test_channel_binding(tls_server: TlsServer) -> None:
    words = {"user": "lettered", "password": tls_server.password, "channel_binding": "require"}
    async with single_session(Target(name="db", conninfo=tls_server.conninfo(sslmode="require", **words))) as session:
        assert session.info.encryption is not None and session.info.encryption.binds_channel
    certified = {"user": "certified", "sslcert": str(tls_server.certificate), "sslkey": str(tls_server.key)}
    assert "channel binding was asked for and could not be had" in await told(
        tls_server.conninfo(sslmode="require", channel_binding="require", **certified))


@pytest.mark.parametrize(("words", "verified"), [
    ({"sslmode": "verify-full", "sslrootcert": "ca.crt"}, "name"),
    ({"sslmode": "verify-ca", "sslrootcert": "ca.crt"}, "authority"),
    ({"sslmode": "require", "sslrootcert": "ca.crt"}, "authority"), ({"sslmode": "require"}, "nothing"),
    ({}, "nothing"),
])
async def test_what_was_agreed_on(tls_server: TlsServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
                                  words: dict[str, str], verified: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    files = {name: str(tls_server.folder / value) if name == "sslrootcert" else value for name, value in words.items()}
    certified = {"sslcert": str(tls_server.certificate), "sslkey": str(tls_server.key)}
    conninfo = tls_server.conninfo(user="certified", **certified, **files)
    async with single_session(Target(name="db", conninfo=conninfo)) as session:
        found = session.info.encryption
    assert found is not None and found.kind == "TLS" and found.verified == verified and found.binds_channel is None
    assert found.protocol in ("TLSv1.2", "TLSv1.3") and found.cipher and found.client_certificate == "/CN=certified"


async def test_a_local_socket_and_a_plain_connection(tls_server: TlsServer) -> None:
    async with single_session(Target(name="db", conninfo=tls_server.server.dsn)) as session:
        assert session.info.encryption == Encryption("socket")


def test_a_check_says_it(tls_server: TlsServer) -> None:
    conninfo = tls_server.conninfo(user="lettered", password=tls_server.password, sslmode="verify-full",
                                   sslrootcert=str(tls_server.ca))

    def check(*options: str) -> str:
        done = subprocess.run([sys.executable, "-m", "console", "--check", conninfo, "--only", "connection", *options],
                              cwd=ROOT, env=os.environ | {"DBCONSOLE_CONFIG": ""}, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    found = json.loads(check("--json"))["connection"]
    assert found == {"host": "localhost", "port": tls_server.port, "pooled": False, "encryption": "TLS",
                     "protocol": "TLSv1.3", "cipher": found["cipher"], "verified": "name", "client_certificate": None,
                     "channel_binding": None}
    assert "TLSv1.3" in (text := check()) and "host name verified" in text and tls_server.password not in text


async def test_behind_a_pooler_the_servers_words_are_about_another_connection(
        tls_server: TlsServer, pgbouncer: PgBouncer) -> None:
    folder = tls_server.folder
    for name in ("server.crt", "server.key"):
        (pgbouncer.folder / name).write_bytes((folder / name).read_bytes())
        (pgbouncer.folder / name).chmod(0o644)
    ini = pgbouncer.folder / "pgbouncer.ini"
    before = ini.read_text()
    ini.write_text(f"{before}client_tls_sslmode = allow\nclient_tls_cert_file = {pgbouncer.folder}/server.crt\n"
                   f"client_tls_key_file = {pgbouncer.folder}/server.key\n")
    try:
        pgbouncer.command("RELOAD")
        for mode, expected in (("require", Encryption("TLS", verified="nothing")), ("disable", Encryption("none"))):
            async with single_session(Target(name="db", conninfo=pgbouncer.conninfo(sslmode=mode))) as session:
                assert session.info.is_pooled and session.info.encryption == expected
    finally:
        ini.write_text(before)
        pgbouncer.command("RELOAD")
