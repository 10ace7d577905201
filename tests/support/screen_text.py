"""A screen as text, and goldens made of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from textual.app import App

GOLDENS = Path(__file__).parents[1] / "ui" / "goldens"


def screen_text(app: App[Any]) -> str:
    """What the top screen shows, line by line, without trailing blanks."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


def assert_golden(app: App[Any], name: str) -> None:
    """The screen is as in goldens/NAME.txt. DBCONSOLE_UPDATE_GOLDENS=1 writes the file instead."""
    path, shown = GOLDENS / f"{name}.txt", screen_text(app)
    if os.environ.get("DBCONSOLE_UPDATE_GOLDENS"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text("utf-8"), f"{path.name} differs:\n{shown}"
