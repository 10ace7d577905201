"""What stands in the middle while there is nothing to show yet: connecting, or why not and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from console.text import format as fmt
from console.ui import text
from console.ui.connection import Connection, ConnectionState
from console.ui.widgets.painting import Lines
from console.view.table import Line, Tone

WIDEST = 78


class ConnectionPanel(Lines):
    """One sentence, the details, a hint, and when it is tried again."""

    def show_connection(self, connection: Connection) -> None:
        self._connection = connection
        self.redraw()

    _connection: Connection | None = None

    def lines(self, width: int, height: int) -> Sequence[Line]:
        connection = self._connection
        if connection is None:
            return []
        inner = min(WIDEST, width - 4)
        content: list[tuple[str, Tone]] = []

        def add(words: str, tone: Tone, *, space: bool = False) -> None:
            content.extend([("", "")] * space)
            content.extend((line, tone) for line in text.wrap(words, inner))

        error = connection.error
        if connection.state is ConnectionState.OPENING:
            add(connection.progress or f"Opening {connection.label}", "strong")
        elif error is None or connection.state is ConnectionState.CONNECTING:
            add(f"Connecting to {connection.label}", "strong")
        else:
            add(error.summary, "critical")
            if error.detail and error.detail not in error.summary:
                add(error.detail, "dim", space=True)
            if error.hint:
                add(error.hint, "", space=True)
            add(self._next(connection), "dim", space=True)
        left = " " * max(2, (width - inner) // 2)
        top = max(1, (height - len(content)) // 3)
        return [()] * top + [((left, ""), piece) for piece in content]

    def _next(self, connection: Connection) -> str:
        if connection.needs_password:
            return "r: type a password    t: another target    q: leave"
        if connection.has_given_up or connection.pool is None:
            return "r: try again    t: another target    q: leave"
        seconds = connection.pool.breaker.seconds_to_retry
        when = "Trying now" if seconds < 0.5 else f"Next try in {fmt.seconds(seconds)}"
        attempts = connection.pool.breaker.failures
        tried = f" (tried {attempts} times)" if attempts > 1 else ""
        return f"{when}{tried}    r: now    t: another target    q: leave"
