"""Whether a configuration file that merely lies in the current directory may act for whoever stands there.

As with direnv, a person says once of a file, as it is, that it may: what is remembered is its path and content.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from console import files
from console.config import PASSWORD, Config, TargetConfig
from console.errors import ConfigError
from console.resources import state_dir


class Untrusted(ConfigError):
    """The file would act, and nobody has said that it may. `deeds`: what it would do, a sentence each."""

    def __init__(self, path: Path, content: bytes, deeds: tuple[str, ...]) -> None:
        super().__init__(f"{path} was found here and is not trusted yet: {'; '.join(deeds)}",
                         hint=f"dbconsole config trust {path} trusts it as it is; --config {path} uses it this once")
        self.path, self.content, self.deeds = path, content, deeds


def deeds(config: Config, own: Config) -> tuple[str, ...]:
    """What `config` would do that a stranger must not decide. `own` is the person's own configuration."""
    return tuple(_deeds(config, own))


def _deeds(config: Config, own: Config) -> Iterator[str]:
    for target in config.targets.values():
        yield from _deeds_of_target(target, own)
    for service in config.services.values():
        for name, line in (("up", service.up), ("down", service.down), ("code", service.code)):
            if line:
                yield f"services.{service.name}.{name} runs {line}"
        if service.verify_setup:
            yield f"services.{service.name}.verify_setup runs {service.verify_setup} in scratch databases"
    for embedder in config.embedders.values():
        if embedder.command:
            yield f"embedders.{embedder.name}.command runs {embedder.command}"
        if embedder.url:
            key = f", with the key in ${embedder.key_env}" if embedder.key_env else ""
            yield f"embedders.{embedder.name} sends what is searched for to {embedder.url}{key}"
    if config.alerts.command:
        yield f"alerts.command runs {config.alerts.command}"
    if config.otel.endpoint:
        yield f"otel.endpoint sends measurements to {config.otel.endpoint}"


def _deeds_of_target(target: TargetConfig, own: Config) -> Iterator[str]:
    where = f"targets.{target.name}"
    if target.password_command:
        yield f"{where}.password_command runs {target.password_command}"
    if target.backup is not None and target.backup.restore_command:
        yield f"{where}.backup.restore_command runs {target.backup.restore_command}"
    if target.environment == "production":
        yield f"{where} is called production"
    if any(dsn and PASSWORD.search(dsn) for dsn in (target.dsn, target.direct_dsn, target.pgbouncer)):
        yield f"{where} holds a password"
    for dsn in (target.dsn, target.direct_dsn, target.pgbouncer):
        if dsn and not _LOCAL.fullmatch(dsn) and (password := _password_for(dsn)):
            yield f"{where} sends {password} to whom it names: {dsn}"
    if target.name in own.targets:
        yield f"{where} takes the place of your own {target.name}"


_HERE = r"(?:localhost|127\.0\.0\.1|::1|/[\w./-]*)"
_LOCAL = re.compile(rf"(?:\s*(?:host={_HERE}|(?!host|passfile|gss)[a-z_]+=[\w./-]+)(?=\s|$))*\s*"
                    rf"|postgres(?:ql)?://(?:[\w.-]+@)?(?:localhost|127\.0\.0\.1|\[::1\])?(?::\d+)?(?:/[\w.-]*)?")
"""A dsn that surely names this machine, or nobody: then libpq's environment or its service says who it is."""


def _password_for(dsn: str) -> str | None:
    """What of the person's libpq may give to whoever answers there. A passfile's line for one host names that host."""
    if os.environ.get("PGPASSWORD"):
        return "$PGPASSWORD"
    if "service" in dsn or "PGSERVICE" in os.environ:
        return "your service's password"
    if "passfile" in dsn or "gssdelegation" in dsn:
        return "your credentials"
    passfile = Path(os.environ.get("PGPASSFILE") or Path.home() / ".pgpass")
    with suppress(OSError, RuntimeError):
        if any(line.startswith("*:") for line in files.read(passfile).decode("utf-8", "replace").splitlines()):
            return f"a password of {passfile} for any host"
    return None


def is_trusted(path: Path, content: bytes) -> bool:
    """Whether the person has said so of this content at this path."""
    return _mark(path, content).is_file()


def trust(path: Path, content: bytes) -> None:
    """Remembers it. Raises OSError."""
    mark = _mark(path, content)
    files.replace(mark, f"{path.absolute()}\n")


def forget(path: Path, content: bytes) -> bool:
    """Takes that back; whether there was something to take back. Raises OSError."""
    mark, known = _mark(path, content), is_trusted(path, content)
    mark.unlink(missing_ok=True)
    return known


def _mark(path: Path, content: bytes) -> Path:
    import hashlib  # with OpenSSL behind it: every start imports this module, and hardly one meets such a file

    digest = hashlib.sha256(os.fsencode(path.resolve()) + b"\0" + content).hexdigest()
    return state_dir() / "trusted" / digest
