"""Keys that come all at once, as a slow link brings them: each does what it would have done alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.servers import Database
from tests.support.terminal import terminal

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("own_files")


@pytest.mark.parametrize(("keys", "shown", "never"), [
    ("4/xkq", "xkq", "Terminate"),
    ("8select 1 as before\x15select 2 as after", "select 2 as after", "before"),
    ("8select 1\x1b[200~, 2 as pasted\x1b[201~, 3 as typed", "select 1, 2 as pasted, 3 as typed", "statement ran"),
    ("\x10vacuum", "The page Vacuum", "nothing matches"),
    ("4?/filter", "filter the rows", "Quit"),
    ("2/pg_q", "pg_q", "Quit"),
])
def test_a_key_does_what_it_does_before_the_next_is_looked_at(keys: str, shown: str, never: str, database: Database
                                                              ) -> None:
    with terminal([sys.executable, "-m", "console", database.conninfo], cwd=ROOT) as screen:
        screen.wait(" well", 40)
        screen.send(keys)
        screen.wait(shown)
        screen.idle(0.5)
        assert never not in screen.text
