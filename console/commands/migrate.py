"""`dbconsole migrate COMMAND`: arguments to answers. Data goes to stdout, narration to stderr."""

from __future__ import annotations

import argparse
import asyncio
import gc
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from console import ending
from console.commands.allow import check_writable
from console.commands.output import answer, can_ask, say
from console.errors import UsageError

if TYPE_CHECKING:
    from console.commands.opening import Opening
    from console.migrate.records import RunOptions, RunRange
    from console.migrate.selection import Selection
    from console.server.target import Target
    from console.services import Service

Command = Callable[["Request"], Awaitable[int]]

_MODULES = {"status": "migrate_commands", "new": "migrate_commands", "plan": "migrate_plan", "lint": "migrate_plan",
            "verify": "migrate_verify", "drift": "migrate_verify", "adopt": "migrate_adopt",
            "diff": "migrate_diff", "squash": "migrate_squash"}
WRITING = ("up", "down", "adopt", "baseline", "repair", "seed", "verify", "drift", "diff", "squash")
"""Commands that leave something half done unless they are given the time to take it back."""

ROLLED_BACK_WITHIN_S = 5.0
SAID_AFTER_S = 1.0

REPAIRS = ("retry", "accept", "mark-applied", "mark-reverted", "accept-checksum", "rename")


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The commands of `dbconsole migrate` and their options; `common` adds those that other commands have as well."""
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, words: str, *, writes: bool = False, json_too: bool = True) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = commands.add_parser(name, help=words,
                                                              description=words[0].upper() + words[1:])
        parser.add_argument("--service", metavar="S", help="this service alone")
        if json_too:
            parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
        if writes:
            parser.add_argument("--dry-run", action="store_true", help="say what would be done, change nothing")
            parser.add_argument("--yes", action="store_true", help="don't ask, on production or unknown targets too")
            parser.add_argument("--lock-wait", type=float, default=60.0, metavar="SECONDS",
                             help="how long to wait for another run (default 60)")
        common(parser)
        return parser

    _add_runs(command)
    _add_proofs(command)
    _add_books(command)


def _add_runs(command: Callable[..., argparse.ArgumentParser]) -> None:
    status = command("status", "what is applied, pending, failed, changed, missing or held")
    status.add_argument("--exit-code", action="store_true", help="exit 1 unless everything is applied or held")
    for name, words in (("up", "apply pending migrations"), ("down", "roll back, one step unless told otherwise")):
        argument_parser = command(name, words, writes=True)
        _add_range(argument_parser)
        argument_parser.add_argument("--lock-timeout", type=float, default=3.0, metavar="SECONDS",
                         help="how long a statement may wait for a lock (default 3; a header's own wins)")
        argument_parser.add_argument("--attempts", type=int, default=8, metavar="N",
                         help="how often a file is tried that can't get its locks (default 8)")
        argument_parser.add_argument("--keep-going", action="store_true",
                                     help="where one tenant's migration fails, go on with the other tenants")
        argument_parser.add_argument("--out-of-order", action="store_true",
                                     help="apply what is older than what is applied")
    plan = command("plan", "the statements that up (or down) would run, their locks and findings")
    _add_range(plan)
    plan.add_argument("--down", action="store_true", help="of rolling back")
    plan.add_argument("--out-of-order", action="store_true", help="with what is older than what is applied")
    plan.add_argument("--sql", action="store_true",
                      help="as one script for psql, with the ledger's rows, to be reviewed and run by hand")
    _add_rules(plan)
    _add_selection(plan)


def _add_proofs(command: Callable[..., argparse.ArgumentParser]) -> None:
    lint = command("lint", "look for what is dangerous; connects only with -t or --pending")
    lint.add_argument("--explain", metavar="RULE", help="what a rule is about, with an example and the safe recipe")
    _add_rules(lint)
    _add_selection(lint)
    verify = command("verify", "prove every rollback in a scratch database")
    verify.add_argument("--to", metavar="VERSION", help="as far as this version")
    verify.add_argument("--no-data", action="store_true", help="don't count what each down loses of seeds and samples")
    verify.add_argument("--fresh", action="store_true",
                        help="with --pending or --since: keep no database of what comes before, drop those kept")
    verify.add_argument("--allow-skipped", action="store_true", help="exit 0 though something could not be proved here")
    verify.add_argument("--on-data", action="store_true",
                        help="run what is pending on samples of the tables, and say how long each lock would be held")
    verify.add_argument("--rows", type=int, default=20_000, metavar="N",
                        help="for --on-data: about so many rows of a table (default 20000)")
    verify.add_argument("--clone", metavar="DSN", help="for --on-data: run it on this copy of the target instead")
    verify.add_argument("--yes", action="store_true", help="for --clone: don't ask, where it isn't configured either")
    drift = command("drift", "compare the live schema with what the applied files produce")
    drift.add_argument("--write", choices=("files", "server"),
                       help="a proved pair that brings the files to what is there; or the server back, as a script")
    for argument_parser in (verify, drift):
        argument_parser.add_argument("--embedded", action="store_true",
                                     help="in a throwaway server of this machine's own")
    _add_selection(verify)
    diff = command("diff", "compare the schemas of two databases; exit 1 where they differ")
    diff.add_argument("first", metavar="A", help="a target: a name, a URI or a conninfo; or: files, for what all "
                                                 "files of the services make")
    diff.add_argument("second", metavar="B", help="another")
    diff.add_argument("--schema", action="append", metavar="S", help="this schema alone; may be said again")
    diff.add_argument("--write", action="store_true",
                      help="diff files B: write what B has otherwise as the next migration of the one service")
    diff.add_argument("--sql", action="store_true", help="the script that makes B's schema of A's, tried both ways")


def _add_books(command: Callable[..., argparse.ArgumentParser]) -> None:
    """What writes files, or into the ledger alone."""
    new = command("new", "write the next migration's files, in the folder's layout", json_too=False)
    new.add_argument("words", nargs="*", metavar="WORD", help="what it is about: add owner to documents")
    new.add_argument("--rename-column", metavar="TABLE.OLD=NEW",
                     help="expand, backfill and contract for another name of this column, as -t has it")
    new.add_argument("--no-transaction", action="store_true", help="for statements that can't run in a transaction")
    new.add_argument("--dry-run", action="store_true", help="say which files, write none")
    squash = command("squash", "write the first migrations as one file, proved to make the same")
    squash.add_argument("--to", required=True, metavar="VERSION", help="the last version that it stands for")
    squash.add_argument("--move-to", metavar="DIR", help="keep the old files there; without it they are removed, "
                                                         "which git must have as they are")
    squash.add_argument("--max-rows", type=int, default=1000, metavar="N",
                        help="refuse where the files leave more rows in a table (default 1000)")
    squash.add_argument("--dry-run", action="store_true", help="prove it, write nothing")
    squash.add_argument("--embedded", action="store_true", help="in a throwaway server of this machine's own")
    baseline = command("baseline", "take everything up to a version for applied, without running it", writes=True)
    baseline.add_argument("--to", required=True, metavar="VERSION", help="the last version that is there already")
    repair = command("repair", "put the ledger right: " + ", ".join(REPAIRS), writes=True)
    repair.add_argument("action", choices=REPAIRS, metavar="ACTION", help=", ".join(REPAIRS))
    repair.add_argument("--version", metavar="VERSION", help="of the one service")
    repair.add_argument("--from", dest="old_name", metavar="NAME", help="what the ledger calls it so far, for rename")
    repair.add_argument("--allow-drift", action="store_true", help="for accept: also where the live schema is another")
    repair.add_argument("--no-proof", action="store_true",
                        help="for accept: without comparing the live schema with the files'")
    adopt = command("adopt", "take over what another tool has applied, once it is proved; nothing is run", writes=True)
    adopt.add_argument("--from", dest="tool", metavar="TOOL", help="by the ledger of this tool: golang-migrate...")
    adopt.add_argument("--allow-drift", action="store_true", help="also where the live schema is another")
    adopt.add_argument("--no-proof", action="store_true", help="without comparing the live schema with the files'")
    adopt.add_argument("--undo", action="store_true", help="take it back: dbconsole forgets what it took over")
    adopt.add_argument("--mirror", action="store_true",
                       help="write what up and down do into the other tool's ledger too, for the time of the change")
    adopt.add_argument("--write-sql", metavar="DIR", help="first: what Alembic or Django prints of each migration as "
                                                           "files of SQL, which can be adopted then")
    adopt.add_argument("--leave-out-code", action="store_true",
                       help="for --write-sql: also where a migration does something that is no SQL")
    adopt.add_argument("--end-mirror", action="store_true", help="no longer")
    seed = command("seed", "run the services' seed files: development data", writes=True)
    seed.add_argument("--force", action="store_true", help="on a production target too")


def _add_rules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--severity", choices=("info", "warning", "error"), default="info",
                                 metavar="LEVEL", help="findings from this on: info, warning or error")
    for option, words in (("rule", "only this lint rule"), ("also", "this rule too, which is opt-in"),
                          ("ignore", "not this rule")):
        parser.add_argument(f"--{option}", action="append", default=[], metavar="RULE",
                                     help=f"{words} (may be given several times)")


def _add_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pending", action="store_true",
                                 help="only what the target's ledger doesn't have as applied")
    parser.add_argument("--since", metavar="GIT-REF",
                                 help="only files that are new or changed since that commit, by git")


def _add_range(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--to", metavar="VERSION", help="end at this version; 0 is before the first")
    group.add_argument("--steps", type=int, metavar="N", help="so many migrations")


class Request:
    """A command with its options, its target and its services, each found when first asked for."""

    def __init__(self, opening: Opening) -> None:
        self.options = opening.options
        self._opening = opening

    async def target(self) -> Target:
        """Raises ConsoleError."""
        return await self._opening.target()

    async def target_named(self, name: str) -> Target:
        """Another than that of -t, by name, URI or conninfo. Raises ConsoleError."""
        return await self._opening.find(name)

    async def target_to_write(self) -> Target:
        """The same, for what writes unless --dry-run is given. Raises UsageError where it is configured read-only."""
        target = await self.target()
        if not self.options.dry_run:
            check_writable(target, "the command's --dry-run shows what it would do")
        return target

    def services(self, target: Target | None, *, every: bool = False) -> tuple[Service, ...]:
        """Those of the target, or of no target at all; with `every` also what --service leaves out.

        Raises UsageError when there are none.
        """
        from console.services import services_for

        options, config = self.options, self._opening.config
        name = target.name if target else "demo" if options.demo else options.target or config.default_target
        folder = Path(options.migrations) if options.migrations else None
        found = services_for(config, demo=name == "demo", migrations=folder, layout=options.layout,
                             only=options.service, every=every)
        if not found:
            raise UsageError("there are no services whose migrations could be run",
                             hint="[services.NAME] in the configuration, or --migrations DIR; the shipped ones are "
                                  "the demo's: -t demo")
        return found

    def beside(self, target: Target) -> tuple[Service, ...]:
        """The target's services that other frameworks migrate, also those that --service leaves out."""
        from console.migrate.files import by_framework

        return tuple(by_framework(self.services(target, every=True))[1])

    def range(self) -> RunRange:
        """How far up and down go. Raises UsageError."""
        from console.migrate.records import RunRange

        options = self.options
        if options.steps is not None and options.steps < 1:
            raise UsageError("--steps counts from 1", hint="--to 0 rolls back everything")
        down = options.command == "down" or getattr(options, "down", False)
        return RunRange(direction="down" if down else "up", to=options.to, steps=options.steps,
                        out_of_order=getattr(options, "out_of_order", False))

    async def selection(self, services: Sequence[Service], target: Target | None) -> Selection:
        """What --pending, by the target's ledger, and --since mean of the services' migrations. Raises ConsoleError."""
        from console.migrate.selection import EVERYTHING, Selection, read_changed, read_pending

        options = self.options
        if not options.pending and options.since is None:
            return EVERYTHING
        changed = None if options.since is None else await read_changed(services, options.since)
        pending = None
        if options.pending and target is not None:
            from console.server.script import script_session

            async with script_session(target.direct(), purpose=f"migrate {options.command}") as session:
                pending = await read_pending(session, services, self.beside(target))
        return Selection(pending, changed, options.since)

    def run_options(self) -> RunOptions:
        """How long what writes waits, and how often it tries."""
        from console.migrate.records import RunOptions

        options = self.options
        return RunOptions(lock_wait_s=options.lock_wait,
                          lock_timeout_ms=round(getattr(options, "lock_timeout", 3.0) * 1000),
                          attempts=max(1, getattr(options, "attempts", 8)),
                          keep_going=getattr(options, "keep_going", False))

    @property
    def can_ask(self) -> bool:
        """Whether there is a person at a terminal who wants to be asked."""
        return not self.options.yes and can_ask()

    def has_to_ask(self, target: Target) -> bool:
        """Whether a person has to agree before anything is written there."""
        return not self.options.yes and target.environment not in ("staging", "development")

    def ask(self, target: Target, what: Sequence[str], *, refused: str = "nothing was done") -> None:
        """Shows `what` would be done and has a person type that it is meant.

        Raises UsageError when nobody can be asked or, as `refused`, when the answer is no.
        """
        say(*what)
        if not self.can_ask:
            raise UsageError(f"this would write to {_place(target)}", hint="--yes, if that is meant")
        wanted = target.label if target.is_production else "yes"
        if answer(f"This writes to {_place(target)}. Type {wanted!r} to go on:") != wanted:
            raise UsageError(refused)


def _place(target: Target) -> str:
    environment = "no environment is configured" if target.environment == "unknown" else target.environment
    return f"{target.label} ({environment})"


async def run(opening: Opening) -> int:
    """Runs the command and returns its exit status. Raises ConsoleError.

    SIGTERM and SIGHUP end it as Ctrl-C does. What writes is given the time for it: the statement is cancelled, its
    transaction rolled back, the event log says so, and scratch databases are dropped.
    """
    options = opening.options
    if options.command == "status":
        gc.disable()  # from here on, for the imports too; migrate_commands.status says why and ends it
    module = import_module("console.commands." + _MODULES.get(options.command, "migrate_run"))
    command: Command = getattr(module, options.command)
    request = Request(opening)
    if options.command not in WRITING:
        return await command(request)
    task = asyncio.ensure_future(command(request))

    def end(number: int) -> None:
        task.cancel()
        asyncio.get_running_loop().call_later(SAID_AFTER_S, say, "taking back what is not done; once more ends at once")

    with ending.orderly(end, ROLLED_BACK_WITHIN_S):
        return await task
