"""Reports for people, for programs and for Nagios. Results are harmless text already; here is only form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console import __version__
from console.check.evaluation import NOT_ASKED
from console.check.records import CheckResult, Report, Status
from console.server.info import ServerInfo
from console.text import format as fmt

_COLOURS = {Status.OK: "32", Status.WARNING: "33", Status.CRITICAL: "31", Status.UNKNOWN: "35"}


def as_text(reports: Sequence[Report], *, colour: bool = False) -> str:
    """A block a target: a line with its status, then a line a check, the worst first, with its hint below."""
    return "\n".join(line for report in reports for line in _block(report, colour))


def _block(report: Report, colour: bool) -> list[str]:
    def painted(text: str, status: Status) -> str:
        return f"\x1b[{_COLOURS[status]}m{text}\x1b[0m" if colour else text

    width = max((len(result.name) for result in report.results), default=0)
    about = f"{report.server}, " if report.server else ""
    lines = [f"{painted(report.status.name, report.status)}  {report.target}  "
             f"({about}{_checks(len(report.results))} in {fmt.milliseconds(report.duration_ms)})"]
    told = [result for result in report.results if result.summary != NOT_ASKED]
    for result in sorted(told, key=lambda check_result: -check_result.status.badness):
        lines.append(f"  {painted(result.status.letter, result.status)} {result.name:<{width}}  {result.summary}")
        if result.hint:
            lines.append(f"    {'':<{width}}  hint: {result.hint}")
    if rest := len(report.results) - len(told):
        lines.append(f"  {painted(Status.UNKNOWN.letter, Status.UNKNOWN)} {f'{rest} others':<{width}}  {NOT_ASKED}")
    return lines


def as_json(reports: Sequence[Report], *, many: bool) -> str:
    """One object, or a list of them where several targets were asked for. ASCII only."""
    import json  # a third of a report's cost, and only this form needs it

    documents = [_document(report) for report in reports]
    return json.dumps(documents if many else documents[0], indent=2)


def _document(report: Report) -> dict[str, Any]:
    return {
        "target": report.target,
        "status": report.status.name,
        "checks": [
            {"name": result.name, "status": result.status.name, "summary": result.summary, "value": result.value,
             "unit": result.unit, "warning": result.warning, "critical": result.critical,
             "hint": result.hint, "duration_ms": round(result.duration_ms, 3), "title": result.title}
            for result in report.results
        ],
        "duration_ms": round(report.duration_ms, 3),
        "version": __version__,
        "server": report.server,
        "connection": None if report.info is None else _connection(report.info),
    }


def _connection(info: ServerInfo) -> dict[str, Any]:
    """Who answered, and how what is said to it is protected; null is unknown."""
    found = info.encryption
    return {
        "host": info.host, "port": info.port, "pooled": info.is_pooled,
        "encryption": found and found.kind, "protocol": found and found.protocol, "cipher": found and found.cipher,
        "verified": found and found.verified, "client_certificate": found and found.client_certificate,
        "channel_binding": found and found.binds_channel,
    }


def as_nagios(reports: Sequence[Report]) -> str:
    """One status line with performance data for all targets, then the checks as long output."""
    worst = Status.worst(report.status for report in reports)
    many = len(reports) > 1
    bad = [f"{report.target} {_brief(result)}" if many else _brief(result)
           for report in reports
           for result in sorted(report.results, key=lambda check_result: -check_result.status.badness)
           if result.status is not Status.OK and result.summary != NOT_ASKED]
    targets = ", ".join(report.target for report in reports)
    told = "; ".join(bad) if bad else _checks(sum(len(report.results) for report in reports))
    performance = [_performance(result, f"{report.target}/" if many else "")
                   for report in reports for result in report.results if result.value is not None]
    first = _unpiped(f"DBCONSOLE {worst.name} - {targets}: {told}")
    if performance:
        first += " | " + " ".join(performance)
    rest = [_unpiped(f"{report.target + ' ' if many else ''}{result.status.name} {result.name}: {result.summary}"
                     + (f" ({result.hint})" if result.hint and result.status is not Status.OK else ""))
            for report in reports for result in report.results]
    return "\n".join([first, *rest])


def _checks(count: int) -> str:
    return f"{count} check{'' if count == 1 else 's'}"


def _brief(result: CheckResult) -> str:
    return f"{result.name}: {result.summary}"


def _performance(result: CheckResult, prefix: str) -> str:
    """'label'=value[UOM];warning;critical;minimum;maximum as the Nagios plugin guidelines have it."""
    label = _unpiped(prefix + result.name).replace("'", "''").replace("=", "_")
    colon = ":" if result.lower_is_worse else ""
    warning, critical = (f"{_number(value)}{colon}" if value is not None else ""
                         for value in (result.warning, result.critical))
    fields = [f"{_number(result.value)}{result.unit}", warning, critical, "0", "100" if result.unit == "%" else ""]
    return f"'{label}'=" + ";".join(fields).rstrip(";")


def _number(value: float | None) -> str:
    assert value is not None
    return str(int(value)) if float(value).is_integer() else f"{value:.6f}".rstrip("0")


def _unpiped(text: str) -> str:
    """A vertical bar would begin performance data."""
    return text.replace("|", "/")
