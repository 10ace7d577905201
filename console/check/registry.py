"""The checks that there are, and their thresholds under a configuration."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from pathlib import Path

from msgspec import Struct

from console.check import checks
from console.check.records import Check, Thresholds
from console.config import CheckConfig, Config
from console.errors import ConfigError, UsageError
from console.text.parse import threshold


class ConfiguredCheck(Struct, frozen=True):
    """A check with the thresholds that hold."""

    check: Check
    thresholds: Thresholds


@cache
def every_check() -> tuple[Check, ...]:
    """The checks of `console/check/checks/`: `connection`, then by name."""
    names = {file.stem for folder in checks.__path__ for file in Path(folder).glob("*.py") if file.stem != "__init__"}
    ordered = sorted(names, key=lambda name: (name != "connection", name))
    return tuple(import_module(f"{checks.__name__}.{name}").CHECK for name in ordered)


def configured(config: Config, only: Iterable[str] | None = None) -> tuple[ConfiguredCheck, ...]:
    """The enabled checks with their thresholds, those named in `only` where given (`connection` always).

    One that is optional is enabled by a table in the configuration.

    Raises ConfigError for an unknown check or a bad threshold in the configuration, UsageError for one in `only`.
    """
    known = {check.name: check for check in every_check()}
    for name in config.checks:
        if name not in known:
            raise ConfigError(f"{config.path}: checks.{name}: there is no such check", hint=_nearest(name, known))
    wanted = None if only is None else set(only) | {"connection"}
    for name in sorted(wanted or ()):
        if name not in known:
            raise UsageError(f"there is no check {name!r}", hint=_nearest(name, known))
    found = []
    for check in known.values():
        entry = config.checks.get(check.name, CheckConfig(name=check.name))
        thresholds = _thresholds(check, entry, config)
        is_on = entry.enabled and (not check.is_optional or check.name in config.checks)
        if is_on if wanted is None else check.name in wanted:
            found.append(ConfiguredCheck(check, thresholds))
    return tuple(found)


def _thresholds(check: Check, entry: CheckConfig, config: Config) -> Thresholds:
    given: dict[str, float | None] = {}
    for key in ("warning", "critical"):
        text: str | int | float | None = getattr(entry, key)
        if text is None:
            continue
        try:
            given[key] = None if text == "off" else threshold(text, check.unit)
        except ValueError as error:
            raise ConfigError(f"{config.path}: checks.{check.name}.{key}: {text!r} is no threshold",
                              hint=f'{error}, or "off"') from None
    warning, critical = given.get("warning", check.warning), given.get("critical", check.critical)
    if warning is not None and critical is not None:
        beyond = warning < critical if check.lower_is_worse else warning > critical
        if beyond and len(given) == 2:
            raise ConfigError(f"{config.path}: checks.{check.name}: warning is beyond critical and would never be seen",
                              hint="exchange the two")
        if beyond and "warning" in given:
            critical = warning  # Only one was configured: the default of the other gives way.
        elif beyond:
            warning = critical
    return Thresholds(warning, critical, check.lower_is_worse)


def _nearest(name: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(known), 1, 0.5)
    return f"did you mean {close[0]}?" if close else f"known checks: {', '.join(known)}"
