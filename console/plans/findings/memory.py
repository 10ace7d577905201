"""What did not fit into work_mem and went to temporary files."""

from __future__ import annotations

from collections.abc import Iterator

from console.plans.findings.rule import severity, worst
from console.plans.records import BLOCK_BYTES, Plan, PlanFacts, PlanFinding, PlanNode
from console.sql.quoting import literal
from console.text import format as fmt


def spills(plan: Plan, facts: PlanFacts) -> Iterator[PlanFinding]:
    """Sorts, hashes and stores on disk."""
    spilled = [node for node in plan.nodes if _spill(node)]
    for node in worst(spilled):
        found = _spill(node)
        if not found:
            continue
        what, used_bytes, wanted = found
        joined = plan.parent(node) if node.kind == "Hash" else None
        at_stake = (joined or node).exclusive_ms
        yield PlanFinding("spill", severity(plan, at_stake), f"{node.label} {what}", _evidence(node, used_bytes),
                      f"SET LOCAL work_mem = {literal(wanted)} for this query"
                      + (" (hashes may use hash_mem_multiplier times as much)" if node.kind in ("Hash", "Aggregate")
                         else "") + ", or give it fewer or narrower rows", node.index, at_stake)
    told = {node.index for node in spilled}
    for node in plan.nodes:
        own = node.own_buffers
        if own and own.temp_written > 128 and node.index not in told and not any(
                child in told for child in node.children):
            yield PlanFinding("spill", severity(plan, node.exclusive_ms),
                          f"{node.label} keeps its rows in a temporary file",
                          f"{fmt.size(own.temp_written * BLOCK_BYTES)} written, "
                          f"{fmt.size(own.temp_read * BLOCK_BYTES)} read",
                          "more work_mem for this query, or fewer or narrower rows", node.index, node.exclusive_ms)


def _spill(node: PlanNode) -> tuple[str, float, str] | None:
    """What spilled, the bytes on disk, and the work_mem that would have held it."""
    if node.text("Sort Space Type") == "Disk" or "external" in node.text("Sort Method"):
        used = (node.number("Sort Space Used") or 0.0) * 1024
        return "sorted on disk", used, _work_mem(used * 3)
    batches, planned = node.number("Hash Batches") or 1, node.number("Original Hash Batches") or 1
    if batches > 1:
        used = (node.number("Peak Memory Usage") or 0.0) * 1024
        grew = f", {fmt.count(planned)} planned" if planned != batches else ""
        return f"hashed in {fmt.count(batches)} batches{grew}, all but one through temporary files", used * batches, \
            _work_mem(used * batches)
    if (node.number("HashAgg Batches") or 0) > 1 or (node.number("Disk Usage") or 0) > 0:
        used = (node.number("Disk Usage") or 0.0) * 1024
        return "aggregated through temporary files", used, _work_mem(used * 2)
    return None


def _evidence(node: PlanNode, used_bytes: float) -> str:
    words = [f"{fmt.size(used_bytes)} in all" if node.kind == "Hash" else f"{fmt.size(used_bytes)} on disk"]
    if method := node.text("Sort Method"):
        words.append(method)
    if node.buffers and node.buffers.temp_written:
        words.append(f"{fmt.size(node.buffers.temp_written * BLOCK_BYTES)} of temporary files written up to here")
    return ", ".join(words)


def _work_mem(wanted_bytes: float) -> str:
    megabytes = 4
    while megabytes * 1024 * 1024 < wanted_bytes and megabytes < 1 << 20:
        megabytes *= 2
    return f"{megabytes}MB"
