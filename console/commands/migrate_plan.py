"""`dbconsole migrate plan` and `migrate lint`: what a run would do and lock, and what is dangerous about it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from msgspec.structs import replace

from console.commands.migrate import Request
from console.commands.output import say, write_data, write_json, write_lines
from console.errors import UsageError
from console.server.script import script_session
from console.text import format as fmt

if TYPE_CHECKING:
    from console.migrate.lint import Lintable, LintFinding, RuleChoice
    from console.migrate.migration_plan import MigrationPlan
    from console.migrate.records import Step
    from console.server.target import Target

MOST_NAMED = 8


async def plan(request: Request) -> int:
    """The statements of a run to come, in order, and what other frameworks' commands would do. Raises ConsoleError
    where the run would refuse to start."""
    from console.commands import external_run
    from console.migrate import migration_plan
    from console.migrate.lint.choice import at_least
    from console.migrate.plan import plan as read_plan
    from console.migrate.plan import version_note
    from console.migrate.plan_text import plan_document, plan_lines

    options = request.options
    if options.pending and options.down:
        raise UsageError("what is pending can't be rolled back", hint="leave --pending or --down out")
    if options.sql:
        return await _script(request)
    rules = _asked(request)
    target = (await request.target()).direct()
    services, others = external_run.parted(request.services(target), request.range())
    changed = await request.selection(services, None)
    commands = await external_run.shown(target, await external_run.plans(target, others, request.range()))
    async with script_session(target, purpose="migrate plan") as session:
        found = await migration_plan.read(session, services, request.range(), request.beside(target))
        chosen, alike = ([planned.step for planned in found.ready], []) if options.json else _told_once(found)
        steps = await read_plan(session, chosen, found.services, rules)
        note = version_note(session) if steps else None
    for words in alike:
        say(words)
    for held in found.held_notes:
        say(held)
    if options.since is not None:
        steps = [step for step, run in zip(steps, chosen, strict=True) if changed.holds(run.migration)]
        say(changed.words(len(steps), len(chosen)) + ", of those that would be run")
    steps = [replace(step, findings=tuple(at_least(step.findings, options.severity))) for step in steps]
    if note is not None:
        say(note)
    if options.json:
        write_json(plan_document(steps) | {"commands": commands})
    elif steps or not commands:
        write_lines([*plan_lines(steps, _width(sys.stdout)), *commands])
    else:
        write_lines(commands)
    return 0


async def _script(request: Request) -> int:
    """The run as a script on stdout. Raises ConsoleError."""
    from console.clock import SystemClock
    from console.commands import external_run
    from console.migrate import plan_script

    options = request.options
    if options.json or options.since is not None:
        raise UsageError("--sql is a script of all that is next: it goes with neither --json nor --since",
                         hint="--to VERSION or --steps N shorten it")
    target = (await request.target()).direct()
    services, others = external_run.parted(request.services(target), request.range())
    found = await plan_script.read(target, services, request.range(), request.beside(target), SystemClock().now())
    for service in others:
        say(f"{service.name} is migrated by another framework: not in the script")
    for held in found.notes:
        say(held)
    if found.text:
        write_data(found.text.rstrip("\n"))
    else:
        say("nothing to run")
    return 0


def _told_once(plan: MigrationPlan) -> tuple[list[Step], list[str]]:
    """The steps without those of tenants that have the same before them as another, and in words which those are."""
    by_service: dict[str, list[Step]] = {}
    for planned in plan.ready:
        by_service.setdefault(planned.step.migration.service, []).append(planned.step)
    told: dict[tuple[int, ...], str] = {}
    alike: dict[str, list[str]] = {}
    kept: list[Step] = []
    for name, steps in by_service.items():
        if steps[0].migration.tenant is not None:
            first = told.setdefault(tuple(id(step.script) for step in steps), name)
            if first != name:
                alike.setdefault(first, []).append(name)
                continue
        kept += steps
    return kept, [f"the same as in {first} in {fmt.plural(len(names), 'more tenant')}: {', '.join(names[:MOST_NAMED])}"
                  + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
                  for first, names in alike.items()]


async def lint(request: Request) -> int:
    """Findings in every migration, both ways; with -t sharpened by that catalog. 1 for an error or a warning, else 0.

    Raises ConsoleError when the server can't be asked or a folder can't be read.
    """
    from console.migrate.files import own_services, read_service
    from console.migrate.lint import lintables_of
    from console.migrate.lint.choice import at_least
    from console.migrate.plan_text import findings_document, findings_lines

    options = request.options
    rules = _asked(request)
    if options.explain:
        from console.migrate.lint.choice import known
        from console.migrate.lint.explain import explained, explanation

        rule = known(options.explain)
        if options.json:
            write_json(explanation(rule))
        else:
            write_lines(explained(rule))
        return 0
    target = await request.target() if options.target or options.pending else None
    own, notes = own_services(request.services(target), "looked at")
    for note in notes:
        say(f"note: {note}")
    selection = await request.selection(own, target)
    count, lintables = 0, []
    for service in own:
        files = read_service(service).migrations
        count += len(files)
        lintables += lintables_of(service, [file for file in files if selection.holds(file)], rules)
    if not selection.is_everything:
        say(selection.words(sum(lintable.direction == "up" for lintable in lintables), count))
    findings = at_least(await _findings(lintables, target, is_next=options.pending), options.severity)
    if options.json:
        write_json(findings_document(findings))
    else:
        write_lines(findings_lines(findings, _width(sys.stdout)))
    return int(any(finding.severity != "info" for finding in findings))


async def _findings(lintables: Sequence[Lintable], target: Target | None, *, is_next: bool) -> list[LintFinding]:
    """What there is to find; `is_next`: the ways up are those that run next on the target, one after the other."""
    from console.migrate.lint import lint as find

    if target is None:
        return find(lintables)
    from console.migrate.facts import read_catalog
    from console.migrate.lint import relations_and_functions

    names, functions = relations_and_functions(lintable.script for lintable in lintables)
    async with script_session(target.direct(), purpose="migrate lint") as session:
        catalog = await read_catalog(session, sorted(names, key=str), sorted(functions))
    if not is_next:
        return find(lintables, catalog)
    ups = [lintable for lintable in lintables if lintable.direction == "up"]
    downs = [lintable for lintable in lintables if lintable.direction == "down"]
    place = {str(lintable.script.path): number for number, lintable in enumerate(lintables)}
    return sorted([*find(ups, catalog, in_sequence=True), *find(downs, catalog)],
                  key=lambda finding: (place[finding.file], finding.line))


def _asked(request: Request) -> RuleChoice:
    """The rules by --rule, --also and --ignore. Raises UsageError."""
    from console.migrate.lint.choice import asked

    options = request.options
    return asked(options.rule, options.also, options.ignore)


def _width(out: TextIO) -> int:
    """The terminal's width, 100 columns elsewhere."""
    return shutil.get_terminal_size((100, 24)).columns if out.isatty() else 100
