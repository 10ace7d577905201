"""The configuration file as records.

    default_target = "staging"
    [targets.prod]
    dsn = "service=prod"
    environment = "production"

A key that nobody knows, or a value that makes no sense, is a ConfigError naming the file, the key and what was
meant. A record below is the reference of its table: one field a key.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from msgspec import Struct, field
from msgspec.structs import replace

from console import redaction
from console.errors import ConfigError
from console.fields import PartlyShown, fields_of
from console.text.encoding import conversion
from console.text.parse import command_words, duration, retention

Environment = Literal["production", "staging", "development", "unknown"]


class Duration(float):
    """Seconds; written as a number of seconds or "250ms", "5s", "10min", "2h", "1d"."""


def _checked_command(name: str, line: str | None) -> None:
    """Raises ValueError for a line that is no command."""
    if line is not None:
        try:
            command_words(line)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None


LONGEST_S = 2_147_483
"""What PostgreSQL's timeouts hold, 31 bits of milliseconds: almost 25 days."""


class PoolConfig(Struct, frozen=True, kw_only=True):
    """A target's connection pool."""

    min_size: int = 1
    """Connections that are kept open."""
    max_size: int = 4
    """The most connections at a time."""
    timeout: Duration = Duration(5)
    """How long a screen waits for a connection to be free."""
    max_lifetime: Duration = Duration(3600)
    """The age at which a connection is replaced."""
    max_idle: Duration = Duration(600)
    """How long a connection above `min_size` stays open unused."""

    def __post_init__(self) -> None:
        if not 0 <= self.min_size <= 100:
            raise ValueError(f"min_size: must be from 0 to 100, is {self.min_size}")
        if not max(1, self.min_size) <= self.max_size <= 100:
            raise ValueError(f"max_size: must be from {max(1, self.min_size)} to 100, is {self.max_size}")
        if self.timeout <= 0:
            raise ValueError("timeout: must be more than 0")


class MachineConfig(Struct, frozen=True, kw_only=True):
    """What a target's server runs on, for advice on its settings; not needed where the console runs on it, too."""

    memory_gb: float | int | None = None
    """Memory, in GB of 1024³ bytes."""
    cores: int | None = None
    """Processor cores."""

    def __post_init__(self) -> None:
        for name in ("memory_gb", "cores"):
            if (value := getattr(self, name)) is not None and value <= 0:
                raise ValueError(f"{name}: must be more than 0, is {value}")


class BackupConfig(Struct, frozen=True, kw_only=True):
    """`[targets.NAME.backup]`: where its backups are, which the checks of backups and `dbconsole backup` look at.

    `folder` and `archive` are relative to the configuration file.
    """

    folder: Path | None = None
    """The folder that `dbconsole backup run` writes to, a folder for each backup."""
    archive: Path | None = None
    """The folder that archive_command copies WAL to, where it can be reached from here."""
    restore_command: str | None = None
    """How a restore gets a segment of WAL (`%f`) to where the server wants it (`%p`); with `archive` it is known."""
    keep: str | None = None
    """What `backup prune` keeps: `7d,4w,6m`."""

    def __post_init__(self) -> None:
        if self.keep is not None:
            try:
                retention(self.keep)
            except ValueError as error:
                raise ValueError(f"keep: {error}") from None


class TargetConfig(PartlyShown, frozen=True, kw_only=True):
    """`[targets.NAME]`: one server and database to look at. `signals = false`: nobody's session is ever ended here."""

    HIDDEN = frozenset({"dsn", "direct_dsn", "pgbouncer", "password_command"})

    name: str = ""
    dsn: str = ""
    """A postgresql:// URI or libpq conninfo; `service=NAME` and passfiles work too."""
    environment: Environment = "unknown"
    """`production`, `staging`, `development` or `unknown`: its colour, and how much is asked before anything acts."""
    read_only: bool | None = None
    """Whether it opens read-only. By default production and unknown ones do."""
    signals: bool = True
    """`false`: nobody's session is ever ended or cancelled here."""
    direct_dsn: str | None = None
    """The same database past the pooler: for migrations, and for what needs a session."""
    pgbouncer: str | None = None
    """PgBouncer's admin console, for screen 7; found by itself where `dsn` is a PgBouncer's."""
    password_command: str | None = None
    """A command whose first line is the password."""
    pool: PoolConfig = field(default_factory=PoolConfig)
    machine: MachineConfig = field(default_factory=MachineConfig)
    backup: BackupConfig | None = None
    connect_timeout: Duration = Duration(5)
    """How long a connection may take."""
    statement_timeout: Duration = Duration(5)
    """`statement_timeout` of the console's own reads."""
    lock_timeout: Duration = Duration(0.5)
    """`lock_timeout` of the console's own reads."""
    read_role: str | None = None
    """A role that may only read: the console's own reads run as it (SET LOCAL ROLE), whoever connects."""
    standbys: tuple[str, ...] = ()
    """Its standbys by application_name: one that isn't connected is critical. Its own cluster_name is never missed."""

    def __post_init__(self) -> None:
        _checked_command("password_command", self.password_command)
        if self.read_role is not None and (not self.read_role or set(self.read_role) & set("'\\\0")):
            raise ValueError("read_role: must be the name of a role, without quotes and backslashes")


def not_a_pattern(schemas: str) -> str | None:
    """Why a text can't say which schemas are tenants', None where it can."""
    if "*" in schemas:
        return None
    return f'{schemas!r} has no *: a pattern of tenants\' schemas has one ("tenant_*"), and schemas by name are a list'


class ServiceConfig(Struct, frozen=True, kw_only=True):
    """`[services.NAME]`: the schemas that a service owns and where its migrations are.

    `migrations` is relative to the configuration file. `up`, `down` are commands of another framework, `code` one for
    single files that no server can run; all are run under dbconsole's lock.
    """

    name: str = ""
    schemas: tuple[str, ...] | str = ()
    """The schemas that it owns; a text such as `"tenant_*"` is the pattern of tenants' schemas: see `migrate`."""
    description: str = ""
    """A few words for the lists."""
    depends_on: tuple[str, ...] = ()
    """Services that are migrated before it."""
    migrations: Path | None = None
    """Its folder of migrations, from the configuration file on."""
    ignore: tuple[str, ...] = ()
    """Names of files in that folder that have a number and are no migrations; `*` stands for anything."""
    contexts: tuple[str, ...] = ()
    """The contexts of Liquibase's in which its changesets are run."""
    verify_setup: str = ""
    """SQL that a scratch database of `migrate verify` and `drift` gets before the files are run in it."""
    require_down: bool = False
    """Every migration needs a way down, unless its file says irreversible."""
    lint_also: tuple[str, ...] = ()
    """Lint rules that are looked for on request alone."""
    lint_ignore: tuple[str, ...] = ()
    """Lint rules that don't matter to this service."""
    layout: str | None = None
    """How the files are named and cut, where that can't be told by them: see `migrate`."""
    framework: str | None = None
    """The framework whose ledger is read: see `migrate`."""
    up: str | None = None
    """The command by which that framework migrates up."""
    down: str | None = None
    """The command by which it takes the newest back."""
    code: str | None = None
    """The command that runs one migration which is code, with `{version}`, `{direction}`, `{name}` and `{file}`."""

    def __post_init__(self) -> None:
        if isinstance(self.schemas, str) and (reason := not_a_pattern(self.schemas)):
            raise ValueError(f"schemas: {reason}")
        _checked_command("up", self.up)
        _checked_command("down", self.down)
        _checked_command("code", self.code)


class CheckConfig(Struct, frozen=True, kw_only=True):
    """`[checks.NAME]`: the thresholds of one check, in its own unit ("80%", "5min", "2GB", 3)."""

    name: str = ""
    warning: str | int | float | None = None
    """The threshold from which on it warns."""
    critical: str | int | float | None = None
    """The threshold from which on it is critical."""
    enabled: bool = True
    """`false` leaves it out."""


class EmbedderConfig(Struct, frozen=True, kw_only=True):
    """`[embedders.NAME]`: what turns text into vectors, an OpenAI-compatible endpoint or a command.

    `url` is the endpoint's base ("https://api.openai.com/v1"); `key_env` names the environment variable that holds its
    key. `command` reads text on its standard input and prints a JSON array. `columns` are those that it belongs to, as
    schema.table.column.
    """

    name: str = ""
    url: str | None = None
    """The base of an OpenAI-compatible endpoint: `https://api.openai.com/v1`."""
    model: str | None = None
    """The model that is asked for."""
    key_env: str | None = None
    """The environment variable that holds the endpoint's key."""
    send_dimensions: bool = False
    """Whether the column's number of dimensions is asked for, which not every model understands."""
    command: str | None = None
    """Instead of `url`: reads text on its standard input, prints a JSON array."""
    columns: tuple[str, ...] = ()
    """The columns that it belongs to, as schema.table.column."""
    timeout: Duration = Duration(20)
    """How long an answer may take."""

    def __post_init__(self) -> None:
        _checked_command("command", self.command)
        if self.key_env is not None:
            redaction.keep(os.environ.get(self.key_env))


class OtelConfig(Struct, frozen=True, kw_only=True):
    """`[otel]`: where traces and metrics go, by OTLP over HTTP; OTEL_EXPORTER_OTLP_ENDPOINT wins over `endpoint`."""

    endpoint: str | None = None
    """Where traces and metrics go: `http://localhost:4318`. None are sent without one."""
    interval: Duration = Duration(30)
    """How often metrics are sent."""

    def __post_init__(self) -> None:
        if self.endpoint is not None and not self.endpoint.startswith(("http://", "https://")):
            raise ValueError(f"endpoint: must be an http or https URL, is {self.endpoint!r}")
        if self.interval < 1:
            raise ValueError("interval: must be at least 1s")


class ConsoleConfig(Struct, frozen=True, kw_only=True):
    """`[console]`: how the console looks, how often it refreshes, and from `slow_query` on what is kept as slow."""

    theme: str | None = None
    """The theme; the key T lists them."""
    refresh: Duration = Duration(2)
    """How often the screens are refreshed."""
    ascii: bool | None = None
    """`true` draws without characters beyond ASCII; by default the locale decides."""
    slow_query: Duration = Duration(1)
    """From which duration on a statement is kept as slow."""

    def __post_init__(self) -> None:
        if self.refresh < 0.1:
            raise ValueError("refresh: must be at least 100ms")
        if self.slow_query < 0.2:
            raise ValueError("slow_query: must be at least 200ms, as the console looks every few seconds")


class AlertsConfig(Struct, frozen=True, kw_only=True):
    """`[alerts]`: what happens beyond the console when a check's threshold is crossed.

    `bell` rings the terminal's. `command` is run, without a shell, with the facts as JSON on its standard input and in
    DBCONSOLE_ALERT_* of its environment; for one check at most once per `every`, and killed after `timeout`.
    """

    bell: bool = False
    """Whether the terminal's bell rings."""
    command: str | None = None
    """What is run, without a shell, with the facts as JSON on its standard input."""
    timeout: Duration = Duration(10)
    """After how long it is killed."""
    every: Duration = Duration(60)
    """For one check it runs at most so often."""

    def __post_init__(self) -> None:
        _checked_command("command", self.command)
        if self.timeout <= 0:
            raise ValueError("timeout: must be more than 0")


class ListenConfig(Struct, frozen=True, kw_only=True):
    """`[listen]`: who may ask what `--check --listen` serves. The environment's variables are named, not the secrets:
    with `token_env` a bearer token is wanted, with `user` and `password_env` a user and password; with both either."""

    token_env: str | None = None
    """The environment variable that holds the bearer token."""
    user: str | None = None
    """The user of basic authentication."""
    password_env: str | None = None
    """The environment variable that holds the user's password."""

    def __post_init__(self) -> None:
        if (self.user is None) != (self.password_env is None):
            raise ValueError("user and password_env: are given together")
        if self.user is not None and ":" in self.user:
            raise ValueError("user: must not hold a colon")
        for name in (self.token_env, self.password_env):
            if name is not None:
                redaction.keep(os.environ.get(name))


class LogConfig(Struct, frozen=True, kw_only=True):
    """`[log]`: dbconsole's own log, a file, which `--check --listen` writes on stderr as well."""

    format: Literal["text", "json"] = "text"
    """`json` writes an object a line: at, level, logger, message, and exception where there is one."""
    level: Literal["debug", "info", "warning", "error"] = "warning"
    """The least that is written."""


class KeysConfig(Struct, frozen=True, kw_only=True):
    """`keys = "vim"`, or `[keys]`: a `preset`, and the keys of single actions by id, which ui/keymap.py checks."""

    preset: str = ""
    """`vim` adds gg, ^d, ^u, n and N everywhere; h, j, k, l, G and / work without it."""
    changes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Config(Struct, frozen=True, kw_only=True):
    """The whole file. `path` is where it was found, None when there is none; `warnings` are for a person."""

    path: Path | None = None
    default_target: str | None = None
    """The target that opens when none is named."""
    targets: Mapping[str, TargetConfig] = field(default_factory=dict)
    services: Mapping[str, ServiceConfig] = field(default_factory=dict)
    checks: Mapping[str, CheckConfig] = field(default_factory=dict)
    embedders: Mapping[str, EmbedderConfig] = field(default_factory=dict)
    console: ConsoleConfig = field(default_factory=ConsoleConfig)
    keys: KeysConfig = field(default_factory=KeysConfig)
    alerts: AlertsConfig = field(default_factory=AlertsConfig)
    otel: OtelConfig = field(default_factory=OtelConfig)
    listen: ListenConfig = field(default_factory=ListenConfig)
    log: LogConfig = field(default_factory=LogConfig)
    warnings: tuple[str, ...] = ()


_TABLES: dict[str, type] = {"targets": TargetConfig, "services": ServiceConfig, "checks": CheckConfig,
                            "embedders": EmbedderConfig}
PASSWORD = re.compile(r"password\s*=|://[^/@\s:]+:[^/@\s]+@", re.IGNORECASE)
"""In a conninfo string or URI."""

_NOT_KEYS = {"name", "path", "warnings"}


def find(explicit: str | os.PathLike[str] | None = None) -> Path | None:
    """The file that holds: `explicit`, else $DBCONSOLE_CONFIG, else ./dbconsole.toml, else the user's own.

    Raises ConfigError when a file that was named isn't there.
    """
    for named, origin in ((explicit, "--config"), (os.environ.get("DBCONSOLE_CONFIG"), "DBCONSOLE_CONFIG")):
        if named is not None and (named or origin == "--config"):
            if not named or not Path(named).exists():
                raise ConfigError(f"{named or repr('')}: no such file", hint=f"{origin} names it")
            return Path(named)
    return next((path for path in (Path("dbconsole.toml"), _own_path()) if path.is_file()), None)


MOST_BYTES = 4 * 1024 * 1024
"""No configuration is larger."""


def load(explicit: str | os.PathLike[str] | None = None) -> Config:
    """Reads the configuration. Raises ConfigError; without any file the configuration is empty.

    A file that nobody has named and that lies in the current directory is read only if its owner is trustworthy, and
    acts only if the person has said that it may: otherwise the error is console.trust.Untrusted.
    """
    path = find(explicit)
    if path is None:
        return Config()
    is_named = explicit is not None or bool(os.environ.get("DBCONSOLE_CONFIG"))
    content = read(path, is_named=is_named)
    found = parsed(content, path)
    if not is_named and path != _own_path():
        from console import trust

        if (deeds := trust.deeds(found, own())) and not trust.is_trusted(path, content):
            raise trust.Untrusted(path, content, deeds)
    return found


def own() -> Config:
    """The person's own configuration, which a file in the current directory takes the place of; empty where there is
    none that can be read."""
    path = _own_path()
    try:
        return parsed(read(path, is_named=False), path) if path.is_file() else Config()
    except ConfigError:
        return Config()


def read(path: Path, *, is_named: bool) -> bytes:
    """What stands in the file. Raises ConfigError, also where it isn't safe to use."""
    try:
        with path.open("rb") as file:
            _check_owner(path, os.fstat(file.fileno()), is_named=is_named)
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise ConfigError(f"{path}: is larger than {MOST_BYTES >> 20} MB")
    return content


def _check_owner(path: Path, status: os.stat_result, *, is_named: bool) -> None:
    """Raises ConfigError for a file that others can write, or that nobody has named and is somebody else's."""
    if os.name != "posix" or not stat.S_ISREG(status.st_mode):
        return
    whose = "everybody" if status.st_mode & stat.S_IWOTH else \
        f"group {status.st_gid}" if status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid) else None
    if whose is not None:
        raise ConfigError(f"{path}: {whose} can write it, so it may hold anybody's commands",
                          hint=f"read it, then chmod go-w {path}")
    if not is_named and status.st_uid not in (os.geteuid(), 0):
        raise ConfigError(f"{path} was found, not named, and belongs to another user",
                          hint=f"--config {path} uses it all the same")


def _is_own_group(number: int) -> bool:
    """Whether nobody but this user is in the group: one of the user's name, as most systems give each user."""
    import grp
    import pwd

    try:
        user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(number)
    except KeyError:
        return False
    return group.gr_name == user and set(group.gr_mem) <= {user}


def parsed(content: bytes, path: Path) -> Config:
    """The configuration that a file's content means. Raises ConfigError."""
    import tomllib

    try:
        return parse(tomllib.loads(content.decode("utf-8-sig")), path)
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text", hint=conversion(content)) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}", hint="the file is TOML: https://toml.io") from None
    except RecursionError:
        raise ConfigError(f"{path}: is nested too deeply") from None


def _own_path() -> Path:
    from console.resources import config_dir

    return config_dir() / "config.toml"


def parse(data: Mapping[str, Any], path: Path) -> Config:
    """The configuration that `data`, read from `path`, means. Raises ConfigError."""
    values: dict[str, Any] = {}
    given: dict[str, Any] = {"path": path}
    for key, value in data.items():
        if key in _TABLES:
            values[key] = _named_tables(_TABLES[key], key, value, path)
        elif key == "keys":
            given["keys"] = _keys(value, path)
        else:
            values[key] = value
    config: Config = _build(Config, values, path, "", given=given)
    default = config.default_target
    if default is not None and default != "demo" and default not in config.targets and "=" not in default \
            and "://" not in default:
        raise ConfigError(f"{path}: default_target: there is no target {default!r}",
                          hint=_nearest(default, config.targets))
    if (theme := config.console.theme) is not None and theme not in (themes := _themes()):
        raise ConfigError(f"{path}: console.theme: there is no theme {theme!r}", hint=_nearest(theme, themes))
    return replace(config, warnings=tuple(_warnings(config, path)))


def _keys(value: Any, path: Path) -> KeysConfig:
    """A preset's name, or a table with `preset` and keys; `a.b = "x"` without quotes is a table in it."""
    if isinstance(value, str):
        return KeysConfig(preset=value)
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: keys: must be a preset's name or a table, [keys]")
    changes: dict[str, tuple[str, ...]] = {}
    for name, given in value.items():
        for full, key in {f"{name}.{part}": key for part, key in given.items()}.items() \
                if isinstance(given, dict) else ((name, given),):
            keys = (key,) if isinstance(key, str) else key
            if not isinstance(keys, list | tuple) or not all(isinstance(each, str) for each in keys):
                raise ConfigError(f"{path}: keys.{full}: must be a key, a list of keys, or \"\" for none")
            changes[full] = tuple(keys)
    preset = changes.pop("preset", ("",))
    if len(preset) != 1:
        raise ConfigError(f"{path}: keys.preset: must be the name of one")
    return KeysConfig(preset=preset[0], changes=changes)


def _themes() -> list[str]:
    from console.resources import shipped

    return [file.stem for file in shipped("themes").glob("*.toml")]


def _named_tables(kind: type, key: str, value: Any, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: {key}: must be tables, [{key}.NAME]")
    found = {}
    for name, table in value.items():
        where = f"{key}.{name}"
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {where}: must be a table, [{where}]")
        if not name or not name.isprintable():
            raise ConfigError(f"{path}: {key}.{name!r}: a name must be made of printable characters")
        if kind is TargetConfig and name == "demo":
            raise ConfigError(f"{path}: {where}: the name demo is reserved for the demo server", hint="choose another")
        found[name] = _build(kind, table, path, where, given={"name": name})
    return found


def _build(kind: type, table: Mapping[str, Any], path: Path, where: str, *,
           given: Mapping[str, Any] | None = None) -> Any:
    """An instance of the record `kind` from a TOML table, with every key checked."""
    hints = get_type_hints(kind)
    known = [field.name for field in fields_of(kind) if field.name not in _NOT_KEYS]
    values = dict(given or {})
    for key, value in table.items():
        full = f"{where}.{key}" if where else key
        if key not in known:
            raise ConfigError(f"{path}: {full}: unknown key", hint=_nearest(key, known))
        values[key] = _value(hints[key], value, path, full)
    if missing := [field.name for field in fields_of(kind) if field.default is None and field.name not in values]:
        raise ConfigError(f"{path}: {where}: {missing[0]} is missing")
    if kind is TargetConfig and not values.get("dsn"):
        raise ConfigError(f"{path}: {where}: dsn is missing", hint='dsn = "host=... dbname=..." or "service=..."')
    try:
        return kind(**values)
    except ValueError as error:
        raise ConfigError(f"{path}: {where}.{error}") from None


def _value(hint: Any, value: Any, path: Path, where: str) -> Any:
    options = [option for option in get_args(hint) if option is not type(None)] if _is_union(hint) else [hint]
    for option in options:
        if get_origin(option) is Literal:
            if value in get_args(option):
                return value
            wanted = ", ".join(get_args(option))
            raise ConfigError(f"{path}: {where}: {value!r} is none of {wanted}")
        if get_origin(option) is tuple:
            if isinstance(value, list) and all(isinstance(item, str) for item in value):
                return tuple(value)
            raise ConfigError(f"{path}: {where}: must be a list of strings")
        if get_origin(option) is not None:
            return value
        if option is Duration:
            return _duration(value, path, where)
        if option is Path and isinstance(value, str):
            return path.parent / value
        if isinstance(option, type) and issubclass(option, Struct):
            if isinstance(value, dict):
                return _build(option, value, path, where)
            raise ConfigError(f"{path}: {where}: must be a table")
        if isinstance(value, option) and not (isinstance(value, bool) and option is not bool):
            return value
    wanted = " or ".join(dict.fromkeys(
        {"str": "text", "int": "a number", "float": "a number", "bool": "true or false", "Path": "a path"}
        .get(option.__name__, option.__name__) for option in options))
    raise ConfigError(f"{path}: {where}: must be {wanted}, is {value!r}")


def _is_union(hint: Any) -> bool:
    return isinstance(hint, UnionType) or get_origin(hint) is Union


def _duration(value: Any, path: Path, where: str) -> Duration:
    seconds = -1.0
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value
    elif isinstance(value, str) and (given := duration(value)) is not None:
        seconds = given
    if seconds > LONGEST_S:
        raise ConfigError(f"{path}: {where}: {value!r} is too long", hint='the longest is "24d"')
    if not seconds >= 0:
        raise ConfigError(f"{path}: {where}: {value!r} is no duration",
                          hint='write seconds, or "250ms", "5s", "10min", "2h"')
    return Duration(seconds)


def _nearest(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), 1, 0.5)
    if close:
        return f"did you mean {close[0]}?"
    return "known: " + ", ".join(sorted(known)) if known else "none is configured"


def _warnings(config: Config, path: Path) -> list[str]:
    if os.name != "posix":
        return []
    try:
        readable = path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    except OSError:
        return []
    holders = [t.name for t in config.targets.values()
               for dsn in (t.dsn, t.direct_dsn, t.pgbouncer) if dsn and PASSWORD.search(dsn)]
    if readable and holders:
        return [f"{path} holds the password of {', '.join(dict.fromkeys(holders))} and others can read it: "
                f"chmod 600 it, or use ~/.pgpass or password_command"]
    return []
