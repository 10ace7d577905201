"""A plan as a flat list of nodes, what was found in it, and two of them compared.

Times are milliseconds of wall time; `None` is what EXPLAIN did not say. Blocks are of 8,192 bytes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct, field

from console.fields import PartlyShown

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
BLOCK_BYTES = 8192

Properties = Mapping[str, Any]
"""The keys of a node, or of the plan's top, as EXPLAIN wrote them, query vectors elided."""


class Buffers(Struct, frozen=True):
    """Blocks: shared and local together, and those of temporary files."""

    hit: int = 0
    read: int = 0
    dirtied: int = 0
    written: int = 0
    temp_read: int = 0
    temp_written: int = 0

    @property
    def touched(self) -> int:
        """Blocks looked at, in the cache or not."""
        return self.hit + self.read


class _FromJson(PartlyShown, frozen=True):
    """A record with the JSON that it was read from, which may be nested deeper than Python compares or prints."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.__rich_repr__() == other.__rich_repr__()

    __hash__ = None  # type: ignore[assignment]


class PlanNode(_FromJson, frozen=True):
    """A node of the plan.

    `index` is its place in Plan.nodes, which are in the order of the tree's lines; `end` is the place after its last
    descendant. `plan_rows` and `actual_rows` are per loop, `rows` is the sum of all loops. `participants` is how many
    processes the loops are spread over: what is per loop becomes wall time by `loops / participants`. `inclusive_ms`
    holds the node's children and every InitPlan and CTE that was run on its behalf, `exclusive_ms` none of them, and
    the same with `buffers` and `own_buffers`. `may_stop_early`: what is above may have stopped asking for rows, so
    that fewer than planned prove nothing.
    """

    HIDDEN = frozenset({"properties"})

    index: int
    parent: int | None
    depth: int
    end: int
    children: tuple[int, ...]
    kind: str
    relationship: str
    subplan: str
    properties: Properties
    startup_cost: float | None
    total_cost: float | None
    plan_rows: float | None
    plan_width: int | None
    actual_rows: float | None
    loops: int | None
    startup_ms: float | None
    total_ms: float | None
    participants: float
    rows: float | None
    inclusive_ms: float | None
    exclusive_ms: float | None
    own_cost: float | None
    buffers: Buffers | None
    own_buffers: Buffers | None
    may_stop_early: bool

    @property
    def never_executed(self) -> bool:
        return self.loops == 0

    @property
    def relation(self) -> str:
        return self.text("Relation Name")

    @property
    def schema(self) -> str:
        return self.text("Schema")

    @property
    def alias(self) -> str:
        return self.text("Alias")

    @property
    def workers_planned(self) -> int | None:
        return self.count("Workers Planned")

    @property
    def workers_launched(self) -> int | None:
        return self.count("Workers Launched")

    def text(self, key: str) -> str:
        """A property that is a text; "" where there is none."""
        value = self.properties.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> float | None:
        """A property that is a number."""
        value = self.properties.get(key)
        kind = type(value)  # a bool is an int too
        return value if kind is int or kind is float else None

    def count(self, key: str) -> int | None:
        """A property that is a whole number."""
        value = self.number(key)
        return None if value is None else int(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A property that is a list of texts."""
        value = self.properties.get(key)
        return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list) else ()

    @property
    def is_disabled(self) -> bool:
        """Chosen though it was switched off (18 says so; before, such a node costs 1e10 more)."""
        return self.properties.get("Disabled") is True

    @property
    def operator(self) -> str:
        """The operator as EXPLAIN's text form names it: "Parallel Seq Scan", "Hash Left Join"."""
        kind = self.kind
        strategy = self.text("Strategy")
        match kind:
            case "Aggregate":
                kind = {"Sorted": "GroupAggregate", "Hashed": "HashAggregate", "Mixed": "MixedAggregate"}.get(
                    strategy, "Aggregate")
                mode = self.text("Partial Mode")
                kind = f"{mode} {kind}" if mode in ("Partial", "Finalize") else kind
            case "SetOp":
                kind = f"{'HashSetOp' if strategy == 'Hashed' else 'SetOp'} {self.text('Command')}".rstrip()
            case "ModifyTable":
                kind = self.text("Operation") or kind
            case "Hash Join" | "Merge Join" | "Nested Loop":
                join = self.text("Join Type")
                if join and join != "Inner":
                    kind = f"{kind.removesuffix(' Join')} {join} Join"
            case "Foreign Scan" | "Custom Scan":
                kind = (self.text("Custom Plan Provider") and f"Custom Scan ({self.text('Custom Plan Provider')})"
                        ) or (f"Foreign {self.text('Operation')}" if self.text("Operation") not in ("", "Select")
                              else kind)
        direction = " Backward" if self.text("Scan Direction") == "Backward" else ""
        return f"{'Parallel ' if self.properties.get('Parallel Aware') is True else ''}{kind}{direction}"

    @property
    def target(self) -> str:
        """What it reads or writes: "on events e using events_pkey"; "" for what works on rows alone."""
        name = next((self.text(key) for key in ("Relation Name", "Function Name", "Table Function Name", "CTE Name",
                                                "Tuplestore Name") if self.text(key)), "")
        index = self.text("Index Name")
        alias = self.alias
        words = []
        if index and name:
            words.append(f"using {index}")
        if name:
            words.append(f"on {name}{f' {alias}' if alias and alias != name else ''}")
        elif index:
            words.append(f"on {index}")
        elif alias:
            words.append(f"on {alias}")
        return " ".join(words)

    @property
    def label(self) -> str:
        """Operator and target."""
        return f"{self.operator} {self.target}".rstrip()


class FiredTrigger(Struct, frozen=True):
    """A trigger that fired; `relation` is "" where there is only one. Source: EXPLAIN's Triggers."""

    name: str
    constraint: str
    relation: str
    total_ms: float | None
    calls: float | None


class Jit(Struct, frozen=True):
    """Compilation of expressions, in milliseconds."""

    functions: int | None
    total_ms: float | None


class AdviceItem(Struct, frozen=True):
    """A piece of plan advice that the planner was given, and what came of it: "matched", "failed"... ("": unknown)."""

    text: str
    outcome: str


class PlanAdvice(Struct, frozen=True):
    """What pg_plan_advice wrote: `generated` makes the planner choose this plan again ("" where it wasn't asked for),
    `supplied` is what it was given."""

    generated: str
    supplied: tuple[AdviceItem, ...]

    @property
    def given(self) -> str:
        """What was supplied, as one text."""
        return " ".join(item.text for item in self.supplied)


class Plan(_FromJson, frozen=True):
    """A plan. `nodes[0]` is the root.

    `execution_ms` is all of the execution, triggers, serialization, start and end included; `outside_ms` is what ran
    for the statement outside its tree (the rest of a CTE that nobody read to its end). `rounded_ms` is what
    nodes would have taken more than those above them, since a loop's time is rounded. `query` is "" where the plan
    doesn't hold it; `query_id` is None where the server computed none; `extension_settings` are those of extensions
    that EXPLAIN's SETTINGS never lists.
    `document` is EXPLAIN's own JSON, query vectors elided.
    """

    HIDDEN = frozenset({"document"})

    nodes: tuple[PlanNode, ...]
    query: str
    planning_ms: float | None
    execution_ms: float | None
    outside_ms: float
    rounded_ms: float
    planning_buffers: Buffers | None
    planning_memory_bytes: int | None
    serialization_ms: float | None
    serialization_bytes: int | None
    triggers: tuple[FiredTrigger, ...]
    jit: Jit | None
    settings: Mapping[str, str]
    extension_settings: Mapping[str, str]
    advice: PlanAdvice | None
    query_id: int | None
    document: Properties

    @property
    def root(self) -> PlanNode:
        return self.nodes[0]

    @property
    def is_analyzed(self) -> bool:
        """Whether the statement was run."""
        return self.root.loops is not None

    @property
    def is_timed(self) -> bool:
        """Whether the nodes have times (not with TIMING OFF)."""
        return self.root.inclusive_ms is not None

    @property
    def total_ms(self) -> float | None:
        """What shares are of: the execution, or the tree's time where that is not said (auto_explain)."""
        return self.execution_ms if self.execution_ms is not None else self.root.inclusive_ms

    def parent(self, node: PlanNode) -> PlanNode | None:
        return None if node.parent is None else self.nodes[node.parent]

    def children(self, node: PlanNode) -> tuple[PlanNode, ...]:
        return tuple(self.nodes[index] for index in node.children)

    def inputs(self, node: PlanNode) -> tuple[PlanNode, ...]:
        """The children that feed rows: no InitPlans, no SubPlans."""
        return tuple(plan_node for plan_node in self.children(node)
                     if plan_node.relationship not in ("InitPlan", "SubPlan"))

    def below(self, node: PlanNode) -> tuple[PlanNode, ...]:
        """All descendants."""
        return self.nodes[node.index + 1:node.end]

    def above(self, node: PlanNode) -> Iterator[PlanNode]:
        """The ancestors, nearest first."""
        index = node.parent
        while index is not None:
            yield self.nodes[index]
            index = self.nodes[index].parent

    def share(self, ms: float | None) -> float | None:
        """`ms` as a part (0 to 1) of the whole."""
        total = self.total_ms
        return None if ms is None or not total else min(1.0, ms / total)


class ExtensionSetting(Struct, frozen=True):
    """A setting of an extension that changes plans (pg_settings)."""

    name: str
    value: str | None


class TableFacts(Struct, frozen=True):
    """What the server knows of a table that a plan reads (pg_class, pg_stat_all_tables, pg_index).

    `estimated_rows` is None for a table that was never analyzed; `indexes` are the definitions of its valid ones.
    """

    schema: str
    name: str
    estimated_rows: float | None
    heap_bytes: int
    modified_rows: int | None
    dead_rows: int | None
    analyzed_at: dt.datetime | None
    vacuumed_at: dt.datetime | None
    indexes: list[str]


class VolatileFunction(Struct, frozen=True):
    """A function all of whose overloads are volatile (pg_proc)."""

    name: str


class PlanFacts(Struct, frozen=True):
    """What else is known than the plan says: tables by (schema, name), and names of volatile functions."""

    tables: Mapping[tuple[str, str], TableFacts] = field(default_factory=dict)
    volatile: frozenset[str] = frozenset()

    def of(self, node: PlanNode) -> TableFacts | None:
        return self.tables.get((node.schema, node.relation)) if node.relation else None


class Trial(Struct, frozen=True):
    """What came of a fix that was tried, before it is proposed: `state` is "run", "planned" (not run) or "not tried".

    `index` is the vector index that gave the order. `rows` came, where the statement as it is gave `rows_before`; of
    the `exact` rows that a search without the index gives, `shared` were among them. `ms` beside `ms_before` are
    execution times in milliseconds. `note` says what else is to know.
    """

    state: Literal["run", "planned", "not tried"]
    index: str | None = None
    rows: int | None = None
    rows_before: int | None = None
    shared: int | None = None
    exact: int | None = None
    ms: float | None = None
    ms_before: float | None = None
    note: str = ""

    @property
    def recall(self) -> float | None:
        """The share of the exact search's rows that came, from 0 to 1."""
        return None if self.shared is None or not self.exact else self.shared / self.exact


class Fix(Struct, frozen=True):
    """A way out, as SQL to be pasted: settings for a transaction, the statement in another form, an index, upkeep.

    `settings` are those of SET LOCAL, `statement` is the whole rewritten one. Kind "nothing": it is well as it is.
    """

    kind: Literal["settings", "statement", "index", "upkeep", "nothing"]
    sql: str
    trial: Trial
    settings: Mapping[str, str] = {}
    statement: str | None = None


class PlanFinding(Struct, frozen=True):
    """One thing that is wrong or worth knowing: what, the numbers that prove it, and what to do ("" for nothing).

    `node` is the index of the node meant, None for the plan as a whole; `impact_ms` is the time at stake. `fixes` are
    those that were tried, the best first, where `fix` names the first of them.
    """

    rule: str
    severity: Severity
    message: str
    evidence: str
    fix: str
    node: int | None = None
    impact_ms: float | None = None
    fixes: tuple[Fix, ...] = ()


class Analysis(Struct, frozen=True):
    """A plan and what there is to say about it: the verdict in a sentence, findings with the gravest first."""

    plan: Plan
    verdict: str
    findings: tuple[PlanFinding, ...]

    @property
    def worst(self) -> Severity | None:
        return self.findings[0].severity if self.findings else None

    def at_least(self, severity: Severity) -> bool:
        """Whether a finding is that grave."""
        least = SEVERITIES.index(severity)
        return any(SEVERITIES.index(finding.severity) >= least for finding in self.findings)


class Pair(Struct, frozen=True):
    """A node of the first plan and its counterpart in the second; None where one has none."""

    before: PlanNode | None
    after: PlanNode | None
    change: Literal["same", "replaced", "added", "removed"]


class PlanComparison(Struct, frozen=True):
    """Two plans: what changed in words, the most important first, and the nodes side by side in the second's order."""

    before: Plan
    after: Plan
    changes: tuple[str, ...]
    pairs: tuple[Pair, ...]
