"""`dbconsole config path|trust|forget`: which configuration file holds, and whether one that lies here may act."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from console import config, trust
from console.commands.output import say, write_data
from console.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from console.commands.opening import Opening


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    """The commands of `dbconsole config`."""
    parser.add_argument("command", choices=("path", "trust", "forget"),
                        help="path: print which file holds; trust: let one act as it is; forget: take that back")
    parser.add_argument("file", nargs="?", type=Path, default=Path("dbconsole.toml"), metavar="FILE",
                        help="for trust and forget (default ./dbconsole.toml)")
    parser.add_argument("--yes", action="store_true", help="trust it without a question")
    common(parser)


def run(opening: Opening) -> int:
    """Returns the exit status; `path` has 1 where there is no file. Raises ConfigError, UsageError, OSError."""
    options = opening.options
    if options.command == "path":
        found = config.find()
        write_data(str(found) if found is not None else "no configuration file: dbconsole help configuration")
        return 0 if found is not None else 1
    content = config.read(options.file, is_named=True)
    if options.command == "forget":
        say(f"{options.file} was {'' if trust.forget(options.file, content) else 'not '}trusted")
        return 0
    ask_for(options.file, content, trust.deeds(config.parsed(content, options.file), config.own()),
            is_agreed=options.yes)
    return 0


def ask_for(path: Path, content: bytes, deeds: tuple[str, ...], *, is_agreed: bool = False) -> None:
    """Shows what the file would do, asks, and remembers a yes. Raises ConfigError for a no."""
    say(f"{path}:", *(f"  {deed}" for deed in deeds or ("does nothing that has to be trusted",)))
    if not is_agreed:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageError("nobody can be asked here", hint="--yes trusts it without a question")
        sys.stderr.write("Trust it as it is now? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise ConfigError(f"{path} is not trusted")
    trust.trust(path, content)
    say(f"{path} is trusted until it changes")
