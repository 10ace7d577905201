"""Every screen is opened for the first time while the server is gone, and fills when it is back."""

from __future__ import annotations

import time
from contextlib import ExitStack

from tests.faults.fault import LIVE, Outcome, Scene, appears, expect, leave, see, trial
from tests.faults.server import GONE

FILLED = {
    "2": r"extension members", "3": r"no service has migrations here", "4": r"held-open", "5": r"statements take",
    "6": r"public.items|items \d", "8": r"answered 42",
}
"""By the key of a screen: what is on it when the server has answered."""


@trial()
def screens_opened_meanwhile(scene: Scene) -> Outcome:
    """The server is stopped; each screen is opened for the first time, and the server started again."""
    outcome = Outcome()
    scene.sql("CREATE EXTENSION pg_stat_statements", "CREATE EXTENSION vector",
              "CREATE TABLE items (id int PRIMARY KEY, v vector(3))", "INSERT INTO items VALUES (1, '[1,2,3]')")
    cluster = scene.server.cluster
    assert cluster is not None
    with ExitStack() as stack:
        screens = {key: stack.enter_context(scene.console()) for key in FILLED}
        for screen in screens.values():
            screen.wait(LIVE, 60)
        cluster.stop("fast")
        for key, screen in screens.items():
            outcome.seen = see(screen, GONE, outcome)
            screen.send(key)
        for key, screen in screens.items():
            screen.still(seconds=5) if key == "8" else screen.idle(1)
        first = stack.enter_context(scene.console())
        see(first, GONE, outcome)
        cluster.start()
        with scene.server.connect(application_name="held-open") as held:
            held.execute("BEGIN; SELECT 1")
            began = time.perf_counter()
            screens["8"].send("SELECT 'answered ' || 6 * 7\x12")
            for key, screen in [*screens.items(), ("1", first)]:
                expect(outcome, appears(screen, FILLED.get(key, " well"), 60) is not None,
                       f"screen {key} has not filled:\n{screen.text}")
            outcome.recovers_s = time.perf_counter() - began
            outcome.leaves_s = max(leave(screen, outcome, "\x11") for screen in (*screens.values(), first))
    scene.left(outcome)
    return outcome
