"""What a new scratch database gets before the first file is run in it: Apache AGE where that is loaded into every
session, since nothing else can be created without it then, and the services' `verify_setup`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from console.migrate.cluster_objects import CHANGED, ClusterGuard
from console.migrate.faults import FileError, MigrationError
from console.migrate.records import Script
from console.server.query import load
from console.server.script import ScriptCommand, ScriptFault, ScriptSession
from console.sql.cluster_effects import cluster_effects

AGE = "age"


class ScratchCircumstances(Struct, frozen=True):
    """sql/scratch_circumstances.sql as it comes."""

    has_age: bool
    has_statements: bool


CIRCUMSTANCES = load("console.migrate", "scratch_circumstances", ScratchCircumstances)


async def make_ready(session: ScriptSession, setup: Mapping[str, str], *, wants_age: bool, is_shared: bool) -> None:
    """`setup` is SQL by service; `is_shared`: others use the cluster, of which nothing may change.

    Raises MigrationError where a setup fails.
    """
    if wants_age and (await session.fetch(CIRCUMSTANCES))[0].has_age:
        with suppress(ScriptFault):  # the role may not; then the file that creates an extension says so
            await session.statement("CREATE EXTENSION IF NOT EXISTS age")
    for name, text in setup.items():
        await _run(session, name, text, is_shared)


async def _run(session: ScriptSession, name: str, text: str, is_shared: bool) -> None:
    what = f"verify_setup of the service {name}"
    try:
        statements = Script(Path(what), section=text).statements()
    except FileError as error:
        raise MigrationError(error.summary) from error
    effect = next((effect.what for statement in statements for effect in cluster_effects(statement.sql)), None)
    if is_shared and effect is not None:
        raise MigrationError(f"{what} changes {effect}, which the whole cluster shares",
                             hint="--embedded runs it in a server of its own")
    checks = (await ClusterGuard(session).look(),) if is_shared else ()
    commands = [ScriptCommand("BEGIN"), *(ScriptCommand(statement.sql) for statement in statements),
                ScriptCommand("RESET ALL"), *checks, ScriptCommand("COMMIT")]
    try:
        await session.transaction(commands, lambda index, outcome: None)
    except ScriptFault as fault:
        hint = "--embedded runs it in a server of its own" if fault.sqlstate == CHANGED else fault.fault.hint
        raise MigrationError(f"{what}: {fault.fault.summary}", detail=fault.fault.detail, hint=hint) from fault
