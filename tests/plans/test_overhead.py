"""Findings whose figures are a machine's mood, on plans that are made up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.plans.findings import analyse
from console.plans.parse import parse
from tests.plans.made import document, node


def findings(root: dict[str, Any], **top: Any) -> dict[str, tuple[str, str, str]]:
    found = analyse(parse(json.dumps([document(root, **top)])))
    return {finding.rule: (finding.severity, finding.message, finding.evidence) for finding in found.findings}


@pytest.mark.parametrize(("spent", "severity"), [(5.0, None), (15.0, "info"), (60.0, "warning")])
def test_compilation(spent: float, severity: str | None) -> None:
    jit = {"Functions": 7, "Timing": {"Total": spent}}
    found = findings(node("Seq Scan", ms=100.0, **{"Relation Name": "t"}), JIT=jit)
    assert found.get("jit_overhead", (None,))[0] == severity
    if severity == "warning":
        assert found["jit_overhead"][1:] == ("compiling expressions (JIT) took 60 % of the execution",
                                             "60 ms for 7 functions")


@pytest.mark.parametrize(("key", "waited", "told"), [
    ("I/O Read Time", 80.0, True), ("Shared I/O Read Time", 80.0, True), ("Shared I/O Read Time", 30.0, False)])
def test_reading_from_outside_the_cache(key: str, waited: float, told: bool) -> None:
    found = findings(node("Seq Scan", ms=100.0, **{
        "Relation Name": "t", "Shared Hit Blocks": 0, "Shared Read Blocks": 1000, key: waited}))
    assert ("io_bound" in found) == told
    if told:
        assert found["io_bound"] == ("info", "reading from outside the cache took 80 % of the execution",
                                     "80 ms for 7.8 MB")
