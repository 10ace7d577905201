"""What became of the vector index, put before what a plan's own rules have found."""

from __future__ import annotations

from msgspec.structs import replace

from console.errors import ConsoleError
from console.plans.explain import explain
from console.plans.records import Analysis, PlanFinding, Severity
from console.server.explain import ExplainRequest
from console.server.session import PgSession
from console.sql.elide import elided
from console.sql.names import functions_called
from console.sql.tokens import significant
from console.text import format as fmt
from console.vectors.metrics import METRICS
from console.vectors.reasons.diagnose import of_error, why
from console.vectors.reasons.records import IndexVerdict, Reason

_SEVERITIES: dict[str, Severity] = {"ineligible": "warning", "cost": "info", "short": "warning", "fact": "info"}
_OPERATORS = {metric.operator for metric in METRICS}
_FUNCTIONS = {name for metric in METRICS for name in metric.functions}


async def with_vectors(session: PgSession, analysis: Analysis, request: ExplainRequest, *, may_write: bool = False,
                       ) -> Analysis:
    """`analysis`, of what `request` asked, with the verdict about vector indexes first; unchanged without a search.

    Fixes are tried before they are named: run where the statement was (`analyze`), else planned; with `may_write` an
    index that is proposed is built on a sample. What can't be found out is left out.
    """
    if "vector" not in session.info.extensions or not (_has_distance(request.statement) or any(
            node.kind == "Function Scan" for node in analysis.plan.nodes)):
        return analysis
    try:
        verdict = await why(session, request.statement, request.parameters, settings=request.settings,
                            timeout_ms=request.timeout_ms, plan=analysis.plan, is_run=request.analyze,
                            may_write=may_write)
    except ConsoleError:
        return analysis
    return with_verdict(analysis, verdict)


async def refused(session: PgSession, error: ConsoleError, request: ExplainRequest) -> Analysis | None:
    """What is wrong with a statement whose vector operator the server doesn't find, with the plan of the statement as
    mended; None for another error, and where nothing mends it."""
    try:
        reason = await of_error(session, error, request.statement, request.settings)
        fix = reason.fixes[0] if reason is not None and reason.fixes else None
        if reason is None or fix is None:
            return None
        mended = replace(request, statement=fix.statement or request.statement, analyze=False,
                         settings={**request.settings, **fix.settings})
        plan = await explain(session, mended)
    except ConsoleError:
        return None
    finding = PlanFinding("vector_" + reason.rule.replace("-", "_"), "critical", reason.sentence,
                          "the server's own error; the plan is that of the statement as mended", fix.sql,
                          fixes=reason.fixes)
    return Analysis(plan, f"The server refuses the statement: {reason.sentence}.", (finding,))


def _has_distance(statement: str) -> bool:
    return any(token.text in _OPERATORS for token in significant(statement)) \
        or not _FUNCTIONS.isdisjoint(functions_called(statement))


def with_verdict(analysis: Analysis, verdict: IndexVerdict) -> Analysis:
    """The verdict's sentence and its reasons, then the plan's own; unchanged where there is no search. Pure."""
    if verdict.outcome == "no search" and not verdict.reasons:
        return analysis
    sentence = verdict.sentence[:1].upper() + verdict.sentence[1:]
    if verdict.outcome in ("cost", "ineligible"):
        sentence = f"The vector index was not used: {verdict.sentence}"
    rest = analysis.verdict.removesuffix(" Nothing stands out.") if verdict.reasons else analysis.verdict
    return replace(analysis, verdict=f"{sentence}. {rest}",
                   findings=(*(_finding(verdict, reason) for reason in verdict.reasons), *analysis.findings))


def _finding(verdict: IndexVerdict, reason: Reason) -> PlanFinding:
    fix = reason.fixes[0].sql if reason.fixes else reason.fix or ""
    return PlanFinding(f"vector_{reason.rule.replace('-', '_')}", _SEVERITIES[reason.kind], reason.sentence,
                       _evidence(verdict, reason), fix, fixes=reason.fixes)


def _evidence(verdict: IndexVerdict, reason: Reason) -> str:
    if reason.kind == "cost" and verdict.cost is not None and verdict.forced_cost is not None:
        return f"the planner reckons {fmt.count(verdict.cost)} for this plan, " \
               f"{fmt.count(verdict.forced_cost)} with the index"
    if reason.is_proved:
        changed = f": {elided(reason.rewritten)}" if reason.rewritten else ""
        return f"with this changed, alone or with the others that are named, the plan uses the index{changed}"
    return "seen in the catalog and in the plan"
