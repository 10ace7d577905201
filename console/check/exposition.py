"""Reports as metrics: the families that Prometheus and OpenTelemetry get, and Prometheus' text of them.

Values are in base units: seconds, bytes, percent; `unit` says which, `count` where a number of things is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from console import __version__
from console.check.records import CheckResult, Report
from console.text.parse import Unit

_UNITS: dict[Unit, tuple[str, float]] = {
    "": ("count", 1.0), "%": ("percent", 1.0), "s": ("seconds", 1.0), "ms": ("seconds", 0.001), "B": ("bytes", 1.0)}


class MetricSample(Struct, frozen=True):
    """A value and its labels, which are free of control characters but may hold quotes and backslashes."""

    labels: dict[str, str]
    value: float


Kind = Literal["gauge", "counter"]


class Family(Struct, frozen=True):
    """A metric with a sample for each combination of labels."""

    name: str
    help: str
    samples: tuple[MetricSample, ...]
    kind: Kind = "gauge"


def families(reports: Sequence[Report]) -> tuple[Family, ...]:
    """The metrics of all reports; of two on one target the first counts, as no series may come twice."""
    distinct = list({report.target: report for report in reversed(reports)}.values())[::-1]
    checks = [(report, result) for report in distinct for result in report.results]
    return tuple(family for family in (
        Family("dbconsole_check_status", "What the check found: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
               tuple(MetricSample(_labels(report, result), float(result.status.value)) for report, result in checks)),
        Family("dbconsole_check_value", "What the check measured.",
               tuple(_amounts(checks, [result.value for _, result in checks]))),
        Family("dbconsole_check_warning", "The threshold of WARNING.",
               tuple(_amounts(checks, [result.warning for _, result in checks]))),
        Family("dbconsole_check_critical", "The threshold of CRITICAL.",
               tuple(_amounts(checks, [result.critical for _, result in checks]))),
        Family("dbconsole_check_duration_seconds", "The time that evaluating the check took, without the reads.",
               tuple(MetricSample(_labels(report, result), result.duration_ms / 1000) for report, result in checks)),
        Family("dbconsole_target_status", "The worst of the target's checks: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
               tuple(MetricSample({"target": report.target}, float(report.status.value)) for report in distinct)),
        Family("dbconsole_target_duration_seconds", "The time that all checks took, reads included.",
               tuple(MetricSample({"target": report.target}, report.duration_ms / 1000) for report in distinct)),
        Family("dbconsole_target_info", "What answered, and who asked.",
               tuple(MetricSample({"target": report.target, "server": report.server or "", "version": __version__}, 1.0)
                     for report in distinct)),
    ) if family.samples)


def _labels(report: Report, result: CheckResult) -> dict[str, str]:
    return {"target": report.target, "check": result.name}


def _amounts(checks: Iterable[tuple[Report, CheckResult]], amounts: Iterable[float | None]) -> Iterator[MetricSample]:
    for (report, result), amount in zip(checks, amounts, strict=True):
        if amount is not None:
            unit, factor = _UNITS[result.unit]
            yield MetricSample(_labels(report, result) | {"unit": unit}, amount * factor)


def as_prometheus(reports: Sequence[Report], checked_at_s: float, also: Iterable[Family] = ()) -> str:
    """Prometheus' text format, as node_exporter's textfile collector reads it; ends without a newline.

    `checked_at_s`: when the checks ran, in seconds since 1970; `also`: more families behind those of the checks.
    """
    checked = Family("dbconsole_last_check_timestamp_seconds", "When the checks ran, in seconds since 1970.",
                     (MetricSample({}, round(checked_at_s, 3)),))
    return "\n".join(line for family in (*families(reports), checked, *also) for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.help}"
    yield f"# TYPE {family.name} {family.kind}"
    for sample in family.samples:
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
        yield f"{family.name}{f'{{{labels}}}' if labels else ''} {sample.value!r}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
