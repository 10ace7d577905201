"""300 times kill -9 for a run of migrations at a random moment: how often ledger and schema didn't agree."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import Figure
from tests.live.test_migrate_killed import kill_at_random
from tests.support.servers import Servers

KILLS = int(os.environ.get("DBCONSOLE_TEST_KILLS", "300"))


def run(servers: Servers) -> Sequence[Figure]:
    server = servers.get("embedded")
    agreed = disagreed = 0
    moments: set[int] = set()
    while agreed + disagreed < KILLS:
        # After a disagreement anew, with other chances.
        with server.database() as database, tempfile.TemporaryDirectory(prefix="dbconsole-bench-") as scratch:
            try:
                for applied in kill_at_random(database, Path(scratch), KILLS - agreed - disagreed, agreed + disagreed):
                    agreed += 1
                    moments.add(applied)
            except AssertionError as error:
                disagreed += 1
                print(f"after {agreed} kills: {error}", file=sys.stderr)
    return [Figure(f"disagreements after {KILLS} x kill -9", disagreed, None, "", 0,
                   f"{agreed} agreed, at {len(moments)} different numbers of applied files")]
