"""Development data: `seed/*.sql` of each service, after the services it depends on, one transaction a file.

Seeds have no versions: running them twice runs them twice, so they say ON CONFLICT DO NOTHING or delete first.
"""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from console.migrate import ledger
from console.migrate.apply import Runner, guarded
from console.migrate.events import FileFinished, FileStarted, Listener
from console.migrate.faults import MigrationError
from console.migrate.files import read_service
from console.migrate.prepare import Prepared, prepare
from console.migrate.records import MigrationFile, RunPlan, Script, Step
from console.migrate.run_lock import run_lock
from console.server.script import script_session
from console.server.target import Target
from console.services import Service

VERSION = "seed"


def seeds(services: Sequence[Service]) -> tuple[tuple[Step, Prepared], ...]:
    """The seed files in the order in which they run, checked. Raises MigrationError."""
    by_name = {service.name: service for service in services}
    graph = {name: [text for text in service.depends_on if text in by_name] for name, service in by_name.items()}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise MigrationError("services depend on each other: " + " -> ".join(error.args[1]),
                             hint="take one of the depends_on entries out") from None
    found = []
    for name in order:
        for path in read_service(by_name[name]).seeds:
            step = Step(MigrationFile(name, VERSION, path.stem, Script(path)), "up")
            found.append((step, prepare(step.script)))
    return tuple(found)


async def run_seeds(target: Target, services: Sequence[Service], on_event: Listener, *,
                    lock_wait_s: float = 60.0) -> int:
    """Runs them under the lock of runs and returns how many. Raises MigrationError."""
    target = target.direct()
    found = seeds(services)
    plan = RunPlan(lock_wait_s=lock_wait_s)
    async with run_lock(target, wait_s=lock_wait_s, on_event=on_event) as lock, \
            script_session(target, purpose="migrate") as session:
        await ledger.ensure(session)
        runner = Runner(target, session, plan, on_event, (), ())

        async def run_all() -> None:
            for number, (step, script) in enumerate(found, 1):
                lock.check()
                on_event(FileStarted(step, number, len(found), len(script.statements)))
                event = ledger.event(step.migration, "seeded", None, None, step.migration.up.checksum)
                elapsed_ms = await runner.timed(step, runner.with_retries(runner.turn(step, script, (event,))))
                on_event(FileFinished(step, number, len(found), elapsed_ms))

        await guarded(lock, runner, run_all())
    return len(found)
