"""`dbconsole dashboard`: a Grafana dashboard of what `--check --listen` serves."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from console.check.dashboard import dashboard
from console.commands import output

if TYPE_CHECKING:
    from console.commands.opening import Opening


def add_arguments(parser: argparse.ArgumentParser, common: Callable[[argparse.ArgumentParser], None]) -> None:
    common(parser)


def run(opening: Opening) -> int:
    """Writes it to stdout."""
    output.write(json.dumps(dashboard(), indent=2) + "\n")
    return 0
