"""`migrate new`: the next pair of files, from a template."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from console.errors import UsageError
from console.migrate.files import read_service
from console.services import Service

_UP = """\
-- {words}: what this changes, and why.
{directives}
"""
_DOWN = """\
-- Takes back {file}: afterwards the schema is exactly what it was before (dbconsole migrate verify proves it).
{directives}
"""
TIMESTAMP_DIGITS = 12


def next_pair(service: Service, slug: str, *, no_transaction: bool = False) -> tuple[tuple[Path, str], ...]:
    """The paths and texts of the next migration's up and down file; nothing is written.

    The version follows the service's own habit: the next number in the width of the last one, or a timestamp (UTC).
    Raises UsageError for a slug that makes no file name, or a service without a folder or in another layout.
    """
    name = re.sub(r"[^a-z0-9]+", "_", slug.lower()).strip("_")
    if not name:
        raise UsageError(f"{slug!r} makes no file name", hint="a few words: add_owner_to_documents")
    if service.folder is None:
        raise UsageError(f"service {service.name} has no folder of migrations",
                         hint="set its migrations in the configuration, or use --migrations DIR")
    if service.layout not in (None, "dbconsole"):
        raise UsageError(f"service {service.name} has the layout {service.layout}: its own tool makes its files")
    migrations = read_service(service).migrations
    last = migrations[-1].version if migrations else "0000"
    if len(last) >= TIMESTAMP_DIGITS:
        version = dt.datetime.now(dt.UTC).strftime("%Y%m%d%H%M%S")
    else:
        version = f"{int(last.split('.')[0]) + 1:0{len(last.split('.')[0])}d}"
    stem = f"{version}_{name}"
    directives = "-- dbconsole: no-transaction\n" if no_transaction else ""
    return ((service.folder / f"{stem}.up.sql", _UP.format(words=name.replace("_", " "), directives=directives)),
            (service.folder / f"{stem}.down.sql", _DOWN.format(file=f"{stem}.up.sql", directives=directives)))
