"""Which commands the palette offers for what is typed, and in which order."""

from __future__ import annotations

from console.ui.commands import PaletteCommand, ranked
from console.ui.keys import ACTIONS

COMMANDS = [PaletteCommand(label, "", print) for label in
            ("Migrations", "Activity", "Choose a theme", "terminal", "shop.orders", "Commit the transaction")]


def labels(words: str) -> list[str]:
    return [command.label for command in ranked(COMMANDS, words)]


def test_the_likeliest_comes_first() -> None:
    assert labels("") == labels("  ") == [command.label for command in COMMANDS]
    assert labels("act")[0] == "Activity" and "Commit the transaction" in labels("act")
    assert labels("cth")[0] == "Choose a theme"
    assert labels("orders") == ["shop.orders"] and labels("ORD") == ["shop.orders"]
    assert labels("xyz") == []


def test_a_word_that_the_name_lacks_finds_it_after_those_that_have_it() -> None:
    recorder = PaletteCommand(ACTIONS["app.recorder"].help, "F", print, ACTIONS["app.recorder"].more)
    named = PaletteCommand("Replay", "", print)
    assert ranked([*COMMANDS, recorder, named], "replay") == [named, recorder]
