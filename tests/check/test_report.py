"""The three forms of a report."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest

from console.check.evaluation import unreachable
from console.check.records import CheckResult, Report, Status
from console.check.registry import configured
from console.check.report import as_json, as_nagios, as_text
from console.commands.check import _colourful
from console.config import Config
from console.errors import Unreachable


def result(name: str, status: Status = Status.OK, **changed: Any) -> CheckResult:
    values: dict[str, Any] = {
        "title": name, "summary": "fine", "value": 12.5, "unit": "%", "warning": 80.0, "critical": 95.0,
        "lower_is_worse": False, "hint": None, "duration_ms": 0.1234, "screen": "overview"}
    return CheckResult(name=name, status=status, **values | changed)


HEALTHY = Report("prod", (result("connections"), result("role", value=None, unit="")), 12.3, "PostgreSQL 18.6")
SICK = Report("o'hara=x|y", (
    result("connections", Status.UNKNOWN), result("cache_hit", Status.WARNING, lower_is_worse=True, critical=None,
                                                  summary="a|b", hint="buy memory"),
    result("slots", Status.CRITICAL, unit="B", value=3.0, hint="drop it")), 1.0, None)


def test_statuses_rank_unknown_between_ok_and_warning() -> None:
    assert SICK.status is Status.CRITICAL and HEALTHY.status is Status.OK
    assert Status.worst([Status.OK, Status.UNKNOWN]) is Status.UNKNOWN
    assert Status.worst([Status.WARNING, Status.UNKNOWN]) is Status.WARNING
    assert Status.worst([]) is Status.OK


def test_text_puts_the_worst_first_and_aligns() -> None:
    lines = as_text([SICK]).splitlines()
    assert [line.split()[0] for line in lines if "hint:" not in line] == ["CRITICAL", "C", "W", "U"]
    assert len({line.index(word) for line, word in zip(lines[1:3], ("fine", "hint:"), strict=True)}) == 1
    assert "\x1b" not in as_text([SICK]) and "\x1b[31mC\x1b[0m" in as_text([SICK], colour=True)


def test_a_lost_server_is_told_in_few_words() -> None:
    results = unreachable(configured(Config()), Unreachable("gone", hint="start it"))
    report = Report("prod", results, 1.0, None)
    lines = as_text([report]).splitlines()
    assert len(lines) == 4 and "gone" in lines[1] and "start it" in lines[2] and "not asked" in lines[3]
    nagios = as_nagios([report]).splitlines()
    assert nagios[0] == "DBCONSOLE CRITICAL - prod: connection: gone" and len(nagios) == 1 + len(results)
    assert len(json.loads(as_json([report], many=False))["checks"]) == len(results)


def test_json_is_the_documented_object_and_a_list_for_several() -> None:
    document = json.loads(as_json([HEALTHY], many=False))
    assert {"target", "status", "checks", "duration_ms", "version"} <= document.keys()
    keys = {"name", "status", "summary", "value", "unit", "warning", "critical", "hint", "duration_ms"}
    assert all(keys <= check.keys() for check in document["checks"])
    assert document["status"] == "OK" and document["checks"][1]["value"] is None
    assert [load["target"] for load in json.loads(as_json([HEALTHY, SICK], many=True))] == ["prod", "o'hara=x|y"]


PERFORMANCE = re.compile(r"('(?:[^'=|]|'')+'=[\d.]+(?:%|B|s|ms)?(?:;[\d.]*:?){0,4}(?: |$))+")


def test_nagios_is_one_line_with_performance_data_and_long_output() -> None:
    first, *rest = as_nagios([SICK]).splitlines()
    told, bar, performance = first.partition(" | ")
    assert bar and told.startswith("DBCONSOLE CRITICAL - ") and "|" not in told
    assert PERFORMANCE.fullmatch(performance)
    assert "'cache_hit'=12.5%;80:;;0;100" in performance and "'slots'=3B;80;95;0" in performance
    assert len(rest) == 3 and not any("|" in line for line in rest)


def test_nagios_of_several_targets_keeps_labels_apart() -> None:
    performance = as_nagios([HEALTHY, SICK]).splitlines()[0].partition(" | ")[2]
    assert PERFORMANCE.fullmatch(performance)
    assert "'prod/connections'=" in performance and "'o''hara_x/y/connections'=" in performance


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_only_on_a_terminal_without_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert _colourful(Terminal()) and not _colourful(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not _colourful(Terminal())
