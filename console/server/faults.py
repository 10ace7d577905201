"""psycopg's exceptions as ConsoleErrors: what happened, on which target, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from console.errors import ConsoleError, Denied, Missing, PasswordNeeded, ServerError, TimedOut, Unreachable
from console.server.refusals import RefusedConnection, meaning
from console.sql.quoting import identifier

# What libpq, OpenSSL, PgBouncer and the system say of a failed connection: in English, whatever the server's language,
# as nothing here has chosen another for them. The first pattern found decides. A server's own refusals are told by
# SQLSTATE (refusals.py); of one that is not known, as a pooler's or where libpq can't be told to say it, the words are
# looked for here too.
_CONNECTING: tuple[tuple[str, type[Unreachable], str, str | None], ...] = (
    (r"ignored, as others can read it", PasswordNeeded, "the server wants a password, and the passfile is ignored",
     "type it, or chmod 600 the passfile"),
    (r"no password supplied", PasswordNeeded, "the server wants a password and none was found",
     "type it, or put it into ~/.pgpass, a service file or the target's password_command"),
    (r"password authentication failed|SASL authentication failed", PasswordNeeded, "the password was refused",
     "type the right one, or put it into ~/.pgpass, a service file or the target's password_command"),
    (r"invalid port number|invalid integer value .* option \"port\"|Servname not supported", Unreachable,
     "the port makes no sense", "a port is a number from 1 to 65535"),
    (r"could not translate host name|Name or service not known|nodename nor servname|failed to resolve", Unreachable,
     "the host name is unknown", "check the spelling of host and your DNS"),
    (r"no pg_hba.conf entry", Unreachable, "the server admits no such client, user or database",
     "the server's pg_hba.conf decides; with 'no encryption' in the message, try sslmode=require"),
    (r"server does not support SSL|server refused (TLS|SSL)", Unreachable, "the server offers no TLS",
     "sslmode=prefer connects without encryption, if that is acceptable"),
    (r"alert certificate required|requires a valid client certificate|peer did not return a certificate", Unreachable,
     "the server wants a client certificate and got none",
     "sslcert and sslkey name it; libpq's own place is ~/.postgresql/postgresql.crt and postgresql.key"),
    (r"certificate authentication failed", Unreachable, "the client certificate is another role's",
     "its name (CN) must be the role's, or pg_ident.conf must map it"),
    (r"alert certificate expired", Unreachable, "the server refuses the client certificate: it has expired",
     "renew the certificate that sslcert names"),
    (r"alert certificate revoked", Unreachable, "the server refuses the client certificate: it is revoked",
     "renew the certificate that sslcert names"),
    (r"alert (unknown ca|bad certificate|certificate unknown|unsupported certificate|decrypt error)", Unreachable,
     "the server refuses the client certificate: it is of no authority that it trusts",
     "sslcert must be signed by an authority in the server's ssl_ca_file"),
    (r"private key file|could not (load|read|open) (private key|certificate)|key values mismatch", Unreachable,
     "the client certificate or its key can't be used",
     "sslcert and sslkey must belong together, sslkey be chmod 600, and sslpassword open it"),
    (r"channel binding", Unreachable, "channel binding was asked for and could not be had",
     "it needs TLS up to PostgreSQL itself and a password kept as SCRAM-SHA-256"),
    (r"does not match host name|Hostname mismatch|IP address mismatch", Unreachable,
     "the server's certificate is for another name", "connect by a name that it was made for"),
    (r"certificate has expired", Unreachable, "the server's certificate has expired", "it has to be renewed there"),
    (r"certificate is not yet valid", Unreachable, "the server's certificate is not valid yet",
     "is the clock right, here and where it was made?"),
    (r"certificate revoked", Unreachable, "the server's certificate is revoked",
     "its authority has taken it back: find out why before you connect otherwise"),
    (r"certificate CRL|CRL has expired|CRL is not yet valid", Unreachable,
     "there is no valid list of revoked certificates of the server's authority", "sslcrl or sslcrldir names it"),
    (r"self.signed certificate|unable to get (local )?issuer certificate", Unreachable,
     "the server's certificate is of an authority that is not trusted here",
     "sslrootcert names the certificate of its authority, or is system"),
    (r"root certificate file .* does not exist", Unreachable,
     "there is no certificate of an authority to check the server's by",
     "sslrootcert names it, or is system; sslmode=require encrypts without checking who answers"),
    (r"certificate|SSL error|sslmode|tlsv1|root\.crt", Unreachable, "TLS could not be agreed on",
     "check sslmode, sslrootcert, sslcert and sslkey"),
    (r'database "[^"]*" does not exist', Unreachable, "the database does not exist",
     "psql -l lists the databases of a server"),
    (r'role "[^"]*" does not exist', Unreachable, "the role does not exist", "check user (-U)"),
    (r'role "[^"]*" is not permitted to log in', Unreachable, "the role may not log in", "ALTER ROLE ... LOGIN"),
    (r'permission denied for database "[^"]*"', Unreachable, "the role may not connect to the database",
     "GRANT CONNECT ON DATABASE ... TO the role"),
    (r'database "[^"]*" is not currently accepting connections', Unreachable, "the database takes no connections",
     "ALTER DATABASE ... ALLOW_CONNECTIONS true"),
    (r"too many (clients|connections)|remaining connection slots|no more connections allowed", Unreachable,
     "the server has no connection left",
     "close sessions, or connect as a superuser: some slots are reserved for them"),
    (r"(starting up|shutting down|in recovery mode|not yet accepting)", Unreachable,
     "the server is starting, stopping or recovering", "it is tried again by itself"),
    (r"definition of service|service file", Unreachable, "the service is unknown",
     "look into ~/.pg_service.conf or the file that PGSERVICEFILE names"),
    (r"timeout expired|timed out", Unreachable, "no answer in time", "check host, port and firewall"),
    (r"Connection refused|No such file or directory|Is the server running", Unreachable, "no server answers there",
     "check host and port, and that the server runs"),
    (r"expected authentication request|received invalid response", Unreachable,
     "what answers there is no PostgreSQL server", "check the port"),
)

# libpq's words before the reason why there is no connection
_REFUSED = re.compile(r"connection to server (on socket|at) .*? failed: ((FATAL|ERROR|PANIC): +)?(?P<why>.+)")

_CLASSES: dict[str, type[ServerError]] = {
    "42501": Denied, "28000": Denied,
    "42P01": Missing, "42883": Missing, "42703": Missing, "3F000": Missing, "3D000": Missing, "42704": Missing,
    "57014": TimedOut, "55P03": TimedOut, "25P03": TimedOut, "25P04": TimedOut,
}

_LIMITS = {"25P03": "idle_in_transaction_session_timeout", "25P04": "transaction_timeout",
           "57P05": "idle_session_timeout"}


def translate(error: Exception, where: str | None = None) -> ConsoleError:
    """The ConsoleError that says what `error` (of psycopg, psycopg_pool or the operating system) means.

    `where` is the target's redacted label and goes into the summary.
    """
    if isinstance(error, ConsoleError):
        return error
    prefix = f"{where}: " if where else ""
    if isinstance(error, psycopg.Error):
        sqlstate = error.sqlstate
        if isinstance(error, RefusedConnection) and (told := meaning(error.refusal, _tidy(str(error)), prefix)):
            return told
        if sqlstate is None or isinstance(error, errors.ConnectionTimeout):
            return _without_sqlstate(error, prefix)
        diag = error.diag
        message = diag.message_primary or str(error).strip()
        kind = _CLASSES.get(sqlstate, ServerError)
        if sqlstate.startswith(("08", "57P")) or sqlstate in ("53300",):
            kind = Unreachable
        position = int(diag.statement_position) if diag.statement_position else None
        hint = diag.message_hint or _hint(sqlstate, message, diag.source_function)
        return kind(prefix + message, detail=diag.message_detail, hint=hint,
                    sqlstate=sqlstate, position=position)
    if isinstance(error, OSError | TimeoutError):
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or "no answer in time"
        return Unreachable(prefix + reason)
    return ServerError(f"{prefix}{type(error).__name__}: {error}")


@contextmanager
def translate_errors(where: str | None = None) -> Iterator[None]:
    """Turns every psycopg error inside into its ConsoleError, chained to the original."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error, where) from error


def _without_sqlstate(error: psycopg.Error, prefix: str) -> ConsoleError:
    text = _tidy(str(error))
    if isinstance(error, psycopg.DataError):  # of a value, whose words say nothing about the connection
        return ServerError(prefix + text)
    for pattern, kind, summary, hint in _CONNECTING:
        if re.search(pattern, text, re.IGNORECASE):
            return kind(prefix + summary, detail=text, hint=hint)
    if isinstance(error, psycopg.OperationalError):
        words, _, rest = text.removeprefix("consuming input failed: ").partition("\n")
        if refused := _REFUSED.match(words):  # where to is known, and would leave no room for why
            return Unreachable(prefix + refused["why"], detail=text)
        return Unreachable(prefix + (words or "the connection was lost"), detail=rest or None)
    return ServerError(prefix + text)


def _tidy(text: str) -> str:
    """libpq's message without the repetitions that several addresses or attempts give."""
    lines: list[str] = []
    for line in text.replace("\t", " ").splitlines():
        line = re.sub(r"^(connection failed: )+", "", line.strip())
        if line and line not in lines and not line.startswith("Multiple connection attempts failed"):
            lines.append(line)
    return "\n".join(lines)


def _hint(sqlstate: str, message: str, routine: str | None = None) -> str | None:
    if sqlstate == "42501":
        if match := re.search(r"permission denied for (?:table|view|relation|materialized view) (.+)", message):
            return f"GRANT SELECT ON {identifier(match[1])} TO the role"
        if match := re.search(r"permission denied for schema (.+)", message):
            return f"GRANT USAGE ON SCHEMA {identifier(match[1])} TO the role"
        if routine == "aclcheck_error":  # in another language, or of another kind
            return "GRANT gives the role what it lacks (SELECT, USAGE, EXECUTE...); some things only the owner may do"
    if sqlstate == "22000" and re.match(r"different (half)?vec(tor)? dimensions", message):
        return "only vectors of one length have a distance: WHERE vector_dims(COLUMN) = N keeps to those"
    if sqlstate == "57014":
        return "statement_timeout of the target, the role, the database or the server, or somebody cancelled it"
    if sqlstate in _LIMITS:
        return f"{_LIMITS[sqlstate]} of the role, the database or the server: ALTER ROLE can give another"
    if sqlstate == "55P03":
        return "another session holds the lock; Activity shows which"
    return None
