"""A target: one server and database, and how to connect to it, exactly as psql would."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import psycopg
from msgspec import field
from msgspec.structs import replace
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from console import redaction
from console.config import BackupConfig, Config, Environment, PoolConfig, TargetConfig
from console.errors import ConfigError, ConsoleError, UsageError
from console.fields import PartlyShown

APPLICATION_NAME = "dbconsole"


class Target(PartlyShown, frozen=True, kw_only=True):
    """Where to connect and with what manners. Timeouts in milliseconds; `conninfo` may hold a secret, `label` never."""

    HIDDEN = frozenset({"conninfo", "direct_conninfo", "pgbouncer_conninfo", "password_command", "password"})

    name: str
    conninfo: str = ""
    environment: Environment = "unknown"
    read_only: bool | None = None
    allows_signals: bool = True
    direct_conninfo: str | None = None
    pgbouncer_conninfo: str | None = None
    password_command: str | None = None
    password: str | None = None
    pool: PoolConfig = field(default_factory=PoolConfig)
    connect_timeout_s: float = 5.0
    statement_timeout_ms: int = 5000
    lock_timeout_ms: int = 500
    read_role: str | None = None
    standbys: tuple[str, ...] = ()
    backup: BackupConfig | None = None
    is_recording: bool = False

    def without_server(self) -> ConsoleError | None:
        """Why there is no server to connect to: the target is a recording. None where there is to be one."""
        if not self.is_recording:
            return None
        return ConsoleError(f"{self.label} is a recording: there is no server to ask, and nothing to change",
                            hint="a recording has what was read then; open the target itself for more")

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def starts_read_only(self) -> bool:
        """Whether the console begins read-only here: as configured, else everywhere but development and staging."""
        if self.read_only is not None:
            return self.read_only
        return self.environment in ("production", "unknown")

    @property
    def names_several_hosts(self) -> bool:
        """Whether who answers is one of several; of those of a service file nobody knows."""
        parts = conninfo_to_dict(self.conninfo)
        return "," in str(parts.get("host") or parts.get("hostaddr") or os.environ.get("PGHOST", ""))

    @property
    def label(self) -> str:
        """The target for people: its name, or host and database of a conninfo; never a password."""
        return self.name or redacted(self.conninfo)

    def with_database(self, database: str) -> Target:
        """The same server, another database; the name says so."""
        name = f"{self.name.partition('/')[0]}/{database}" if self.name else ""
        direct = make_conninfo(self.direct_conninfo, dbname=database) if self.direct_conninfo else None
        return replace(self, name=name, conninfo=make_conninfo(self.conninfo, dbname=database), direct_conninfo=direct)

    def with_settings(self, settings: Mapping[str, str]) -> Target:
        """The same with settings of the server for each session, as it begins; PgBouncer before 1.20 refuses them."""
        given = conninfo_to_dict(self.conninfo).get("options")
        words = [*([str(given)] if given else []), *(f"-c {name}={value}" for name, value in settings.items())]
        return replace(self, conninfo=make_conninfo(self.conninfo, options=" ".join(words)))

    def with_password(self, password: str) -> Target:
        """The same target with a password that a person typed; it is kept in memory only."""
        redaction.keep(password, *_shown_of(self.conninfo))
        return replace(self, password=password)

    def direct(self) -> Target:
        """The same target without the pooler, where `direct_dsn` is configured."""
        return replace(self, conninfo=self.direct_conninfo) if self.direct_conninfo else self


def redacted(conninfo: str) -> str:
    """host, port and database of `conninfo`, or its service, for people. An unparsable one is not repeated."""
    try:
        parts = conninfo_to_dict(conninfo)
    except psycopg.Error:
        return "(unreadable conninfo)"
    if service := parts.get("service"):
        return f"service={service}"
    place = str(parts.get("host") or parts.get("hostaddr") or "")
    if place and (port := parts.get("port")):
        place = f"{place}:{port}"
    user = f"{parts['user']}@" if parts.get("user") else ""
    database = f"/{parts['dbname']}" if parts.get("dbname") else ""
    return redaction.masked(f"{user}{place}{database}") or "libpq's environment"


SECRET_WORDS = ("password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")
"""The words of a conninfo whose values are secrets."""


def keep_secrets(conninfo: str) -> None:
    """Has the passwords of `conninfo`, which can be read, masked wherever they stand."""
    parts = conninfo_to_dict(conninfo)
    for secret in filter(None, map(parts.get, SECRET_WORDS)):
        redaction.keep(str(secret), *_shown_of(conninfo))
    name = str(parts.get("dbname") or "")
    if "=" in name or "://" in name:  # libpq takes a whole conninfo as the database's name
        with suppress(psycopg.Error):
            keep_secrets(name)


def _shown_of(conninfo: str) -> tuple[str | None, ...]:
    """What `redacted` says of it in parts: a password that is the same is none that could be kept."""
    parts = conninfo_to_dict(conninfo)
    return tuple(str(parts[word]) for word in ("user", "host", "dbname") if parts.get(word))


def resolve(argument: str | None, config: Config, overrides: Mapping[str, Any] | None = None) -> Target:
    """The target that a person means.

    `argument` is a configured name, a `postgresql://` URI, a conninfo string, or None for the configuration's
    default and then libpq's environment. `overrides` are libpq keywords (host, port, user, dbname) from psql's
    options. Raises UsageError for an unknown name or an unreadable conninfo.
    """
    if argument is None and not overrides:
        argument = config.default_target
    if argument is not None and argument in config.targets:
        target = _from_config(config.targets[argument], config)
    elif argument is None or "=" in argument or "://" in argument:
        target = Target(name="", conninfo=_checked(argument or "", "the conninfo"))
    else:
        close = difflib.get_close_matches(argument, [*config.targets, "demo"], 1, 0.5)
        names = ", ".join(sorted([*config.targets, "demo"]))
        hint = f"did you mean {close[0]}?" if close else f"known targets: {names}; or give a URI or a conninfo"
        raise UsageError(f"there is no target {argument!r}", hint=hint)
    if overrides:
        target = replace(target, conninfo=_checked(make_conninfo(target.conninfo, **overrides), "the conninfo"))
    return target


def _from_config(entry: TargetConfig, config: Config) -> Target:
    def checked(key: str, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            return _checked(value, key)
        except UsageError as error:
            raise ConfigError(f"{config.path}: targets.{entry.name}.{error.summary}", detail=error.detail,
                              hint=error.hint) from None

    return Target(
        name=entry.name,
        conninfo=checked("dsn", entry.dsn) or "",
        environment=entry.environment,
        read_only=entry.read_only,
        allows_signals=entry.signals,
        direct_conninfo=checked("direct_dsn", entry.direct_dsn),
        pgbouncer_conninfo=checked("pgbouncer", entry.pgbouncer),
        password_command=entry.password_command,
        pool=entry.pool,
        connect_timeout_s=float(entry.connect_timeout),
        statement_timeout_ms=round(entry.statement_timeout * 1000),
        lock_timeout_ms=round(entry.lock_timeout * 1000), read_role=entry.read_role, standbys=entry.standbys,
        backup=entry.backup,
    )


_ESCAPES = "in a URI's password @ is written %40, : %3A, / %2F, ? %3F, # %23 and % %25"


def _checked(conninfo: str, what: str) -> str:
    try:
        parts = conninfo_to_dict(conninfo)
    except psycopg.Error as error:
        # libpq repeats the offending part, which could be a secret: only its own words are kept.
        reason = str(error).strip().split('"')[0].strip().rstrip(":")
        raise UsageError(f"{what}: not a valid connection string ({reason})",
                         hint=_ESCAPES if "://" in conninfo else
                         "host=db1 dbname=app user=me, or postgresql://me@db1/app") from None
    if "://" in conninfo and ("@" in f"{parts.get('host', '')}{parts.get('dbname', '')}" or not all(
            port.isdecimal() for port in filter(None, str(parts.get("port") or "").split(",")))):
        raise UsageError(f"{what}: its host, port or database makes no sense",
                         hint=_ESCAPES)
    keep_secrets(conninfo)
    return conninfo
