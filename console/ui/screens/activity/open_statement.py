"""A session's statement taken elsewhere: to its plan, or to what all its runs cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.activity.read import SESSION_TEXT
from console.activity.records import Backend
from console.errors import ConsoleError
from console.server.explain import ExplainRequest
from console.ui.keymap import key
from console.ui.slow_watch import plan_request
from console.ui.widgets.painting import console_app
from console.view.statements.text import beginning

if TYPE_CHECKING:
    from console.ui.screens.activity.screen import ActivityScreen

TITLE_CHARACTERS = 60


def begin(screen: ActivityScreen, backend: Backend | None, where: str) -> None:
    """Takes the statement of that session, if there is one, to its `plan` or to `statements`."""
    if backend is not None:
        screen.run_worker(_take(screen, backend, where), group="take", exclusive=True, exit_on_error=False)


async def _take(screen: ActivityScreen, backend: Backend, where: str) -> None:
    from console.ui.plan_page import PlanPage

    app = console_app(screen)
    try:
        async with screen.connection.session() as session:
            rows = await session.fetch(SESSION_TEXT, {"pid": backend.pid, "backend_start": backend.backend_start})
            database = session.info.database
    except ConsoleError as error:
        app.show_error(error)
        return
    text = rows[0] if rows else None
    if where == "statements":
        if text is None or text.query_id is None:
            app.tell("the server has given this statement no number: compute_query_id")
        else:
            app.hand_over("statements", text.query_id)
    elif text is None or not text.query or backend.is_hidden:
        app.tell("there is no text of it to plan")
    elif text.is_cut:
        app.tell("the server keeps no more of the text: track_activity_query_size")
    elif backend.database != database:
        app.tell(f"it runs in {backend.database}, this is {database}: {key('app.databases')} opens another database")
    else:
        request = ExplainRequest(statement=text.query, generic=plan_request(text.query).generic)
        app.push_screen(PlanPage(request, f"pid {backend.pid} · {beginning(text.query)[:TITLE_CHARACTERS]}"))
