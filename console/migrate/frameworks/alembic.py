"""Alembic services, driven through Alembic itself in a process of its own.

Alembic has no lock, so two upgrades at once corrupt each other: dbconsole's is held around it. The process is Python
with the extra `alembic`; a service whose env.py needs the application's own interpreter names its commands instead.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from console.errors import ConsoleError, UsageError
from console.migrate.frameworks.commands import CommandListener, CommandReport, Program, output, run
from console.migrate.frameworks.records import ForeignLedger
from console.migrate.frameworks.status import ledgers
from console.migrate.records import Direction
from console.server.target import Target
from console.services import Service


def program(service: Service, direction: Direction, *, to: str | None = None, steps: int | None = None,
            sql_from: str | None = None) -> Program:
    """`alembic upgrade` to the heads, or `downgrade` by one; `to` a revision ("0": base), or by `steps`.

    With `sql_from`, the revision to begin at, nothing is run: the SQL is printed. Raises UsageError when Alembic isn't
    installed or the service's folder has no alembic.ini.
    """
    if importlib.util.find_spec("alembic") is None:
        raise UsageError("Alembic is not installed beside dbconsole", hint="pip install 'dbconsole[alembic]', or name "
                         f'the service\'s own commands: [services.{service.name}] up = "alembic upgrade head"')
    ini = ini_file(service)
    goal = _goal(direction, to, steps)
    if sql_from is not None:
        goal = goal if direction == "up" and sql_from == "base" else f"{sql_from}:{goal}"
    words = ["upgrade" if direction == "up" else "downgrade", goal, *(["--sql"] if sql_from else [])]
    main = Path(__file__).with_name("alembic_main.py")
    # -P keeps this folder off its path, where alembic.py would be found in Alembic's place.
    return Program(f"alembic {' '.join(words)}", (sys.executable, "-P", str(main), str(ini), *words), ini.parent)


def ini_file(service: Service) -> Path:
    """alembic.ini in the service's folder or above it, up to three folders. Raises UsageError."""
    if service.folder is None:
        raise UsageError(f"service {service.name}: no migrations are configured",
                         hint=f'[services.{service.name}] migrations = "the folder with alembic.ini"')
    folder = service.folder.resolve()
    for place in (folder, *list(folder.parents)[:3]):
        if (place / "alembic.ini").is_file():
            return place / "alembic.ini"
    raise UsageError(f"{service.folder}: there is no alembic.ini in it or above it")


async def migrate(target: Target, service: Service, direction: Direction, *, to: str | None = None,
                  steps: int | None = None, lock_wait_s: float, on_event: CommandListener) -> CommandReport:
    """Upgrades or downgrades under the lock. Raises ConsoleError; also when Alembic changed another database."""
    command = program(service, direction, to=to, steps=steps)
    report = await run(target, service, command, lock_wait_s=lock_wait_s, on_event=on_event)
    had_work = any(ledger.pending for ledger in report.before) or not report.before
    if direction == "up" and had_work and to is None and not report.is_changed:
        raise ConsoleError(
            f"Alembic reports success, but the ledger of {target.label} says the same as before",
            hint="env.py connects elsewhere: let it take sqlalchemy.url from its configuration, or DATABASE_URL")
    return report


async def plan(target: Target, service: Service, direction: Direction, *, to: str | None = None,
               steps: int | None = None) -> str:
    """The SQL that Alembic would run from where the ledger is now. Raises ConsoleError; nothing is changed."""
    direct = target.direct()
    command = program(service, direction, to=to, steps=steps, sql_from=_beginning(await ledgers(direct, service)))
    return await output(direct, service, command)


def _beginning(current: tuple[ForeignLedger, ...]) -> str:
    found = [ledger for ledger in current if ledger.framework == "alembic"]
    if len(found) > 1:
        places = ", ".join(f"{ledger.schema}.{ledger.table}" for ledger in found)
        raise UsageError(f"there are several Alembic ledgers: {places}",
                         hint="name the service's schemas in the configuration")
    if not found or not found[0].heads:
        return "base"
    if len(found[0].heads) > 1:
        raise UsageError(f"the ledger has several heads: {found[0].last_version}",
                         hint="Alembic writes SQL for one line at a time: alembic merge joins the heads")
    return found[0].heads[0].version


def _goal(direction: Direction, to: str | None, steps: int | None) -> str:
    if to is not None:
        if to.startswith("-"):
            raise UsageError(f"--to {to}: is no revision")
        return "base" if to == "0" else to
    if direction == "up":
        return f"+{steps}" if steps else "heads"
    return f"-{steps or 1}"
