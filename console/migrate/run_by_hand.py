"""What `repair accept` wants to be known before statements count as run: that what they do is there, and no more."""

from __future__ import annotations

from collections.abc import Sequence

from console.migrate.drift import drift
from console.migrate.records import RunRange
from console.migrate.repair import RepairPlan
from console.migrate.rollback_test import OwnCluster
from console.migrate.steps import choose
from console.migrate.version import version_key
from console.server.target import Target
from console.services import Service


async def differences(target: Target, services: Sequence[Service], plan: RepairPlan,
                      own_cluster: OwnCluster | None) -> list[str]:
    """How the live schema differs from what the applied files make together with those that `plan` accepts, in
    sentences; `services` are all there are. Raises ConsoleError."""
    wanted = {(frozen.service, version_key(frozen.version)) for frozen in plan.basis}
    rows = [migration.row for status in plan.statuses for migration in status.migrations if migration.row is not None]
    by_hand = [step.migration for step in choose(plan.statuses, rows, RunRange(out_of_order=True))
               if (step.migration.service, step.migration.key) in wanted]
    found = await drift(target, services, {service.name for service in plan.services}, own_cluster=own_cluster,
                        by_hand=by_hand)
    return [f"{service}: {sentence}" for service, sentences in found.differences for sentence in sentences]
