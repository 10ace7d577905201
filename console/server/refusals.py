"""A server's no to a connection, told by its SQLSTATE and by the routine that said it, which no language changes."""

from __future__ import annotations

import re

import psycopg
from msgspec import Struct
from psycopg.pq.abc import PGconn

from console.errors import ConsoleError, PasswordNeeded, Unreachable


class Refusal(Struct, frozen=True):
    """Why a server let nobody in. `routine` is PostgreSQL's own, "" where who answered is not PostgreSQL."""

    sqlstate: str
    routine: str
    words: str
    used_password: bool = False

    @property
    def is_of_password(self) -> bool:
        """Whether it was the password: of SCRAM and md5 it has a SQLSTATE, of LDAP, RADIUS and PAM it has not."""
        return self.sqlstate == "28P01" or (self.used_password and (
            (self.sqlstate, self.routine) == ("28000", "auth_failed")
            or (not self.routine and "authentication failed" in self.words)))


class RefusedConnection(psycopg.OperationalError):
    """libpq's error of a server that said no; its text is as libpq words it by default."""

    def __init__(self, text: str, refusal: Refusal, pgconn: PGconn | None = None) -> None:
        super().__init__(text, pgconn=pgconn)
        self.refusal = refusal


_VERBOSE = re.compile(
    r":  (?P<sqlstate>[0-9A-Z]{5}): (?P<words>[^\n]*)"
    r"(?P<more>(?:\n(?!LOCATION:|connection to server |- host: )[^\n]*)*)"
    r"(?:\nLOCATION:  (?:(?P<routine>\w+), )?[^\n]*)?")
"""An error of a server in libpq's full words."""


def refusals(text: str, *, used_password: bool) -> tuple[str, list[Refusal]]:
    """libpq's error in full as it is by default, and the refusals in it: of each address or way that was tried one."""
    found = [Refusal(match["sqlstate"], match["routine"] or "", match["words"], used_password)
             for match in _VERBOSE.finditer(text)]
    return _VERBOSE.sub(lambda match: f":  {match['words']}{match['more']}", text), found


def worst(found: list[Refusal]) -> Refusal:
    """The one that counts: that of a password, which somebody has to do something about, else the last."""
    return next((refusal for refusal in found if refusal.is_of_password), found[-1])


_Meaning = tuple[str, str, str, str, str]

_HBA = ("28000", "ClientAuthentication")
_ROLE = ("28000", "InitializeSessionUserId")
_METHOD = ("28000", "auth_failed")
_MEANINGS: tuple[_Meaning, ...] = (
    # SQLSTATE, routine ("": any), what the words have in English ("": whatever they are), what it means, what to do
    (*_METHOD, "certificate authentication", "the client certificate is another role's",
     "its name (CN) must be the role's, or pg_ident.conf must map it"),
    (*_METHOD, "(Peer|Ident) authentication", "the account here is not the role's",
     "be that account, or connect to host=localhost with a password, or have pg_ident.conf map it"),
    (*_METHOD, "", "the server did not recognise you in the way that its pg_hba.conf wants",
     "peer, ident and cert go by the account or certificate, which pg_ident.conf maps; GSSAPI wants a ticket (kinit)"),
    (*_HBA, "valid client certificate", "the server wants a client certificate and got none",
     "sslcert and sslkey name it; libpq's own place is ~/.postgresql/postgresql.crt and postgresql.key"),
    (*_HBA, "", "the server admits no such client, user or database",
     "the server's pg_hba.conf decides; where only the encrypted may in, try sslmode=require"),
    (*_ROLE, "does not exist", "the role does not exist", "check user (-U)"),
    (*_ROLE, "not permitted to log in", "the role may not log in", "ALTER ROLE ... LOGIN"),
    (*_ROLE, "", "the role does not exist or may not log in", "check user (-U), or ALTER ROLE ... LOGIN"),
    ("3D000", "", "", "the database does not exist", "psql -l lists the databases of a server"),
    ("42501", "CheckMyDatabase", "", "the role may not connect to the database",
     "GRANT CONNECT ON DATABASE ... TO the role"),
    ("55000", "CheckMyDatabase", "", "the database takes no connections", "ALTER DATABASE ... ALLOW_CONNECTIONS true"),
    ("55000", "InitPostgres", "", "the database is invalid: dropping it was interrupted", "DROP DATABASE drops it"),
    ("53300", "CheckMyDatabase", "", "the database has as many connections as it may",
     "close sessions, or ALTER DATABASE ... CONNECTION LIMIT"),
    ("53300", "InitializeSessionUserId", "", "the role has as many connections as it may",
     "close sessions, or ALTER ROLE ... CONNECTION LIMIT"),
    ("53300", "", "", "the server has no connection left",
     "close sessions, or connect as a superuser: some slots are reserved for them"),
    ("57P03", "", "starting up", "the server is starting", "it is tried again by itself"),
    ("57P03", "", "shutting down", "the server is shutting down", "it is tried again by itself"),
    ("57P03", "", "in recovery mode", "the server recovers from a crash", "it is tried again by itself"),
    ("57P03", "", "not (yet )?accepting", "the server takes no connections yet",
     "a standby does when it is consistent, and with hot_standby = on"),
    ("57P03", "", "", "the server is starting, stopping or recovering", "it is tried again by itself"),
)


def meaning(refusal: Refusal, text: str, prefix: str = "") -> ConsoleError | None:
    """What a refusal means, with libpq's `text` as the detail; where that isn't known, PostgreSQL's own words, and None
    where they are another program's, as a pooler's."""
    if refusal.is_of_password:
        return PasswordNeeded(
            f"{prefix}the password was refused", detail=text, sqlstate=refusal.sqlstate,
            hint="type the right one, or put it into ~/.pgpass, a service file or the target's password_command; this "
                 "one is not sent again by itself for half an hour")
    for sqlstate, routine, words, summary, hint in _MEANINGS:
        if sqlstate == refusal.sqlstate and routine in ("", refusal.routine) and re.search(words, refusal.words):
            return Unreachable(f"{prefix}{summary}", detail=text, hint=hint, sqlstate=sqlstate)
    if refusal.routine:
        return Unreachable(f"{prefix}{refusal.words}", detail=text, sqlstate=refusal.sqlstate)
    return None
