"""`dbconsole help`: the manual on a terminal, or as Markdown where its output is no terminal."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from console.manual import topics

if TYPE_CHECKING:
    from console.ui.replaying import Asked


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    parser.add_argument("topic", nargs="?", metavar="TOPIC", help="a page, checks/NAME or lint/RULE")
    parser.add_argument("--search", metavar="WORDS", help="say where these words stand")


def run(asked: Asked) -> int:
    """Prints it; 1 where a search finds nothing. Raises UsageError."""
    options = asked.options
    if options.search is not None:
        found = [f"{passage.topic}: {passage.line}" for passage in topics.search(options.search)]
        sys.stdout.write("".join(f"{line}\n" for line in found))
        return 0 if found else 1
    _print(topics.text(options.topic) if options.topic else topics.contents())
    return 0


def _print(source: str) -> None:
    if not sys.stdout.isatty():
        sys.stdout.write(source if source.endswith("\n") else source + "\n")
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(source, hyperlinks=False))
