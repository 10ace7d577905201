"""A plan and lint findings as plain text for a terminal and as JSON documents. Pure."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from console.migrate.facts import RelationSession
from console.migrate.lint import LintFinding
from console.migrate.plan import PlanRelation, PlanStatement, PlanStep
from console.text import format as fmt

_LONGEST_SQL = 12
"""So many lines of a statement are shown in text; JSON has all of it."""


def plan_lines(steps: Sequence[PlanStep], width: int = 100) -> list[str]:
    """The plan for people: each step, its statements with their locks, and what the linter says of it."""
    if not steps:
        return ["nothing to run"]
    return [line for number, step in enumerate(steps) for line in (*([""] if number else ()), *_step(step, width))]


def findings_lines(findings: Sequence[LintFinding], width: int = 100) -> list[str]:
    """Findings for people: place and message on one line as compilers write it, the advice below; counts at the end."""
    lines = [line for finding in findings for line in _finding(finding, f"{finding.file}:{finding.line}: ", width)]
    return [*lines, summary(findings)]


def summary(findings: Sequence[LintFinding]) -> str:
    """"2 errors, 1 warning", or that there is nothing."""
    counts: Counter[str] = Counter(finding.severity for finding in findings)
    words = [f"{counts[name]} {label if counts[name] == 1 else plural}" for name, label, plural in
             (("error", "error", "errors"), ("warning", "warning", "warnings"), ("info", "hint", "hints"))
             if counts[name]]
    return ", ".join(words) or "no findings"


def plan_document(steps: Sequence[PlanStep]) -> dict[str, Any]:
    """`migrate plan --json`."""
    return {"steps": [{
        "service": step.service, "version": step.version, "name": step.name, "direction": step.direction,
        "file": step.file, "in_transaction": step.in_transaction, "batches": step.batches,
        "in_place": step.in_place, "fault": step.fault,
        "statements": [_statement_document(statement) for statement in step.statements],
        "findings": [finding_document(finding) for finding in step.findings],
    } for step in steps]}


def findings_document(findings: Sequence[LintFinding]) -> dict[str, Any]:
    """`migrate lint --json`."""
    return {"findings": [finding_document(finding) for finding in findings]}


def finding_document(finding: LintFinding) -> dict[str, Any]:
    return {"service": finding.service, "file": finding.file, "line": finding.line, "rule": finding.rule,
            "severity": finding.severity, "message": finding.message, "advice": finding.advice}


def _step(step: PlanStep, width: int) -> list[str]:
    manner = step.in_place or step.batches or (
        "in one transaction" if step.in_transaction else "statement by statement, without a transaction")
    label = f"{step.service}/{step.version}" + (f"_{step.name}" if step.name else "")
    lines = [f"{step.direction} {label}  ({manner})"]
    if step.fault is not None:
        lines.append(f"  can't be read: {step.fault}")
    for statement in step.statements:
        lines += _statement(statement, width)
    for finding in step.findings:
        lines += _finding(finding, f"  line {finding.line}: ", width)
    return lines


def _statement(statement: PlanStatement, width: int) -> list[str]:
    sql = textwrap.dedent(statement.sql.expandtabs(4)).splitlines()
    if len(sql) > _LONGEST_SQL:
        sql = [*sql[:_LONGEST_SQL - 1], f"... {len(sql) - _LONGEST_SQL + 1} more lines"]
    number = f"{statement.line:>5}  "
    lines = [(number if row == 0 else " " * 7) + line.rstrip() for row, line in enumerate(sql)]
    seen = [plan_relation for plan_relation in statement.relations if not plan_relation.is_new]
    for relation in seen:
        lines += _relation(relation, width)
    if statement.goes:
        lines += _wrapped(f"       CASCADE drops {statement.goes}", width)
    if statement.opaque:
        lines += _wrapped(f"       ? {statement.opaque}", width)
    if not seen and not statement.opaque:
        lines.append("       locks nothing that others use")
    return lines


def _relation(relation: PlanRelation, width: int) -> list[str]:
    does = [word for word, is_so in (("rewrites it", relation.rewrites), ("scans it", relation.scans)) if is_so]
    size = relation.facts.size_words if relation.facts else ""
    taken = f", taken by {relation.through}" if relation.through else ""
    text = f"{relation.mode.label} on {relation.name}" + (f" ({size})" if size else "") + taken \
        + f": blocks {relation.blocks}" + (f"; {' and '.join(does)}" if does else "")
    lines = _wrapped(f"       {text}", width)
    if relation.sessions:
        waits = set(relation.in_the_way)
        others = len(relation.sessions) - len(waits)
        for session in relation.in_the_way:
            lines += _wrapped(f"         waits for {session_words(session)}", width)
        if others:
            lines.append(f"         {others} other lock{'s' if others > 1 else ''} on it now, not in the way")
    return lines


def session_words(session: RelationSession) -> str:
    """A session for people: "pid 41 (app, alice, idle in transaction for 2 min), RowExclusiveLock"."""
    words = [word for word in (session.application, session.user, session.state) if word]
    if session.transaction_s is not None and words:
        words[-1] += f" for {fmt.duration(session.transaction_s)}"
    held = "holds" if session.granted else "waits itself for"
    return f"pid {session.pid}" + (f" ({', '.join(words)})" if words else "") + f", which {held} {session.mode}"


def _finding(finding: LintFinding, place: str, width: int) -> list[str]:
    return [*_wrapped(f"{place}{finding.severity}: {finding.message} [{finding.rule}]", width, "    "),
            *_advice(finding.advice, width)]


@cache
def _advice(advice: str, width: int) -> tuple[str, ...]:
    """A rule's advice, which a history may earn ten thousand times."""
    return tuple(_wrapped(f"    {advice}", width, "    "))


def _wrapped(text: str, width: int, indent: str = "         ") -> list[str]:
    width = max(width, 40)
    if len(text) <= width and text.strip() and text.isprintable():  # tens of thousands of lines fit as they are
        return [text.rstrip()]
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False,
                         break_on_hyphens=False, drop_whitespace=True, replace_whitespace=True) or [""]


def _statement_document(statement: PlanStatement) -> dict[str, Any]:
    return {
        "sql": statement.sql, "line": statement.line, "kind": statement.kind,
        "lock": statement.mode.label if statement.mode is not None else None, "blocks": statement.blocks,
        "rewrites": statement.rewrites, "scans": statement.scans, "unknown": statement.opaque,
        "goes": statement.goes,
        "relations": [_relation_document(relation) for relation in statement.relations],
    }


def _relation_document(relation: PlanRelation) -> dict[str, Any]:
    facts, waits = relation.facts, set(relation.in_the_way)
    return {
        "name": str(relation.name), "lock": relation.mode.label, "blocks": relation.blocks,
        "is_new": relation.is_new, "through": relation.through or None,
        "rewrites": relation.rewrites, "scans": relation.scans,
        "total_bytes": facts.total_bytes if facts else None, "rows": facts.rows if facts else None,
        "sessions": None if relation.sessions is None else [{
            "pid": session.pid, "user": session.user, "application": session.application, "state": session.state,
            "mode": session.mode,
            "granted": session.granted, "transaction_s": session.transaction_s, "query": session.query,
            "in_the_way": session in waits} for session in relation.sessions],
    }
