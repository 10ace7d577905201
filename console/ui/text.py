"""Text for widgets: the only way by which text from a server reaches the screen.

No markup is read, what `console.text.sanitiser` takes for harmful doesn't pass, and every string is measured in
terminal cells before it is put anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter
from textual.strip import Strip

from console.text.sanitiser import REPLACEMENT, block, harmful, lines, single_line
from console.view.table import Line, Tone

ELLIPSIS = "…"


def clean(text: str) -> str:
    """`text` on one line, harmless: newlines as ↵, tabs as spaces, the rest as `console.text.sanitiser` has it."""
    return single_line(text, "↵")


def width(text: str) -> int:
    """How many terminal cells `text` takes."""
    return len(text) if text.isascii() else cell_len(text)


def cut(text: str, cells: int) -> str:
    """`text` in at most `cells` terminal cells, with an ellipsis where something was left out."""
    if width(text) <= cells:
        return text
    if cells <= 1:
        return ELLIPSIS[:max(0, cells)]
    kept, used = [], 0
    for character in text:
        used += width(character)
        if used > cells - 1:
            break
        kept.append(character)
    return "".join(kept) + ELLIPSIS


def fit(text: str, cells: int, align: str = "left") -> str:
    """`text`, clean, cut and padded to exactly `cells` terminal cells."""
    text = cut(clean(text), cells)
    space = " " * (cells - width(text))
    return space + text if align == "right" else text + space


def wrap(text: str, cells: int) -> list[str]:
    """`text` as harmless lines of at most `cells` terminal cells, broken at spaces where there are some."""
    wrapped: list[str] = []
    for paragraph in lines(text) or [""]:
        current = ""
        for word in paragraph.split(" "):
            if current and width(current) + 1 + width(word) > cells:
                wrapped.append(current)
                current = ""
            current = f"{current} {word}" if current else word
            while width(current) > cells:
                head = cut(current, cells + 1)[:-1] or current[0]
                wrapped.append(head)
                current = current[len(head):]
        wrapped.append(current)
    return wrapped


def content(text: str) -> Content:
    """`text` for Textual's own widgets, as it is and without markup."""
    return Content(block(text))


def safe(text: str) -> str:
    """`text` in as many cells, without what is harmful: for what should have been cleaned where it came in."""
    if text.isprintable() and (text.isascii() or not harmful().search(text)):
        return text
    return set_cell_size(harmful().sub(lambda found: REPLACEMENT * cell_len(found[0]), text), cell_len(text))


def strip(pieces: Line, cells: int, inks: Mapping[str, Style], base: Style) -> Strip:
    """A line as a strip of exactly `cells` cells: cleaned, cut, padded, each piece in the ink of its tone."""
    segments: list[Segment] = []
    left = cells
    for text, tone in pieces:
        shown = cut(clean(text), left)
        if shown:
            segments.append(Segment(shown, base + inks[tone]))
            left -= width(shown)
        if left <= 0:
            break
    if left > 0:
        segments.append(Segment(" " * left, base))
    return Strip(segments, cells)


def broken(pieces: Line, cells: int) -> list[Line]:
    """A line of facts as lines of at most `cells` cells, broken before pieces that begin with two spaces: a fact is
    never cut where it fits on a line of its own."""
    facts: list[list[tuple[str, Tone]]] = []
    for words, tone in pieces:
        if not facts or words.startswith("  "):
            facts.append([])
        facts[-1].append((words, tone))
    found: list[list[tuple[str, Tone]]] = [[]]
    left = cells
    for fact in facts:
        needed = sum(width(clean(words)) for words, _ in fact)
        if found[-1] and needed > left:
            (words, tone), *others = fact
            fact = [(words.lstrip(" "), tone), *others]
            needed -= width(words) - width(fact[0][0])
            found.append([])
            left = cells
        found[-1] += fact
        left -= needed
    return [tuple(line) for line in found]


_ASCII = str.maketrans({
    "…": "~", "‹": "<", "›": ">", "↵": "/", "●": "*", "○": "o", "◐": "o", "▲": "^", "▼": "v", "▸": ">", "▾": "v",
    "◂": "<", "◆": "@", "±": "~", "│": "|", "─": "-", "·": ".", "├": "|", "└": "`", "┌": "+", "┐": "+",
    "┘": "+", "┤": "|", "┬": "+", "┴": "+", "┼": "+", "❯": ">", "‖": "=", "✓": "x", "–": "-", "—": "-",
    "’": "'", "‘": "'", "“": '"', "”": '"', "→": ">", "←": "<", "×": "x", "≥": ">", "≤": "<", "█": "#", "▌": "#",
    "▁": "_", "▂": "_", "▃": "-", "▄": "-", "▅": "=", "▆": "=", "▇": "#", "━": "-", "╺": "-", "╸": "-", "▔": "-",
    "▏": "|", "▎": "|", "▐": "|", "▊": "#", "▕": "|", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "┃": "|", "⏵": ">",
})
_DENSITY = " ..::|###"


def asciify(text: str) -> str:
    """`text` in ASCII and just as wide: signs by likeness, braille by the number of its dots, letters as `?`."""
    if text.isascii():
        return text
    shown = []
    for character in text.translate(_ASCII):
        if character.isascii():
            shown.append(character)
        elif "\u2800" <= character <= "\u28ff":
            shown.append(_DENSITY[(ord(character) - 0x2800).bit_count()])
        else:
            shown.append("?" * width(character))
    return "".join(shown)


class AsciiFilter(LineFilter):
    """What a terminal without UTF-8 gets: whatever a widget draws, in ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(asciify(text), style, control) for text, style, control in segments]
