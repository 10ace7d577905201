"""The connection that the console has: who answered, as whom, and how what is said is protected."""

from __future__ import annotations

from textual.app import ComposeResult

from console.ui import text
from console.ui.dialogs.dialog import Words
from console.ui.dialogs.failure import DetailDialog, FailureDialog
from console.ui.host import AppHost
from console.view.connection import connection_facts
from console.view.table import Line


class Facts(Words):
    """Names and what is so, in two columns."""

    def __init__(self, *facts: tuple[str, str]) -> None:
        super().__init__()
        self._facts = facts

    def lines(self, width: int, height: int) -> list[Line]:
        first = max(len(name) for name, _ in self._facts) + 2
        return [((f"{name if number == 0 else '':<{first}}", "dim"), (line, ""))
                for name, value in self._facts
                for number, line in enumerate(text.wrap(value, max(1, width - first)))]


class ConnectionDialog(DetailDialog):
    """What `connection_facts` says; `y` copies it."""

    def __init__(self, title: str, *facts: tuple[str, str]) -> None:
        super().__init__(title, *((f"{name}: {value}", "") for name, value in facts))
        self._facts = facts

    def body(self) -> ComposeResult:
        yield Facts(*self._facts)


def open_connection(app: AppHost) -> None:
    """`E`: the connection, or why there is none."""
    connection = app.connection
    if connection.info is None or connection.playback is not None:
        recording = connection.target.without_server() if connection.target else None
        if error := recording or connection.error:
            app.push_screen(FailureDialog(error, "No connection"))
        else:
            app.tell(f"{connection.label} is not connected yet")
        return
    used = connection.pool.statistics() if connection.pool else None
    facts = connection_facts(connection.info)
    if used is not None:
        facts.append(("connections of ours", f"{used.size} open, {used.in_use} in use, at most {used.max_size}"))
    facts.append(("configuration", str(connection.configuration or "no file")))
    app.push_screen(ConnectionDialog(connection.label, *facts))
