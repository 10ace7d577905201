"""Plan advice that the planner was given and did not follow."""

from __future__ import annotations

from collections.abc import Iterator

from console.plans.advice import FOLLOWED
from console.plans.records import Plan, PlanFacts, PlanFinding
from console.text import format as fmt

_FIXES = {
    "failed": "what failed is impossible here or switched off (enable_*)",
    "not matched": "what didn't match names nothing of this query: take names from the advice of a plan of it",
    "conflicting": "of what conflicts leave one out",
    "inapplicable": "what is inapplicable is for another kind of table or join",
}


def not_followed(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """Each piece is said to be matched, and what else became of it."""
    supplied = plan.advice.supplied if plan.advice else ()
    missed = [item for item in supplied if item.outcome != FOLLOWED]
    if missed:
        fixes = [fix for word, fix in _FIXES.items() if any(word in item.outcome for item in missed)]
        yield PlanFinding("plan_advice", "warning",
                          f"{len(missed)} of {fmt.plural(len(supplied), 'piece')} of plan advice came to nothing",
                          "; ".join(f"{item.text}: {item.outcome or 'unknown'}" for item in missed), "; ".join(fixes))
