"""Remakes the README's pictures: `python -m tests.pictures` drives the real console on the demo server.

Each picture is an SVG that the console draws of its own screen, in .github/pictures/.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from textual.pilot import Pilot

from console.config import Config

if TYPE_CHECKING:
    from console.server.target import Target
    from console.ui.connection import Sources

FOLDER = Path(__file__).parents[1] / ".github" / "pictures"
SIZE = (120, 36)

Shot = Callable[[Pilot[int]], Awaitable[None]]


def keys(*names: str, after_s: float = 1.0) -> Shot:
    """Presses keys one after the other and lets the screen settle."""

    async def press(pilot: Pilot[int]) -> None:
        for name in names:
            await pilot.press(*name.split())
            await pilot.pause(after_s)

    return press


def settle(seconds: float) -> Shot:
    async def wait(pilot: Pilot[int]) -> None:
        await pilot.pause(seconds)

    return wait


def tab(name: str) -> Shot:
    """Shows that tab of the Vectors screen."""

    async def go(pilot: Pilot[int]) -> None:
        from console.ui.screens.vectors.screen import VectorsScreen

        screen = pilot.app.screen
        assert isinstance(screen, VectorsScreen)
        await screen.go_to(name)
        await pilot.pause()

    return go


def seen(words: str) -> Shot:
    """Waits until these words are on the screen."""

    async def wait(pilot: Pilot[int]) -> None:
        from console.ui.app import ConsoleApp
        from tests.support.screen_text import screen_text

        assert isinstance(pilot.app, ConsoleApp)
        while words not in screen_text(pilot.app):
            await pilot.pause(0.2)
        await pilot.pause(1)

    return wait


def sql(text: str) -> Shot:
    """Puts a text into the editor of the Query screen."""

    async def put(pilot: Pilot[int]) -> None:
        from console.ui.screens.query.editor import SqlEditor

        pilot.app.screen.query_one(SqlEditor).set_text(text)
        await pilot.pause()

    return put


def in_turn(*shots: Shot) -> Shot:
    async def one_by_one(pilot: Pilot[int]) -> None:
        for shot in shots:
            await shot(pilot)

    return one_by_one


QUERY = """SELECT e.name, e.starts_at, count(*) AS speakers, e.embedding <=> m.embedding AS distance
FROM event_data.events e
JOIN event_data.event_speakers s ON s.event_id = e.id
CROSS JOIN (SELECT embedding FROM event_data.events WHERE embedding IS NOT NULL ORDER BY id LIMIT 1) m
GROUP BY e.id, m.embedding
ORDER BY distance
LIMIT 300"""

SLOW = """SELECT d.title, count(*) AS chunks
FROM document_store.documents d
JOIN document_store.embeddings e ON e.document_id = d.id
WHERE lower(e.chunk_text) LIKE '%index%'
GROUP BY d.title
ORDER BY chunks DESC
LIMIT 10"""


def sources(given: Mapping[str, Target]) -> Sources:
    """What a console on the demo is made of, and on the targets `given`."""
    from console.services import services_for
    from console.ui.sources import live_sources

    config = Config()
    return live_sources(config, given, lambda target: services_for(config, demo=True, migrations=None, layout=None))


def pooled_screen() -> Shot:
    """Puts a PgBouncer with too few servers in front of the demo server, and draws its screen in another console."""

    async def draw_it(pilot: Pilot[int]) -> None:
        from console.ui.app import ConsoleApp
        from tests.support.pooled_demo import pooled

        live = pilot.app
        assert isinstance(live, ConsoleApp) and live.connection.target is not None
        async with pooled(live.connection.target) as target:
            app = ConsoleApp(target.name, sources({target.name: target}))
            async with app.run_test(size=SIZE) as inner:
                while app.connection.state.value != "live":
                    await inner.pause(0.2)
                await inner.press("7")
                await inner.pause(100)
                (FOLDER / "pgbouncer.svg").write_text(tidy(app.export_screenshot(title="dbconsole")), "utf-8")
            await app.connection.close()

    return draw_it


SHOTS: dict[str, Shot] = {
    "overview": settle(60),
    "load": in_turn(keys("l"), settle(150)),
    "schemas": in_turn(keys("2", "slash", "e v e n t _ d a t a . e v e n t s", "enter", "enter"), settle(2)),
    "migrations": in_turn(keys("3", *["down"] * 4), settle(2)),
    "activity": in_turn(keys("4", "i"), settle(20)),
    "statements": in_turn(keys("5"), settle(30), keys("down", "down", "enter"), settle(6)),
    "vectors": in_turn(keys("6", "n", "d a t a b a s e s space f o r space s e a r c h", "enter"), settle(3)),
    "vectors-recall": in_turn(keys("6"), tab("recall"), keys("m"), seen("recommended")),
    "vectors-health": in_turn(keys("6"), tab("health"), seen("dead rows")),
    "vectors-map": in_turn(keys("6"), tab("map"), seen("of their variance")),
    "vectors-hybrid": in_turn(keys("6", "c", "m e m o r i e s", "enter"), tab("hybrid"), keys(
        "enter", " ".join("space" if sign == " " else sign for sign in "answers about cohort reports OR funnel charts"),
        "enter"), seen("by words alone")),
    "pgbouncer": pooled_screen(),
    "query": in_turn(keys("f8"), sql(QUERY), keys("ctrl+r"), settle(2), keys("escape", "down", "down")),
    "plan": in_turn(keys("f8"), sql(SLOW), keys("ctrl+t", "a"), settle(2), keys("down", "down")),
}


def tidy(svg: str) -> str:
    """Without fonts from the network: the reader's own monospaced font does."""
    svg = re.sub(r"@font-face\s*\{[^}]*\}\s*", "", svg)
    return svg.replace("Fira Code, monospace", "monospace").replace("Fira Code", "monospace")


async def draw(wanted: list[str]) -> None:
    from console.ui.app import ConsoleApp

    app = ConsoleApp("demo", sources({}))
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        while app.connection.state.value != "live":
            await pilot.pause(0.2)
        for name in wanted:
            await SHOTS[name](pilot)
            if name == "pgbouncer":
                continue  # drawn in a console of its own
            (FOLDER / f"{name}.svg").write_text(tidy(app.export_screenshot(title="dbconsole")), "utf-8")
            print(FOLDER / f"{name}.svg")
    await app.connection.close()


def main(wanted: list[str]) -> int:
    if unknown := set(wanted) - set(SHOTS):
        print(f"no such picture: {', '.join(unknown)}; there are {', '.join(SHOTS)}", file=sys.stderr)
        return 3
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state:
        os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = state
        asyncio.run(draw(wanted or list(SHOTS)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
