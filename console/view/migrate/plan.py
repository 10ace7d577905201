"""Plans and findings as toned paragraphs: what a run would do, what it locks, who is in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from console.text import format as fmt
from console.view.table import Line, Tone

if TYPE_CHECKING:
    from console.migrate.lint import LintFinding
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
        manner = step.in_place or step.batches or (
            "one transaction" if step.in_transaction else "statement by statement, no transaction")
        label = f"{step.service}/{step.version}" + (f"_{step.name}" if step.name else "")
        harmless = step.fault is None and not any(plan_statement.opaque or _seen(plan_statement)
                                                  for plan_statement in step.statements)
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
    if statement.goes:
        found.append((10, (("        CASCADE drops ", "warning"), (statement.goes, ""))))
    if statement.opaque:
        found.append((10, (("        ? ", "warning"), (statement.opaque, "dim"))))
    return found


def _seen(statement: PlanStatement) -> list[PlanRelation]:
    """The relations that others can see, and may have to wait for."""
    return [relation for relation in statement.relations if not relation.is_new]


def _dedented(sql: str) -> str:
    """The statement without the indentation that all lines after the first have in common."""
    first, *others = sql.expandtabs(4).splitlines() or [""]
    common = min((len(text) - len(text.lstrip()) for text in others if text.strip()), default=0)
    return "\n".join([first, *(text[common:] if common > 4 else text for text in others)])


def _relation(relation: PlanRelation) -> list[Paragraph]:
    does = [word for word, is_so in (("rewrites it", relation.rewrites), ("scans it", relation.scans)) if is_so]
    is_hard = relation.mode.blocks_writes
    tone: Tone = "warning" if is_hard else "dim"
    pieces: list[tuple[str, Tone]] = [(f"        {relation.mode.label}", tone), (f" on {relation.name}", "")]
    if facts := relation.facts:
        sizes = [words for words in (fmt.size(facts.total_bytes) if facts.total_bytes is not None else "",
                                     f"{fmt.count(facts.rows)} rows" if facts.rows is not None else "") if words]
        pieces.append((f"  {', '.join(sizes)}", "dim"))
    if relation.through:
        pieces.append((f"  by {relation.through}", "warning"))
    if does:
        pieces.append((f"  {' and '.join(does)}", "critical" if relation.rewrites else "warning"))
    pieces.append((f"  blocks {relation.blocks}", "dim"))
    found: list[Paragraph] = [(10, tuple(pieces))]
    waits = set(relation.in_the_way)
    for session in relation.in_the_way:
        who = ", ".join(word for word in (session.application, session.user, session.state) if word)
        since = f" for {fmt.duration(session.transaction_s)}" if session.transaction_s is not None else ""
        held = "holds" if session.granted else "waits for"
        mode = session.lock_mode.label if session.lock_mode is not None else session.mode
        found.append((12, ((f"          waits for pid {session.pid}", "critical"),
                           (f" ({who}{since}), which {held} {mode}", ""))))
    others = len({relation_session.pid for relation_session in relation.sessions or ()
                  if relation_session not in waits})
    if others:
        found.append((12, ((f"          {fmt.plural(others, 'other session')} on it now, not in the way", "faint"),)))
    return found


def finding_paragraphs(findings: Sequence[LintFinding], *, indent: int = 1, with_file: bool = False) -> list[Paragraph]:
    """Findings: place, severity and message, the advice below."""
    found: list[Paragraph] = []
    space, file = " " * indent, ""
    for finding in findings:
        if with_file and finding.file != file:
            file = finding.file
            found += [(0, ())] if found else []
            found.append((indent, ((f" {file.rpartition('/')[2]}", "strong"),)))
        found.append((indent + 4, ((f"{space}line {finding.line}  ", "faint"),
                                   (f"{finding.severity}: ", SEVERITIES[finding.severity]), (finding.message, ""),
                                   (f"  [{finding.rule}]", "faint"))))
        found.append((indent + 4, ((f"{space}    {finding.advice}", "dim"),)))
    return found


def findings_summary(findings: Sequence[LintFinding]) -> tuple[str, Tone]:
    """"2 errors, 1 warning" in the worst one's tone."""
    words, worst = [], "ok"
    for severity, name in (("error", "error"), ("warning", "warning"), ("info", "hint")):
        if amount := sum(finding.severity == severity for finding in findings):
            words.append(fmt.plural(amount, name))
            worst = SEVERITIES[severity] if worst == "ok" else worst
    return ", ".join(words) or "no findings", worst  # type: ignore[return-value]
