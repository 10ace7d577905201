"""EXPLAIN's text form, read into the JSON that the server would have written of the same plan.

Every form of PostgreSQL 9.6 to 19: any options, COSTS OFF too, as EXPLAIN prints it and as auto_explain logs it. Labels
are the JSON's keys but where the text says several things in a line; what isn't known by name is kept under its label.
What each worker did is left out: the node's own figures hold it. Source: src/backend/commands/explain.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from console.plans.values import PlanError
from console.sql.names import name_of, text_of
from console.sql.tokens import expressions

Document = dict[str, Any]

_NUMBER = r"-?[\d.]+(?:e[+-]?\d+)?"
FIGURES = re.compile(
    r"(?=\((?:cost=|actual |never ))\(?"
    rf"(?:cost=(?P<startup>{_NUMBER})\.\.(?P<total>{_NUMBER}) rows=(?P<rows>{_NUMBER}) width=(?P<width>\d+)\)?)?"
    rf"(?:\s*\(?actual (?:time=(?P<first>{_NUMBER})\.\.(?P<last>{_NUMBER}) )?rows=(?P<actual>{_NUMBER}) "
    r"loops=(?P<loops>\d+)\)|\s*\(?(?P<never>never executed)\))?\s*$", re.ASCII)
"""What stands in brackets behind a node: estimates, what came of it, or both."""

_FIGURE_KEYS = {"startup": "Startup Cost", "total": "Total Cost", "rows": "Plan Rows", "width": "Plan Width",
                "first": "Actual Startup Time", "last": "Actual Total Time", "actual": "Actual Rows",
                "loops": "Actual Loops"}

_ARROW = re.compile(r"(?P<indent>\s*)->\s+(?P<label>.*)")
_HEADING = re.compile(r"\s*(?P<name>(?:InitPlan|SubPlan) .+|CTE .+)$")
_DETAIL = re.compile(r"\s*(?P<key>[A-Z][\w /()-]*?|[a-z_]+\.[a-z_]+):(?:\s+(?P<value>.*))?$", re.DOTALL)
_TARGET = re.compile(r"\s*(?:Foreign )?(?:Update|Delete|Merge) on ")
"""One of several tables that a ModifyTable changes, as partitions are."""

_WORKER = re.compile(r"\s*Worker \d+:")
FOOTER = re.compile(r"\s*(?:Planning|Execution [Tt]ime|Total runtime|Trigger|JIT|Settings"
                    r"|Query Identifier|Serialization|(?:Supplied|Generated) Plan Advice)\b.*:")
"""What may stand below the tree, as far to the left as its first line."""

_IDENTIFIER = r'(?:"(?:[^"]|"")*"|[^\s".]+)'
_SCAN = re.compile(
    r"(?P<kind>(?:Seq|Sample|Index|Index Only|Bitmap Index|Bitmap Heap|Tid|Tid Range|Subquery|Function|Table Function"
    r"|Values|CTE|Named Tuplestore|WorkTable|Foreign) Scan|Foreign (?:Insert|Update|Delete)"
    r"|Custom Scan(?: \([^)]*\))?|Insert|Update|Delete|Merge)"
    rf"(?P<backward> Backward)?(?: using (?P<index>{_IDENTIFIER}))?"
    rf"(?: on (?:(?P<schema>{_IDENTIFIER})\.)?(?P<name>{_IDENTIFIER})(?: (?P<alias>{_IDENTIFIER}))?)?$")
_JOIN = re.compile(
    r"(?P<kind>Nested Loop|Hash|Merge)(?: (?P<type>Left|Right|Full|Semi|Anti|Right Semi|Right Anti))? Join$")
_AGGREGATE = {"Aggregate": "Plain", "GroupAggregate": "Sorted", "HashAggregate": "Hashed", "MixedAggregate": "Mixed"}
_NAMED = {"Function Scan": "Function Name", "Table Function Scan": "Table Function Name", "CTE Scan": "CTE Name",
          "WorkTable Scan": "CTE Name", "Named Tuplestore Scan": "Tuplestore Name", "Bitmap Index Scan": "Index Name",
          "Values Scan": "", "Subquery Scan": ""}
"""What the name behind ON is; of a relation's otherwise, and the alias alone where it is ""."""

_KINDS = frozenset((
    "Result", "ProjectSet", "Append", "Merge Append", "Recursive Union", "BitmapAnd", "BitmapOr", "Nested Loop",
    "Gather", "Gather Merge", "Sort", "Incremental Sort", "Group", "WindowAgg", "Unique", "LockRows", "Limit",
    "Materialize", "Memoize", "Hash"))
"""What a node is called that reads no relation and joins nothing."""

_LISTS = frozenset(("Output", "Sort Key", "Presorted Key", "Params Evaluated", "Conflict Arbiter Indexes"))
_FLAGS = frozenset(("Inner Unique", "Single Copy", "Disabled"))
_TEXTS = frozenset(("Filter", "Join Filter", "One-Time Filter", "Cache Key", "Order By", "Run Condition",
                    "Function Call"))
_BLOCKS = ("Shared Hit", "Shared Read", "Shared Dirtied", "Shared Written", "Local Hit", "Local Read", "Local Dirtied",
           "Local Written", "Temp Read", "Temp Written")
_RENAMED = {"Planning time": "Planning Time", "Execution time": "Execution Time", "Total runtime": "Execution Time"}


class _Open(Struct):
    """A node whose lines are being read. `indent` is its arrow's, `worker` that of the worker whose lines are left
    out; `heading` is the subplan's name that waits for its node, `last` the key that a further line belongs to."""

    node: Document
    indent: int
    worker: int | None = None
    heading: tuple[int, str] | None = None
    last: str = ""
    children: list[Document] = field(default_factory=list)


def read(lines: Iterable[str]) -> Document:
    """EXPLAIN's JSON (one element of it) of a plan in text, which begins with its first node or with "Query Text:".

    Raises PlanError, with the line, where one is no part of a plan.
    """
    document: Document = {}
    nodes: list[_Open] = []
    footer = _Footer(document)
    for number, line in enumerate((line.rstrip() for line in lines), 1):
        if not line:
            continue
        if not nodes:
            if not _is_query(line, document):
                nodes.append(_Open(_node(line.strip(), number), _indent(line) - 1))
                document["Plan"] = nodes[0].node
        elif not footer.takes(line, nodes[0].indent + 1):
            _one_more(line, nodes, number)
    if not nodes:
        raise PlanError("there is no plan in it")
    _completed(nodes[0].node)
    return document


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_query(line: str, document: Document) -> bool:
    """Whether a line before the first node is the statement's text, which is put into the document."""
    stripped = line.strip()
    for key in ("Query Text", "Query Parameters"):
        if stripped.startswith(f"{key}:"):
            document[key] = stripped.removeprefix(f"{key}:").strip()
            return True
    if "Query Text" not in document or FIGURES.search(stripped) is not None:
        return False
    document["Query Text"] += "\n" + stripped
    return True


def _one_more(line: str, nodes: list[_Open], number: int) -> None:
    """A line below the first node: a node, the name of a subplan, or something of a node. `nodes` are the open ones."""
    indent = _indent(line)
    while len(nodes) > 1 and indent <= nodes[-1].indent:
        nodes.pop()
    owner = nodes[-1]
    if (arrow := _ARROW.fullmatch(line)) is not None:
        below = _Open(_node(arrow["label"], number), indent)
        _adopt(owner, below.node, indent)
        nodes.append(below)
    elif _WORKER.match(line):
        owner.worker = indent
    elif owner.worker is not None and indent > owner.worker:
        pass
    elif (heading := _HEADING.fullmatch(line)) is not None:
        owner.heading = indent, heading["name"]
    elif owner.node["Node Type"] == "ModifyTable" and _TARGET.match(line) is not None:
        owner.node.setdefault("Target Tables", []).append(_target(line.strip()))
    elif (detail := _DETAIL.fullmatch(line)) is not None:
        owner.last = _detail(owner.node, detail["key"], detail["value"] or "")
    elif owner.last and isinstance(owner.node.get(owner.last), str):
        owner.node[owner.last] += "\n" + line.strip()  # a value of several lines
    else:
        raise PlanError(f"line {number} is no part of a plan: {line.strip()[:60]!r}")


def _adopt(owner: _Open, child: Document, indent: int) -> None:
    """Hangs a node below another, as what it is there."""
    if owner.heading is not None and owner.heading[0] < indent:
        name = owner.heading[1]
        child["Parent Relationship"] = "SubPlan" if name.startswith("SubPlan") else "InitPlan"
        child["Subplan Name"] = name
        owner.heading = None
    else:
        inputs = sum(below.get("Parent Relationship") not in ("InitPlan", "SubPlan") for below in owner.children)
        kind = owner.node["Node Type"]
        if kind in ("Append", "Merge Append", "BitmapAnd", "BitmapOr"):
            child["Parent Relationship"] = "Member"
        elif kind == "Subquery Scan":
            child["Parent Relationship"] = "Subquery"
        else:
            child["Parent Relationship"] = "Inner" if inputs else "Outer"
    owner.children.append(child)
    owner.node["Plans"] = owner.children


def _node(text: str, number: int) -> Document:
    """A node's line without its arrow."""
    found = FIGURES.search(text)
    node = label(text[:found.start()].strip() if found else text.strip())
    if not node["Node Type"]:
        raise PlanError(f"line {number} is no part of a plan: {text[:60]!r}")
    if found is None:
        return node
    node |= {key: _value(found[group]) for group, key in _FIGURE_KEYS.items() if found[group] is not None}
    if found["never"]:
        node |= {"Actual Rows": 0, "Actual Loops": 0}
    return node


def is_node(line: str) -> bool:
    """Whether a line is surely a node's: by its figures, its arrow or its name."""
    text = line.strip()
    if text.startswith("->") or FIGURES.search(text) is not None:
        return True
    node = label(text)
    return len(node) > 3 or node["Node Type"] in _KINDS


def label(text: str) -> Document:
    """What a node's name says: "Parallel Index Scan Backward using i on public.t a"."""
    node: Document = {"Node Type": "", "Parallel Aware": False, "Async Capable": False}
    for word, key in (("Async ", "Async Capable"), ("Parallel ", "Parallel Aware")):
        if text.startswith(word):
            text, node[key] = text.removeprefix(word), True
    mode, _, rest = text.partition(" ")
    if rest in _AGGREGATE and mode in ("Partial", "Finalize"):
        return node | {"Node Type": "Aggregate", "Strategy": _AGGREGATE[rest], "Partial Mode": mode}
    if text in _AGGREGATE:
        return node | {"Node Type": "Aggregate", "Strategy": _AGGREGATE[text], "Partial Mode": "Simple"}
    if (join := _JOIN.fullmatch(text)) is not None or text == "Nested Loop":
        kind, how = (join["kind"], join["type"]) if join is not None else (text, None)
        return node | {"Node Type": kind if kind == "Nested Loop" else f"{kind} Join", "Join Type": how or "Inner"}
    if mode in ("SetOp", "HashSetOp"):
        return node | {"Node Type": "SetOp", "Strategy": "Hashed" if mode == "HashSetOp" else "Sorted", "Command": rest}
    scan = _SCAN.fullmatch(text)
    return node | ({"Node Type": text} if scan is None else _scan(scan))


def _scan(found: re.Match[str]) -> Document:
    kind = found["kind"]
    node: Document = {"Node Type": kind}
    if kind in ("Insert", "Update", "Delete", "Merge"):
        node = {"Node Type": "ModifyTable", "Operation": kind}
    elif kind.startswith("Foreign"):
        node = {"Node Type": "Foreign Scan", "Operation": kind.split()[1].replace("Scan", "Select")}
    elif kind.startswith("Custom Scan ("):
        node = {"Node Type": "Custom Scan", "Custom Plan Provider": kind[len("Custom Scan ("):-1]}
    elif kind in ("Index Scan", "Index Only Scan"):
        node["Scan Direction"] = "Backward" if found["backward"] else "Forward"
    if found["index"]:
        node["Index Name"] = name_of(found["index"])
    if found["name"]:
        names = [name_of(found[group]) for group in ("name", "alias") if found[group]]
        if key := _NAMED.get(kind, "Relation Name"):
            node[key] = names[0]
        if found["schema"]:
            node["Schema"] = name_of(found["schema"])
        if key != "Index Name":
            node["Alias"] = names[-1]
    return node


def _target(text: str) -> Document:
    """A table that is changed as the JSON has it: by its names."""
    found = label(text)
    return {key: found[key] for key in ("Relation Name", "Schema", "Alias") if key in found}


def _value(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _pairs(text: str) -> dict[str, int | float]:
    """The numbers in "hit=1 read=2" and in "Batches: 1  Memory Usage: 24kB", by their names."""
    return {key.strip(): _value(value) for key, value in
            re.findall(rf"([A-Za-z][A-Za-z -]*?)(?:=|:\s+)({_NUMBER})(?:\s?kB| ms)?(?=[\s,;)]|$)", text)}


def _detail(node: Document, key: str, text: str) -> str:
    """Puts a line of a node into it; the key under which it stands, "" where it is spread over several."""
    if (spread := _SPREAD.get(key)) is not None:
        node.update(spread(node, f"{key}: {text}"))
        return ""
    value: Any = text
    if node.get("Node Type") == "Aggregate" and key in ("Group Key", "Hash Key", "Sort Key"):
        name = key if key == "Sort Key" else f"{key}s"
        node.setdefault(_KEYS, []).append((name, expressions(text) if text != "()" else []))
        return ""
    if key in _LISTS or key == "Group Key":
        value = expressions(text)
    elif key in _FLAGS:
        value = text == "true"
    elif key not in _TEXTS and (number := re.fullmatch(rf"({_NUMBER})(?: ?kB| ms| bytes)?", text)) is not None:
        value = _value(number[1])
    node[key] = value
    return key


_KEYS = "the keys of an Aggregate, in their order"


def _grouped(node: Document) -> None:
    """One key, or the sets by which it groups: each by hash or sorted, and those that one sort serves together."""
    keys: list[tuple[str, list[str]]] = node.pop(_KEYS, [])
    if len(keys) == 1 and keys[0][0] == "Group Keys":
        node["Group Key"] = keys[0][1]
        return
    sets: list[Document] = []
    for name, key in keys:
        if name == "Sort Key":
            sets.append({name: key})
        elif name == "Group Keys" and sets and "Hash Keys" not in sets[-1]:
            sets[-1].setdefault(name, []).append(key)
        else:
            sets.append({name: [key]})
    if sets:
        node["Grouping Sets"] = sets


def _blocks(node: Document, text: str) -> Document:
    """ "Buffers: shared hit=1 read=2, temp written=3"; what isn't said is 0. """
    found: Document = dict.fromkeys((f"{block} Blocks" for block in _BLOCKS), 0)
    for part in text.partition(":")[2].split(","):
        kind, _, counts = part.strip().partition(" ")
        found |= {f"{kind.title()} {name.title()} Blocks": count for name, count in _pairs(counts).items()}
    return found


def _io(node: Document, text: str) -> Document:
    """ "I/O Timings: shared read=0.1 write=0.2, temp read=0.3"; up to 16 also without a word and with shared/local. """
    found: Document = {}
    for part in text.partition(":")[2].split(","):
        kind, times = re.fullmatch(r"(?:([a-z/]+) )?(.*)", part.strip()).groups()  # type: ignore[union-attr]
        named = f"{kind.title()} " if kind not in (None, "shared/local") else ""
        found |= {f"{named}I/O {name.title()} Time": time for name, time in _pairs(times).items()}
    return found


def _wal(node: Document, text: str) -> Document:
    names = {"fpi": "FPI", "fpi bytes": "FPI Bytes", "buffers full": "Buffers Full"}
    return {f"WAL {names.get(name, name.title())}": value for name, value in _pairs(text.partition(":")[2]).items()}


def _sort(node: Document, text: str) -> Document:
    found = re.search(r"Sort Method: (?P<method>.*?)(?:\s\s+(?P<space>Memory|Disk): (?P<kb>\d+)kB)?$", text)
    if found is None:
        return {"Sort Method": text.partition(":")[2].strip()}
    space = {"Sort Space Used": int(found["kb"]), "Sort Space Type": found["space"]} if found["space"] else {}
    return {"Sort Method": found["method"].strip()} | space


def _hash(node: Document, text: str) -> Document:
    found: Document = {"Peak Memory Usage": _pairs(text).get("Memory Usage", 0)}
    for word in ("Buckets", "Batches"):
        if (counts := re.search(rf"{word}: (\d+)(?: \(originally (\d+)\))?", text)) is not None:
            found |= {f"Hash {word}": int(counts[1]), f"Original Hash {word}": int(counts[2] or counts[1])}
    return found


def _renamed(names: Mapping[str, str]) -> Callable[[Document, str], Document]:
    """A line of several numbers, each under another name or, where it isn't in `names`, under its own."""
    return lambda node, text: {names.get(name, name): value for name, value in _pairs(text).items()}


def _storage(node: Document, text: str) -> Document:
    found = re.search(r"Storage: (\w+)\s+Maximum Storage: (\d+)kB", text)
    return {"Storage": found[1], "Maximum Storage": int(found[2])} if found else {"Storage": text.partition(": ")[2]}


def _sampling(node: Document, text: str) -> Document:
    found = re.fullmatch(r"Sampling: (\S+) \((.*?)\)(?: REPEATABLE \((.*)\))?", text)
    if found is None:
        return {"Sampling": text.partition(": ")[2]}
    seed = {"Repeatable Seed": found[3]} if found[3] else {}
    return {"Sampling Method": name_of(found[1]), "Sampling Parameters": expressions(found[2])} | seed


_ESTIMATES = {"distinct keys": "Estimated Distinct Lookup Keys"}
_PREFETCH = {"avg": "Average Prefetch Distance", "max": "Max Prefetch Distance", "capacity": "Prefetch Capacity"}
_IO_COUNTS = {"count": "I/O Count", "waits": "I/O Waits", "size": "Average I/O Size",
              "in-progress": "Average I/Os In Progress"}


def _estimates(node: Document, text: str) -> Document:
    """ "Estimates: capacity=8 distinct keys=4 lookups=10 hit percent=60.00%", Memoize's from 19 on. """
    pairs = _pairs(text.partition(":")[2].replace("%", ""))
    return {_ESTIMATES.get(name, f"Estimated {name.title()}"): value for name, value in pairs.items()}


def _prefetch(node: Document, text: str) -> Document:
    """ "Prefetch: avg=2.00 max=8 capacity=16", by the option IO of 19. """
    return {_PREFETCH.get(name, f"Prefetch {name}"): value for name, value in _pairs(text.partition(":")[2]).items()}


def _io_counts(node: Document, text: str) -> Document:
    """ "I/O: count=4 waits=1 ...", by the option IO of 19. """
    return {_IO_COUNTS.get(name, f"I/O {name}"): value for name, value in _pairs(text.partition(":")[2]).items()}


def _groups(node: Document, text: str) -> Document:
    """ "Full-sort Groups: 2  Sort Methods: quicksort, top-N heapsort  Average Memory: 29kB  Peak Memory: 29kB". """
    name, _, rest = text.partition(": ")
    count, _, rest = rest.partition("  ")
    methods, *spaces = re.split(r"  (?=Average )", rest.partition(": ")[2])
    found: Document = {"Group Count": int(count), "Sort Methods Used": expressions(methods)}
    for words in spaces:
        numbers = _pairs(words)
        kind = words.split()[1].rstrip(":")
        found[f"Sort Space {kind}"] = {f"{which} Sort Space Used": numbers.get(f"{which} {kind}")
                                       for which in ("Average", "Peak")}
    return {name: found}


def _tuples(node: Document, text: str) -> Document:
    return {f"Tuples {name.title()}": value for name, value in _pairs(text.partition(":")[2]).items()}


_MEMORY = _renamed({"Batches": "HashAgg Batches", "Memory Usage": "Peak Memory Usage"})
_SPREAD: Mapping[str, Callable[[Document, str], Document]] = {
    "Buffers": _blocks, "I/O Timings": _io, "WAL": _wal, "Sort Method": _sort, "Buckets": _hash, "Batches": _MEMORY,
    "Planned Partitions": _MEMORY, "Storage": _storage, "Sampling": _sampling,
    "Estimates": _estimates, "Prefetch": _prefetch, "I/O": _io_counts,
    "Full-sort Groups": _groups, "Pre-sorted Groups": _groups, "Tuples": _tuples,
    "Hits": _renamed({"Hits": "Cache Hits", "Misses": "Cache Misses", "Evictions": "Cache Evictions",
                      "Overflows": "Cache Overflows", "Memory Usage": "Peak Memory Usage"}),
    "Heap Blocks": lambda node, text: {f"{name.title()} Heap Blocks": value
                                       for name, value in _pairs(text.partition(":")[2]).items()},
}
"""The lines that say several things."""


class _Footer:
    """What stands below the tree, in the plan's own document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._section: Document | None = None
        self._advice = ""
        self._indent = -1

    def takes(self, line: str, root: int) -> bool:
        """Whether `line` is of the footer. `root` is where the tree's first line began."""
        indent = _indent(line)
        if self._section is not None and indent > self._indent:
            if self._advice:
                self._section[self._advice] += f"{line.strip()}\n"
            else:
                self._more(self._section, line.strip())
            return True
        if indent > root or FOOTER.match(line) is None:
            return False
        self._section, self._advice, self._indent = None, "", indent
        self._begun(line.strip())
        return True

    def _begun(self, line: str) -> None:
        key, _, value = line.partition(":")
        value = value.strip()
        if key in ("Planning", "JIT"):
            self._section = self._document[key] = {}
        elif key.endswith("Plan Advice"):
            self._section, self._advice = self._document, key
            self._document[key] = ""
        elif key.startswith("Trigger"):
            self._document.setdefault("Triggers", []).append(_trigger(key, value))
        elif key == "Settings":
            settings = [pair.partition(" = ") for pair in expressions(value)]
            self._document[key] = {name_of(name): text_of(given) if given.endswith("'") else given
                                   for name, _, given in settings}
        elif key == "Serialization":
            found = _pairs(value)
            self._document[key] = {"Time": found.get("time"), "Output Volume": found.get("output")}
        else:
            number = re.match(rf"({_NUMBER})(?: ms)?\b", value)  # a semicolon may follow, or the end of a CSV field
            self._document[_RENAMED.get(key, key)] = _value(number[1]) if number else value

    @staticmethod
    def _more(section: Document, line: str) -> None:
        key, _, value = line.partition(":")
        if key == "Memory":
            section |= {f"Memory {name.title()}": kb for name, kb in _pairs(value).items()}
        elif key == "Timing":
            section[key] = {name: float(ms) for name, ms in re.findall(r"([A-Z]\w+) ([\d.]+) ms", value)}
        else:
            _detail(section, key, value.strip())


def _trigger(key: str, value: str) -> Document:
    """ "Trigger x for constraint c on t: time=1.2 calls=3", each part but the name by its options. """
    found = re.fullmatch(r"Trigger(?: (?P<name>(?!for constraint).+?))??(?: for constraint (?P<constraint>.+?))?"
                         r"(?: on (?P<table>.+))?", key)
    figures = _pairs(value)
    parts = (("Trigger Name", "name"), ("Constraint Name", "constraint"), ("Relation", "table")) if found else ()
    return {name: found[group] for name, group in parts if found and found[group]} | {
        "Time": figures.get("time"), "Calls": figures.get("calls", 0)}


def _completed(root: Document) -> None:
    """What the JSON would say of nodes about which the text is silent: no blocks touched, where others touched some."""
    waiting, nodes = [root], []
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        _grouped(node)
        waiting.extend(node.get("Plans", ()))
    if any("Shared Hit Blocks" in node for node in nodes):
        for node in nodes:
            for block in _BLOCKS:
                node.setdefault(f"{block} Blocks", 0)
    if any("Actual Total Time" in node for node in nodes):
        for node in nodes:
            if node.get("Actual Loops") == 0:
                node.update({"Actual Startup Time": 0.0, "Actual Total Time": 0.0})
