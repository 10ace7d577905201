"""What `dbconsole --help` says, and the arguments of the console itself and of `--check`."""

from __future__ import annotations

import argparse

from console.commands.opening import Parser, add_connection_arguments, add_service_arguments
from console.commands.table import help_lines

USAGE = "dbconsole [TARGET] | --check [TARGET ...] | COMMAND ..."
EPILOG = """
TARGET is a name from the configuration, a postgresql:// URI or a libpq conninfo string; without one it is the
configuration's default_target, else what libpq's environment (PGHOST, PGSERVICE, PGPASSFILE...) says.
The target demo is an embedded PostgreSQL with sample data, started on first use.

exit status: 0 done, 1 found wrong, 2 failed, 3 usage or configuration; --check: 0 OK, 1 WARNING, 2 CRITICAL,
3 UNKNOWN or usage; 130 interrupted
"""


def parser() -> Parser:
    """For all that is no command of the table."""
    found = Parser(prog="dbconsole", usage=USAGE, epilog="\n".join(["commands:", *help_lines(), EPILOG]),
                    description="The console for teams that run services on PostgreSQL and pgvector.",
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    found.add_argument("targets", nargs="*", metavar="TARGET", help="what to connect to")
    found.add_argument("--version", action="store_true", help="show the version and exit")
    found.add_argument("--check", action="store_true", help="run the checks, print a report, exit")
    group = found.add_argument_group("with --check")
    group.add_argument("--format", choices=("text", "json", "nagios", "prometheus"), help="form of the report")
    group.add_argument("--json", dest="format", action="store_const", const="json", help="the same as --format json")
    group.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS", help="for the whole run (default 10)")
    group.add_argument("--only", action="append", metavar="CHECK", help="only this check (repeatable)")
    group.add_argument("--listen", metavar="[HOST:]PORT",
                       help="serve results and counters at /metrics, and /health, until interrupted")
    group.add_argument("--alerts", action="store_true",
                       help="--listen: run the checks by itself, and the alerts' command when one gets worse")
    group.add_argument("--interval", type=float, default=15.0, metavar="SECONDS", help="--listen: least between checks")
    add_connection_arguments(found, target=False)
    add_service_arguments(found)
    return found
