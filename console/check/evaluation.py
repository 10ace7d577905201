"""From readings to results: each check alone, so that one that fails takes no other with it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from console.check.records import CheckContext, CheckResult, CheckVerdict, Status
from console.check.registry import ConfiguredCheck
from console.errors import ConsoleError
from console.server.query import Query
from console.server.session import Readings
from console.text.sanitiser import single_line

NOT_ASKED = "not asked: no connection"

BROKEN = {
    "53100": "a full disk stops the server: see Sizes for what grows, slots and the archiver for what keeps WAL",
    "58030": "its disk fails: look at the server's log and the kernel's, and fail over before anything else",
    "XX001": "data is damaged on its disk: the server's log names file and block; fail over or restore",
    "XX002": "an index is damaged: REINDEX it, and find out why before you trust the disk",
}
"""SQLSTATEs by which the server itself says that it is broken, whatever was asked, and what to do."""


def reads_of(checks: Iterable[ConfiguredCheck], context: CheckContext) -> tuple[Query[Any], ...]:
    """What the checks that apply to this server want read, each query once, in the checks' order."""
    wanted: dict[str, Query[Any]] = {}
    for check in checks:
        if check.check.excuse is None or check.check.excuse(context) is None:
            wanted.update((query.name, query) for query in check.check.reads_on(context))
    return tuple(wanted.values())


def evaluate(checks: Iterable[ConfiguredCheck], readings: Readings, context: CheckContext) -> tuple[CheckResult, ...]:
    """Every check's result. What the version, the role or the extensions rule out is OK and says so (with the hint
    that would change it); what could have been answered but wasn't is UNKNOWN.
    """
    return tuple(_evaluate(check, readings, context) for check in checks)


def _evaluate(check: ConfiguredCheck, readings: Readings, context: CheckContext) -> CheckResult:
    started = time.perf_counter()
    try:
        verdict = _verdict(check, readings, context)
    except ConsoleError as error:
        verdict = CheckVerdict(Status.UNKNOWN, error.summary, hint=error.hint)
    except Exception as error:  # A check's own mistake is that check's result, not the end of the others.
        verdict = CheckVerdict(Status.UNKNOWN, f"the check itself failed: {type(error).__name__}: {error}",
                          hint="please report this")
    return _result(check, verdict, (time.perf_counter() - started) * 1000)


def _verdict(configured_check: ConfiguredCheck, readings: Readings, context: CheckContext) -> CheckVerdict:
    check = configured_check.check
    if check.excuse is not None and (reason := check.excuse(context)) is not None:
        return CheckVerdict(Status.OK, reason)
    for query in check.reads_on(context):
        if readings.rows(query) is None:
            if obstacle := query.obstacle(context.info):
                return CheckVerdict(Status.OK, f"does not apply: {obstacle}")
            if hint := BROKEN.get(readings.sqlstates.get(query.name, "")):
                return CheckVerdict(Status.CRITICAL, readings.why(query) or "the server failed at it", hint=hint)
            return CheckVerdict(Status.UNKNOWN, readings.why(query) or "not answered in time")
    if check.probe is not None:
        brought = context.probed.get(check.name)
        if brought is None:
            return CheckVerdict(Status.UNKNOWN, "not answered in time")
        if isinstance(brought, ConsoleError):
            raise brought
    return check.evaluate(readings, configured_check.thresholds, context)


def unreachable(checks: Sequence[ConfiguredCheck], error: ConsoleError) -> tuple[CheckResult, ...]:
    """The results where nothing could be asked: `connection` is CRITICAL with the reason, the others UNKNOWN."""
    lost = CheckVerdict(Status.CRITICAL, error.summary, hint=error.hint)
    rest = CheckVerdict(Status.UNKNOWN, NOT_ASKED)
    return tuple(_result(check, lost if check.check.name == "connection" else rest, 0.0) for check in checks)




def _result(configured_check: ConfiguredCheck, verdict: CheckVerdict, duration_ms: float) -> CheckResult:
    check, thresholds = configured_check.check, configured_check.thresholds
    return CheckResult(
        name=check.name, title=check.title, status=verdict.status, summary=single_line(verdict.summary),
        value=verdict.value, unit=check.unit, warning=thresholds.warning, critical=thresholds.critical,
        lower_is_worse=thresholds.lower_is_worse, hint=single_line(verdict.hint) if verdict.hint else None,
        duration_ms=duration_ms, screen=check.screen)
