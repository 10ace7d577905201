"""Drift as a migration: a pair whose way up makes what is live of what the files make, and a way down that takes it
back.

Both ways are run in the scratch database that the files were built in, and compared: what isn't made is an error that
names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from console.migrate import differences, schema_script
from console.migrate.differences import NO_DRIFT
from console.migrate.drift import Drift, Part, PartsOf, drift, sentences
from console.migrate.faults import FileError, MigrationError
from console.migrate.fingerprint import Fingerprint
from console.migrate.records import MigrationFile, Script
from console.migrate.rollback_test import NeedsOwnCluster, OwnCluster, ScratchRun
from console.server.script import script_session
from console.server.target import Target
from console.services import Service


class DriftPair(Struct, frozen=True):
    """Statements, one a line, both ways: `up` makes of the files' schema what is live, `down` the other way round.

    Empty where nothing has drifted.
    """

    up: str
    down: str
    drift: Drift


async def make(target: Target, services: Sequence[Service], service: Service, *, own_cluster: OwnCluster | None = None,
               only_own_cluster: bool = False) -> DriftPair:
    """The pair for what has drifted of `service`, proved both ways.

    Raises MigrationError for what can't be written, naming each, and where drift can't be told.
    """
    texts = ("", "")

    async def on_built(scratch_run: ScratchRun, parts_of: PartsOf, built: Fingerprint) -> None:
        nonlocal texts
        role = scratch_run.session.info.user
        parts = parts_of(built, role)
        if any(found for _, found in sentences(parts, [])):
            texts = await _proved(target, service, scratch_run, parts, parts_of)

    found = await drift(target, services, {service.name}, own_cluster=own_cluster, only_own_cluster=only_own_cluster,
                        on_built=on_built)
    return DriftPair(*texts, found)


async def _proved(target: Target, service: Service, scratch_run: ScratchRun, parts: Sequence[Part],
                  parts_of: PartsOf) -> tuple[str, str]:
    expected = Fingerprint({key: row for _, side, _ in parts for key, row in side.objects.items()})
    actual = Fingerprint({key: row for _, _, side in parts for key, row in side.objects.items()})
    async with script_session(target.direct(), purpose="migrate drift") as session:
        up = await schema_script.write(session, expected, actual)
    down = await schema_script.write(scratch_run.session, actual, expected)
    unwritten = [*dict.fromkeys((*up.unwritten, *down.unwritten))]
    if not unwritten:
        before = await scratch_run.read_catalog()
        file = MigrationFile(service.name, "drift", "", Script(Path("drift.up.sql"), up.text),
                             Script(Path("drift.down.sql"), down.text))
        try:
            await scratch_run.run(file, "up")
            after = parts_of(await scratch_run.read_catalog(), scratch_run.session.info.user)
            unwritten += [sentence for _, found in sentences(after, []) for sentence in found]
            await scratch_run.run(file, "down")
        except NeedsOwnCluster as needs:
            raise MigrationError(f"the pair would change {needs.what}, which the whole cluster shares") from None
        except FileError as error:
            raise MigrationError(f"the pair can't be written: {error.message}",
                                 detail="\n".join((*error.lines(), up.text, down.text))) from error
        again = differences.compare(before, await scratch_run.read_catalog(), differences.AFTER_DOWN, ignored=NO_DRIFT)
        unwritten += again.differences
    if unwritten:
        raise MigrationError(f"{len(unwritten)} differences can't be written as a migration: nothing was written",
                             detail="\n".join(unwritten), hint="write these by hand (migrate new), then once more")
    return up.text, down.text
