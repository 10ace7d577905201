"""Discovery and thresholds from the configuration."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console.check import checks
from console.check.records import Thresholds
from console.check.registry import configured, every_check
from console.config import Config, parse
from console.errors import ConfigError, UsageError

FILE = Path("dbconsole.toml")


def thresholds(name: str, **entry: Any) -> Thresholds:
    config = parse({"checks": {name: entry}}, FILE)
    return next(check.thresholds for check in configured(config) if check.check.name == name)


def test_every_file_is_a_check_of_its_name() -> None:
    (folder,) = checks.__path__
    files = {file.stem for file in Path(folder).glob("[!_]*.py")}
    assert {check.name for check in every_check()} == files
    assert every_check()[0].name == "connection"


def test_every_check_is_documented() -> None:
    for check in every_check():
        words = sys.modules[check.evaluate.__module__].__doc__ or ""
        assert words.startswith(f"{check.name}: ") and check.title


@pytest.mark.parametrize(("name", "entry", "expected"), [
    ("connections", {"warning": "70%", "critical": "90%"}, (70, 90)),
    ("connections", {"warning": 70}, (70, 95)),
    ("connections", {"critical": 60}, (60, 60)),
    ("connections", {"warning": 99.5}, (99.5, 99.5)),
    ("connections", {"warning": "off"}, (None, 95)),
    ("long_transactions", {"warning": "5min", "critical": "2h"}, (300, 7200)),
    ("connection", {"warning": "250ms", "critical": "1s"}, (250, 1000)),
    ("database_size", {"warning": "2GB", "critical": "1.5TB"}, (2 * 2**30, 1.5 * 2**40)),
    ("invalid_indexes", {"warning": 3}, (3, None)),
    ("cache_hit", {"critical": "80%"}, (95, 80)),
])
def test_thresholds_are_in_the_checks_unit(name: str, entry: dict[str, Any], expected: tuple[Any, Any]) -> None:
    found = thresholds(name, **entry)
    assert (found.warning, found.critical) == expected


@pytest.mark.parametrize(("name", "entry"), [
    ("connections", {"warning": "2GB"}), ("connections", {"warning": "many"}), ("connections", {"warning": -1}),
    ("long_transactions", {"critical": "5 parsecs"}), ("database_size", {"warning": "5min"}),
    ("connections", {"warning": 95, "critical": 80}), ("cache_hit", {"warning": 80, "critical": 90}),
    ("connections", {"warning": float("nan")}), ("connections", {"warning": ""}),
])
def test_a_bad_threshold_names_file_and_key(name: str, entry: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        thresholds(name, **entry)
    assert f"dbconsole.toml: checks.{name}" in caught.value.summary and caught.value.hint


def test_an_unknown_check_names_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        configured(parse({"checks": {"conections": {}}}, FILE))
    assert "checks.conections" in caught.value.summary and caught.value.hint == "did you mean connections?"
    with pytest.raises(UsageError) as asked:
        configured(Config(), ["wraparond"])
    assert asked.value.hint == "did you mean wraparound?"


def test_checks_can_be_turned_off_and_picked() -> None:
    config = parse({"checks": {"cache_hit": {"enabled": False}}}, FILE)
    assert "cache_hit" not in {check.check.name for check in configured(config)}
    assert [check.check.name for check in configured(config, ["wraparound"])] == ["connection", "wraparound"]


@pytest.mark.parametrize("module", ["console.check.runner", "console.commands.check", "console.check.registry"])
def test_a_check_loads_nothing_heavy(module: str) -> None:
    code = (f"import sys, {module}\nfrom console.check.registry import every_check\nevery_check()\n"
            "heavy = {'textual', 'rich', 'plotext', 'postgast', 'psycopg_pool', 'pgvector', 'pydantic', 'tomllib'}\n"
            "print(sorted(heavy & sys.modules.keys()), [m for m in sys.modules if m.startswith('console.migrate')])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] []\n"
