"""Memory over many refreshes of the whole console, as MiB that an hour adds: sampler, screens, history, alerts.

`python -m tests.bench soak` takes two minutes; `DBCONSOLE_SOAK_S=3600 python -m tests.bench soak` the whole hour.
The console refreshes ten times a second, so that an hour of its everyday life (one in two seconds) passes in three
minutes, and goes through its screens and pages meanwhile. The flight recorder is left out: its ring has a bound of its
own, which it is made to fill.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.measure import Figure, environment, python
from tests.support.servers import Servers
from tests.support.terminal import Terminal, terminal

DURATION_S = float(os.environ.get("DBCONSOLE_SOAK_S", "120"))
REFRESH_S = 0.1
EVERYDAY_S = 2.0
TOUR = "l w o v z a a 4 w p R 2 3 1"
"""Pages and screens, one after the other, again and again."""


UNRECORDED = """
import sys
from msgspec.structs import replace

from console import cli
from console.ui import start

run = start.run_console
start.run_console = lambda name, sources: run(name, replace(sources, recorder_for=None))
sys.exit(cli.main(sys.argv[1:]))
"""


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.get("embedded")
    with TemporaryDirectory() as folder:
        config = Path(folder) / "config.toml"
        config.write_text(f'[console]\nrefresh = "{REFRESH_S * 1000:.0f}ms"\n')
        command = [*python(UNRECORDED), "--config", str(config), server.dsn]
        with terminal(command, environment=environment() | {"XDG_STATE_HOME": folder}) as screen:
            screen.wait(" well", 30)
            tour(screen, DURATION_S / 3)  # what is made once: screens, pages, pools, compiled statements
            grown = growth(screen, DURATION_S * 2 / 3)
            screen.send("q")
            screen.idle(0.5)
    an_hour = grown * 3600 / (DURATION_S * 2 / 3) * REFRESH_S / EVERYDAY_S
    return [Figure("memory that an hour adds", an_hour, None, "MiB", 5.0,
                   f"extrapolated from {DURATION_S:.0f} s at {1 / REFRESH_S:.0f} refreshes a second")]


def tour(screen: Terminal, seconds: float) -> list[float]:
    """Goes through the screens for so long; resident MiB at the end of each round."""
    sizes: list[float] = []
    passed = 0.0
    while passed < seconds:
        for key in TOUR.split():
            screen.send(key)
            screen.idle(0.5)
            passed += 0.5
        sizes.append(screen.rss_mib)
    return sizes


def growth(screen: Terminal, seconds: float) -> float:
    """MiB by which the resident memory grew: the medians of the first and the last third of the rounds."""
    sizes = tour(screen, seconds)
    third = max(1, len(sizes) // 3)
    return max(0.0, statistics.median(sizes[-third:]) - statistics.median(sizes[:third])) * 1.5
