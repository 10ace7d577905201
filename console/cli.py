"""The command line: what was asked, which module answers it, and the exit status.

Only what the branch that is taken needs is imported: `--check` must not pay for the screens.
"""

from __future__ import annotations

import argparse
import inspect
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TextIO

from console import ending, log, redaction
from console.commands import usage
from console.commands.opening import Opening, Parser, add_connection_arguments, add_service_arguments
from console.commands.table import CommandEntry, entry_named
from console.errors import ConsoleError, UsageError

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs dbconsole and returns its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        redaction.keep_environment(os.environ)
        redaction.mask_command_line()
    if None in (sys.stdin, sys.stdout, sys.stderr):  # closed by whoever started us: some daemons do, and `>&-`
        nowhere = Path(os.devnull).open("r+")  # noqa: SIM115
        sys.stdin, sys.stdout, sys.stderr = sys.stdin or nowhere, sys.stdout or nowhere, sys.stderr or nowhere
    status = 0
    try:
        status = _status(arguments)
        sys.stdout.flush()  # here and not at exit, where nobody could tell that the reader has gone
        return status
    except BrokenPipeError:
        _to_nowhere(sys.stdout)  # the reader of our output has gone, and nothing more can be said
        return status
    except OSError as error:
        _to_nowhere(sys.stdout)
        _complain(ConsoleError(": ".join(filter(None, (error.filename and str(error.filename), error.strerror)))
                               or str(error), hint="a full disk, or a file that may not be read or written"))
        return 2


def _status(arguments: list[str]) -> int:
    """The exit status of what was asked, with what went wrong told on stderr. Raises OSError."""
    try:
        status = _dispatch(arguments)
    except SystemExit as ended:  # --help, and a signal
        status = int(ended.code or 0)
    except ConsoleError as error:
        _complain(error)
        status = error.exit_status
    except KeyboardInterrupt:
        status = INTERRUPTED
    except OSError:
        raise
    except Exception as error:
        log.failed(error)
        status = 2
    return 2 if log.say() and not status else status


def _complain(error: ConsoleError) -> None:
    from console.commands.output import say

    first, *rest = error.lines()
    say("dbconsole: " + first, *rest)


def _to_nowhere(stream: TextIO) -> None:
    """What is still to be written is lost, and the flush at exit must not complain."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _dispatch(arguments: list[str]) -> int:
    entry = entry_named(arguments[0]) if arguments else None
    if entry is not None and not (entry.name == "demo" and (len(arguments) == 1 or arguments[1].startswith("-"))):
        return _command(entry, arguments[1:])
    options = usage.parser().parse_args(arguments)
    if options.version:
        from console import __version__
        sys.stdout.write(f"dbconsole {__version__}\n")
        return 0
    if options.check:
        return _check(options)
    if options.format or options.only or options.listen or options.alerts:
        raise UsageError("--format, --json, --only, --listen and --alerts belong to --check",
                         hint="dbconsole --check --json")
    if len(options.targets) > 1:
        raise UsageError("the console opens one target at a time", hint="--check takes several")
    return _open(Opening(options))


def _command(entry: CommandEntry, arguments: list[str]) -> int:
    """Runs a command of the table. Raises ConsoleError."""
    from console.commands import deadline

    def common(parser: argparse.ArgumentParser) -> None:
        if "target" in entry.needs:
            add_connection_arguments(parser, timeout_s=entry.timeout_s)
        if "services" in entry.needs:
            add_service_arguments(parser)

    module = import_module(entry.module)
    parser = Parser(prog=f"dbconsole {entry.name}", description=entry.description)
    module.add_arguments(parser, common)
    options = parser.parse_args(arguments)
    limit_s = deadline.checked(options.timeout) if entry.timeout_s is not None else None
    outcome = module.run(Opening(options))
    return int(deadline.run(outcome, limit_s) if inspect.iscoroutine(outcome) else outcome)


def _check(options: argparse.Namespace) -> int:
    import gc

    if options.alerts and options.listen is None:
        raise UsageError("--alerts belongs to --listen", hint="dbconsole --check --listen 9187 --alerts")
    if options.listen is None:
        gc.disable()  # So short a process makes no garbage; looking for it took a fifth of its time.
    from console.commands import check, listen
    try:
        opening = Opening(options)
        return ending.run(check.run(opening) if options.listen is None else listen.run(opening))
    finally:
        gc.enable()


def _open(opening: Opening) -> int:
    """The console. Raises ConsoleError."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the console needs a terminal", hint="for scripts: dbconsole --check, or dbconsole migrate")
    opening.ask_for_trust()
    import gc

    gc.disable()  # ui/start.py enables it when there is a screen
    from console.ui.sources import live_sources
    from console.ui.start import run_console

    named = next(iter(opening.options.targets), None)
    target = None if opening.is_demo(named) else opening.known_target(named)
    given = {} if target is None else {target.label: target}
    telemetry = opening.telemetry()
    try:
        return run_console(next(iter(given), "demo"), live_sources(
            opening.config, given, opening.services, telemetry.follow if telemetry else None))
    finally:
        if telemetry:
            telemetry.close(0.3)
