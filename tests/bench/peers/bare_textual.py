"""The floor of the first paint: a Textual application that shows one row of one connection, and nothing else."""

from __future__ import annotations

import sys

import psycopg
from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """Quits on q."""

    BINDINGS = [("q", "quit", "quit")]  # noqa: RUF012

    def compose(self) -> ComposeResult:
        yield Static("waiting", id="row")

    async def on_mount(self) -> None:
        async with await psycopg.AsyncConnection.connect(sys.argv[1], autocommit=True) as connection:
            row = await (await connection.execute("SELECT count(*) FROM pg_stat_activity")).fetchone()
        self.query_one("#row", Static).update(f"{row[0] if row else 0} sessions")


Bare().run()
