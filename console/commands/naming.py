"""The name of a service whose folder was given by itself, before anything is written under it."""

from __future__ import annotations

from collections.abc import Sequence

from console.commands.migrate import Request
from console.commands.output import answer, say
from console.errors import ConsoleError, UsageError
from console.migrate.naming import is_unnamed, keep_name, proposed, wrong_name
from console.migrate.records import ServiceStatus
from console.services import Service


def named(request: Request, services: Sequence[Service], statuses: Sequence[ServiceStatus]) -> Sequence[Service] | None:
    """The service under the name that a person gives it, kept in service.toml; None where all have one.

    Of `services` one is meant that has no name but its folder's, and of which, by `statuses`, the ledger knows nothing.
    Raises UsageError where nobody can be asked.
    """
    if request.options.dry_run or not any(is_unnamed(status.service, statuses) for status in statuses):
        return None
    return [_named(request, service) if service.is_alone else service for service in services]


def _named(request: Request, service: Service) -> Service:
    default = proposed(service)
    if not request.can_ask:
        raise UsageError(
            f"{service.folder}: what is this service called? The ledger has nothing of it yet, and a folder may be "
            "checked out under any name",
            hint=f'--service NAME, or name = "{default}" in {service.folder}/service.toml')
    while True:
        name = answer(f"The ledger has nothing of {service.folder} yet. What is the service called? [{default}]"
                      ) or default
        if (reason := wrong_name(name)) is None:
            break
        say(reason)
    try:
        say(f"written: {keep_name(service, name)}")
    except ConsoleError as error:
        say(f"note: {error.summary}; the ledger has the name, and knows these files again by it")
    return service.called(name)
