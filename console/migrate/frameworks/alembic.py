"""Alembic services, driven through Alembic itself in a process of its own.

Alembic has no lock, so two upgrades at once corrupt each other: dbconsole's is held around it. The process is Python
with the extra `alembic`; a service whose env.py needs the application's own interpreter names its commands instead.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from console.errors import ConsoleError, UsageError
from console.migrate.faults import MigrationError
from console.migrate.frameworks.commands import CommandReport, Program, output
from console.migrate.frameworks.records import ForeignLedger
from console.migrate.records import RunRange
from console.server.target import Target
from console.services import Service


def program(service: Service, asked: RunRange, sql_from: str | None = None) -> Program:
    """`alembic upgrade` to the heads, or `downgrade` by one; as far as `asked.to`, a revision ("0": base), or `steps`.

    With `sql_from`, the revision to begin at, nothing is run: the SQL is printed. Raises MigrationError when Alembic
    isn't installed or the service's folder has no alembic.ini.
    """
    if importlib.util.find_spec("alembic") is None:
        raise MigrationError(
            "Alembic is not installed beside dbconsole", hint="pip install 'dbconsole[alembic]', or name the service's "
            f'own commands: [services.{service.name}] up = "alembic upgrade head"')
    ini = ini_file(service)
    goal = _goal(asked)
    if sql_from is not None:
        goal = goal if asked.direction == "up" and sql_from == "base" else f"{sql_from}:{goal}"
    words = ["upgrade" if asked.direction == "up" else "downgrade", goal, *(["--sql"] if sql_from else [])]
    main = Path(__file__).with_name("alembic_main.py")
    # -P keeps this folder off its path, where alembic.py would be found in Alembic's place.
    return Program(f"alembic {' '.join(words)}", (sys.executable, "-P", str(main), str(ini), *words), ini.parent)


def ini_file(service: Service) -> Path:
    """alembic.ini in the service's folder or above it, up to three folders. Raises UsageError, MigrationError."""
    if service.folder is None:
        raise UsageError(f"service {service.name}: no migrations are configured",
                         hint=f'[services.{service.name}] migrations = "the folder with alembic.ini"')
    folder = service.folder.resolve()
    for place in (folder, *list(folder.parents)[:3]):
        if (place / "alembic.ini").is_file():
            return place / "alembic.ini"
    raise MigrationError(f"{service.folder}: there is no alembic.ini in it or above it",
                         hint=f'[services.{service.name}] up = "..." names the command that migrates it')


def check_changed(target: Target, report: CommandReport, asked: RunRange) -> None:
    """Raises ConsoleError when an upgrade that had work to do has left the ledger as it was."""
    had_work = any(ledger.pending for ledger in report.before) or not report.before
    if asked.direction == "up" and had_work and asked.to is None and not report.is_changed:
        raise ConsoleError(
            f"Alembic reports success, but the ledger of {target.label} says the same as before",
            hint="env.py connects elsewhere: let it take sqlalchemy.url from its configuration, or DATABASE_URL")


async def sql(direct: Target, service: Service, asked: RunRange, found: Sequence[ForeignLedger]) -> str:
    """The SQL that Alembic would run from where the ledgers `found` are. Raises ConsoleError; nothing is changed."""
    return await output(direct, service, program(service, asked, _beginning(found)))


def _beginning(current: Sequence[ForeignLedger]) -> str:
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


def _goal(asked: RunRange) -> str:
    if asked.to is not None:
        if asked.to.startswith("-"):
            raise UsageError(f"--to {asked.to}: is no revision")
        return "base" if asked.to == "0" else asked.to
    if asked.direction == "up":
        return f"+{asked.steps}" if asked.steps else "heads"
    return f"-{asked.steps or 1}"
