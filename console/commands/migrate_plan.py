"""`dbconsole migrate plan` and `migrate lint`: what a run would do and lock, and what is dangerous about it."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, TextIO

from console.commands.migrate import Request
from console.commands.output import say, write_json, write_lines
from console.server.script import script_session
from console.text import format as fmt

if TYPE_CHECKING:
    from console.migrate.facts import Catalog
    from console.migrate.lint import Lintable
    from console.migrate.migration_plan import MigrationPlan
    from console.migrate.records import Direction, ServiceFiles, Step

MOST_NAMED = 8


async def plan(request: Request) -> int:
    """The statements of a run to come, in order, and what other frameworks' commands would do. Raises ConsoleError
    where the run would refuse to start."""
    from console.commands import external_run
    from console.migrate import migration_plan
    from console.migrate.lint import own_schemas
    from console.migrate.plan import plan as read_plan
    from console.migrate.plan import version_note
    from console.migrate.plan_text import plan_document, plan_lines

    target = (await request.target()).direct()
    services, others = external_run.parted(request.services(target), request.range())
    commands = await external_run.shown(target, await external_run.plans(target, others, request.range()))
    async with script_session(target, purpose="migrate plan") as session:
        found = await migration_plan.read(session, services, request.range(), request.beside(target))
        ready, alike = ([planned.step for planned in found.ready], []) if request.options.json else _told_once(found)
        steps = await read_plan(session, ready,
                                {service.name: own_schemas(service) for service in found.services})
        note = version_note(session) if steps else None
    for words in alike:
        say(words)
    for held in found.held_notes:
        say(held)
    if note is not None:
        say(note)
    if request.options.json:
        write_json(plan_document(steps) | {"commands": commands})
    elif steps or not commands:
        write_lines([*plan_lines(steps, _width(sys.stdout)), *commands])
    else:
        write_lines(commands)
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
    from console.migrate.lint import lint as find
    from console.migrate.plan_text import findings_document, findings_lines

    target = await request.target() if request.options.target else None
    own, notes = own_services(request.services(target), "looked at")
    for note in notes:
        say(f"note: {note}")
    lintables = [lintable for service in own for lintable in lintables_of(read_service(service))]
    catalog: Catalog | None = None
    if target is not None:
        from console.migrate.facts import read_catalog
        from console.migrate.lint import relations_and_functions

        names, functions = relations_and_functions(lintable.script for lintable in lintables)
        async with script_session(target.direct(), purpose="migrate lint") as session:
            catalog = await read_catalog(session, sorted(names, key=str), sorted(functions))
    findings = find(lintables, catalog)
    if request.options.json:
        write_json(findings_document(findings))
    else:
        write_lines(findings_lines(findings, _width(sys.stdout)))
    return int(any(finding.severity != "info" for finding in findings))


def lintables_of(files: ServiceFiles) -> list[Lintable]:
    """Every script of a service, up and down, in order of version."""
    from console.migrate.lint import Lintable, own_schemas

    service = files.service
    schemas = own_schemas(service)
    directions: tuple[Direction, ...] = ("up", "down")
    return [Lintable(service.name, script, direction, schemas)
            for migration in files.migrations for direction in directions
            if (script := migration.script(direction)) is not None]


def _width(out: TextIO) -> int:
    """The terminal's width, 100 columns elsewhere."""
    return shutil.get_terminal_size((100, 24)).columns if out.isatty() else 100
