"""The command line: what was asked, which room answers it, and the exit status.

Only the branch that is taken imports its packages: `--check` must not pay for the screens.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from console import ending, log
from console.errors import ConsoleError, UsageError

if TYPE_CHECKING:
    from console.commands.telemetry import Telemetry
    from console.config import Config
    from console.recorder.recorder import Recorder
    from console.sampler.pooler_watch import PoolerWatch
    from console.server.target import Target
    from console.services import Service
    from console.ui.connection import Sources

INTERRUPTED = 130
CONSOLE_USAGE = "dbconsole [TARGET] | --check [TARGET ...] | COMMAND ..."
EPILOG = """commands:
  migrate COMMAND     status, plan, up, down, verify, lint, drift, new, baseline, repair, seed
  search              the rows that are nearest to a vector, a row, or a text
  recall              how much of that the vector index finds, how fast, and what to set
  explain SQL         the plan of a statement or of a saved plan: verdict, findings, times that add up
  record FILE         samples of a target to a file, until Ctrl-C
  replay FILE         the console on such a recording, without a server
  demo COMMAND        start, stop, status, reset: the demo server without the console

TARGET is a name from the configuration, a postgresql:// URI or a libpq conninfo string; without one it is the
configuration's default_target, else what libpq's environment (PGHOST, PGSERVICE, PGPASSFILE...) says.
The target demo is an embedded PostgreSQL with sample data, started on first use.

exit status: 0 done, 1 found wrong, 2 failed, 3 usage or configuration; --check: 0 OK, 1 WARNING, 2 CRITICAL,
3 UNKNOWN or usage; 130 interrupted
"""


class Parser(argparse.ArgumentParser):
    """argparse with our exit status for usage errors (3) and `-h` left to mean the host, as in psql."""

    def __init__(self, **options: Any) -> None:
        super().__init__(add_help=False, allow_abbrev=False, **options)
        self.add_argument("--help", action="help", help="show this and exit")

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message}", hint=f"{self.prog} --help")


def add_connection_arguments(parser: argparse.ArgumentParser) -> None:
    """psql's own options and the configuration file, for every command that connects."""
    group = parser.add_argument_group("connection")
    group.add_argument("-h", "--host", help="host name or socket directory")
    group.add_argument("-p", "--port", help="port")
    group.add_argument("-U", "--username", help="role to connect as")
    group.add_argument("-d", "--dbname", help="database")
    group.add_argument("--demo", action="store_true", help="the demo server: the same as the target demo")
    group.add_argument("--config", metavar="FILE", help="configuration file (TOML)")


def add_service_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the services and their migrations come from."""
    group = parser.add_argument_group("services")
    group.add_argument("--migrations", metavar="DIR", type=Path, help="folder of services' migrations, or of one's")
    group.add_argument("--layout", help="the folder is in another tool's layout, such as golang-migrate or flyway")


def _console_parser() -> Parser:
    parser = Parser(prog="dbconsole", usage=CONSOLE_USAGE, epilog=EPILOG,
                    description="The console for teams that run services on PostgreSQL and pgvector.",
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="what to connect to")
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    parser.add_argument("--check", action="store_true", help="run the checks, print a report, exit")
    group = parser.add_argument_group("with --check")
    group.add_argument("--format", choices=("text", "json", "nagios", "prometheus"), help="form of the report")
    group.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    group.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS", help="for the whole run (default 10)")
    group.add_argument("--only", action="append", metavar="CHECK", help="only this check (repeatable)")
    group.add_argument("--listen", metavar="[HOST:]PORT", help="serve the results at /metrics until interrupted")
    group.add_argument("--interval", type=float, default=15.0, metavar="SECONDS", help="--listen: least between checks")
    add_connection_arguments(parser)
    add_service_arguments(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs dbconsole and returns its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
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
    from console.text.sanitiser import single_line

    first, *rest = map(single_line, error.lines())
    with suppress(OSError):
        print("\n".join(["dbconsole: " + first, *rest]), file=sys.stderr)  # noqa: T201


def _to_nowhere(stream: TextIO) -> None:
    """What is still to be written is lost, and the flush at exit must not complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _dispatch(arguments: list[str]) -> int:
    match arguments[:1]:
        case ["migrate"]:
            return _migrate(arguments[1:])
        case ["explain"]:
            return _explain(arguments[1:])
        case [("record" | "replay") as command]:
            return (_record if command == "record" else _replay)(arguments[1:])
        case [("search" | "recall") as command]:
            return _vectors(command, arguments[1:])
        case ["demo"] if len(arguments) > 1 and not arguments[1].startswith("-"):
            return _demo(arguments[1:])
    options = _console_parser().parse_args(arguments)
    if options.version:
        from console import __version__
        sys.stdout.write(f"dbconsole {__version__}\n")
        return 0
    if options.check:
        return _check(options)
    if options.format or options.only or options.listen:
        raise UsageError("--format, --json, --only and --listen belong to --check", hint="dbconsole --check --json")
    if len(options.targets) > 1:
        raise UsageError("the console opens one target at a time", hint="--check takes several")
    return _open(options)


def _config(options: argparse.Namespace) -> Config:
    from console import config

    found = config.load(options.config)
    for warning in found.warnings:
        sys.stderr.write(f"dbconsole: warning: {warning}\n")
    return found


def _overrides(options: argparse.Namespace) -> dict[str, str]:
    given = {"host": options.host, "port": options.port, "user": options.username, "dbname": options.dbname}
    return {key: value for key, value in given.items() if value is not None}


def is_demo(argument: str | None, options: argparse.Namespace, config: Config) -> bool:
    """Whether the demo server is meant, by name or as the configuration's default. Raises UsageError.

    psql's options alone mean another server than the default one; together with the demo they mean nothing.
    """
    overrides = _overrides(options)
    named = options.demo or argument == "demo"
    if named and overrides:
        raise UsageError(f"the demo server takes no {', '.join(overrides)}",
                         hint="dbconsole demo status says how to connect to it as to any other server")
    return named or (argument is None and not overrides and config.default_target == "demo")


async def find_target(argument: str | None, options: argparse.Namespace, config: Config) -> Target:
    """The target that a command is for; the demo server is started if it is the one. Raises ConsoleError."""
    if is_demo(argument, options, config):
        from console.demo.prepare import prepare
        return await prepare(lambda words: print(words, file=sys.stderr))  # noqa: T201
    from console.server.target import resolve

    return resolve(argument, config, _overrides(options))


def find_services(target: Target, options: argparse.Namespace, config: Config,
                  only: str | None = None) -> tuple[Service, ...]:
    """The services of that target. Raises ConsoleError."""
    from console.services import services_for

    return services_for(config, only=only, demo=target.name == "demo", migrations=options.migrations,
                        layout=options.layout)


def _check(options: argparse.Namespace) -> int:
    import gc

    if options.listen is None:
        gc.disable()  # So short a process makes no garbage; looking for it took a fifth of its time.
    from console.commands import check, listen

    command = check.command if options.listen is None else listen.command
    config = _config(options)
    try:
        return ending.run(command(options, config, find_target, find_services, _telemetry(config)))
    finally:
        gc.enable()


def _telemetry(config: Config) -> Telemetry | None:
    if config.otel.endpoint or any(name.startswith("OTEL_EXPORTER_OTLP_") for name in os.environ):
        from console.commands import telemetry

        return telemetry.start(config)
    return None


def _open(options: argparse.Namespace) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("the console needs a terminal", hint="for scripts: dbconsole --check, or dbconsole migrate")
    import gc

    gc.disable()  # ui/start.py enables it when there is a screen
    from console.server.target import resolve
    from console.ui.start import run_console

    config = _config(options)
    argument = options.targets[0] if options.targets else None
    target = None if is_demo(argument, options, config) else resolve(argument, config, _overrides(options))
    telemetry = _telemetry(config)
    try:
        given = {} if target is None else {target.label: target}
        return run_console(next(iter(given), "demo"), console_sources(options, config, given, telemetry))
    finally:
        if telemetry:
            telemetry.close(0.3)


def console_sources(options: argparse.Namespace, config: Config, given: Mapping[str, Target],
                    telemetry: Telemetry | None = None) -> Sources:
    """What the console is made of. `given` are targets from the command line, by label."""
    import asyncio

    from console import waiting
    from console.clock import SystemClock
    from console.sampler.sampler import Sampler
    from console.server.pool import Pool
    from console.server.target import resolve
    from console.ui.connection import Sources

    clock = SystemClock()

    def recorder_for(sampler: Sampler, target: Target) -> Recorder:
        from console.recorder.recorder import Recorder
        from console.recorder.ring import Ring

        return Recorder(sampler, target, clock, memory=Ring())

    def pooler_for(target: Target, every_s: float) -> PoolerWatch:
        from console.sampler.pooler_watch import PoolerWatch

        return PoolerWatch(target, clock, every_s)

    def sampler_for(pool: Pool, services: Sequence[Service], every_s: float) -> Sampler:
        sampler = Sampler(pool, config, services, clock, every_s)
        if telemetry:
            sampler.listeners.append(lambda taken: telemetry.snapshot(pool.target.label, sampler.checks, taken))
        return sampler

    @asynccontextmanager
    async def open_target(name: str, tell: Callable[[str], None]) -> AsyncIterator[Target]:
        if name == "demo":
            from console.demo.prepare import prepare

            target = await prepare(tell)
            working = asyncio.create_task(_workload(target), name="demo workload")
            try:
                yield target
            finally:
                await waiting.ended(working)
        else:
            yield given[name] if name in given else resolve(name, config)

    return Sources(
        config=config, clock=clock,
        names=lambda: list(dict.fromkeys([*given, *config.targets, "demo"])),
        open_target=open_target,
        services_for=lambda target: find_services(target, options, config),
        pool_for=lambda target: Pool(target, clock),
        sampler_for=sampler_for,
        pooler_for=pooler_for, recorder_for=recorder_for)


async def _workload(target: Target) -> None:
    """The demo's workload, begun when the first screen has been painted: its texts take a moment to import."""
    import asyncio

    await asyncio.sleep(1.5)
    from console.demo.workload import run_workload

    await run_workload(target)


def _migrate(arguments: list[str]) -> int:
    from console.commands import deadline, migrate

    parser = Parser(prog="dbconsole migrate", description="Run, roll back and prove migrations.")
    migrate.add_arguments(parser, add_connection_arguments, add_service_arguments)
    options = parser.parse_args(arguments)
    return deadline.run(migrate.run(options, _config(options), find_target))


def _explain(arguments: list[str]) -> int:
    from console.commands import deadline, explain

    parser = Parser(prog="dbconsole explain", description="The plan of a statement, or of a file: what takes the time, "
                                                          "why, and what to do about it.")
    explain.add_arguments(parser, add_connection_arguments)
    options = parser.parse_args(arguments)
    return deadline.run(explain.run(options, _config(options), find_target))


def _record(arguments: list[str]) -> int:
    from console.commands import record

    parser = Parser(prog="dbconsole record", description="Record what the console would show, for dbconsole replay.")
    record.add_arguments(parser, add_connection_arguments, add_service_arguments)
    options = parser.parse_args(arguments)
    return ending.run(record.run(options, _config(options), find_target, find_services))


def _replay(arguments: list[str]) -> int:
    from console.ui import replaying

    parser = Parser(prog="dbconsole replay", description="The console on a recording: the same screens, no server.")
    replaying.add_arguments(parser)
    options = parser.parse_args(arguments)
    return replaying.run(options, _config(options))


def _demo(arguments: list[str]) -> int:
    from console.commands import demo

    parser = Parser(prog="dbconsole demo", description="The demo server without the console.")
    parser.add_argument("command", choices=("start", "stop", "status", "reset"))
    return demo.run(parser.parse_args(arguments).command)


def _vectors(command: str, arguments: list[str]) -> int:
    from console.commands import deadline, recall, search

    parser = Parser(prog=f"dbconsole {command}", description={
        "search": "The rows that are nearest to a vector, a row, or a text.",
        "recall": "How much of what is nearest a vector index finds, and how fast."}[command])
    add_arguments, run = (search.add_arguments, search.run) if command == "search" else (
        recall.add_arguments, recall.run)
    add_arguments(parser, add_connection_arguments)
    options = parser.parse_args(arguments)
    return deadline.run(run(options, _config(options), find_target))
