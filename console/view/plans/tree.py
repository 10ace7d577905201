"""Plans as lines and rows: the verdict, the tree with bars, findings, a node's details, two plans side by side."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from console.plans.records import (
    BLOCK_BYTES,
    Analysis,
    Buffers,
    Fix,
    Plan,
    PlanComparison,
    PlanFinding,
    PlanNode,
    Severity,
    Trial,
)
from console.sql.elide import elided
from console.text import format as fmt
from console.text.sanitiser import single_line
from console.view.table import Cell, Column, Line, Row, Table, Tone, line, plain

BAR_CELLS = 10
DEEPEST = 16
"""So many levels are drawn as a tree; deeper ones are numbered."""

NOTABLE_FACTOR = 10.0
LETTERS: dict[Severity, str] = {"info": "i", "warning": "W", "critical": "C"}
TONES: dict[Severity, Tone] = {"info": "dim", "warning": "warning", "critical": "critical"}

COLUMNS = (
    Column("node", "node", fixed=True, minimum=32, maximum=70, flexible=True, sortable=False),
    Column("rows", "rows (planned)", "right", minimum=12, maximum=24),
    Column("time", "time", "right", minimum=7),
    Column("self", "self", minimum=BAR_CELLS + 6, maximum=BAR_CELLS + 6),
    Column("loops", "loops", "right", priority=2),
    Column("buffers", "buffers", "right", maximum=28, priority=1),
    Column("notes", "notes", maximum=40, priority=3, sortable=False),
)


def tree(analysis: Analysis, *, unicode: bool = True) -> Table:
    """The plan as a table in the tree's order; a row's key is the node's index, its record the node."""
    marks = {finding.node: finding.severity for finding in reversed(analysis.findings) if finding.node is not None}
    plan = analysis.plan
    return Table(COLUMNS, tuple(_row(plan, node, prefix, marks.get(node.index), unicode)
                                for node, prefix in zip(plan.nodes, rails(plan, unicode=unicode), strict=True)))


def folded(table: Table, plan: Plan, closed: Collection[int]) -> Table:
    """`tree` without what is below the nodes `closed`, which say how many nodes that is."""
    rows: list[Row] = []
    hidden_to = 0
    for row, node in zip(table.rows, plan.nodes, strict=True):
        if node.index < hidden_to:
            continue
        if node.index in closed and node.children:
            hidden_to = node.end
            first, *others = row.cells
            below = node.end - node.index - 1
            row = replace(row, cells=(replace(first, text=f"{first.text}  … {fmt.count(below)} below"), *others))
        rows.append(row)
    return replace(table, rows=tuple(rows))


def rails(plan: Plan, *, unicode: bool = True) -> Iterator[str]:
    """The branches before each node. Beyond DEEPEST levels the depth stands there as a number."""
    knee, tee, bar = ("└ ", "├ ", "│ ") if unicode else ("`-", "|-", "| ")
    ends: list[bool] = []
    for node in plan.nodes:
        del ends[max(0, node.depth - 1):]
        if node.parent is None:
            yield ""
            continue
        ends.append(plan.nodes[node.parent].children[-1] == node.index)
        if node.depth > DEEPEST:
            yield f"{node.depth:>4} " + (knee if ends[-1] else tee)
        else:
            yield "".join("  " if end else bar for end in ends[:-1]) + (knee if ends[-1] else tee)


def _row(plan: Plan, node: PlanNode, prefix: str, mark: Severity | None, unicode: bool) -> Row:
    share = _share(plan, node)
    tone: Tone = "faint" if node.never_executed else TONES[mark] if mark in ("warning", "critical") else ""
    letter = f"{LETTERS[mark]} " if mark else ""
    name = f"{node.subplan}: " if node.subplan else ""
    cells = (
        Cell(f"{prefix}{letter}{name}{node.label}", tone, node.index),
        Cell(_rows(node), "warning" if abs_factor(node) >= NOTABLE_FACTOR else "",
             node.rows if node.rows is not None else node.plan_rows),
        Cell(_time(node), "", node.inclusive_ms if node.inclusive_ms is not None else node.total_cost),
        Cell("" if share is None else f"{bar(share, unicode=unicode)} {fmt.share(round(share, 2)):>5}", _heat(share),
             share),
        Cell("" if node.loops is None else fmt.count(node.loops), "", node.loops),
        Cell(_blocks(node.own_buffers), "", node.own_buffers.touched if node.own_buffers else None),
        Cell("; ".join(notes(node)), "dim"),
    )
    return Row(str(node.index), cells, search=node.text("Filter") + node.text("Index Cond"), record=node)


def _share(plan: Plan, node: PlanNode) -> float | None:
    """The node's own part of the execution, without times of the cost."""
    if plan.is_timed:
        return plan.share(node.exclusive_ms)
    cost = plan.root.total_cost
    return None if not cost or node.own_cost is None else min(1.0, node.own_cost / cost)


def bar(share: float, cells: int = BAR_CELLS, *, unicode: bool = True) -> str:
    """A part of the whole as a bar of fixed width."""
    if not unicode:
        return ("#" * round(share * cells)).ljust(cells)
    eighths = round(share * cells * 8)
    if share > 0 and eighths == 0:
        eighths = 1
    full, rest = divmod(eighths, 8)
    return ("█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(cells)


def _heat(share: float | None) -> Tone:
    if share is None or share < 0.1:
        return "dim"
    return "critical" if share >= 0.9 else "warning" if share >= 0.4 else ""


def abs_factor(node: PlanNode) -> float:
    """How far the estimate is off, in either direction; 1 where nothing can be said."""
    if node.plan_rows is None or node.actual_rows is None or not node.loops or node.kind in (
            "ModifyTable", "BitmapAnd", "BitmapOr"):
        return 1.0
    ratio = max(1.0, node.actual_rows) / max(1.0, node.plan_rows)
    return 1.0 if ratio < 1 and node.may_stop_early else max(ratio, 1 / ratio)


def _rows(node: PlanNode) -> str:
    planned = fmt.count(node.plan_rows)
    if node.loops is None:
        return f"({planned})"
    if node.never_executed:
        return f"never ({planned})"
    times = abs_factor(node)
    # Averages per loop were rounded to whole rows before 18.
    about = "~" if node.loops > 1 and node.actual_rows == int(node.actual_rows or 0) else ""
    per_loop = "/loop" if node.loops > 1 else ""
    off = f" x{fmt.number(times, 2)}" if times >= NOTABLE_FACTOR else ""
    return f"{about}{fmt.count(node.rows)} ({planned}{per_loop}){off}"


def _time(node: PlanNode) -> str:
    if node.inclusive_ms is not None:
        return "-" if node.never_executed else fmt.milliseconds(node.inclusive_ms)
    return "" if node.total_cost is None else f"cost {fmt.count(node.total_cost)}"


def _blocks(own: Buffers | None) -> str:
    if own is None:
        return ""
    parts = [f"{fmt.count(value)} {word}" for value, word in (
        (own.hit, "hit"), (own.read, "read"), (own.temp_read + own.temp_written, "temp")) if value]
    return ", ".join(parts)


def notes(node: PlanNode) -> Iterator[str]:
    """What a node did beside giving rows: how it sorted, hashed, cached, filtered and in how many processes."""
    if method := node.text("Sort Method"):
        used = node.number("Sort Space Used")
        yield f"{method} {fmt.size(used * 1024) if used else ''}".rstrip() + (
            " on disk" if node.text("Sort Space Type") == "Disk" else "")
    if (batches := node.count("Hash Batches") or 1) > 1:
        yield f"{batches} batches"
    if (batches := node.count("HashAgg Batches") or 0) > 1:
        yield f"{batches} batches on disk"
    if node.workers_planned:
        launched = node.workers_launched
        yield f"{fmt.plural(node.workers_planned, 'worker')} planned" if launched is None else (
            f"{launched}/{node.workers_planned} workers")
    for key, words in (("Rows Removed by Filter", "filtered out"), ("Rows Removed by Join Filter", "not joined"),
                       ("Rows Removed by Index Recheck", "rechecked in vain")):
        if (gone := node.number(key)) and node.loops:
            yield f"{fmt.count(gone * node.loops)} {words}"
    if fetches := node.number("Heap Fetches"):
        yield f"{fmt.count(fetches)} heap fetches"
    if lossy := node.number("Lossy Heap Blocks"):
        yield f"{fmt.count(lossy)} lossy blocks"
    if (hits := node.number("Cache Hits")) is not None and node.kind == "Memoize":
        yield f"{fmt.count(hits)} cache hits, {fmt.count(node.number('Cache Misses'))} misses"
    elif (hit := node.number("Estimated Hit Percent")) is not None:
        yield f"{fmt.percent(hit)} hits expected"
    yield from _written(node)
    if node.is_disabled:
        yield "disabled"


def _written(node: PlanNode) -> Iterator[str]:
    """The WAL of it and what is below it; the reads that it asked for ahead (EXPLAIN's IO, from 19 on)."""
    if wal := node.number("WAL Bytes"):
        pages = node.number("WAL FPI Bytes")
        yield f"WAL {fmt.size(wal)}" + (f", {fmt.size(pages)} of it full pages" if pages else "")
    if reads := node.number("I/O Count"):
        at_once = node.number("Average I/Os In Progress")
        yield f"{fmt.count(reads)} I/Os, {fmt.count(node.number('I/O Waits'))} waited for" + (
            f", {fmt.number(at_once, 2)} at once" if at_once else "")


def verdict(analysis: Analysis) -> Line:
    """The first line."""
    tone = TONES[analysis.worst] if analysis.worst in ("warning", "critical") else "ok"
    return line(("Verdict: ", "strong"), (analysis.verdict, tone))


def findings(analysis: Analysis) -> tuple[Line, ...]:
    """Each finding as its sentence, its evidence and its fix."""
    return tuple(line for finding in analysis.findings for line in finding_lines(finding))


def finding_lines(finding: PlanFinding) -> Iterator[Line]:
    """A finding: its sentence, what proves it, and each way out with what came of trying it."""
    tone = TONES[finding.severity]
    yield line((f"{LETTERS[finding.severity]} ", tone), (finding.message, "" if finding.severity == "info" else tone))
    if finding.evidence:
        yield line(("    because: ", "dim"), finding.evidence)
    if finding.fix and not finding.fixes:
        yield line(("    fix: ", "accent"), finding.fix)
    for fix in finding.fixes:
        yield line(("    fix: ", "accent"), elided(fix.sql))
        if fix.kind == "index" and fix.statement:
            yield line(("    then: ", "accent"), elided(fix.statement))
        yield line(("    tried: " if fix.trial.state != "not tried" else "    ", "dim"), trial_words(fix.trial))


def fix_document(fix: Fix) -> dict[str, Any]:
    """A fix as JSON: what to write, and what came of trying it, times in milliseconds."""
    trial = fix.trial
    return {"kind": fix.kind, "sql": fix.sql, "settings": dict(fix.settings), "statement": fix.statement,
            "tried": trial.state, "index": trial.index, "rows": trial.rows, "rows_before": trial.rows_before,
            "recall": trial.recall, "ms": trial.ms, "ms_before": trial.ms_before, "note": trial.note}


def trial_words(trial: Trial) -> str:
    """What came of trying a fix: `through items_v, 10 rows (was 3), 2.1 ms (was 61 ms), recall 1.00`."""
    if trial.state == "not tried":
        return "not tried" + (f": {trial.note}" if trial.note else "")
    parts = [f"through {trial.index}" if trial.index else "without a vector index"]
    if trial.state == "planned":
        return ", ".join(["planned, not run", *parts, *filter(None, [trial.note])])
    if trial.rows is not None:
        was = f" (was {fmt.count(trial.rows_before)})" if trial.rows_before not in (None, trial.rows) else ""
        parts.append(f"{fmt.count(trial.rows)} row{'s' * (trial.rows != 1)}{was}")
    if trial.ms is not None:
        was = f" (was {fmt.milliseconds(trial.ms_before)})" if trial.ms_before is not None else ""
        parts.append(f"{fmt.milliseconds(trial.ms)}{was}")
    if trial.recall is not None and trial.index:
        parts.append(f"recall {trial.recall:.2f}")
    return ", ".join([*parts, *filter(None, [trial.note])])


def summary(plan: Plan) -> tuple[Line, ...]:
    """What belongs to the plan as a whole: times, memory, triggers, settings."""
    parts: list[tuple[str, str]] = []
    if plan.planning_ms is not None:
        memory = f", {fmt.size(plan.planning_memory_bytes)}" if plan.planning_memory_bytes else ""
        parts.append(("planning", fmt.milliseconds(plan.planning_ms) + memory))
    if plan.execution_ms is not None:
        parts.append(("execution", fmt.milliseconds(plan.execution_ms)))
    if plan.jit and plan.jit.total_ms is not None:
        parts.append(("JIT",
                      f"{fmt.milliseconds(plan.jit.total_ms)}, {fmt.plural(plan.jit.functions or 0, 'function')}"))
    if plan.serialization_ms is not None:
        parts.append(("serialization",
                      f"{fmt.milliseconds(plan.serialization_ms)}, {fmt.size(plan.serialization_bytes)}"))
    if plan.outside_ms >= 0.01:
        parts.append(("outside the tree", fmt.milliseconds(plan.outside_ms)))
    if plan.rounded_ms >= 0.01:
        parts.append(("rounding", f"{fmt.milliseconds(plan.rounded_ms)} that nodes took more than those above them "
                                  "are left out: EXPLAIN rounds the time of a loop"))
    parts += [(f"trigger {trigger.constraint or trigger.name}",
               f"{fmt.milliseconds(trigger.total_ms or 0)}, {fmt.count(trigger.calls)} calls")
              for trigger in plan.triggers]
    if plan.root.buffers and (plan.is_analyzed or plan.root.buffers.touched):
        blocks = plan.root.buffers
        share = f", {fmt.percent(100 * blocks.hit / blocks.touched)} in cache" if blocks.touched else ""
        parts.append(("blocks", f"{fmt.count(blocks.touched)} ({fmt.size(blocks.touched * BLOCK_BYTES)}){share}"))
    if plan.advice is not None and plan.advice.generated:
        parts.append(("plan advice", plan.advice.generated))
    if plan.advice is not None and plan.advice.supplied:
        parts.append(("advice given", "; ".join(f"{item.text}: {item.outcome or 'unknown'}"
                                                for item in plan.advice.supplied)))
    settings = {**plan.settings, **plan.extension_settings}
    if settings:
        parts.append(("settings", ", ".join(f"{name} = {value}" for name, value in sorted(settings.items()))))
    return tuple(line((f"{name}: ", "dim"), value) for name, value in parts)


def detail(node: PlanNode) -> tuple[Line, ...]:
    """All that EXPLAIN said of a node."""
    lines = [line((node.label, "strong"))]
    if node.inclusive_ms is not None:
        lines.append(line(("time: ", "dim"), f"{fmt.milliseconds(node.inclusive_ms)}, "
                          f"{fmt.milliseconds(node.exclusive_ms or 0)} of its own, "
                          f"{fmt.plural(node.loops or 0, 'loop')}"
                          + (f", over {fmt.number(node.participants)} processes" if node.participants > 1 else "")))
    for key, value in node.properties.items():
        if key not in ("Plans", "Node Type") and value not in ([], {}, ""):
            lines.append(line((f"{key}: ", "dim"), _value(value)))
    return tuple(lines)


def _value(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(item)}" for key, item in value.items())
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def text(analysis: Analysis, width: int = 120, *, unicode: bool = True) -> str:
    """Everything as plain text: the verdict, the tree, the findings, the totals. Lines are at most `width` cells."""
    return "\n".join(lines(analysis, width, unicode=unicode)) + "\n"


def lines(analysis: Analysis, width: int = 120, *, unicode: bool = True) -> list[str]:
    """The same as lines."""
    found = [*_wrapped(plain(verdict(analysis)), width), "", *tree_lines(tree(analysis, unicode=unicode), width)]
    if analysis.findings:
        found += ["", *(piece for finding in findings(analysis) for piece in _wrapped(plain(finding), width))]
    if totals := summary(analysis.plan):
        found += ["", *(piece for total in totals for piece in _wrapped(plain(total), width))]
    return found


def tree_lines(table: Table, width: int) -> Iterator[str]:
    """A table as plain lines; columns of the highest priority are left out until it fits."""
    keep = list(range(len(table.columns)))
    widths = [max(len(column.title), *(len(row.cells[i].text) for row in table.rows), 1)
              for i, column in enumerate(table.columns)]
    keep = [i for i in keep if any(row.cells[i].text for row in table.rows)]

    def needed() -> int:
        return sum(widths[i] for i in keep) + 2 * (len(keep) - 1)

    for i in sorted(keep, key=lambda i: -table.columns[i].priority):
        if table.columns[i].priority and needed() - max(0, widths[0] - 50) > width:
            keep.remove(i)
    while len(keep) > 2 and needed() - widths[0] + 12 > width:
        keep.remove(next((i for i in (4, 2, 1) if i in keep), keep[-1]))
    widths[0] = max(12, min(widths[0], width - (needed() - widths[0])))

    def shown(texts: Sequence[str]) -> str:
        cells = []
        for i in keep:
            safe = single_line(texts[i])
            cut = safe if len(safe) <= widths[i] else safe[:widths[i] - 1] + "…"
            cells.append(cut.rjust(widths[i]) if table.columns[i].align == "right" else cut.ljust(widths[i]))
        return "  ".join(cells).rstrip()

    yield shown([column.title for column in table.columns])
    for row in table.rows:
        yield shown([cell.text for cell in row.cells])


def _wrapped(words: str, width: int) -> Iterator[str]:
    """A text in lines, those after the first indented as the first is and two more."""
    words = single_line(words)
    indent = " " * (len(words) - len(words.lstrip()) + 2)
    while len(words) > width:
        at = words.rfind(" ", len(indent), width + 1)
        at = at if at > len(indent) else width
        yield words[:at].rstrip()
        words = indent + words[at:].lstrip()
    yield words


def comparison(compared: PlanComparison) -> tuple[Line, ...]:
    """What changed from one plan to the other, a line each."""
    return tuple(line(("- ", "dim"), words) for words in compared.changes)


def comparison_table(compared: PlanComparison, *, unicode: bool = True) -> Table:
    """The second plan's tree with each node's counterpart in the first; what is gone stands at the end."""
    branches = list(rails(compared.after, unicode=unicode))
    marks = {"same": "", "replaced": "replaced", "added": "new", "removed": "gone"}
    tones: dict[str, Tone] = {"same": "", "replaced": "accent", "added": "ok", "removed": "faint"}
    rows = []
    for number, pair in enumerate(compared.pairs):
        node = pair.after or pair.before
        assert node is not None
        was, now = pair.before, pair.after
        rows.append(Row(str(number), (
            Cell((branches[now.index] if now else "") + node.label, tones[pair.change]),
            Cell(marks[pair.change], tones[pair.change]),
            Cell(was.label if was and pair.change == "replaced" else "", "dim"),
            Cell("" if was is None or was.exclusive_ms is None else fmt.milliseconds(was.exclusive_ms), "",
                 was.exclusive_ms if was else None),
            Cell("" if now is None or now.exclusive_ms is None else fmt.milliseconds(now.exclusive_ms), "",
                 now.exclusive_ms if now else None)), record=pair))
    return Table((Column("node", "node", fixed=True, flexible=True, minimum=24, maximum=70, sortable=False),
                  Column("change", "change"), Column("was", "was", maximum=40, priority=1),
                  Column("before", "self before", "right"), Column("after", "self after", "right")), tuple(rows))
