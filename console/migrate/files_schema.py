"""What all files of some services make, in a database of its own, to be compared with another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from msgspec.structs import replace

from console.migrate import state, steps
from console.migrate.faults import MigrationError
from console.migrate.files import own_services, read_services
from console.migrate.records import RunRange
from console.migrate.rollback_test import NeedsOwnCluster, OwnCluster, Place, ScratchRun, apart
from console.migrate.scratch import scratch_server
from console.migrate.scratch_setup import AGE
from console.migrate.tenants import sample_of
from console.server.script import script_session
from console.server.target import Target
from console.services import Service

LABEL = "files"


@asynccontextmanager
async def files_schema(beside: Target, services: Sequence[Service],
                       own_cluster: OwnCluster | None) -> AsyncIterator[Target]:
    """A scratch database beside another database, or in a throwaway cluster where that may not be, which is gone after
    the block. Raises MigrationError where the files can't be run."""
    async with AsyncExitStack() as stack:
        yield replace(await _made(stack, beside, services, own_cluster), name=LABEL)


async def _made(stack: AsyncExitStack, beside: Target, services: Sequence[Service],
                own_cluster: OwnCluster | None) -> Target:
    if not beside.is_production:
        try:
            server = await stack.enter_async_context(scratch_server(beside))
            return await _built(Place("a scratch database", True, server.create, server.drop), beside, services)
        except NeedsOwnCluster as needs:
            await stack.aclose()
            if own_cluster is None:
                raise MigrationError(f"the files change {needs.what}, which the whole cluster shares") from None
    if own_cluster is None:
        raise MigrationError(f"{beside.label} is production: no scratch database is made there",
                             hint="pip install 'dbconsole[demo]' brings a PostgreSQL to run the files in")
    return await _built(await stack.enter_async_context(apart(own_cluster)), beside, services)


async def _built(place: Place, beside: Target, services: Sequence[Service]) -> Target:
    own, _ = own_services(services, "compared")
    samples = [sample_of(service) for service in own]
    files = [step.migration for step in steps.choose(
        state.compare_all(read_services(samples), (), ()), (), RunRange())]
    async with script_session(beside.direct(), purpose="migrate diff") as session:
        made_by_files = frozenset() if AGE in session.info.extensions else frozenset({AGE})
    run = ScratchRun(place, {service.name: service for service in samples}, made_by_files)
    try:
        await run.open()
        for file in files:
            await run.make(file)
        await run.call_after(files)
    finally:
        await run.close()
    assert run.target is not None
    return run.target
