"""What rules have in common: how grave a loss of time is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from console.plans.records import Plan, PlanFacts, PlanFinding, PlanNode, Severity

Rule = Callable[[Plan, PlanFacts], Iterator[PlanFinding]]

CRITICAL_SHARE, CRITICAL_MS = 0.5, 1000.0
WARNING_SHARE, WARNING_MS = 0.1, 5.0


MOST_OF_A_RULE = 20
"""So many findings of one rule are told: those where most time is at stake."""


def worst(nodes: Iterable[PlanNode]) -> list[PlanNode]:
    """The nodes with the most time of their own, as many as a rule may tell of."""
    return sorted(nodes, key=lambda node: -(node.exclusive_ms or 0.0))[:MOST_OF_A_RULE]


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
