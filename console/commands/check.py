"""`dbconsole --check`: targets to a report on stdout and the exit status that Nagios expects."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal, TextIO

from console.check import report
from console.check.evaluation import unreachable
from console.check.exposition import as_prometheus
from console.check.records import Report, Status
from console.check.registry import configured
from console.check.runner import Also, check_target
from console.commands import output
from console.config import Config
from console.errors import ConsoleError, UsageError
from console.server.target import Target
from console.text.sanitiser import single_line

if TYPE_CHECKING:
    from console.check.registry import ConfiguredCheck
    from console.commands.opening import Opening
    from console.commands.telemetry import Telemetry
    from console.services import Service

Format = Literal["text", "json", "nagios", "prometheus"]
LONGEST_S = 3600
Services = Callable[[Target], "Sequence[Service]"]


async def run(opening: Opening) -> int:
    """The exit status for the targets that the options name. Raises UsageError for one that isn't known."""
    options, telemetry = opening.options, opening.telemetry()
    found, failed = await ready(options.targets, opening.find)
    return await report_on(
        found, opening.config, services=opening.services, failed=failed, output_format=options.format or "text",
        timeout_s=options.timeout, only=options.only, telemetry=telemetry)


async def report_on(targets: Sequence[Target], config: Config, *, services: Services = lambda target: (),
              failed: Mapping[str, ConsoleError] | None = None, output_format: Format = "text",
              timeout_s: float = 10.0, only: Iterable[str] | None = None, stream: TextIO | None = None,
              telemetry: Telemetry | None = None) -> int:
    """Checks all targets at once, writes the report to `stream` (stdout) and returns 0 OK, 1 WARNING, 2 CRITICAL or
    3 UNKNOWN, the worst of all.

    A target that can't be resolved is a mistake in the command: the caller says so on stderr and exits 3 before this.
    `failed` are targets that are known but could not be made ready (a demo server that doesn't start), by label:
    their connection is CRITICAL. `services` gives each target's.
    Raises ConfigError and UsageError for an unknown check, a threshold or a time that makes no sense.
    """
    checks = checks_within(config, only, timeout_s)
    ends_s = time.monotonic() + timeout_s
    with telemetry.run() if telemetry else nullcontext():
        reports = await check_all(targets, checks, services=services, failed=failed, timeout_s=timeout_s)
    stream = stream or sys.stdout
    match output_format:
        case "json":
            text = report.as_json(reports, many=len(reports) > 1)
        case "nagios":
            text = report.as_nagios(reports)
        case "prometheus":
            text = as_prometheus(reports, checked_at_s=time.time())
        case _:
            text = report.as_text(reports, colour=_colourful(stream))
    output.write(text + "\n", stream)
    if telemetry:
        telemetry.report(reports)
        telemetry.close(ends_s - time.monotonic())
    return Status.worst(report.status for report in reports).value


async def ready(names: Sequence[str], find: Callable[[str | None], Awaitable[Target]]) \
        -> tuple[list[Target], dict[str, ConsoleError]]:
    """The targets to check, and why those that are known can't be made ready. Raises UsageError for an unknown one."""
    found: list[Target] = []
    failed: dict[str, ConsoleError] = {}
    for name in names or (None,):
        try:
            found.append(await find(name))
        except UsageError:
            raise
        except ConsoleError as error:
            failed[name or "demo"] = error
    return found, failed


def checks_within(config: Config, only: Iterable[str] | None, timeout_s: float) -> tuple[ConfiguredCheck, ...]:
    """The checks of that configuration. Raises ConfigError, and UsageError for a deadline that makes no sense."""
    if not 0 < timeout_s <= LONGEST_S:
        raise UsageError(f"--timeout {timeout_s:g}: must be more than 0 and at most {LONGEST_S} seconds")
    return configured(config, only)


async def check_all(targets: Sequence[Target], checks: Sequence[ConfiguredCheck], *, services: Services,
                    failed: Mapping[str, ConsoleError] | None, timeout_s: float, also: Also | None = None
                    ) -> list[Report]:
    """A report for each target that failed before, then for each of `targets`, all asked at once. `also`: see
    check_target."""
    reports = [Report(single_line(name), unreachable(checks, error), 0.0, None)
               for name, error in (failed or {}).items()]
    # With no other target in the way, each has the whole deadline for itself.
    reports += await asyncio.gather(
        *(check_target(target, checks, services(target), timeout_s=timeout_s, also=also) for target in targets))
    return reports


def _colourful(stream: TextIO) -> bool:
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
