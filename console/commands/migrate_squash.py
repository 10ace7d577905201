"""`dbconsole migrate squash --to VERSION`: the first migrations as one file."""

from __future__ import annotations

from pathlib import Path

from console.commands.migrate import Request
from console.commands.migrate_verify import facts
from console.commands.output import say, write_data, write_json
from console.errors import UsageError
from console.migrate import squash as squashing
from console.migrate.files import own_services
from console.text import format as fmt


async def squash(request: Request) -> int:
    """Writes it once it is proved, and takes the old files away. Raises ConsoleError."""
    from console.demo.scratch import own_cluster

    options = request.options
    target = (await request.target()).direct()
    own, _ = own_services(request.services(target), "squashed")
    if len(own) != 1:
        raise UsageError("squash is about one service",
                         hint=f"--service, one of {', '.join(service.name for service in own)}")
    own_server, _ = own_cluster(*await facts(target))
    found = await squashing.make(target, request.services(target, every=True), own[0], options.to,
                                 max_rows=options.max_rows, own_cluster=own_server,
                                 only_own_cluster=options.embedded)
    move_to = None if options.move_to is None else Path(options.move_to)
    for note in found.notes:
        say(f"note: {note}")
    if move_to is None:
        await squashing.check_kept(found.service, found.old)
    if not options.dry_run:
        squashing.put(found, move_to)
    rows = "no rows" if not found.rows else f"{fmt.plural(found.rows, 'row')} of {fmt.plural(found.tables, 'table')}"
    if options.json:
        write_json({"target": target.label, "file": str(found.path),
                    "stands_for": [file.version for file in found.files], "rows": found.rows, "proved_in": found.where,
                    "moved_to": options.move_to,
                    "written": not options.dry_run, "notes": list(found.notes)})
    else:
        write_data(str(found.path))
        say(f"proved in {found.where}: it makes what {len(found.files)} files made, with {rows}")
        if found.rows:
            say("rows are as they came out now: what a clock or a random value gave is written as it was")
        if not options.dry_run:
            say(f"the old files are in {move_to}" if move_to is not None else "the old files are removed; git has them",
                "where they are applied, the next up puts it in their place and runs nothing")
    return 0
