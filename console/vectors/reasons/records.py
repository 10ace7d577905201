"""A reason, and the verdict about one statement."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from console.plans.records import Fix, Plan

Kind = Literal["ineligible", "cost", "short", "fact"]


class Reason(Struct, frozen=True):
    """Why an index can't be used (ineligible), isn't worth it to the planner (cost), or gives too little (short).

    `sentence` says what is and what it does, `fix` what to do about it in words or SQL; `fixes` are those that were
    tried, the best first. `is_proved`: with this one thing changed, and `rewritten` is the statement so changed, the
    plan did use the index.
    """

    rule: str
    kind: Kind
    sentence: str
    fix: str | None = None
    is_proved: bool = False
    rewritten: str | None = None
    fixes: tuple[Fix, ...] = ()


Outcome = Literal["used", "cost", "ineligible", "no search"]


class IndexVerdict(Struct, frozen=True):
    """What was found out about a statement, by plans alone unless it was analyzed.

    `index` is the vector index that the plan uses, None without; `cost` the plan's total cost and `forced_cost` that
    of the plan with sequential scans and sorts disabled, where that one uses an index.
    """

    outcome: Outcome
    sentence: str
    index: str | None
    reasons: tuple[Reason, ...]
    cost: float | None = None
    forced_cost: float | None = None
    plan: Plan | None = None
