"""Time that goes elsewhere than into the tree: planning, compilation, triggers, output, reading from disk."""

from __future__ import annotations

from collections.abc import Iterator

from console.plans.findings.rule import severity
from console.plans.records import BLOCK_BYTES, Plan, PlanFacts, PlanFinding
from console.text import format as fmt

MIN_MS = 20.0


def jit(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """Compilation that took a good part of the execution."""
    spent = plan.jit.total_ms if plan.jit else None
    share = plan.share(spent)
    if plan.jit and spent is not None and share is not None and share >= 0.1 and spent >= MIN_MS / 2:
        yield PlanFinding("jit_overhead", "warning" if share >= 0.25 else "info",
                      f"compiling expressions (JIT) took {fmt.share(share)} of the execution",
                      f"{fmt.milliseconds(spent)} for {fmt.plural(plan.jit.functions or 0, 'function')}",
                      "SET LOCAL jit = off for this query, or raise jit_above_cost", None, spent)


def workers(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """Fewer parallel workers than planned."""
    for node in plan.nodes:
        planned, launched = node.workers_planned, node.workers_launched
        if planned and launched is not None and launched < planned and node.loops:
            yield PlanFinding("workers_not_launched", severity(plan, node.inclusive_ms) if launched == 0 else "info",
                          f"{node.label}: {launched} of {fmt.plural(planned, 'planned worker')} came",
                          "max_parallel_workers or max_worker_processes was used up by others",
                          "raise max_parallel_workers (and max_worker_processes), or let fewer queries run in parallel",
                          node.index, node.inclusive_ms)


def planning(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """Planning that takes longer than execution."""
    spent, ran = plan.planning_ms, plan.execution_ms
    if spent is None or ran is None or spent < MIN_MS / 4 or spent <= ran:
        return
    relations = len({(node.schema, node.relation) for node in plan.nodes if node.relation})
    memory = f", {fmt.size(plan.planning_memory_bytes)} of memory" if plan.planning_memory_bytes else ""
    yield PlanFinding("planning_time", "warning" if spent >= MIN_MS else "info", "planning takes longer than execution",
                  f"{fmt.milliseconds(spent)} against {fmt.milliseconds(ran)}, {fmt.plural(relations, 'table')} in the "
                  f"plan{memory}",
                  "prepare the statement (plan_cache_mode = force_generic_plan if its plan suits all values); fewer "
                  "partitions or joins; the first plan of a session also fills its caches", None, spent)


def triggers(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """Triggers, foreign keys' among them, that take a good part of the execution."""
    for trigger in plan.triggers:
        share = plan.share(trigger.total_ms)
        if share is None or trigger.total_ms is None or share < 0.2 or trigger.total_ms < MIN_MS / 4:
            continue
        name = trigger.constraint or trigger.name
        of = f" of {trigger.relation}" if trigger.relation else ""
        fix = ("index the referencing columns of the foreign key: each deleted or changed key is looked up there"
               if trigger.constraint else "a statement trigger with transition tables, or less work in the function")
        yield PlanFinding("trigger_time", severity(plan, trigger.total_ms),
                      f"the trigger {name}{of} took {fmt.share(share)} of the execution",
                      f"{fmt.count(trigger.calls or 0)} calls, {fmt.milliseconds(trigger.total_ms)}", fix, None,
                      trigger.total_ms)


def serialization(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """Turning the result into what is sent takes a good part of the execution."""
    share = plan.share(plan.serialization_ms)
    if share is not None and plan.serialization_ms is not None and share >= 0.3 and plan.serialization_ms >= MIN_MS / 4:
        yield PlanFinding("serialization", "warning" if share >= 0.5 else "info",
                      f"writing the result out took {fmt.share(share)} of the execution",
                      f"{fmt.milliseconds(plan.serialization_ms)} for {fmt.size(plan.serialization_bytes or 0)}",
                      "select fewer columns (no vectors, no documents), fetch in binary, or fewer rows", None,
                      plan.serialization_ms)


def reading(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """Waiting for blocks from outside the cache (needs track_io_timing)."""
    root = plan.root
    waited = sum(root.number(key) or 0.0 for key in ("I/O Read Time", "Shared I/O Read Time", "Local I/O Read Time"))
    share = plan.share(waited)
    if not waited or share is None or share < 0.5 or waited < MIN_MS:
        return
    blocks = root.buffers.read if root.buffers else 0
    yield PlanFinding("io_bound", "info", f"reading from outside the cache took {fmt.share(share)} of the execution",
                  f"{fmt.milliseconds(waited)} for {fmt.size(blocks * BLOCK_BYTES)}",
                  "run it again: if the second run is fast, the first filled the cache; else fewer blocks (an index, "
                  "narrower rows) or more memory", None, waited)
