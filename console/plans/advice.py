"""Plan advice (pg_plan_advice, from 19 on): what a plan says of it, and the stash entry that would hold it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.plans.records import AdviceItem, Plan, PlanAdvice
from console.sql.quoting import identifier, literal

SETTING = "pg_plan_advice.advice"
STASH_SETTING = "pg_stash_advice.stash_name"
FOLLOWED = "matched"


def advice_of(document: Mapping[str, Any]) -> PlanAdvice | None:
    """What EXPLAIN wrote of advice beside the tree; None where it wrote nothing of it."""
    generated, supplied = (document.get(f"{which} Plan Advice") for which in ("Generated", "Supplied"))
    if not isinstance(generated, str) and not isinstance(supplied, str):
        return None
    items = [_item(line) for line in str(supplied or "").splitlines() if line.strip()]
    return PlanAdvice(" ".join(str(generated or "").split()), tuple(items))


def _item(line: str) -> AdviceItem:
    text, mark, outcome = line.rpartition("/*")
    return AdviceItem(text.strip(), outcome.partition("*/")[0].strip()) if mark else AdviceItem(line.strip(), "")


def stash_entry(plan: Plan, schema: str | None) -> str | None:
    """The statement that gives this plan's query the advice that it was planned with, or else that describes it.

    `schema` is that of the extension pg_stash_advice, None where it isn't installed. None without advice or query id.
    """
    advice = plan.advice
    if advice is None or plan.query_id is None or not (text := advice.given or advice.generated):
        return None
    stash = plan.extension_settings.get(STASH_SETTING, "plans")
    put = identifier(*filter(None, (schema,)), "pg_set_stashed_advice")
    lines = [] if schema else ["-- Once: CREATE EXTENSION pg_stash_advice; "
                               f"SELECT pg_create_advice_stash({literal(stash)});"]
    return "\n".join([*lines, f"-- It is used where {STASH_SETTING} is {literal(stash)}.",
                      f"SELECT {put}({literal(stash)}, {plan.query_id}, {literal(text)});"])
