"""`dbconsole migrate plan` and `migrate lint`: steps and files to a text or one JSON document."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from console.migrate.facts import read_catalog
from console.migrate.lint import Lintable, lint, relations_and_functions
from console.migrate.plan import plan, version_note
from console.migrate.plan_text import findings_document, plan_document, render_findings, render_plan
from console.migrate.records import Direction, ServiceFiles, Step
from console.server.session import Session


async def run_plan(session: Session | None, steps: Sequence[Step], schemas: Mapping[str, tuple[str, ...]], *,
                   as_json: bool, out: TextIO, err: TextIO) -> int:
    """Writes the plan of `steps`; `schemas` are each service's own. Exit status 0. Raises ConsoleError."""
    planned = await plan(session, steps, schemas)
    if session is not None and (note := version_note(session)):
        err.write(f"{note}\n")
    out.write((json.dumps(plan_document(planned), indent=2) if as_json else render_plan(planned, _width(out))) + "\n")
    return 0


async def run_lint(session: Session | None, files: Iterable[ServiceFiles], *, as_json: bool, out: TextIO) -> int:
    """Lints every migration of the services, both ways; 1 when there is an error or a warning, else 0.

    With a session the catalog sharpens the findings. Raises ConsoleError when the server can't be asked.
    """
    lintables = [lintable for one in files for lintable in lintables_of(one)]
    catalog = None
    if session is not None:
        names, functions = relations_and_functions(one.script for one in lintables)
        catalog = await read_catalog(session, sorted(names, key=str), sorted(functions))
    findings = lint(lintables, catalog)
    text = json.dumps(findings_document(findings), indent=2) if as_json else render_findings(findings, _width(out))
    out.write(text + "\n")
    return int(any(one.severity != "info" for one in findings))


def lintables_of(files: ServiceFiles) -> list[Lintable]:
    """Every script of a service, up and down, in order of version."""
    service = files.service
    directions: tuple[Direction, ...] = ("up", "down")
    return [Lintable(service.name, script, direction, service.schemas)
            for migration in files.migrations for direction in directions
            if (script := migration.script(direction)) is not None]


def _width(out: TextIO) -> int:
    """The terminal's width, 100 columns elsewhere."""
    return shutil.get_terminal_size((100, 24)).columns if out.isatty() else 100
