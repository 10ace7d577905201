"""Keys in turn: one that never comes up, because its widget has gone, holds the others up for a moment alone."""

from __future__ import annotations

import pytest
from textual import events

from console.ui import key_queue
from console.ui.screens import ENTRIES
from tests.support.waiting import until
from tests.ui.conftest import World, live


async def test_keys_that_are_lost_hold_no_others_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_queue, "LOST_S", 0.02)
    async with world.console(entries=ENTRIES, size=(120, 36)) as (app, pilot):
        await live(app, pilot)
        taken: list[str] = []
        take = app._keys._take

        async def noted(event: key_queue.Typed) -> None:
            taken.append(getattr(event, "key", "paste"))
            await take(event)

        monkeypatch.setattr(app._keys, "_take", noted)
        monkeypatch.setattr(app._keys, "came_up", lambda through: None)
        for name in "jkjkjk":
            app.post_message(events.Key(name, name))
        await until(lambda: "".join(taken) == "jkjkjk", pilot, seconds=10)
