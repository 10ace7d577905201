"""The shipped themes load, are complete, and can be read; a wrong file says what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.style import Style
from textual.color import Color

from console import resources
from console.errors import ConfigError
from console.ui import choices, terminal, themes

EVERY = themes.names()


def test_there_are_at_least_six_and_the_default_is_first() -> None:
    assert len(EVERY) >= 6 and EVERY[0] == themes.DEFAULT


@pytest.mark.parametrize("name", EVERY)
def test_a_theme_has_every_ink(name: str) -> None:
    loaded = themes.load(name)
    assert loaded.name == name
    assert set(loaded.inks) == {*themes.TONES, *themes.PARTS}


@pytest.mark.parametrize("name", [name for name in EVERY if not themes.load(name).theme.ansi])
def test_texts_can_be_read_on_their_background(name: str) -> None:
    loaded = themes.load(name)
    theme = loaded.theme

    def contrast(style: Style) -> float:
        front = Color.from_rich_color(style.color) if style.color else Color.parse(theme.foreground or "")
        back = Color.from_rich_color(style.bgcolor) if style.bgcolor else Color.parse(theme.background or "")
        lighter, darker = sorted((_luminance(front), _luminance(back)), reverse=True)
        return (lighter + 0.05) / (darker + 0.05)

    floor = 7.0 if name == "contrast" else 4.5
    wrong = {part: round(contrast(style), 2) for part, style in loaded.inks.items() if contrast(style) < floor}
    assert not wrong


def _luminance(colour: Color) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b)


def test_terminal_and_monochrome_use_no_colour_of_their_own() -> None:
    for name in ("terminal", "monochrome"):
        words = (resources.shipped("themes") / f"{name}.toml").read_text()
        assert not re.search("#[0-9a-fA-F]{6}", words)
    assert all((style.color is None and style.bgcolor is None) or (style.color and style.color.is_default)
               for style in themes.load("monochrome").inks.values())


@pytest.mark.parametrize(("text", "words"), [
    ('name = "x"\n', "primary"), ('name = "x"\nprimary = "#123456"\ncolour = "red"\n', "colour: unknown key"),
    ('name = "x"\nprimary = "#123456"\n[ink]\nstrange = "red"\n', "ink.strange"), ("name = ", "x.toml"),
    ('name = "x"\nprimary = "#123456"\n[ink]\ndim = "no such style!"\n', "x.toml"),
])
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        themes.read(path)
    assert words in caught.value.summary and str(path) in caught.value.summary


@pytest.mark.parametrize("rubbish", ["", "{", "[]", "null", '{"theme": 5, "refresh_s": "x", "target": []}',
                                     '{"databases": 3}', '{"databases": {"a": null, "b": ""}}', "\x00\xff",
                                     "[" * 100_000, '{"refresh_s": 3}'])
def test_remembered_rubbish_is_no_choice(tmp_path: Path, rubbish: str) -> None:
    path = tmp_path / "deep" / "choices.json"
    path.parent.mkdir()
    path.write_text(rubbish, encoding="latin-1")
    assert choices.load(path) == choices.Choices()
    choices.remember(path, theme="paper")
    choices.remember(path, refresh_s=5.0)
    assert choices.load(path) == choices.Choices(theme="paper", refresh_s=5.0)
    assert [item.name for item in path.parent.iterdir()] == ["choices.json"]


def test_a_disk_that_refuses_is_no_reason_to_complain(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    choices.remember(blocked / "choices.json", theme="paper")
    assert choices.load(blocked / "choices.json") == choices.Choices()


@pytest.mark.parametrize(("environment", "ascii_only", "theme"), [
    ({"TERM": "xterm-256color", "LANG": "en_US.UTF-8"}, False, None),
    ({"TERM": "xterm-256color", "LANG": "C.utf8"}, False, None),
    ({"TERM": "xterm-256color", "LANG": "de_DE.ISO-8859-1"}, True, None),
    ({"TERM": "xterm", "LANG": "en_US.UTF-8", "LC_ALL": "C"}, True, None),
    ({"TERM": "xterm", "LANG": "C", "LC_CTYPE": "C.UTF-8"}, True, None),
    ({"TERM": "xterm", "LANG": "en_US.UTF-8", "LC_CTYPE": "C.UTF-8"}, False, None),
    ({"TERM": "linux", "LANG": "en_US.UTF-8"}, True, "terminal"), ({"TERM": "vt100"}, True, "terminal"),
    ({"TERM": "xterm", "LANG": "en_US.UTF-8", "NO_COLOR": "1"}, False, "monochrome"),
    ({"TERM": "xterm", "LANG": "en_US.UTF-8", "NO_COLOR": ""}, False, None),
])
def test_what_the_terminal_can_do(environment: dict[str, str], ascii_only: bool, theme: str | None) -> None:
    assert (terminal.is_ascii(environment), terminal.theme_for(environment)) == (ascii_only, theme)
