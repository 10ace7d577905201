"""Objects of the database in the palette: found by name on the server, handed to the tree."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from console.catalog import read
from console.catalog.tree import label

if TYPE_CHECKING:
    from console.ui.host import Host

MOST = 30
SHORTEST = 2
"""From so many characters on the server is asked."""

DEBOUNCE_S = 0.15


async def found(app: Host, words: str) -> list[tuple[str, str, Callable[[], Any]]]:
    """What is named so: qualified name, kind, and going there. Raises ConsoleError."""
    if len(words.strip()) < SHORTEST or app.connection.info is None:
        return []
    await asyncio.sleep(DEBOUNCE_S)
    async with app.connection.session() as session:
        objects = await read.search(session, words, limit=MOST)
    return [(object_.name if object_.kind == "schema" else f"{object_.schema}.{label(object_)}", object_.kind,
             partial(app.hand_over, "schemas", object_))
            for object_ in objects]
