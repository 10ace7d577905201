"""`dbconsole migrate drift --write files|server`: what has drifted as a pair of files, or a script for the server."""

from __future__ import annotations

from pathlib import Path

from console.commands.migrate import Request
from console.commands.migrate_verify import facts
from console.commands.output import say, write_data, write_json
from console.demo.scratch import own_cluster
from console.errors import UsageError
from console.migrate.create import MigrationPart, next_sequence
from console.migrate.create import write as write_files
from console.migrate.drift_pair import DriftPair, make
from console.migrate.files import by_framework, read_service
from console.migrate.lint import Lintable, lint, own_schemas
from console.migrate.plan_text import findings_lines
from console.migrate.records import Script
from console.server.target import Target
from console.services import Service


async def write(request: Request, direction: str) -> int:
    """Writes it, proved. 0 also where there is no drift, and then nothing is written. Raises ConsoleError."""
    target = (await request.target()).direct()
    own = by_framework(request.services(target))[0]
    if len(own) != 1 or own[0].tenants is not None:
        raise UsageError("--write is about one service" if len(own) != 1 else "--write is for services without tenants",
                         hint=f"--service, one of {', '.join(service.name for service in own)}" if own else None)
    (service,) = own
    own_server, _ = own_cluster(*await facts(target))
    pair = await make(target, request.services(target, every=True), service, own_cluster=own_server,
                      only_own_cluster=request.options.embedded)
    for note in pair.drift.notes:
        say(f"note: {note}")
    if not pair.up:
        say(f"compared with {pair.drift.where}: no drift, nothing was written")
        return 0
    say(*(f"{name}: {sentence}" for name, found in pair.drift.differences for sentence in found))
    schemas = own_schemas(service)
    say(*findings_lines(lint([
        Lintable(service.name, Script(Path("drift.up.sql"), pair.up), "up", schemas),
        Lintable(service.name, Script(Path("drift.down.sql"), pair.down), "down", schemas)]), 100))
    if direction == "server":
        _put_script(request, target, pair)
    else:
        _put_files(request, target, service, pair)
    say(f"proved in {pair.drift.where}: both ways make what they should")
    return 0


def _put_script(request: Request, target: Target, pair: DriftPair) -> None:
    if request.options.json:
        write_json({"target": target.label, "script": pair.down, "undo": pair.up})
        return
    write_data(f"-- Brings {target.label} back to what the files make. It is for this server alone: no migration.\n"
               f"BEGIN;\n{pair.down}COMMIT;\n-- What takes it back:\n"
               + "".join(f"-- {line}\n" for line in pair.up.splitlines()))


def _put_files(request: Request, target: Target, service: Service, pair: DriftPair) -> None:
    given = (f"-- What {target.label} had that no file made.\n{pair.up}", f"-- Takes it back.\n{pair.down}")
    files = next_sequence(service, "drift", (MigrationPart("", *given),))
    write_files(files)
    if request.options.json:
        write_json({"target": target.label, "files": [str(path) for path, _ in files]})
    else:
        for path, _ in files:
            write_data(str(path))
    version = next(file.version for file in read_service(service).migrations if file.up.path == files[0][0])
    say(f"{target.label} has it already: dbconsole migrate repair mark-applied --service {service.name} --version "
        f"{version}")
