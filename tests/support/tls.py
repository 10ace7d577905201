"""A server that takes TLS connections only, with a certificate authority and a client certificate of its own."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from psycopg.conninfo import make_conninfo

from console.local_postgres.cluster import Cluster, free_port
from console.server.tls import ASK_FOR_TLS
from tests.support.servers import LiveServer, Servers, binaries, missing

HBA = """\
local   all all                       trust
hostssl all certified 127.0.0.1/32    cert
hostssl all all       127.0.0.1/32    scram-sha-256
"""


class TlsServer(Struct, frozen=True):
    """The roles are `certified`, who comes with the certificate, and `lettered`, who comes with `password`."""

    server: LiveServer
    host: str
    port: int
    password: str
    ca: Path
    other_ca: Path
    certificate: Path
    key: Path

    @property
    def folder(self) -> Path:
        """Where its authority is, with the certificates that it has made."""
        return self.ca.parent

    @contextmanager
    def showing(self, name: str) -> Iterator[None]:
        """Meanwhile the server has another certificate of its authority."""
        assert (cluster := self.server.cluster) is not None
        for end in ("crt", "key"):
            copy(self.folder / f"{name}.{end}", cluster, f"{name}.{end}")
        self._use(name)
        try:
            yield
        finally:
            self._use("server")

    def _use(self, name: str) -> None:
        with self.server.connect() as connection:
            for end, setting in (("crt", "ssl_cert_file"), ("key", "ssl_key_file")):
                connection.execute(f"ALTER SYSTEM SET {setting} = '{name}.{end}'")
            connection.execute("SELECT pg_reload_conf()")
        served = ssl.PEM_cert_to_DER_cert((self.folder / f"{name}.crt").read_text())
        for _ in range(100):  # the postmaster takes a moment
            if self._served() == served:
                return
            time.sleep(0.05)
        raise AssertionError(f"the server does not show {name}.crt")

    def _served(self) -> bytes | None:
        with socket.create_connection((self.host, self.port), 10) as plain:
            plain.sendall(ASK_FOR_TLS)
            assert plain.recv(1) == b"S"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(plain) as served:
                return served.getpeercert(binary_form=True)

    def conninfo(self, dbname: str = "postgres", **words: Any) -> str:
        """Over TCP and TLS; by name `localhost`, for which the server's certificate was made."""
        return make_conninfo(host=self.host, port=self.port, dbname=dbname, **words)


@pytest.fixture(scope="session")
def tls_server(servers: Servers) -> TlsServer:
    if shutil.which("openssl") is None:
        missing("tls", "no openssl to make certificates with")
    label = next((x for x, found in binaries().items() if _speaks_tls(found.program("pg_config"))), None)
    if label is None:
        missing("tls", "no PostgreSQL here was built with TLS")
    folder = servers.folder / "tls"
    folder.mkdir()
    authority(folder, "ca")
    authority(folder, "other_ca")
    certificate(folder, "server", "localhost", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    certificate(folder, "client", "certified", "extendedKeyUsage=clientAuth")

    cluster = servers.cluster(label, {
        "listen_addresses": "127.0.0.1", "port": str(free_port()), "ssl": "on",
        "ssl_ca_file": "ca.crt", "ssl_cert_file": "server.crt", "ssl_key_file": "server.key",
    })  # fmt: skip
    cluster.initdb()
    for name in ("ca.crt", "server.crt", "server.key"):
        copy(folder / name, cluster, name)
    (cluster.data_dir / "pg_hba.conf").write_text(HBA)
    cluster.start()
    server = LiveServer.behind(f"{label}-tls", cluster.conninfo(), cluster)
    with server.connect() as connection:
        connection.execute("CREATE ROLE certified LOGIN; CREATE ROLE lettered LOGIN PASSWORD 'open sesame'")
    status = cluster.status()
    assert status is not None
    return TlsServer(
        server, "localhost", status.port, "open sesame",
        folder / "ca.crt", folder / "other_ca.crt", folder / "client.crt", folder / "client.key",
    )  # fmt: skip


def copy(path: Path, cluster: Cluster, name: str) -> None:
    """Puts a file into the server's folder, for its account alone."""
    found = cluster.data_dir / name
    shutil.copy(path, found)
    if cluster.account:
        os.chown(found, cluster.account.uid, cluster.account.gid)


def _speaks_tls(pg_config: Path) -> bool:
    done = subprocess.run([pg_config, "--configure"], capture_output=True, text=True)
    return "openssl" in done.stdout


def authority(folder: Path, name: str) -> None:
    """A self-signed certificate authority: name.key and name.crt."""
    _openssl(
        folder, "req", "-x509", *_new_key(name), "-out", f"{name}.crt", "-days", "2", "-subj", f"/CN=dbconsole {name}"
    )


CA = """\
[ca]
default_ca = own
[own]
database = {authority}.index
new_certs_dir = .
certificate = {authority}.crt
private_key = {authority}.key
rand_serial = yes
default_md = sha256
default_days = 2
default_crl_days = 2
policy = any
[any]
commonName = supplied
"""


def certificate(folder: Path, name: str, common_name: str, extension: str, *, authority: str = "ca",
                dates: Sequence[str] = ()) -> None:
    """A key and a certificate signed by an authority of the same folder; `dates`: openssl's -startdate, -enddate."""
    (folder / f"{name}.ext").write_text(extension + "\n")
    _openssl(folder, "req", *_new_key(name), "-out", f"{name}.csr", "-subj", f"/CN={common_name}")
    _ca(folder, authority, "-in", f"{name}.csr", "-out", f"{name}.crt", "-extfile", f"{name}.ext", "-notext", *dates)
    (folder / f"{name}.key").chmod(0o600)


def revoke(folder: Path, *names: str, authority: str = "ca") -> Path:
    """Takes certificates back; the list of all that are."""
    for name in names:
        _ca(folder, authority, "-revoke", f"{name}.crt")
    _ca(folder, authority, "-gencrl", "-out", f"{authority}.crl")
    return folder / f"{authority}.crl"


def _ca(folder: Path, authority: str, *arguments: str) -> None:
    (folder / f"{authority}.cnf").write_text(CA.format(authority=authority))
    (folder / f"{authority}.index").touch()
    (folder / f"{authority}.index.attr").write_text("unique_subject = no\n")
    _openssl(folder, "ca", "-batch", "-config", f"{authority}.cnf", *arguments)


def _new_key(name: str) -> list[str]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key"]


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)
