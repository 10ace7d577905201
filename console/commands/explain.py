"""`dbconsole explain`: the plan of a statement or of a file, its verdict and its findings."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from console import files
from console.commands import output
from console.commands.allow import HELP, agree, check_writable
from console.commands.output import answer, can_ask, say
from console.errors import ServerError, UsageError
from console.plans.compare import compare
from console.plans.explain import ExplainRequest, Writes, explain, facts
from console.plans.findings import analyse
from console.plans.parse import MAX_CHARACTERS, parse, parse_all, to_json
from console.plans.records import Analysis, PlanComparison
from console.plans.unwrap import looks_like_plan
from console.text import format as fmt
from console.text.sanitiser import json_escaped
from console.vectors.explained import refused, with_vectors
from console.view.plans import tree as view
from console.view.table import plain

if TYPE_CHECKING:
    from console.commands.opening import Opening
    from console.server.target import Target


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The options of `dbconsole explain`; `common` adds those that other commands have as well."""
    parser.add_argument("sql", nargs="?", metavar="SQL", help="one statement; - reads it from stdin")
    parser.add_argument("--file", metavar="F", help="a file with a statement, or with a plan as JSON or text (psql's, "
                        "auto_explain's forms too); - is stdin")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--analyze", action="store_true", help="run it, in a transaction that is rolled back")
    how.add_argument("--generic", action="store_true", help="the plan that suits all parameters' values ($1...)")
    parser.add_argument("--param", action="append", default=[], metavar="VALUE", help="for $1, then $2... (repeatable)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings",
                        help="a setting for this plan alone (repeatable)")
    parser.add_argument("--no-serialize", action="store_true", help="leave writing the result out (17 and later)")
    parser.add_argument("--try-indexes", action="store_true", help="build a vector index that is proposed on a sample, "
                        "in a temporary table of a transaction that is rolled back")
    parser.add_argument("--yes", action="store_true", help=HELP)
    parser.add_argument("--compare", metavar="F", help="say what changed from the plan in this file")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--fail-on", choices=("warning", "critical"), help="exit 1 if a finding is that grave")
    common(parser)


async def run(opening: Opening) -> int:
    """Writes plan, verdict and findings to stdout; 1 where --fail-on finds what it looks for. Raises ConsoleError."""
    options = opening.options
    if (options.sql is None) == (options.file is None):
        raise UsageError("explain needs either a statement or --file", hint="dbconsole explain 'SELECT ...'")
    earlier = parse(read(options.compare)) if options.compare else None
    given = read(options.file) if options.file else read("-") if options.sql == "-" else options.sql
    if (options.file or options.sql == "-") and looks_like_plan(given):
        analysis = _saved(given, options)
    else:
        analysis = await _live(given, opening)
    compared = compare(earlier, analysis.plan) if earlier else None
    if options.json:
        output.write(as_json(analysis, compared))
    else:
        output.write_lines(as_lines(analysis, compared))
    return 1 if options.fail_on and analysis.at_least(options.fail_on) else 0


def read(name: str) -> str:
    """A file's text, or stdin's. Raises UsageError, also for one that is too large."""
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_CHARACTERS + 1)
        else:
            with Path(name).open("rb") if name.startswith("/dev/") else os.fdopen(files.opened(name), "rb") as file:
                data = file.read(MAX_CHARACTERS + 1)  # /dev/fd/63 is a shell's <(command)
    except OSError as error:
        raise UsageError(f"{name}: {error.strerror or error}") from None
    if len(data) > MAX_CHARACTERS:
        raise UsageError(f"{name} is larger than {fmt.size(MAX_CHARACTERS)}", hint="cut the plan out of it")
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"  # PowerShell's >
    text = data.decode(encoding, "replace")
    if not text.strip() or "\0" in text:
        raise UsageError(f"{'stdin' if name == '-' else name} {'is no text' if text.strip() else 'is empty'}",
                         hint="a statement, or a plan as EXPLAIN (FORMAT JSON) writes it, belongs there")
    return text


def _saved(text: str, options: argparse.Namespace) -> Analysis:
    if options.analyze or options.generic or options.param or options.settings:
        raise UsageError(f"{options.file or 'stdin'} holds a plan: there is nothing to run",
                         hint="--analyze, --generic, --param and --set are for statements")
    found = parse_all(text)
    if len(found) > 1:
        say(f"{len(found)} plans: this is the one that took longest")
    return analyse(max(found, key=lambda plan: plan.total_ms or plan.root.total_cost or 0.0))


async def _live(statement: str, opening: Opening) -> Analysis:
    from console.server.effects import Acts
    from console.server.single import single_session

    options = opening.options
    settings = {}
    for setting in options.settings:
        name, separator, value = setting.partition("=")
        if not separator or not name.strip():
            raise UsageError(f"--set {setting}: must be NAME=VALUE")
        settings[name.strip()] = value.strip()
    request = ExplainRequest(
        statement=statement, analyze=options.analyze, generic=options.generic, parameters=tuple(options.param),
        settings=settings, serialize=not options.no_serialize, timeout_ms=max(1, round(options.timeout * 1000)))
    target = await opening.target()
    if options.try_indexes:
        check_writable(target, "without --try-indexes nothing is built")
    async with single_session(target) as session:
        plan = None
        while plan is None:
            try:
                plan = await explain(session, request)
            except Acts as refusal:
                request = replace(request, allowed=agree(target, refusal, statement, yes=options.yes))
            except Writes as refusal:
                _agree(target, refusal, yes=options.yes)
                request = replace(request, may_write=True)
            except ServerError as error:
                if (found := await refused(session, error, request)) is None:
                    raise
                return found
        return await with_vectors(session, analyse(plan, await facts(session, plan)), request,
                                  may_write=options.try_indexes)


def _agree(target: Target, refusal: Writes, *, yes: bool) -> None:
    """Has a person agree that a statement that writes is run. Raises ConsoleError."""
    check_writable(target, "the statement writes; without --analyze it is planned, not run")
    if yes:
        return
    if not can_ask():
        raise UsageError(refusal.summary, hint="--yes runs it and rolls it back; sequences, and what triggers do "
                                               "outside the database, stay; without --analyze it is planned alone")
    wanted = target.label if target.environment == "production" else "yes"
    known = target.environment if target.environment != "unknown" else "no environment is configured"
    say(f"The statement writes. It would be run on {target.label} ({known}) and rolled back: it takes its locks, fires "
        "its triggers, and uses up values of sequences.")
    if answer(f"Type {wanted!r} to go on:") != wanted:
        raise UsageError("nothing was run")


def as_json(analysis: Analysis, compared: PlanComparison | None = None) -> str:
    """One JSON document: verdict, findings, the plan as EXPLAIN writes it, and what changed with --compare."""
    plan = analysis.plan
    document = {
        "verdict": analysis.verdict,
        "findings": [{"rule": finding.rule, "severity": finding.severity, "message": finding.message,
                      "evidence": finding.evidence,
                      "fix": finding.fix, "fixes": [view.fix_document(fix) for fix in finding.fixes],
                      "node": plan.nodes[finding.node].label if finding.node is not None else None,
                      "impact_ms": None if finding.impact_ms is None else round(finding.impact_ms, 3)}
                     for finding in analysis.findings],
    }
    if compared:
        document["changes"] = list(compared.changes)
    # A plan may be nested deeper than json.dumps can go.
    return json_escaped(f'{json.dumps(document, ensure_ascii=False)[:-1]}, "plan": {to_json(plan, indent=False)}}}\n')


def as_lines(analysis: Analysis, compared: PlanComparison | None = None) -> list[str]:
    """Everything for people, as wide as the terminal or 120 columns."""
    import shutil

    encoding = (sys.stdout.encoding or "utf-8").lower().replace("-", "")
    width = shutil.get_terminal_size((120, 36)).columns if sys.stdout.isatty() else 120
    lines = view.lines(analysis, max(40, width), unicode=encoding.startswith("utf"))
    return [*lines, "", "changes:", *map(plain, view.comparison(compared))] if compared else lines


__all__ = ["add_arguments", "as_json", "as_lines", "read", "run"]
