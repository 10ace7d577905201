"""The demo from nothing to a target: server, database, migrations, sample data; quick where all of it is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from console.config import Config
from console.demo.postgres import DemoServer, demo_cluster
from console.errors import ConsoleError, Unreachable
from console.server.target import Target
from console.services import Service, services_for
from console.text import format as fmt

if TYPE_CHECKING:
    from console.migrate.records import RunRange

DATABASE = "demo"
BEFORE_VECTOR_INDEXES = {
    "document_store": "0006",
    "event_data": "0007",
    "inference_enhancement": "0006",
    "memory_management": "0005",
    "memory_store": "0006",
}
"""Services with vectors, and the last migration before the one that indexes them."""
Report = Callable[[str], None]


async def prepare(report: Report) -> Target:
    """The demo as a target, with whatever was missing made first, which `report` is told in short sentences.

    May be called by several processes at once, and again after one that was killed: each step is done whole or not at
    all, and under a lock. Raises ConsoleError.
    """
    server = await asyncio.to_thread(demo_cluster)
    if not await asyncio.to_thread(lambda: server.is_running):
        report(f"starting PostgreSQL {server.version}")
        await asyncio.to_thread(server.start)
    target = demo_target(server)
    if not await _is_complete(target):
        await _complete(target, report)
    return target


def demo_target(server: DemoServer) -> Target:
    """The demo's database on `server`, which runs."""
    return Target(name="demo", conninfo=server.conninfo(DATABASE), environment="development", read_only=False)


async def _is_complete(target: Target) -> bool:
    """Whether there is nothing to do, by one connection and two reads; not, where the database doesn't exist."""
    from console.demo.marker import is_loaded
    from console.migrate.files import read_service
    from console.migrate.ledger import read
    from console.migrate.state import compare_all
    from console.server.single import single_session

    try:
        async with single_session(target) as session:
            rows = await read(session)
            statuses = compare_all(map(read_service, _services()), rows, session.info.extensions)
            return all(status.state in ("applied", "held") for status in statuses) and await is_loaded(session)
    except Unreachable:
        return False


async def _complete(target: Target, report: Report) -> None:
    """Makes what is missing. The data comes before the vector indexes: built over rows that are there, they take a
    sixth of the time, and an ivfflat index learns its lists."""
    from console.demo.load import load_sample
    from console.demo.marker import is_loaded
    from console.migrate.records import RunRange
    from console.server.databases import create_database
    from console.server.script import script_session

    await create_database(replace(target.with_database("postgres"), name="demo"), DATABASE)
    async with script_session(target, purpose="sample data") as session:
        if not await is_loaded(session):
            services = _services()
            await _apply(target, [service for service in services if service.name not in BEFORE_VECTOR_INDEXES],
                         RunRange(), report)
            for service in services:
                if version := BEFORE_VECTOR_INDEXES.get(service.name):
                    await _apply(target, [service], RunRange(to=version), report)
            if loaded := await load_sample(session, report):
                report(f"{fmt.count(loaded.rows)} rows loaded in {fmt.duration(loaded.duration_s)}")
    await _apply(target, _services(), RunRange(), report)


async def _apply(target: Target, services: Sequence[Service], asked: RunRange, report: Report) -> None:
    from console.migrate.apply import plan_and_run
    from console.migrate.events import Event, RunStarted
    from console.migrate.faults import MigrationError

    def narrate(event: Event) -> None:
        if isinstance(event, RunStarted) and event.steps:
            whose = services[0].name if len(services) == 1 else "the services"
            report(f"applying {len(event.steps)} migrations of {whose}")

    try:
        await plan_and_run(target, services, asked, narrate)
    except MigrationError as error:
        raise ConsoleError(
            "the demo's database is not one that this dbconsole can bring up to date",
            detail="\n".join(filter(None, (error.summary, error.detail))),
            hint="dbconsole demo reset drops it and makes it anew",
        ) from error


def _services() -> tuple[Service, ...]:
    return services_for(Config(), demo=True)
