"""What a run would do, without doing it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from console.migrate import ledger, state, steps
from console.migrate.files import read_service
from console.migrate.prepare import Prepared, prepare
from console.migrate.records import RunPlan, Step
from console.server.session import Session
from console.services import Service


class StepPreview(Struct, frozen=True):
    """One step of a run to come, checked as before a run. `held` says why it would be left out as things are now."""

    step: Step
    script: Prepared
    held: str | None


async def preview(session: Session, services: Sequence[Service], plan: RunPlan) -> tuple[StepPreview, ...]:
    """What a run of `plan` would execute now, in order. Raises MigrationError where it would refuse to start."""
    files = [read_service(service) for service in services]
    rows = await ledger.read(session)
    statuses = state.compare_all(files, rows, session.info.extensions)
    held = {(migration.service, migration.key): migration.detail for status in statuses
            for migration in status.migrations
            if migration.state == "held"}
    return tuple(StepPreview(step, prepare(step.script), held.get((step.migration.service, step.migration.key)))
                 for step in steps.choose(statuses, rows, plan))
