"""What protects a connection, and why the certificate of a server was not accepted."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn

Verified = Literal["name", "authority", "nothing"]
ASK_FOR_TLS = struct.pack("!ii", 8, 80877103)
HANDSHAKE_WITHIN_S = 5.0

_VERIFIED = {"name": "authority and host name verified", "authority": "authority verified, host name not",
             "nothing": "certificate not verified"}


class Encryption(Struct, frozen=True):
    """How the connection to whoever answered is protected: to the pooler, where there is one.

    `protocol`, `cipher` and `client_certificate` (its subject) are the server's words; None where it didn't say, as to
    a role that may not know, or behind a pooler, where they would be those of another connection. `verified`: what was
    checked of the server's certificate, None without TLS. `binds_channel`: whether the login proved that nobody stands
    between, None where that can't be told.
    """

    kind: Literal["TLS", "GSSAPI", "socket", "none"]
    protocol: str | None = None
    cipher: str | None = None
    client_certificate: str | None = None
    verified: Verified | None = None
    binds_channel: bool | None = None

    @property
    def is_encrypted(self) -> bool:
        return self.kind in ("TLS", "GSSAPI")

    @property
    def words(self) -> str:
        """What there is, in short."""
        if self.kind != "TLS":
            return {"GSSAPI": "encrypted by GSSAPI", "socket": "local socket", "none": "not encrypted"}[self.kind]
        known = (self.protocol or "TLS", self.cipher, _VERIFIED[self.verified or "nothing"])
        return ", ".join(filter(None, known))


def encryption(pgconn: PGconn, *, is_pooled: bool, protocol: str | None, cipher: str | None,
               client_certificate: str | None, is_gss: bool | None) -> Encryption:
    """What libpq knows of a connection, with what the server says of its own."""
    if not pgconn.ssl_in_use:
        if is_gss and not is_pooled:
            return Encryption("GSSAPI")
        return Encryption("socket" if pgconn.host[:1] in (b"/", b"@") else "none")
    given = options(pgconn)
    binds = True if given.get("channel_binding") == "require" else None
    if is_pooled:
        return Encryption("TLS", verified=_verified(given), binds_channel=binds)
    return Encryption("TLS", protocol, cipher, client_certificate or None, _verified(given), binds)


def options(pgconn: PGconn) -> dict[str, str]:
    """libpq's words for the connection, wherever they come from."""
    return {option.keyword.decode(): option.val.decode("utf-8", "surrogateescape")
            for option in pgconn.info if option.val}


def _verified(given: dict[str, str]) -> Verified:
    """What libpq checks: an authority's certificate that is there is used whatever sslmode says."""
    mode, root = given.get("sslmode"), given.get("sslrootcert")
    if mode == "verify-full" or root == "system":
        return "name"
    return "authority" if mode == "verify-ca" or _file(root, "root.crt") else "nothing"


def _file(given: str | None, usual: str) -> Path | None:
    """The file of a conninfo, or libpq's usual one, where it is there."""
    path = Path(given) if given else Path("~/.postgresql").expanduser() / usual
    return path if path.is_file() else None


def why_refused(pgconn: PGconn) -> str | None:
    """What is wrong with the server's certificate, in OpenSSL's words; None where it seems well now.

    libpq says no more than that verification failed, so the handshake is made once more, with nothing after it.
    Takes at most HANDSHAKE_WITHIN_S a step; raises nothing.
    """
    import socket
    import ssl

    given = options(pgconn)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # of names libpq itself tells
    try:
        if (root := given.get("sslrootcert")) == "system":
            context.load_default_certs()
        elif (authorities := _file(root, "root.crt")) is not None:
            context.load_verify_locations(authorities)
        revoked, folder = _file(given.get("sslcrl"), "root.crl"), given.get("sslcrldir")
        if revoked is not None or folder:
            context.load_verify_locations(revoked, folder)
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
        host = pgconn.host.decode()
        place = (pgconn.hostaddr or pgconn.host).decode(), int(pgconn.port)
        with socket.create_connection(place, HANDSHAKE_WITHIN_S) as plain:
            if given.get("sslnegotiation") == "direct":
                context.set_alpn_protocols(["postgresql"])
            else:
                plain.sendall(ASK_FOR_TLS)
                if plain.recv(1) != b"S":
                    return None
            context.wrap_socket(plain, server_hostname=host or None).close()
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except (OSError, ValueError):
        pass
    return None
