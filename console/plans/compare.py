"""Two plans side by side: which node became which, and what changed in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from console.plans.records import Pair, Plan, PlanComparison, PlanNode
from console.text import format as fmt

NOTABLE = 1.25
"""A figure that is so many times larger or smaller has changed."""

LEAST_MS = 0.5
MOST_CHANGES = 40

_PASSING = frozenset(("Gather", "Gather Merge", "Materialize", "Memoize", "Hash", "Sort", "Incremental Sort", "Limit",
                      "Result", "Subquery Scan", "Unique", "Aggregate", "WindowAgg", "Bitmap Heap Scan", "Append",
                      "LockRows", "ProjectSet"))


def compare(before: Plan, after: Plan) -> PlanComparison:
    """Nodes matched by their structure: from the root down, inputs by what they read."""
    pairs = _matched(before, after)
    changes = [*_totals(before, after), *_nodes(before, after, pairs)]
    left_out = len(changes) - MOST_CHANGES
    if left_out > 0:
        changes = [*changes[:MOST_CHANGES], f"and {left_out} more"]
    return PlanComparison(before, after, tuple(changes) or ("nothing that matters has changed",), tuple(pairs))


def _matched(before: Plan, after: Plan) -> list[Pair]:
    partner: dict[int, int] = {}
    replaced: set[int] = set()
    content = _contents(before), _contents(after)
    waiting = [(0, 0)]
    while waiting:
        old, new = waiting.pop()
        plan_node, other = before.nodes[old], after.nodes[new]
        if plan_node.kind != other.kind and not (plan_node.relation and plan_node.relation == other.relation):
            # A node that was put between, or taken out, passes its only input on.
            if (below := _only(before, plan_node)) is not None and _passes(before, plan_node, below, other):
                waiting.append((below.index, new))
                continue
            if (below := _only(after, other)) is not None and _passes(after, other, below, plan_node):
                waiting.append((old, below.index))
                continue
        if plan_node.kind != other.kind or plan_node.text("Index Name") != other.text("Index Name"):
            replaced.add(new)
        partner[new] = old
        waiting.extend(_children(before, plan_node, after, other, content))
    pairs = []
    found = set(partner.values())
    gone = [node for node in before.nodes if node.index not in found]
    for node in after.nodes:
        if node.index not in partner:
            pairs.append(Pair(None, node, "added"))
        else:
            pairs.append(Pair(before.nodes[partner[node.index]], node,
                              "replaced" if node.index in replaced else "same"))
    return [*pairs, *(Pair(node, None, "removed") for node in gone)]


def _contents(plan: Plan) -> list[int]:
    """For each node a number that stands for the tables below it, whatever their order."""
    content = [0] * len(plan.nodes)
    for node in reversed(plan.nodes):
        name = node.relation or node.text("CTE Name") or node.text("Function Name")
        own = hash((node.schema, name, node.alias)) if name else 0
        content[node.index] = own + sum(content[child] for child in node.children)
    return content


def _children(before: Plan, node: PlanNode, after: Plan, other: PlanNode, content: tuple[list[int], list[int]]
              ) -> Iterator[tuple[int, int]]:
    """Children of two nodes that belong together: by name, by what they read, then in order."""
    named = {before.nodes[child].subplan: child for child in node.children if before.nodes[child].subplan}
    new = []
    for child in other.children:
        name = after.nodes[child].subplan
        if name and name in named:
            yield named.pop(name), child
        elif not name:
            new.append(child)
    old = [child for child in node.children if not before.nodes[child].subplan]
    by_content = defaultdict(list)
    for child in reversed(old):
        by_content[content[0][child]].append(child)
    rest = []
    taken = set()
    for child in new:
        if same := by_content.get(content[1][child]):
            taken.add(same[-1])
            yield same.pop(), child
        else:
            rest.append(child)
    yield from zip((child for child in old if child not in taken), rest, strict=False)


def _only(plan: Plan, node: PlanNode) -> PlanNode | None:
    inputs = plan.inputs(node)
    return inputs[0] if len(inputs) == 1 else None


def _passes(plan: Plan, node: PlanNode, below: PlanNode, other: PlanNode) -> bool:
    """Whether `other` is the counterpart of something below `node` rather than of `node`."""
    return (_same_table(plan, node, other) or (below.kind == other.kind and below.relation == other.relation)
            or (node.kind in _PASSING and _reaches(plan, below, other.kind)))


def _same_table(plan: Plan, node: PlanNode, other: PlanNode) -> bool:
    """Whether single inputs below `node` end in a scan of the table that `other` scans."""
    if node.relation or not other.relation:
        return False
    current = _only(plan, node)
    for _ in range(6):
        if current is None or current.relation:
            break
        current = _only(plan, current)
    return current is not None and current.relation == other.relation


def _reaches(plan: Plan, node: PlanNode, kind: str, within: int = 6) -> bool:
    """Whether a node of that kind comes below by single inputs."""
    current: PlanNode | None = node
    for _ in range(within):
        if current is None:
            return False
        if current.kind == kind:
            return True
        current = _only(plan, current)
    return False


def _totals(before: Plan, after: Plan) -> Iterator[str]:
    if before.is_analyzed != after.is_analyzed:
        yield "only one of the two was run: times and rows can't be compared"
    for what, old, new in (("execution", before.total_ms, after.total_ms),
                           ("planning", before.planning_ms, after.planning_ms)):
        if old is not None and new is not None and _differs(old, new, LEAST_MS):
            yield f"{what}: {fmt.milliseconds(old)} -> {fmt.milliseconds(new)}, {_times(old, new, 'faster', 'slower')}"
    old, new = before.root.total_cost, after.root.total_cost
    if old is not None and new is not None and _differs(old, new, 1.0):
        yield f"cost: {fmt.count(old)} -> {fmt.count(new)}, {_times(old, new, 'lower', 'higher')}"
    if before.root.buffers and after.root.buffers and before.is_analyzed == after.is_analyzed:
        was, now = before.root.buffers, after.root.buffers
        if _differs(was.touched, now.touched, 10):
            yield (f"blocks: {fmt.count(was.touched)} -> {fmt.count(now.touched)}, "
                   f"{_times(was.touched, now.touched, 'fewer', 'more')}")
        if bool(was.temp_written) != bool(now.temp_written):
            yield ("temporary files are gone" if was.temp_written
                   else f"temporary files are written now: {fmt.count(now.temp_written)} blocks")
    if before.root.rows is not None and after.root.rows is not None and before.root.rows != after.root.rows:
        yield f"rows: {fmt.count(before.root.rows)} -> {fmt.count(after.root.rows)}: the result is another one"
    for name in sorted({*before.settings, *after.settings, *before.extension_settings, *after.extension_settings}):
        was_set = {**before.settings, **before.extension_settings}.get(name, "(default)")
        is_set = {**after.settings, **after.extension_settings}.get(name, "(default)")
        if was_set != is_set:
            yield f"setting {name}: {was_set} -> {is_set}"


def _nodes(before: Plan, after: Plan, pairs: list[Pair]) -> Iterator[str]:
    """What happened to nodes, where most time is at stake first."""
    told: list[tuple[float, str]] = []
    for pair in pairs:
        match pair.before, pair.after:
            case PlanNode() as old, PlanNode() as new:
                if pair.change == "replaced":
                    told.append((_weight(old) + _weight(new), f"{old.label} -> {new.label}{_time(old, new)}"))
                elif (old.exclusive_ms is not None and new.exclusive_ms is not None
                      and _differs(old.exclusive_ms, new.exclusive_ms, LEAST_MS)):
                    told.append((abs(old.exclusive_ms - new.exclusive_ms), f"{new.label}{_time(old, new)}"))
                elif old.rows is not None and new.rows is not None and _differs(old.rows, new.rows, 100):
                    told.append((0.0, f"{new.label}: {fmt.count(old.rows)} -> {fmt.count(new.rows)} rows"))
            case PlanNode() as old, None:
                told.append((_weight(old), f"{old.label} is gone{_took(old)}"))
            case None, PlanNode() as new:
                told.append((_weight(new), f"{new.label} is new{_took(new)}"))
    told.sort(key=lambda pair: -pair[0])
    yield from (words for _, words in told)


def _weight(node: PlanNode) -> float:
    return node.exclusive_ms or 0.0


def _time(old: PlanNode, new: PlanNode) -> str:
    if old.exclusive_ms is None or new.exclusive_ms is None:
        return ""
    return f": {fmt.milliseconds(old.exclusive_ms)} -> {fmt.milliseconds(new.exclusive_ms)} of its own"


def _took(node: PlanNode) -> str:
    return f" ({fmt.milliseconds(node.exclusive_ms)})" if node.exclusive_ms is not None else ""


def _differs(old: float, new: float, least: float) -> bool:
    small, large = sorted((old, new))
    return large - small >= least and large >= small * NOTABLE


def _times(old: float, new: float, better: str, worse: str) -> str:
    ratio = max(old, new) / max(min(old, new), 1e-3)
    return f"{fmt.factor(ratio)} times {better if new < old else worse}"
