"""One key after the other: what a key does is done before the next one is looked at.

Textual hands a key to the widget that has the focus and does what it is bound to when it has come up from there to the
application, which by then has handed out the keys behind it. A slow link brings several at once: `/` and a name would
open a search with nothing in it, and do what the letters of the name are bound to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual import events
from textual.app import App
from textual.message import Message
from textual.screen import Screen

LOST_S = 0.5
"""A key whose widget goes away beneath it may never come up."""

Typed = events.Key | events.Paste


class Through(Message):
    """Comes up to the application behind a key."""

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        self.screen = screen


class KeyQueue:
    """Keys and pastes that `app` has to take in turn, by `take`."""

    def __init__(self, app: App[Any], take: Callable[[Typed], Awaitable[None]]) -> None:
        self._app = app
        self._take = take
        self._under_way: Through | None = None
        self._waiting: deque[Typed] = deque()

    async def put(self, event: Typed) -> None:
        """Has it taken now, or when those before it have been."""
        self._waiting.append(event)
        if self._under_way is None:
            await self._take_next()
        elif len(self._waiting) == 1:
            self._wait_no_longer_than(LOST_S)

    def came_up(self, through: Through) -> None:
        """What the key did may have moved the focus, which takes effect behind this, or opened a screen."""
        screen = self._app.screen
        if through is not self._under_way:
            return
        if screen is not through.screen:
            self._follow()
        else:
            self._app.call_later(self._next, through)

    async def _next(self, after: Through) -> None:
        if after is self._under_way:
            self._under_way = None
            if self._waiting:
                await self._take_next()

    async def _take_next(self) -> None:
        screen = self._app.screen
        await self._take(self._waiting.popleft())
        self._follow(screen)

    def _follow(self, screen: Screen[Any] | None = None) -> None:
        target = self._app.focused or self._app.screen
        self._under_way = Through(screen or self._app.screen)
        if not target.post_message(self._under_way):
            self._app.call_later(self._next, self._under_way)
        elif self._waiting:
            self._wait_no_longer_than(LOST_S)

    def _wait_no_longer_than(self, seconds: float) -> None:
        under_way = self._under_way
        assert under_way is not None
        self._app.set_timer(seconds, lambda: self._next(under_way))
