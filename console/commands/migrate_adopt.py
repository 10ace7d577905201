"""`dbconsole migrate adopt`: what another tool has applied is taken over, once it is proved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from console.commands import naming
from console.commands.confirmation import carry_out, in_lines
from console.commands.migrate import Request
from console.commands.narration import Narration
from console.commands.output import say, write_data, write_json
from console.errors import UsageError
from console.migrate import adopt as adopting
from console.migrate.adopt import Adoption, AdoptionPlan
from console.migrate.files import by_framework
from console.migrate.frameworks.specs import TITLES
from console.server.script import script_session
from console.server.target import Target

if TYPE_CHECKING:
    from console.migrate.drift import Drift


async def adopt(request: Request) -> int:
    """Takes over, or back. 1 where the live schema isn't what the files make, and nothing is written then."""
    options = request.options
    if options.tool is not None and options.tool not in TITLES:
        raise UsageError(f"there is no tool {options.tool!r}", hint=f"known: {', '.join(TITLES)}")
    if options.write_sql is not None:
        return await _write_sql(request)
    target = await request.target_to_write()
    chosen = request.services(target)
    own = chosen if options.service is not None else tuple(by_framework(chosen)[0]) or chosen
    if options.undo + options.mirror + options.end_mirror > 1:
        raise UsageError("--undo, --mirror and --end-mirror are one at a time", hint="--undo ends a mirror too")
    asked = Adoption(own, request.beside(target), options.tool, options.undo,
                     "begin" if options.mirror else "end" if options.end_mirror else None)
    plan = await _read(target, asked)
    proves = not (options.undo or options.end_mirror or plan.is_empty)
    if proves and (named := naming.named(request, own, plan.statuses)):
        plan = await _read(target, replace(asked, services=tuple(named)))
    found = None if options.no_proof or not proves else await _proved(request, target, plan)
    for note in (*plan.notes, *(found.notes if found is not None else ())):
        say(f"note: {note}")
    drifted = [f"{service}: {sentence}" for service, sentences in (found.differences if found is not None else ())
               for sentence in sentences]
    lines = _lines(plan)
    may_write = not drifted or options.allow_drift
    if plan.repairs and not options.dry_run and may_write:
        if was_asked := request.has_to_ask(target):
            request.ask(target, [*lines, *drifted])
        with Narration() as narration:
            done = await carry_out(request, target, plan, in_lines(_lines),
                                   lambda plan: adopting.run(target, plan, narration, request.run_options()), narration,
                                   was_asked=was_asked)
        lines = [repair.sentence for repair in done]
    is_done = bool(plan.repairs) and not options.dry_run and may_write
    if options.json:
        write_json({"target": target.label, "done": lines if is_done else [], "planned": lines, "drift": drifted,
                    "proved_in": found.where if found is not None else None, "notes": list(plan.notes)})
    else:
        say(*lines, *drifted)
        if found is not None:
            say(f"compared with {found.where}: {len(drifted)} differences" if drifted else
                f"proved: what these files make in {found.where} is what is there")
        if not may_write:
            say("nothing was written: --allow-drift takes it over all the same")
    return int(not may_write)


async def _write_sql(request: Request) -> int:
    """What a framework prints of its migrations becomes files; the database stays as it is."""
    from console.migrate import create
    from console.migrate.frameworks import written_sql

    options = request.options
    target = await request.target()
    foreign = by_framework(request.services(target))[1]
    if len(foreign) != 1:
        raise UsageError("SQL of which service's migrations? " + (
            "those of none are code" if not foreign else "several are migrated by other frameworks"),
            hint="--service, one of: " + (", ".join(service.name for service in foreign) or "there is none"))
    (service,) = foreign
    folder = Path(options.write_sql)
    written = await written_sql.read(target, service)
    found = written_sql.files(service, folder, written, leave_out_code=options.leave_out_code)
    if not options.dry_run:
        create.write(found)
    for path, _ in found:
        write_data(str(path))
    if left := [each.version for each in written if each.code]:
        say(f"note: what these do in code is not in the files: {', '.join(left)}")
    say(f"{len(written)} migrations; next: migrations = {str(folder)!r} for {service.name}, without its framework, "
        "and dbconsole migrate adopt")
    return 0


async def _read(target: Target, asked: Adoption) -> AdoptionPlan:
    async with script_session(target.direct(), purpose="migrate") as session:
        return await adopting.read(session, asked)


async def _proved(request: Request, target: Target, plan: AdoptionPlan) -> Drift:
    """How the live schema differs from what the files make that would count as applied. Raises MigrationError."""
    from console.commands.migrate_verify import facts
    from console.demo.scratch import own_cluster
    from console.migrate.drift import drift

    own, _ = own_cluster(*await facts(target))
    return await drift(target.direct(), request.services(target, every=True),
                       {service.name for service in plan.asked.services}, own_cluster=own, taken=plan.files)


def _lines(plan: AdoptionPlan) -> Sequence[str]:
    return [repair.sentence for repair in plan.repairs] or [
        "there is nothing to undo" if plan.asked.is_undo else
        "no run is written into another ledger" if plan.asked.mirror == "end" else
        "each run is written into the other ledger already" if plan.asked.mirror else
        "no other tool's ledger records anything of these files that dbconsole doesn't know"]
