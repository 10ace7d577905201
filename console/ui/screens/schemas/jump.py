"""Objects of the database in the palette: found by name on the server, shown in the tree."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from console.catalog import read
from console.catalog.records import NameMatch
from console.catalog.tree import label

if TYPE_CHECKING:
    from console.ui.app import ConsoleApp

MOST = 30
SHORTEST = 2
"""From so many characters on the server is asked."""

DEBOUNCE_S = 0.15


async def found(app: ConsoleApp, words: str) -> list[tuple[str, str, Callable[[], Any]]]:
    """What is named so: qualified name, kind, and going there. Raises ConsoleError."""
    if len(words.strip()) < SHORTEST or app.connection.info is None:
        return []
    await asyncio.sleep(DEBOUNCE_S)
    async with app.connection.session() as session:
        objects = await read.search(session, words, limit=MOST)
    return [(object_.name if object_.kind == "schema" else f"{object_.schema}.{label(object_)}", object_.kind,
             partial(go_to, app, object_))
            for object_ in objects]


def go_to(app: ConsoleApp, match: NameMatch) -> None:
    """Shows the Schemas screen with the cursor on the object."""
    from console.ui.screens.schemas.screen import SchemasScreen

    app.action_show_screen("schemas")
    screen = app.screen
    assert isinstance(screen, SchemasScreen)
    screen.call_after_refresh(screen.jump, match)
