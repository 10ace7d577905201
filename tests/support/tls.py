"""A server that takes TLS connections only, with a certificate authority and a client certificate of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from psycopg.conninfo import make_conninfo

from console.local_postgres.cluster import free_port
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
        shutil.copy(folder / name, cluster.data_dir / name)
    (cluster.data_dir / "pg_hba.conf").write_text(HBA)
    if cluster.account:
        for path in cluster.data_dir.glob("*.*"):
            os.chown(path, cluster.account.uid, cluster.account.gid)
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


def _speaks_tls(pg_config: Path) -> bool:
    done = subprocess.run([pg_config, "--configure"], capture_output=True, text=True)
    return "openssl" in done.stdout


def authority(folder: Path, name: str) -> None:
    """A self-signed certificate authority: name.key and name.crt."""
    _openssl(
        folder, "req", "-x509", *_new_key(name), "-out", f"{name}.crt", "-days", "2", "-subj", f"/CN=dbconsole {name}"
    )


def certificate(folder: Path, name: str, common_name: str, extension: str) -> None:
    """A key and a certificate signed by the authority `ca` of the same folder."""
    (folder / f"{name}.ext").write_text(extension + "\n")
    _openssl(folder, "req", *_new_key(name), "-out", f"{name}.csr", "-subj", f"/CN={common_name}")
    _openssl(
        folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
        "-out", f"{name}.crt", "-days", "2", "-extfile", f"{name}.ext",
    )  # fmt: skip
    (folder / f"{name}.key").chmod(0o600)


def _new_key(name: str) -> list[str]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key"]


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)
