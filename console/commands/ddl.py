"""`dbconsole ddl`: the script that makes a database's schema again, or a service's, or some objects'."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from console.catalog import read
from console.catalog.ddl_script import DdlScope, DdlScript, write
from console.commands import output
from console.commands.output import say, write_json, write_lines
from console.errors import Missing, UsageError
from console.redaction import MASK
from console.services import services_for
from console.sql.names import qualified_name

if TYPE_CHECKING:
    from console.commands.opening import Opening
    from console.server.session import Session
    from console.server.target import Target


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The options of `dbconsole ddl`; `common` adds those that other commands have as well."""
    parser.add_argument("objects", nargs="*", metavar="OBJECT", help="a schema, or an object with its schema, "
                        "as in SQL: shop, shop.orders (default: the whole database)")
    parser.add_argument("--service", metavar="S", help="the schemas of this service")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    common(parser)


async def run(opening: Opening) -> int:
    """Writes the script; 1 where a part of it could not be read. Raises ConsoleError."""
    from console.server.single import single_session

    options = opening.options
    wanted = DdlScope(frozenset(parts[0] for parts in map(_parts, options.objects) if len(parts) == 1),
                      frozenset(parts for parts in map(_parts, options.objects) if len(parts) == 2))
    target = await opening.target()
    # the console's reads are many and must be quick; this one was asked for, and may take as long as --timeout says
    target = replace(target, statement_timeout_ms=max(target.statement_timeout_ms, round(options.timeout * 1000)))
    narrator = output.narrator()
    async with single_session(target) as session:
        if options.service:
            schemas = await _schemas_of(opening, session, target)
            wanted = DdlScope((wanted.schemas or frozenset()) | schemas, wanted.names)
        elif not options.objects:
            wanted = DdlScope()
        found = await write(session, wanted, progress=lambda done, total: narrator.show(f"{done} of {total} objects"))
        narrator.clear()
        text = _headed(found, f"{target.label}, PostgreSQL {session.info.version}")
    if options.json:
        write_json({"target": target.label, "objects": found.objects, "sql": text, "needs": list(found.needs),
                    "unwritten": list(found.unwritten)})
    elif sys.stdout.isatty():
        write_lines(text.splitlines())
    else:
        output.write(text)
    for words in found.unwritten:
        say(f"not written: {words}")
    if MASK in found.text:
        say(f"{MASK} stands where a secret is: fill it in before the script runs")
    return int(bool(found.unwritten))


def _parts(written: str) -> tuple[str, ...]:
    """The parts of an OBJECT's name. Raises UsageError for what is neither a schema nor an object of one."""
    parts = qualified_name(written)
    if len(parts) not in (1, 2):
        raise UsageError(f"{written!r} is not the name of a schema, or of an object with its schema",
                         hint="as in SQL: shop, shop.orders, shop.\"Order Lines\"; of functions without arguments")
    return parts


async def _schemas_of(opening: Opening, session: Session, target: Target) -> frozenset[str]:
    """The schemas of the service that are there. Raises UsageError for an unknown service, Missing where none is."""
    options = opening.options
    (service,) = services_for(opening.config, demo=target.name == "demo", migrations=options.migrations,
                              layout=options.layout, only=options.service)
    found = frozenset(schema.name for schema in await read.schemas(session) if service.owns(schema.name))
    if not found:
        raise Missing(f"{target.label}: there is no schema of the service {service.name}",
                      hint="dbconsole migrate up makes it")
    return found


def _headed(script: DdlScript, source: str) -> str:
    """The script under what a person has to know of it."""
    lines = [f"-- The schema of {source}, by dbconsole ddl. Roles are not in it: they belong to the whole server.",
             *(f"-- It needs the {need}." for need in script.needs),
             *(f"-- Not written: {words}" for words in script.unwritten)]
    return "".join(f"{' '.join(line.split())}\n" for line in lines) + script.text
