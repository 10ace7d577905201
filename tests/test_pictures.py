"""The README's pictures: each that it shows can be drawn anew, and none is drawn that it doesn't show."""

from __future__ import annotations

import re
from pathlib import Path

from tests import pictures

README = Path(__file__).parents[1] / "README.md"


def test_the_readme_shows_what_is_drawn() -> None:
    shown = re.findall(r"\.github/pictures/([\w-]+)\.svg", README.read_text("utf-8"))
    assert sorted(shown) == sorted(pictures.SHOTS) == sorted(path.stem for path in pictures.FOLDER.glob("*.svg"))


def test_what_they_are_drawn_of_can_be_made() -> None:
    assert "demo" in pictures.sources({}).names()
