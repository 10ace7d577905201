"""1,000 migrations of three statements, up and down, with fsync on: against psql alone, and against other runners.

The floor has each file between BEGIN and COMMIT, as every runner here does it: without, psql would commit three times
as often. Each measure gets an empty database after a checkpoint. Whole processes, every one with its own start.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.measure import Figure, seconds_of
from tests.bench.peers import runners
from tests.bench.peers.runners import Runner
from tests.support.servers import Database, LiveServer, Servers

FILES = int(os.environ.get("DBCONSOLE_BENCH_FILES", "1000"))
RUNS = 5
PEER_RUNS = 3
SINGLE_STEPS = 50
"""How often a runner that undoes one file at a time is called; the rest is reckoned."""
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "128MB",
           "max_wal_size": "1GB"}

Times = dict[str, list[float]]


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.make("embedded", DURABLE)
    migrations = runners.history(FILES)
    with tempfile.TemporaryDirectory(prefix="dbconsole-bench-") as scratch:
        folder = Path(scratch)
        mine = runners.ours(folder / "ours", migrations)
        floor = runners.psql(folder / "psql", migrations, server)
        peers = {name: make(folder / name, migrations) for name, make in
                 (("dbmate", runners.dbmate), ("alembic", runners.alembic), ("yoyo", runners.yoyo))}
        for name, peer in peers.items():
            if peer is None:
                print(f"{name} is not installed: left out", file=sys.stderr)
        there = [peer for peer in peers.values() if peer is not None]
        up: Times = {}
        down: Times = {}
        for number in range(RUNS):
            taking_turns = [mine, floor, *(there if number < PEER_RUNS else ())]
            for runner in taking_turns if number % 2 else reversed(taking_turns):
                _round(server, runner, up, down)
    return [*_figures("up", up, mine, floor, there), *_figures("down", down, mine, floor, there)]


def _round(server: LiveServer, runner: Runner, up: Times, down: Times) -> None:
    """Up and down once, in a database of its own."""
    with server.database() as database:
        _settle(database)
        up.setdefault(runner.name, []).append(seconds_of(runner.up(database)))
        _settle(database)
        if runner.down_steps:
            steps = min(SINGLE_STEPS, FILES)
            elapsed = sum(seconds_of(runner.down(database)) for _ in range(steps)) * FILES / steps
        else:
            elapsed = seconds_of(runner.down(database))
        down.setdefault(runner.name, []).append(elapsed)


def _settle(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("CHECKPOINT")


def _figures(direction: str, times: Times, mine: Runner, floor: Runner, peers: Sequence[Runner]) -> Iterator[Figure]:
    seconds = {name: statistics.median(values) for name, values in times.items()}
    what = f"migrate {direction}, {FILES:,} files, fsync on"
    fastest = min(times[mine.name]) / min(times[floor.name])
    yield Figure(what, seconds[mine.name], seconds[floor.name], "s", 1.2,
                 f"psql -f ... -f ...; of the fastest runs {fastest:.2f} x")
    for peer in peers:
        single = f", {SINGLE_STEPS} single rollbacks reckoned up" if peer.down_steps and direction == "down" else ""
        yield Figure(what, seconds[mine.name], seconds[peer.name], "s", 1.0, peer.name + single)
