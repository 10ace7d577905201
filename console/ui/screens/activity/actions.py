"""What a person does with sessions: cancel and terminate them, and take their statement to where it is looked into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from textual.message import Message

from console.activity import actions
from console.activity.actions import Signal
from console.activity.read import SESSION_TEXT
from console.activity.records import Backend, SessionText, SignalOutcome
from console.errors import ConsoleError
from console.server.explain import ExplainRequest
from console.server.target import Target
from console.ui.dialogs.failure import DetailDialog
from console.ui.dialogs.unlock import is_read_only, word_to_type
from console.ui.frame import ConsoleScreen
from console.ui.host import Host
from console.ui.keymap import key
from console.ui.screens.activity.signal_dialog import SignalDialog
from console.ui.slow_watch import plan_request
from console.ui.widgets.painting import console_app
from console.view.activity import sessions
from console.view.statements.text import beginning

Where = Literal["plan", "statements"]

TITLE_CHARACTERS = 60


class ActivityActions:
    """The actions of one screen. They work through its host and connection, and tell what came of signals."""

    class Signalled(Message):
        """What came of signals to these sessions."""

        def __init__(self, backends: Sequence[Backend], outcomes: Sequence[SignalOutcome]) -> None:
            super().__init__()
            self.backends = backends
            self.outcomes = outcomes

    def __init__(self, screen: ConsoleScreen) -> None:
        self._screen = screen

    @property
    def _host(self) -> Host:
        return console_app(self._screen)

    # signals

    def signal(self, kind: Signal, backends: Sequence[Backend]) -> None:
        """Asks, and then cancels what these sessions run, or terminates them."""
        target = self._screen.connection.target
        if not backends or target is None:
            return
        if (error := self._obstacle(target)) is not None:
            self._host.show_error(error)
            return

        def answered(confirmed: Signal | None) -> None:
            if confirmed is not None:
                self._screen.run_worker(self._signal(confirmed, backends), group="signal", exit_on_error=False)

        self._host.push_screen(SignalDialog(
            kind, backends, target.label, word_to_type(self._screen.connection)), answered)

    def _obstacle(self, target: Target) -> ConsoleError | None:
        """Why nobody's session may be ended here, with what would change that; None where it may."""
        if (error := target.without_server()) is not None:
            return error
        if not target.allows_signals:
            return ConsoleError(f"{target.label}: the configuration forbids to cancel and terminate",
                                hint=f"signals = false in [targets.{target.name}]")
        return is_read_only(target.label) if self._screen.connection.read_only else None

    async def _signal(self, kind: Signal, backends: Sequence[Backend]) -> None:
        try:
            async with self._screen.connection.session() as session:
                outcomes = await actions.signal(session, kind, backends)
        except ConsoleError as error:
            self._host.show_error(error)
            return
        self._screen.post_message(self.Signalled(backends, outcomes))
        if len(outcomes) == 1 and outcomes[0].is_done:
            self._host.tell(f"{outcomes[0].pid}: {outcomes[0].happened}")
        else:
            self._host.push_screen(DetailDialog(_title(kind, outcomes), *sessions.outcome_words(outcomes)))

    # its statement, elsewhere

    def take(self, backend: Backend | None, where: Where) -> None:
        """Takes the statement of that session, if there is one, to its plan or to the Statements screen."""
        if backend is not None:
            self._screen.run_worker(self._take(backend, where), group="take", exclusive=True, exit_on_error=False)

    async def _take(self, backend: Backend, where: Where) -> None:
        try:
            async with self._screen.connection.session() as session:
                rows = await session.fetch(SESSION_TEXT, {"pid": backend.pid, "backend_start": backend.backend_start})
                database = session.info.database
        except ConsoleError as error:
            self._host.show_error(error)
            return
        text = rows[0] if rows else None
        if where == "statements":
            self._to_statements(text)
        else:
            self._to_plan(backend, text, database)

    def _to_statements(self, text: SessionText | None) -> None:
        if text is None or text.query_id is None:
            self._host.tell("the server has given this statement no number: compute_query_id")
        else:
            self._host.hand_over("statements", text.query_id)

    def _to_plan(self, backend: Backend, text: SessionText | None, database: str) -> None:
        if text is None or not text.query or backend.is_hidden:
            self._host.tell("there is no text of it to plan")
        elif text.is_cut:
            self._host.tell("the server keeps no more of the text: track_activity_query_size")
        elif backend.database != database:
            self._host.tell(f"it runs in {backend.database}, this is {database}: "
                            f"{key('app.databases')} opens another database")
        else:
            from console.ui.plan_page import PlanPage

            request = ExplainRequest(statement=text.query, generic=plan_request(text.query).generic)
            self._host.push_screen(PlanPage(request,
                                            f"pid {backend.pid} · {beginning(text.query)[:TITLE_CHARACTERS]}"))


def _title(kind: Signal, outcomes: Sequence[SignalOutcome]) -> str:
    if all(outcome.is_done for outcome in outcomes):
        return "Cancelled" if kind == "cancel" else "Terminated"
    return "Not all of it worked" if len(outcomes) > 1 else "That did not work"
