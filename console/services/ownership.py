"""Services from the configuration, from a folder of migrations, or, for the demo, those that are shipped.

A folder of migrations holds one folder a service, or is itself one service's folder. In it, `service.toml`:

    name = "event_data"                 # default: the name of the folder, or what the ledger knows its files by
    description = "Events, speakers and topics"
    schemas = ["event_data"]            # default: the service's own name
    schemas = "tenant_*"                # or: one schema for each tenant, in each of which the same files run
    depends_on = ["platform"]           # services whose migrations come first
    extensions = ["vector"]             # what the whole service cannot do without
    layout = "golang-migrate"           # another tool's file layout, where its files don't tell
    framework = "alembic"               # what migrates it, where that isn't dbconsole
    ignore = ["schema_v2.sql"]          # files with a number that are no migrations
    verify_setup = "CREATE ..."         # SQL that a scratch database gets before the files
    require_down = true                 # every migration needs a way down, unless its file says irreversible
    lint_also = ["prefer-text"]         # lint rules that are looked for on request alone
    lint_ignore = ["integer-key"]       # lint rules that don't matter here
    contexts = ["production"]           # in which of Liquibase's contexts its changesets are run

    [placeholders]                      # what ${owner} stands for in Flyway's and Liquibase's files
    owner = "billing"
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from console import files, resources
from console.config import Config, ServiceConfig, not_a_pattern
from console.errors import ConfigError, UsageError
from console.services.recognise import holds_migrations, recognise

UNASSIGNED = "unassigned"
"""The heading of the schemas that no service owns."""
OF_TENANT = "@"
"""Between a service's name and a tenant's schema, in the name that the tenant's history has."""


class Service(Struct, frozen=True, kw_only=True):
    """A service: its schemas and its migrations. `folder` is None where no migrations are configured.

    `is_named`: somebody has said what it is called, so that it isn't its folder's name alone that says so.
    `framework`, `up` and `down` belong to services that another framework migrates; `code` is the command that runs
    one migration that is code. `is_recognised`: nobody has named
    layout or framework, and the folder was looked at for them. `ignore` are patterns of names below the folder.
    `contexts` are those of Liquibase's that hold.
    `lint_also` and `lint_ignore` are names of lint rules that are looked for besides, or not; `verify_setup` is SQL
    for scratch databases, `require_down` asks for a way down of every file.
    `is_alone`: its folder was given by itself, so that its name depends on where it lies. `tenants` is the pattern of
    its tenants' schemas, `tenant` the one that this service is of, once they are known.
    """

    name: str
    schemas: tuple[str, ...]
    description: str = ""
    depends_on: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    folder: Path | None = None
    ignore: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    lint_also: tuple[str, ...] = ()
    lint_ignore: tuple[str, ...] = ()
    verify_setup: str = ""
    require_down: bool = False
    placeholders: Mapping[str, str] = field(default_factory=dict)
    layout: str | None = None
    framework: str | None = None
    is_recognised: bool = False
    is_named: bool = False
    is_alone: bool = False
    tenants: str | None = None
    tenant: str | None = None
    up: str | None = None
    down: str | None = None
    code: str | None = None

    def called(self, name: str) -> Service:
        """The service by another name; a schema that was guessed from its own follows."""
        return replace(self, name=name, schemas=(name,) if self.schemas == (self.name,) else self.schemas)

    def of_tenant(self, schema: str) -> Service:
        """The service in one tenant's schema, with a history of its own."""
        return replace(self, name=f"{self.name}{OF_TENANT}{schema}", schemas=(schema,), tenant=schema)

    @property
    def family(self) -> str:
        """Its name, of a tenant's that of the service which all tenants have."""
        return self.name.removesuffix(f"{OF_TENANT}{self.tenant}")

    def ignores(self, inside: str) -> bool:
        """Whether it leaves out a file, by its path below the folder or its name."""
        return any(fnmatchcase(inside, pattern) or fnmatchcase(inside.rpartition("/")[2], pattern)
                   for pattern in self.ignore)

    def owns(self, schema: str) -> bool:
        return schema in self.schemas or (self.tenants is not None and fnmatchcase(schema, self.tenants))


def services_for(config: Config, *, demo: bool = False, migrations: Path | None = None, layout: str | None = None,
                 only: str | None = None, every: bool = False) -> tuple[Service, ...]:
    """The services of a target, ordered by name.

    `migrations` (the option of that name) wins over the configuration; the shipped services belong to the demo
    alone. `only` keeps one service (with `every` the others as well), or names that of a single folder. Raises
    UsageError for an unknown service, ConfigError for a wrong file.
    """
    if migrations is not None:
        found = from_folder(migrations, layout)
    elif demo:
        found = from_folder(resources.shipped("migrations"), layout)
    else:
        found = [_configured(entry, layout) for entry in config.services.values()]
    found.sort(key=lambda service: service.name)
    if only is not None and migrations is not None and len(found) == 1 and not found[0].is_named \
            and found[0].folder == migrations:
        return (replace(found[0].called(only), is_named=True),)
    if only is not None:
        kept = [service for service in found if service.name == only] or _tenant(found, only)
        if not kept:
            names = [service.name for service in found]
            close = difflib.get_close_matches(only, names, 1, 0.5)
            known = f"did you mean {close[0]}?" if close else f"known services: {', '.join(names) or 'none'}"
            raise UsageError(f"there is no service {only!r}", hint=known)
        found = [service for service in found if every and service.name != kept[0].family] + kept if every else kept
    return tuple(found)


def _tenant(services: Iterable[Service], name: str) -> list[Service]:
    """The one service of the name SERVICE@SCHEMA, none where no service has such tenants."""
    family, _, schema = name.partition(OF_TENANT)
    return [service.of_tenant(schema) for service in services
            if service.tenants is not None and service.name == family and service.owns(schema)]


def owner_of(schema: str, services: Iterable[Service]) -> Service | None:
    """The service that owns `schema`, None when nobody does."""
    return next((service for service in services if service.owns(schema)), None)


def from_folder(folder: Path, layout: str | None = None) -> list[Service]:
    """The services of a folder of migrations; a folder without sub-folders that look like services is one itself.

    Raises UsageError when there is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder", hint="--migrations names a folder of services, or one service's")
    # a folder of thousands of files: scandir knows which are folders without asking for each
    folders = [] if layout else sorted(folder / entry.name for entry in os.scandir(folder) if entry.is_dir())
    inner = [path for path in folders if _is_service(path)]
    if inner and not (folder / "service.toml").is_file() and not holds_migrations(folder):
        return [from_files(path, layout) for path in inner]
    return [replace(from_files(folder, layout), is_alone=True)]


def from_files(folder: Path, layout: str | None = None) -> Service:
    """The service whose migrations are in `folder`, with what its `service.toml` says, if it has one, and with what
    its files tell of their layout or framework."""
    service = _written(folder)
    return _recognised(replace(service, layout=layout) if layout else service)


def recognised(service: Service) -> Service:
    """The service with the layout or the framework that its files speak of, where nobody has named one.

    Raises ConfigError where it could be several, OSError where the folder can't be read.
    """
    is_named = service.layout is not None or service.framework not in (None, "dbconsole")
    if service.is_recognised or service.folder is None or is_named:
        return service
    kind = recognise(service.folder)
    if service.framework is None and (service.up or service.down):  # its own command runs what dbconsole could read
        return replace(service, framework=kind.framework or kind.layout, is_recognised=True)
    return replace(service, layout=kind.layout, framework=service.framework or kind.framework, is_recognised=True)


def _recognised(service: Service) -> Service:
    """The same; what can't be told is an error for whoever needs the files, not for all who ask for the services."""
    with suppress(ConfigError, OSError):
        return recognised(service)
    return service


def _written(folder: Path) -> Service:
    file = folder / "service.toml"
    table = _read(file) if file.is_file() else {}
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    name = given.setdefault("name", folder.resolve().name)
    return replace(Service(name=name, schemas=(name,), folder=folder, is_named="name" in table), **_of_tenants(given))


def _of_tenants(given: dict[str, Any]) -> dict[str, Any]:
    """Schemas that are a text are a pattern of tenants'."""
    if isinstance(pattern := given.get("schemas"), str):
        return {**given, "schemas": (), "tenants": pattern}
    return given


def _configured(entry: ServiceConfig, layout: str | None) -> Service:
    """A configured service; what the configuration leaves out comes from its folder's service.toml."""
    service = Service(name=entry.name, schemas=(entry.name,), is_named=True)
    if entry.migrations is not None:
        if not entry.migrations.is_dir():
            raise ConfigError(f"services.{entry.name}.migrations: {entry.migrations} is no folder")
        service = replace(_written(entry.migrations), name=entry.name, is_named=True)
        if not (entry.migrations / "service.toml").is_file():
            service = replace(service, schemas=(entry.name,))
    own = [name for name in entry.__struct_fields__ if name not in ("name", "migrations")]
    given: dict[str, Any] = {key: value for key in own if (value := getattr(entry, key))}
    service = replace(service, **_of_tenants(given))
    return _recognised(replace(service, layout=layout) if layout else service)


def _is_service(folder: Path) -> bool:
    """Whether a folder inside holds a service's files; Diesel's and Prisma's hold one migration each, `seed` data."""
    of_one_migration = {"up.sql", "down.sql", "migration.sql"}
    return (folder / "service.toml").is_file() or (folder.name not in ("seed", "repeatable") and any(
        path.name not in of_one_migration for path in folder.glob("*.sql")))


_LISTS = ("schemas", "depends_on", "extensions", "ignore", "contexts", "lint_also", "lint_ignore")
_TEXTS = ("name", "description", "layout", "framework", "verify_setup")
_SWITCHES = ("require_down",)
_TABLES = ("placeholders",)
_KEYS = (*_LISTS, *_TEXTS, *_SWITCHES, *_TABLES)


def _read(file: Path) -> Mapping[str, Any]:
    try:
        table = tomllib.loads(files.read_inside(file).decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from None
    for key, value in table.items():
        if key == "schemas" and isinstance(value, str):
            if reason := not_a_pattern(value):
                raise ConfigError(f"{file}: {key}: {reason}")
        elif reason := _not_of_its_kind(key, value):
            raise ConfigError(f"{file}: {key}: must be {reason}")
        elif key not in _KEYS:
            close = difflib.get_close_matches(key, _KEYS, 1, 0.5)
            raise ConfigError(f"{file}: {key}: unknown key", hint=f"did you mean {close[0]}?" if close else
                              f"known: {', '.join(_KEYS)}")
    return table


def _not_of_its_kind(key: str, value: Any) -> str | None:
    """What a value of that key has to be, where it isn't."""
    if key in _LISTS and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        return "a list of strings"
    if key in _SWITCHES and not isinstance(value, bool):
        return "true or false"
    if key in _TABLES and not (isinstance(value, dict) and all(isinstance(item, str) for item in value.values())):
        return "a table of texts"
    return "text" if key in _TEXTS and not isinstance(value, str) else None
