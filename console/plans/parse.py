"""A plan from EXPLAIN's JSON or text, as a server, psql, a log of auto_explain or this console wrote it.

Whatever the file holds, it ends in a Plan or in a PlanError that says where it went wrong; nothing here recurses.
"""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from console.plans.advice import advice_of
from console.plans.exclusive_times import NUMBERS, computed
from console.plans.records import FiredTrigger, Jit, Plan
from console.plans.unwrap import JSON_HINT, documents
from console.plans.values import LARGEST, PlanError, buffers, number, whole
from console.sql.elide import SHORTEST, elided
from console.text import format as fmt

MAX_CHARACTERS = 128 * 1024 * 1024
MAX_NODES = 100_000
MAX_VALUE_DEPTH = 20


def parse(text: str) -> Plan:
    """The plan that `text` holds; of several (a log) the one that took longest. Raises PlanError."""
    plans = parse_all(text)
    return max(plans, key=lambda plan: plan.total_ms or plan.root.total_cost or 0.0)


def parse_all(text: str) -> tuple[Plan, ...]:
    """All plans that `text` holds, in its order; at least one. Raises PlanError."""
    if len(text) > MAX_CHARACTERS:
        raise PlanError(f"a plan of {fmt.size(len(text))} is too large",
                        hint=f"at most {fmt.size(MAX_CHARACTERS)} are read")
    with _no_collection():
        found = [plan_of(document) for document in documents(text)]
    return tuple(found)


@contextmanager
def _no_collection() -> Iterator[None]:
    """A plan is many objects and no garbage: looking for some again and again took a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def plan_of(document: Any) -> Plan:
    """The plan in one element of EXPLAIN's JSON, whose nodes are kept and elided in place. Raises PlanError."""
    if not isinstance(document, Mapping) or not isinstance(document.get("Plan"), dict):
        raise PlanError('the JSON is no plan: an object with the key "Plan" is missing',
                        hint=JSON_HINT)
    short: dict[str, Any] = {key: value if key == "Plan" else _elided(value, f'"{key}"')
                             for key, value in document.items()}
    _checked_tree(short["Plan"])
    planning = short.get("Planning")
    planning = planning if isinstance(planning, dict) else {}
    serialization = short.get("Serialization")
    serialization = serialization if isinstance(serialization, dict) else {}
    nodes, outside_ms, rounded_ms = computed(short["Plan"])
    volume_kb = number(serialization, "Output Volume", "Serialization")
    memory_kb = number(planning, "Memory Used", "Planning")
    query, query_id = short.get("Query Text"), short.get("Query Identifier")
    return Plan(
        nodes=nodes, query=query if isinstance(query, str) else "",
        planning_ms=number(short, "Planning Time", "the plan"),
        execution_ms=number(short, "Execution Time", "the plan"), outside_ms=outside_ms, rounded_ms=rounded_ms,
        planning_buffers=buffers(planning, "Planning"),
        planning_memory_bytes=None if memory_kb is None else round(memory_kb * 1024),
        serialization_ms=number(serialization, "Time", "Serialization"),
        serialization_bytes=None if volume_kb is None else round(volume_kb * 1024),
        triggers=_triggers(short.get("Triggers")), jit=_jit(short.get("JIT")),
        settings=_settings(short.get("Settings")), extension_settings=_settings(short.get("Extension Settings")),
        advice=advice_of(short), query_id=query_id if isinstance(query_id, int) else None,
        document=short)


def _checked_tree(root: dict[str, Any]) -> None:
    """Elides the texts of a tree in place, and checks that every node is one. Raises PlanError."""
    waiting = [root]
    count = 0
    while waiting:
        given = waiting.pop()
        count += 1
        if count > MAX_NODES:
            raise PlanError(f"the plan has more than {fmt.count(MAX_NODES)} nodes", hint="it can't be shown")
        kind = given.get("Node Type")
        if not isinstance(kind, str) or not kind:
            raise PlanError(f'node {count} of the plan has no "Node Type"')
        given.update(_checked_values(given, kind))
        children = given.get("Plans")
        if children is None:
            given.pop("Plans", None)
        elif not isinstance(children, list) or not all(isinstance(child, dict) for child in children):
            raise PlanError(f'{kind}: "Plans" must be a list of nodes')
        else:
            waiting.extend(children)


def _checked_values(given: dict[str, Any], kind: str) -> dict[str, Any]:
    """What is to stand in a node otherwise than it does. Raises PlanError."""
    changed: dict[str, Any] = {}
    for key, value in given.items():
        sort = type(value)
        if sort is int or (sort is float and value >= 0):
            if not 0 <= value <= LARGEST:
                changed[key] = number(given, key, kind) if key in NUMBERS else _elided(value, f'"{key}"')
        elif key in NUMBERS:
            changed[key] = number(given, key, kind)
        elif sort is str:
            if len(value) >= SHORTEST and (short := elided(value)) is not value:
                changed[key] = short
        elif (sort is list or sort is dict or sort is float) and key != "Plans":
            changed[key] = _elided(value, f'"{key}"')
    return changed


def _elided(value: Any, where: str, depth: int = 0) -> Any:
    """A value with its texts elided. Raises PlanError for what is nested deeper than any server nests it."""
    if depth > MAX_VALUE_DEPTH:
        raise PlanError(f"{where} is nested more than {MAX_VALUE_DEPTH} deep")
    match value:
        case str():
            return elided(value)
        case list():
            return [(text if len(text) < SHORTEST else elided(text)) if type(text) is str
                    else _elided(text, where, depth + 1) for text in value]
        case dict():
            return {key: _elided(item, where, depth + 1) for key, item in value.items()}
        case float() if not math.isfinite(value):
            raise PlanError(f"{where} is {value}, which is no number of EXPLAIN's")
        case _:
            return value


def _triggers(given: Any) -> tuple[FiredTrigger, ...]:
    if not isinstance(given, list):
        return ()
    return tuple(
        FiredTrigger(str(document.get("Trigger Name", "")), str(document.get("Constraint Name", "")),
                     str(document.get("Relation", "")),
                number(document, "Time", "Triggers"), number(document, "Calls", "Triggers"))
        for document in given if isinstance(document, dict))


def _jit(given: Any) -> Jit | None:
    if not isinstance(given, dict):
        return None
    timing = given.get("Timing")
    return Jit(whole(given, "Functions", "JIT"), number(timing, "Total", "JIT") if isinstance(timing, dict) else None)


def _settings(given: Any) -> Mapping[str, str]:
    return {str(key): str(value) for key, value in given.items()} if isinstance(given, dict) else {}


def to_json(plan: Plan, indent: bool = True) -> str:
    """EXPLAIN's own JSON of the plan, one object, with vectors elided; `parse` reads it again."""
    pieces: list[str] = []
    step = "  " if indent else ""
    newline = "\n" if indent else ""
    # Either text to write as it is, or a node with its depth.
    waiting: list[str | tuple[Mapping[str, Any], int]] = [(plan.document, 0)]
    while waiting:
        pair = waiting.pop()
        if isinstance(pair, str):
            pieces.append(pair)
            continue
        given, depth = pair
        inner = newline + step * (min(depth, 100) + 1)
        after: list[str | tuple[Mapping[str, Any], int]] = []
        separator = "{"
        for key, value in given.items():
            after.append(f"{separator}{inner}{json.dumps(key)}: ")
            separator = ","
            if key == "Plan" and depth == 0:
                after.append((value, depth + 1))
            elif key == "Plans" and value:
                for place, child in enumerate(value):
                    after += [", " if place else "[", (child, depth + 1)]
                after.append("]")
            else:
                after.append(json.dumps(value))
        after.append("{}" if separator == "{" else newline + step * min(depth, 100) + "}")
        waiting.extend(reversed(after))
    return "".join(pieces)


__all__ = ["PlanError", "parse", "parse_all", "plan_of", "to_json"]
