"""What rules have in common: how grave a loss of time is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from console.plans.records import Facts, Finding, Plan, Severity

Rule = Callable[[Plan, Facts], Iterator[Finding]]

CRITICAL_SHARE, CRITICAL_MS = 0.5, 1000.0
WARNING_SHARE, WARNING_MS = 0.1, 5.0


def severity(plan: Plan, at_stake_ms: float | None) -> Severity:
    """By the time at stake: critical is half of a long execution, warning a tenth of it, info what hardly counts.

    Without times, or where the statement wasn't run, a warning.
    """
    share = plan.share(at_stake_ms)
    if share is None or at_stake_ms is None:
        return "warning"
    if share >= CRITICAL_SHARE and at_stake_ms >= CRITICAL_MS:
        return "critical"
    return "warning" if share >= WARNING_SHARE and at_stake_ms >= WARNING_MS else "info"
