"""What every command begins with: its arguments, the configuration, the target and the services that are meant."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from console import log
from console.commands.output import say, warn
from console.errors import UsageError

if TYPE_CHECKING:
    from console.commands.telemetry import Telemetry
    from console.config import Config
    from console.server.target import Target
    from console.services import Service


class Parser(argparse.ArgumentParser):
    """argparse with our exit status for usage errors (3) and `-h` left to mean the host, as in psql."""

    def __init__(self, **options: Any) -> None:
        super().__init__(add_help=False, allow_abbrev=False, **options)
        self.add_argument("--help", action="help", help="show this and exit")

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}", hint=f"{self.prog} --help")


def add_connection_arguments(parser: argparse.ArgumentParser, *, target: bool = True,
                             timeout_s: float | None = None) -> None:
    """psql's own options, the configuration file, and for a command `-t` and how long a server may be silent."""
    group = parser.add_argument_group("connection")
    if target:
        group.add_argument("-t", "--target", metavar="TARGET", help="where (default: as for dbconsole)")
    group.add_argument("-h", "--host", help="host name or socket directory")
    group.add_argument("-p", "--port", help="port")
    group.add_argument("-U", "--username", help="role to connect as")
    group.add_argument("-d", "--dbname", help="database")
    group.add_argument("--demo", action="store_true", help="the demo server: the same as the target demo")
    group.add_argument("--config", metavar="FILE", help="configuration file (TOML)")
    if timeout_s is not None:
        group.add_argument("--timeout", type=float, default=timeout_s, metavar="SECONDS",
                           help=f"the longest wait for a connection or an answer (default {timeout_s:g})")


def add_service_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the services and their migrations come from."""
    group = parser.add_argument_group("services")
    group.add_argument("--migrations", metavar="DIR", type=Path, help="folder of services' migrations, or of one's")
    group.add_argument("--layout", help="the folder is in another tool's layout, such as golang-migrate or flyway")


class Opening:
    """A command's options, and what they mean: each is found when first asked for."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options

    @cached_property
    def config(self) -> Config:
        """The configuration; what it warns of is said. Raises ConfigError."""
        from console import config

        found = config.load(self.options.config)
        log.configure(found.log)
        for words in found.warnings:
            warn(words)
        return found

    def ask_for_trust(self) -> None:
        """Asks once whether a configuration file that lies here may act. Raises ConfigError for a no."""
        from console.trust import Untrusted

        try:
            assert self.config
        except Untrusted as found:
            from console.commands.config import ask_for

            ask_for(found.path, found.content, found.deeds)

    def is_demo(self, named: str | None) -> bool:
        """Whether the demo server is meant, by name or as the configuration's default. Raises UsageError.

        psql's options alone mean another server than the default one; together with the demo they mean nothing.
        """
        overrides = self._overrides()
        is_named = self.options.demo or named == "demo"
        if is_named and overrides:
            raise UsageError(f"the demo server takes no {', '.join(overrides)}",
                             hint="dbconsole demo status says how to connect to it as to any other server")
        return is_named or (named is None and not overrides and self.config.default_target == "demo")

    def known_target(self, named: str | None) -> Target:
        """The target of that name, URI or conninfo, which is not the demo; nothing is started. Raises UsageError."""
        from console.server.target import resolve

        return resolve(named, self.config, self._overrides())

    async def find(self, named: str | None) -> Target:
        """The target of that name, URI or conninfo; the demo server is started if it is the one. Raises ConsoleError.
        """
        if self.is_demo(named):
            from console.demo.prepare import prepare

            return await prepare(say)
        return self.known_target(named)

    async def target(self) -> Target:
        """The target that the command is for. Raises ConsoleError."""
        return await self.find(self.options.target)

    def services(self, target: Target) -> Sequence[Service]:
        """The services of that target. Raises ConsoleError."""
        from console.services import services_for

        return services_for(self.config, demo=target.name == "demo", migrations=self.options.migrations,
                            layout=self.options.layout)

    def telemetry(self) -> Telemetry | None:
        """OpenTelemetry, where the configuration or its own environment asks for it. Raises ConfigError."""
        if self.config.otel.endpoint or any(name.startswith("OTEL_EXPORTER_OTLP_") for name in os.environ):
            from console.commands import telemetry

            return telemetry.start(self.config)
        return None

    def _overrides(self) -> dict[str, str]:
        options = self.options
        given = {"host": options.host, "port": options.port, "user": options.username, "dbname": options.dbname}
        return {key: value for key, value in given.items() if value is not None}
