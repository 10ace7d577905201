"""Plans and findings as toned paragraphs: what a run would do, what it locks, who is in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from console.view import format as fmt
from console.view.table import Line, Tone

if TYPE_CHECKING:
    from console.migrate.lint import Finding
    from console.migrate.plan import PlanRelation, PlanStatement, PlanStep

Paragraph = tuple[int, Line]
"""A line to be wrapped at the width at hand, its continuations indented by so many cells."""

LONGEST_SQL = 12
SEVERITIES: dict[str, Tone] = {"error": "critical", "warning": "warning", "info": "dim"}
Highlight = Callable[[str], Sequence[Line]]


def plan_paragraphs(steps: Sequence[PlanStep], highlight: Highlight) -> list[Paragraph]:
    """Each step with its statements, their locks on what others use, and the findings about them."""
    found: list[Paragraph] = []
    for step in steps:
        if found:
            found.append((0, ()))
        manner = "one transaction" if step.in_transaction else "statement by statement, no transaction"
        label = f"{step.service}/{step.version}" + (f"_{step.name}" if step.name else "")
        harmless = step.fault is None and not any(one.opaque or _seen(one) for one in step.statements)
        manner += ", locks nothing that others use" if harmless and step.statements else ""
        found.append((5, ((f" {step.direction:4} ", "accent"), (label, "strong"), (f"  {manner}", "dim"))))
        if step.fault is not None:
            found.append((6, ((f"      can't be read: {step.fault}", "critical"),)))
        for statement in step.statements:
            found += _statement(statement, highlight)
        found += finding_paragraphs(step.findings, indent=2)
    return found


def _statement(statement: PlanStatement, highlight: Highlight) -> list[Paragraph]:
    lines = list(highlight(_dedented(statement.sql)))
    if len(lines) > LONGEST_SQL:
        lines = [*lines[:LONGEST_SQL - 1], ((f"… {len(lines) - LONGEST_SQL + 1} more lines", "faint"),)]
    found: list[Paragraph] = [
        (8, ((f"{statement.line:>5} " if number == 0 else " " * 6, "faint"), *line))
        for number, line in enumerate(lines)]
    for relation in _seen(statement):
        found += _relation(relation)
    if statement.opaque:
        found.append((10, (("        ? ", "warning"), (statement.opaque, "dim"))))
    return found


def _seen(statement: PlanStatement) -> list[PlanRelation]:
    """The relations that others can see, and may have to wait for."""
    return [one for one in statement.relations if not one.is_new]


def _dedented(sql: str) -> str:
    """The statement without the indentation that all lines after the first have in common."""
    first, *others = sql.expandtabs(4).splitlines() or [""]
    common = min((len(one) - len(one.lstrip()) for one in others if one.strip()), default=0)
    return "\n".join([first, *(one[common:] if common > 4 else one for one in others)])


def _relation(relation: PlanRelation) -> list[Paragraph]:
    does = [word for word, is_so in (("rewrites it", relation.rewrites), ("scans it", relation.scans)) if is_so]
    is_hard = relation.mode.blocks_writes
    tone: Tone = "warning" if is_hard else "dim"
    pieces: list[tuple[str, Tone]] = [(f"        {relation.mode.label}", tone), (f" on {relation.name}", "")]
    if facts := relation.facts:
        sizes = [words for words in (fmt.size(facts.total_bytes) if facts.total_bytes is not None else "",
                                     f"{fmt.count(facts.rows)} rows" if facts.rows is not None else "") if words]
        pieces.append((f"  {', '.join(sizes)}", "dim"))
    if does:
        pieces.append((f"  {' and '.join(does)}", "critical" if relation.rewrites else "warning"))
    pieces.append((f"  blocks {relation.blocks}", "dim"))
    found: list[Paragraph] = [(10, tuple(pieces))]
    waits = set(relation.in_the_way)
    for one in relation.in_the_way:
        who = ", ".join(word for word in (one.application, one.user, one.state) if word)
        since = f" for {fmt.duration(one.transaction_s)}" if one.transaction_s is not None else ""
        held = "holds" if one.granted else "waits for"
        mode = one.lock_mode.label if one.lock_mode is not None else one.mode
        found.append((12, ((f"          waits for pid {one.pid}", "critical"),
                           (f" ({who}{since}), which {held} {mode}", ""))))
    others = len({one.pid for one in relation.sessions or () if one not in waits})
    if others:
        found.append((12, ((f"          {fmt.plural(others, 'other session')} on it now, not in the way", "faint"),)))
    return found


def finding_paragraphs(findings: Sequence[Finding], *, indent: int = 1, with_file: bool = False) -> list[Paragraph]:
    """Findings: place, severity and message, the advice below."""
    found: list[Paragraph] = []
    space, file = " " * indent, ""
    for one in findings:
        if with_file and one.file != file:
            file = one.file
            found += [(0, ())] if found else []
            found.append((indent, ((f" {file.rpartition('/')[2]}", "strong"),)))
        found.append((indent + 4, ((f"{space}line {one.line}  ", "faint"),
                                   (f"{one.severity}: ", SEVERITIES[one.severity]), (one.message, ""),
                                   (f"  [{one.rule}]", "faint"))))
        found.append((indent + 4, ((f"{space}    {one.advice}", "dim"),)))
    return found


def findings_summary(findings: Sequence[Finding]) -> tuple[str, Tone]:
    """"2 errors, 1 warning" in the worst one's tone."""
    words, worst = [], "ok"
    for severity, name in (("error", "error"), ("warning", "warning"), ("info", "hint")):
        if amount := sum(one.severity == severity for one in findings):
            words.append(fmt.plural(amount, name))
            worst = SEVERITIES[severity] if worst == "ok" else worst
    return ", ".join(words) or "no findings", worst  # type: ignore[return-value]
