"""A target as environment variables, for programs of others that connect by themselves."""

from __future__ import annotations

import os
from urllib.parse import quote, urlencode

from console.server.connection import connect
from console.server.faults import translate_errors
from console.server.target import Target

_VARIABLES = {
    "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER",
    "password": "PGPASSWORD", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY", "options": "PGOPTIONS",
}
_IN_URL = ("sslmode", "sslrootcert", "sslcert", "sslkey", "options")


async def environment(target: Target) -> dict[str, str]:
    """This process's environment with DATABASE_URL and libpq's PG* variables for `target`, and for nothing else.

    The password is in it: never for a command line or a log. A connection is made and closed, so that service files,
    .pgpass and password_command have spoken. Raises ConsoleError as connecting does.
    """
    with translate_errors(target.label):
        connection = await connect(target)
    try:
        info = connection.info
        known = {key: value for key, value in info.get_parameters().items() if key in _VARIABLES and value}
        known |= {"host": info.host, "port": str(info.port), "dbname": info.dbname, "user": info.user}
        if info.password:
            known["password"] = info.password
    finally:
        await connection.close()
    # A service of libpq's would win over the variables.
    foreign = {*_VARIABLES.values(), "PGSERVICE"}
    variables = {key: value for key, value in os.environ.items() if key not in foreign}
    variables |= {_VARIABLES[key]: value for key, value in known.items() if value}
    return {**variables, "DATABASE_URL": _url(known)}


def _url(known: dict[str, str]) -> str:
    """The same as a postgresql:// URL; a socket's folder becomes a parameter, which every driver understands."""
    login = quote(known["user"], safe="")
    if known.get("password"):
        login += ":" + quote(known["password"], safe="")
    parameters = {key: known[key] for key in _IN_URL if known.get(key)}
    host, port = known["host"], known["port"]
    if host.startswith(("/", "@")) or not host:
        place = ""
        parameters = {**({"host": host} if host else {}), "port": port, **parameters}
    else:
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"postgresql://{login}@{place}/{quote(known['dbname'], safe='')}{query}"
