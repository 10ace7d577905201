"""Where a verify of a few files begins: in a database that holds what comes before them, kept for the next time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct

from console.migrate import kept_databases
from console.migrate.kept_databases import Made
from console.migrate.records import MigrationFile
from console.migrate.rollback_test import NeedsOwnCluster, Node, ScratchRun
from console.migrate.scratch import ScratchServer
from console.server.query import load
from console.server.script import ScriptFault


class AvailableExtension(Struct, frozen=True):
    """sql/available_extensions.sql as it comes."""

    name: str
    version: str


AVAILABLE = load("console.migrate", "available_extensions", AvailableExtension)


class Start(Struct, frozen=True):
    """The kept database `name`, in which `files` are applied but for those that are `missing`, with the reason."""

    name: str
    files: tuple[MigrationFile, ...]
    missing: Mapping[Node, str]
    was_kept: bool

    @property
    def done(self) -> list[MigrationFile]:
        return [file for file in self.files if (file.service, file.key) not in self.missing]


def before(order: Sequence[MigrationFile], is_wanted: Callable[[MigrationFile], bool],
           needs: Callable[[str], Collection[str]]) -> tuple[MigrationFile, ...]:
    """The files of `order` that stand on none that is wanted; `needs` are the services that a service stands on."""
    touched: set[str] = set()
    found = []
    for file in order:
        if is_wanted(file):
            touched.add(file.service)
        elif file.service not in touched and touched.isdisjoint(needs(file.service)):
            found.append(file)
    return tuple(found)


async def start(server: ScratchServer, files: Sequence[MigrationFile], fresh: Callable[[], ScratchRun],
                circumstances: Sequence[object]) -> Start | None:
    """The database that `files` make: kept, or made now by a `fresh` run and kept from now on.

    None where one of them fails or can't be run beside others' databases: then each is to be told in its turn.
    """
    extensions = sorted((row.name, row.version) for row in await server.session.fetch(AVAILABLE))
    name = kept_databases.name_of(files, (server.session.info.version, repr(server.locale), extensions, *circumstances))
    line = kept_databases.line_of({file.service for file in files})
    found = await kept_databases.find(server, name)
    if found is not None:
        return Start(name, tuple(files), found.missing, True)
    run = fresh()
    if await _applied(run, files):
        assert run.target is not None
        try:
            await kept_databases.keep(server, run.target, Made(name, line, run.missing), files)
            return Start(name, tuple(files), run.missing, False)
        except ScriptFault:  # another run was faster
            found = await kept_databases.find(server, name)
    if run.target is not None:
        await server.drop(run.target)
    return None if found is None else Start(name, tuple(files), found.missing, True)


async def _applied(run: ScratchRun, files: Sequence[MigrationFile]) -> bool:
    """Whether all that isn't held could be applied; the database is closed then."""
    try:
        await run.open()
        for file in files:
            proof = await run.apply(file)
            if proof is not None and proof.status == "failed":
                return False
    except NeedsOwnCluster:
        return False
    finally:
        await run.close()
    return True
