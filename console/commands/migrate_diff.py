"""`dbconsole migrate diff A B`: two schemas against each other, of databases or of what files make."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from console.commands.migrate import Request
from console.commands.migrate_verify import facts
from console.commands.output import say, write_data, write_json, write_lines
from console.demo.scratch import own_cluster
from console.errors import UsageError
from console.migrate import schema_diff
from console.migrate.schema_diff import SchemaDiff, ScriptPair
from console.server.target import Target

if TYPE_CHECKING:
    from console.services import Service

FILES = "files"


async def diff(request: Request) -> int:
    """What the second has otherwise than the first, and with --sql the scripts. 1 where they differ."""
    options = request.options
    if options.first == options.second == FILES:
        raise UsageError("diff compares the files with a database", hint="diff files TARGET, or diff TARGET files")
    if options.write and options.first != FILES:
        raise UsageError("--write makes a migration of what a database has otherwise than the files",
                         hint="diff files TARGET --write")
    if options.write:
        _service(request, await request.target_named(options.second))
    async with AsyncExitStack() as stack:
        first, second = await _sides(request, stack)
        schemas: Collection[str] = options.schema or ()
        if not schemas and FILES in (options.first, options.second):
            schemas = await schema_diff.schemas_of(first if options.first == FILES else second)
        found = await schema_diff.read(first, second, schemas)
        pair = None
        if (options.sql or options.write) and found.comparison.differences:
            own, _ = own_cluster(*await facts(first))
            pair = await schema_diff.scripts(first, second, found, own)
        return _tell(request, first, second, found, pair)


async def _sides(request: Request, stack: AsyncExitStack) -> tuple[Target, Target]:
    from console.migrate.files_schema import files_schema

    options = request.options
    if FILES not in (options.first, options.second):
        return await request.target_named(options.first), await request.target_named(options.second)
    other = await request.target_named(options.second if options.first == FILES else options.first)
    own, _ = own_cluster(*await facts(other))
    made = await stack.enter_async_context(files_schema(other, request.services(other, every=True), own))
    return (made, other) if options.first == FILES else (other, made)


def _tell(request: Request, first: Target, second: Target, found: SchemaDiff, pair: ScriptPair | None) -> int:
    options = request.options
    sentences = found.comparison.differences
    for note in (*found.comparison.renamed, *found.comparison.order):
        say(f"note: {note}")
    written = _write(request, second, pair) if options.write and pair is not None else []
    if options.json:
        write_json({"first": first.label, "second": second.label, "differences": list(sentences),
                    "forth": pair.forth if pair else None, "back": pair.back if pair else None, "files": written})
    elif written and pair is not None:
        say(*sentences, f"tried in {pair.where}; owners are not among it")
        write_lines(written)
    elif pair is not None:
        say(*sentences, f"tried in {pair.where}; owners are not among it")
        write_data(f"-- Makes the schema of {second.label} of that of {first.label}.\n{pair.forth}-- And back:\n"
                   + "".join(f"-- {line}\n" for line in pair.back.splitlines()))
    else:
        write_lines(sentences)
        say(f"{len(sentences)} differences" if sentences else "no differences")
    return int(bool(sentences))


def _write(request: Request, second: Target, pair: ScriptPair) -> list[str]:
    """The next migration of the one service, which makes of the files' schema the other; the paths of its files."""
    from console.migrate.create import MigrationPart, next_sequence, write

    service = _service(request, second)
    up, down = f"-- What {second.label} has and the files don't make.\n{pair.forth}", f"-- Takes it back.\n{pair.back}"
    files = next_sequence(service, "diff", (MigrationPart("", up, down),))
    write(files)
    return [str(path) for path, _ in files]


def _service(request: Request, target: Target) -> Service:
    from console.migrate.files import by_framework

    own = by_framework(request.services(target))[0]
    if len(own) != 1 or own[0].tenants is not None:
        raise UsageError("--write is about one service" if len(own) != 1 else "--write is for services without tenants",
                         hint=f"--service, one of {', '.join(service.name for service in own)}" if own else None)
    return own[0]
