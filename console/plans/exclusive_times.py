"""Times, rows and buffers of each node by itself, so that they add up to the whole.

EXPLAIN's figures are per loop and hold everything that ran inside: the children, and the InitPlans and CTEs that were
run because the node asked for their result. Those hang elsewhere in the tree, at the top of their query level. So
what an InitPlan or a CTE took is taken off the nodes that read it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import Any

from msgspec import Struct

from console.plans.records import Buffers, PlanNode
from console.sql.tokens import significant

_COUNTERS = ("hit", "read", "dirtied", "written", "temp_read", "temp_written")
_BLOCKS = ("Shared Hit", "Shared Read", "Shared Dirtied", "Shared Written", "Local Hit", "Local Read", "Local Dirtied",
           "Local Written", "Temp Read", "Temp Written")
_BLOCK_KEYS = tuple(f"{block} Blocks" for block in _BLOCKS)
_ALL_BLOCKS = itemgetter(*_BLOCK_KEYS)
NUMBERS = frozenset((
    "Startup Cost", "Total Cost", "Plan Rows", "Plan Width", "Actual Rows", "Actual Loops", "Actual Startup Time",
    "Actual Total Time", "Workers Planned", "Workers Launched", "Rows Removed by Filter", "Rows Removed by Join Filter",
    "Rows Removed by Index Recheck", "Heap Fetches", "Sort Space Used", "Hash Batches", "Original Hash Batches",
    "HashAgg Batches", "Disk Usage", "Peak Memory Usage", "Exact Heap Blocks", "Lossy Heap Blocks", "Cache Hits",
    "Cache Misses", "Cache Evictions", "Cache Overflows", "Maximum Storage", "WAL Bytes", "WAL FPI Bytes", "I/O Count",
    "I/O Waits", "Average I/Os In Progress", "Estimated Hit Percent", *_BLOCK_KEYS))
"""The keys of a node whose values must be numbers from 0 on."""


class _Draft(Struct):
    """A node in the making."""

    given: Mapping[str, Any]
    kind: str
    relationship: str
    parent: int | None
    depth: int
    children: list[int]
    loops: float | None
    total_ms: float | None
    end: int = 0
    participants: float = 1.0
    inclusive_ms: float | None = None
    stops: bool = False


class _Guest(Struct, frozen=True):
    """An InitPlan or a CTE, and the nodes that may have run it."""

    index: int
    owner: int
    readers: tuple[int, ...]
    is_cte: bool


def computed(root: Mapping[str, Any]) -> tuple[tuple[PlanNode, ...], float, float]:
    """The nodes in the order of the tree's lines, the milliseconds that ran outside the tree, and those that nodes
    took more than what is above them, by rounding.

    The values of NUMBERS must have been checked.
    """
    drafts = _flat(root)
    _timed(drafts)
    guests = _guests(drafts)
    rounded_ms = _clamped(drafts, {guest.index for guest in guests})
    own_ms: list[float | None] = [None] * len(drafts)
    outside_ms = 0.0
    if drafts[0].inclusive_ms is not None:
        times, outside_ms = _own([draft.inclusive_ms or 0.0 for draft in drafts], drafts, guests)
        own_ms = [None if draft.inclusive_ms is None else time for draft, time in zip(drafts, times, strict=True)]
    blocks = [_blocks(draft.given) for draft in drafts]
    own_blocks = _own_buffers(blocks, drafts, guests)
    return tuple(_node(place, draft, own_ms[place], blocks[place], own_blocks[place], drafts)
                 for place, draft in enumerate(drafts)), outside_ms, rounded_ms


def _clamped(drafts: Sequence[_Draft], hosted: Collection[int]) -> float:
    """Holds each node's inputs to what the node itself took: what is rounded a loop may add up to more.

    The milliseconds that were too many.
    """
    too_many = 0.0
    for draft in drafts:
        places = [place for place in draft.children if place not in hosted]
        total_ms = sum(drafts[place].inclusive_ms or 0.0 for place in places)
        if draft.inclusive_ms is None or total_ms <= draft.inclusive_ms:
            continue
        too_many += total_ms - draft.inclusive_ms
        for place in places:
            inner = drafts[place]
            if inner.inclusive_ms is not None:
                inner.inclusive_ms *= draft.inclusive_ms / total_ms
    return too_many


def _flat(root: Mapping[str, Any]) -> list[_Draft]:
    drafts: list[_Draft] = []
    waiting: list[tuple[Mapping[str, Any], int | None, int]] = [(root, None, 0)]
    while waiting:
        given, parent, depth = waiting.pop()
        kind = given["Node Type"]
        relationship = given.get("Parent Relationship")
        draft = _Draft(given, kind, relationship if isinstance(relationship, str) else "", parent, depth, [],
                       given.get("Actual Loops"), given.get("Actual Total Time"))
        if parent is not None:
            drafts[parent].children.append(len(drafts))
            draft.stops = _may_stop(drafts[parent], draft)
        place = len(drafts)
        drafts.append(draft)
        waiting.extend((child, place, depth + 1) for child in reversed(given.get("Plans", ())))
    for place in range(len(drafts) - 1, -1, -1):
        draft = drafts[place]
        draft.end = drafts[draft.children[-1]].end if draft.children else place + 1
    return drafts


def _may_stop(parent: _Draft, child: _Draft) -> bool:
    """Whether what is above may have had enough before `child` came to its end."""
    if child.relationship in ("InitPlan", "SubPlan"):
        return True
    match parent.kind:
        case "Limit" | "Merge Join":
            return True
        case "Sort" | "Hash" | "ModifyTable" | "Bitmap Heap Scan":
            return False
        case "Aggregate" if parent.given.get("Strategy") in ("Plain", "Hashed"):
            return False
        case "Nested Loop" | "Hash Join" if child.relationship == "Inner":
            early = parent.given.get("Join Type") in ("Semi", "Anti") or parent.given.get("Inner Unique") is True
            return parent.kind == "Nested Loop" and (early or parent.stops)
        case _:
            return parent.stops


def _timed(drafts: Sequence[_Draft]) -> None:
    """Wall time of each node, and over how many processes its loops are spread."""
    for draft in drafts:
        if draft.parent is not None:
            above = drafts[draft.parent]
            draft.participants = above.participants
            if above.kind in ("Gather", "Gather Merge") and draft.relationship not in ("InitPlan", "SubPlan"):
                draft.participants = _participants(above, draft)
            if draft.loops and draft.loops < draft.participants:
                draft.participants = draft.loops  # one process did it while the others waited: a bitmap's index scan
        if draft.total_ms is not None and draft.loops is not None:
            draft.inclusive_ms = draft.total_ms * draft.loops / draft.participants


def _participants(gather: _Draft, below: _Draft) -> float:
    """The processes that ran a Gather's child, the leader if it took part: each runs it once a loop.

    A worker's clock may run on after a Gather that needs no more rows; the child's time is then taken for the
    Gather's, so that the parts never are more than the whole.
    """
    if not gather.loops or not below.loops:
        return 1.0
    participants = max(1.0, below.loops / gather.loops)
    if gather.inclusive_ms and below.total_ms is not None:
        participants = max(participants, below.total_ms * below.loops / gather.inclusive_ms)
    return participants


def _guests(drafts: Sequence[_Draft]) -> list[_Guest]:
    owned: dict[tuple[int, str], int] = {}
    plans: dict[str, int] = {}
    names: dict[int, list[str]] = {}
    for place, draft in enumerate(drafts):
        if draft.relationship != "InitPlan" or draft.parent is None:
            continue
        name = draft.given.get("Subplan Name")
        name = name if isinstance(name, str) else ""
        if name.startswith("CTE "):
            owned[draft.parent, name[4:]] = place
            continue
        # "InitPlan 1 (returns $0)" up to 16, mentioned as $0; then "InitPlan 1", mentioned as (InitPlan 1).col1
        results = _results(name)
        results = [result for result in results if result.startswith("$")] or results
        names[place] = results
        plans.update(dict.fromkeys(results, place))
    if not owned and not names:
        return []
    named = {name for _, name in owned}
    readers: dict[int, list[int]] = {place: [] for place in [*owned.values(), *names]}
    for place, draft in enumerate(drafts):
        if draft.kind == "CTE Scan" and owned:
            name = draft.given.get("CTE Name")
            above: int | None = place  # an inlined query begins with the scan, and its CTE hangs on that
            if isinstance(name, str) and name in named:
                while above is not None and (above, name) not in owned:
                    above = drafts[above].parent
                if above is not None:
                    readers[owned[above, name]].append(place)
        for guest in {plans[token] for token in _mentions(draft, drafts, plans)} if plans else ():
            owner = drafts[guest].parent
            if owner is not None and owner <= place < drafts[owner].end and not guest <= place < drafts[guest].end:
                readers[guest].append(place)
    return [_Guest(place, owner, tuple(dict.fromkeys(_evaluator(drafts, number, owner) for number in found)),
                   place in owned.values())
            for place, found in readers.items() if (owner := drafts[place].parent) is not None]


def _results(text: str) -> list[str]:
    """What stands for an InitPlan's result in an expression: $0, InitPlan 1. In a constant neither does."""
    found = list(significant(text))
    return [token.text for token in found if token.kind == "parameter"] + [
        f"InitPlan {number.text}" for token, number in pairwise(found)
        if token.text == "InitPlan" and number.kind == "number"]


def _mentions(draft: _Draft, drafts: Sequence[_Draft], known: Mapping[str, int]) -> set[str]:
    """The InitPlans whose results a node computes with, those that it merely hands on from its inputs left out."""
    found = set()
    for key, value in draft.given.items():
        kind = type(value)
        if kind is str:
            if ("$" in value or "InitPlan" in value) and key != "Subplan Name":
                found |= set(_results(value))
        elif kind is list and key != "Plans" and key != "Output":
            found |= _tokens(value)
    mentioned = _tokens(draft.given.get("Output"))
    handed_on: set[str] = set()
    for child in draft.children:
        if mentioned and drafts[child].relationship not in ("InitPlan", "SubPlan"):
            handed_on |= _tokens(drafts[child].given.get("Output"))
    return (found | (mentioned - handed_on)) & known.keys()


def _tokens(value: Any) -> set[str]:
    if type(value) is str:
        return set(_results(value)) if "$" in value or "InitPlan" in value else set()
    if type(value) is list:
        return {token for text in value if type(text) is str and ("$" in text or "InitPlan" in text)
                for token in _results(text)}
    return set()


def _evaluator(drafts: Sequence[_Draft], reader: int, owner: int) -> int:
    """The node that runs an InitPlan for `reader`: a Gather on the way does so for its workers."""
    place: int | None = reader
    found = reader
    while place is not None and place != owner:
        place = drafts[place].parent
        if place is not None and drafts[place].kind in ("Gather", "Gather Merge"):
            found = place
    return found


def _own(inclusive: Sequence[float], drafts: Sequence[_Draft], guests: Iterable[_Guest]) -> tuple[list[float], float]:
    """What is each node's own of an inclusive figure, and what ran outside the tree.

    The sum of all own figures is the root's figure and what ran outside, but for rounding.
    """
    hosted = {guest.index for guest in guests}
    own = list(inclusive)
    for place, draft in enumerate(drafts):
        if draft.parent is not None and place not in hosted:
            own[draft.parent] -= inclusive[place]
    outside = 0.0
    # What only one node can have run is certain; it narrows what the others can have.
    for guest in sorted(guests, key=lambda guest: len(guest.readers) or len(drafts)):
        left = _taken(inclusive[guest.index], own, guest.readers)
        if left > 0 and not guest.is_cte:
            left = _taken(left, own, [guest.owner])
            inside = range(guest.index, drafts[guest.index].end)
            others = [place for place in range(guest.owner, drafts[guest.owner].end) if place not in inside]
            if left > 0 and others:
                left = _taken(left, own, [max(others, key=own.__getitem__)])
        outside += left
    return [figure if figure > 0.0 else 0.0 for figure in own], outside


def _taken(amount: float, own: list[float], places: Sequence[int]) -> float:
    """Takes `amount` off the figures at `places` in proportion to them, and returns what is more than they have."""
    capacity = sum(max(0.0, own[place]) for place in places)
    if capacity <= 0:
        return amount
    part = min(1.0, amount / capacity)
    for place in places:
        own[place] -= max(0.0, own[place]) * part
    return max(0.0, amount - capacity)


def _blocks(given: Mapping[str, Any]) -> Buffers | None:
    if "Shared Hit Blocks" not in given:
        return None
    try:
        found = _ALL_BLOCKS(given)
    except KeyError:
        found = tuple(given.get(key) or 0 for key in _BLOCK_KEYS)
    (shared_hit, shared_read, shared_dirtied, shared_written, local_hit, local_read, local_dirtied, local_written,
     temp_read, temp_written) = map(int, found)
    return Buffers(shared_hit + local_hit, shared_read + local_read, shared_dirtied + local_dirtied,
                   shared_written + local_written, temp_read, temp_written)


def _own_buffers(blocks: Sequence[Buffers | None], drafts: Sequence[_Draft], guests: Sequence[_Guest]
                 ) -> list[Buffers | None]:
    if not any(blocks):
        return [None] * len(drafts)
    counted: list[list[float]] = []
    for counter in _COUNTERS:
        read = attrgetter(counter)
        figures = [0.0 if block is None else float(read(block)) for block in blocks]
        counted.append(_own(figures, drafts, guests)[0] if any(figures) else figures)
    return [None if block is None else Buffers(*(round(figures[place]) for figures in counted))
            for place, block in enumerate(blocks)]


def _node(place: int, draft: _Draft, own_ms: float | None, blocks: Buffers | None, own_blocks: Buffers | None,
          drafts: Sequence[_Draft]) -> PlanNode:
    given = draft.given
    get = given.get
    rows, cost, width, subplan = get("Actual Rows"), get("Total Cost"), get("Plan Width"), get("Subplan Name")
    below = 0.0
    for child in draft.children:
        below += drafts[child].given.get("Total Cost") or 0.0
    return PlanNode(
        index=place, parent=draft.parent, depth=draft.depth, end=draft.end, children=tuple(draft.children),
        kind=draft.kind, relationship=draft.relationship, subplan=subplan if isinstance(subplan, str) else "",
        properties=given, startup_cost=get("Startup Cost"), total_cost=cost, plan_rows=get("Plan Rows"),
        plan_width=None if width is None else round(width), actual_rows=rows,
        loops=None if draft.loops is None else round(draft.loops), startup_ms=get("Actual Startup Time"),
        total_ms=draft.total_ms, participants=draft.participants,
        rows=None if rows is None or draft.loops is None else float(rows * draft.loops),
        inclusive_ms=draft.inclusive_ms, exclusive_ms=own_ms, own_cost=None if cost is None else max(0.0, cost - below),
        buffers=blocks, own_buffers=own_blocks, may_stop_early=draft.stops)
