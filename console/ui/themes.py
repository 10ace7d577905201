"""Themes: each file of `themes/` is one textual.theme.Theme, and the inks that our own widgets draw with.

A file's keys are Theme's fields; its table `[ink]` gives Rich styles by tone where the colours alone don't say it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path

from msgspec import Struct
from rich.errors import StyleSyntaxError
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.theme import Theme

from console import resources
from console.errors import ConfigError

DEFAULT = "midnight"
WITHOUT_COLOUR = "monochrome"

TONES = ("", "strong", "dim", "faint", "accent", "ok", "warning", "critical", "unknown", "layer1", "layer2",
         "layer3", "layer4", "layer5")
PARTS = ("header", "header-strong", "production", "production-strong", "tab", "cursor", "cursor-blurred")

Inks = Mapping[str, Style]


class ConsoleTheme(Struct, frozen=True):
    """A theme of Textual with the styles of our tones and of the frame's parts."""

    theme: Theme
    inks: Inks

    @property
    def name(self) -> str:
        return self.theme.name


def names() -> list[str]:
    """The shipped themes, the default first."""
    found = sorted(path.stem for path in resources.shipped("themes").glob("*.toml"))
    return sorted(found, key=lambda name: name != DEFAULT)


@cache
def load(name: str) -> ConsoleTheme:
    """The shipped theme `name`. Raises ConfigError when there is none or its file is wrong."""
    path = resources.shipped("themes") / f"{name}.toml"
    if name not in names():
        raise ConfigError(f"there is no theme {name!r}", hint=f"themes: {', '.join(names())}")
    return read(path)


def read(path: Path) -> ConsoleTheme:
    """The theme in the file `path`. Raises ConfigError naming the file and the key."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None
    ink = data.pop("ink", {})
    if unknown := set(data) - {field_.name for field_ in fields(Theme)}:
        raise ConfigError(f"{path}: {min(unknown)}: unknown key")
    if unknown := set(ink) - {*TONES, *PARTS}:
        raise ConfigError(f"{path}: ink.{min(unknown)}: unknown key", hint=f"inks: {', '.join((*TONES[1:], *PARTS))}")
    try:
        theme = Theme(**data)
        return ConsoleTheme(theme, {**_from_colours(theme), **{key: Style.parse(value) for key, value in ink.items()}})
    except (TypeError, ColorParseError, StyleSyntaxError) as error:
        raise ConfigError(f"{path}: {error}") from None


def _from_colours(theme: Theme) -> dict[str, Style]:
    def ink(colour: str | None, *, bold: bool = False) -> Style:
        found = Color.parse(colour or theme.primary).rich_color
        return Style(color=found, bold=bold or None)

    inks = {"": Style(), "strong": Style(bold=True), "dim": Style(dim=True), "faint": Style(dim=True),
            "accent": ink(theme.accent), "ok": ink(theme.success), "warning": ink(theme.warning),
            "critical": ink(theme.error, bold=True), "layer1": ink(theme.primary), "layer2": ink(theme.success),
            "layer3": ink(theme.secondary), "layer4": ink(theme.accent), "layer5": ink(theme.foreground)}
    inks |= {part: Style(reverse=True) for part in PARTS}
    return inks | {"unknown": ink(theme.warning)}


def describe(name: str) -> str:
    """What kind of theme it is, in a word."""
    theme = load(name).theme
    if theme.ansi:
        return "no colours" if theme.primary == "ansi_default" else "the terminal's colours"
    return "dark" if theme.dark else "light"
