"""A map of vectors drawn in cells: dots of braille, or letters where colours or signs are lacking. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from console.text import format as fmt
from console.vectors.mapping.records import VectorMap
from console.view.table import Line, Tone

GROUPS = 5
_TONES: tuple[Tone, ...] = ("layer1", "layer2", "layer3", "layer4", "layer5")
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_DENSITY = ".:*#"
_OTHER = len(_TONES)


class Colouring(Struct, frozen=True):
    """The values of a column with the most rows, in that order: letters a to e. Everything else is "other"."""

    column: str | None
    names: tuple[str, ...] = ()

    def group(self, value: str | None) -> int:
        name = "NULL" if value is None else value
        return self.names.index(name) if name in self.names else _OTHER


def colouring(found: VectorMap, column: str | None) -> Colouring:
    """What the rows are coloured by; nothing where the column isn't there."""
    if column not in found.columns:
        return Colouring(None)
    place = found.columns.index(column)
    counts = Counter("NULL" if row.values[place] is None else row.values[place] or "" for row in found.rows)
    return Colouring(column, tuple(name for name, _ in counts.most_common(GROUPS)))


class _Cell(Struct):
    bits: int = 0
    count: int = 0
    groups: Counter[int] | None = None


def drawn(found: VectorMap, colours: Colouring, width: int, height: int, *, letters: bool, is_ascii: bool
          ) -> list[Line]:
    """The map in `width` by `height` cells. A cell has the tone of the group that most of its rows belong to."""
    if width < 10 or height < 4:
        return []
    scale = _Scale(found, width, height)
    place = found.columns.index(colours.column) if colours.column is not None else None
    cells: dict[tuple[int, int], _Cell] = {}
    for row in found.rows:
        x, y = scale.dot(row.place)
        cell = cells.setdefault((x // 2, y // 4), _Cell(groups=Counter()))
        cell.bits |= _DOTS[y % 4][x % 2]
        cell.count += 1
        if cell.groups is not None:
            cell.groups[colours.group(row.values[place]) if place is not None else _OTHER] += 1
    signs = {spot: _sign(cell, place is not None, letters=letters, is_ascii=is_ascii) for spot, cell in cells.items()}
    if place is not None and not (letters or is_ascii):
        signs |= _centres(found, colours, scale, place)
    signs |= _overlay(found, scale, is_ascii=is_ascii)
    return [_line(signs, row, width) for row in range(height)]


class _Scale:
    """From places to dots, two across and four down in a cell; both axes alike, as far as the cells allow."""

    def __init__(self, found: VectorMap, width: int, height: int) -> None:
        places = [row.place for row in found.rows] + [place for _, place in found.near]
        places += [found.query] if found.query is not None else []
        self._left, self._low = (min(place[axis] for place in places) for axis in (0, 1))
        right, high = (max(place[axis] for place in places) for axis in (0, 1))
        self._columns, self._rows = 2 * width - 1, 4 * height - 1
        self._wide, self._tall = right - self._left or 1.0, high - self._low or 1.0

    def dot(self, place: tuple[float, float]) -> tuple[int, int]:
        x = round((place[0] - self._left) / self._wide * self._columns)
        return x, round((1 - (place[1] - self._low) / self._tall) * self._rows)

    def cell(self, place: tuple[float, float]) -> tuple[int, int]:
        x, y = self.dot(place)
        return x // 2, y // 4


def _sign(cell: _Cell, is_coloured: bool, *, letters: bool, is_ascii: bool) -> tuple[str, Tone]:
    group = cell.groups.most_common(1)[0][0] if cell.groups else _OTHER
    tone: Tone = ("dim" if group == _OTHER else _TONES[group]) if is_coloured else "accent"
    if is_coloured and (letters or is_ascii):
        return "." if group == _OTHER else "abcde"[group], tone
    if is_ascii or letters:
        return _DENSITY[min(len(_DENSITY), cell.count) - 1], tone
    return chr(0x2800 + cell.bits), tone


def _centres(found: VectorMap, colours: Colouring, scale: _Scale, place: int
             ) -> dict[tuple[int, int], tuple[str, Tone]]:
    """Each group's letter where the middle of its rows is, for whoever sees no colours."""
    signs: dict[tuple[int, int], tuple[str, Tone]] = {}
    for group in range(len(colours.names)):
        mine = [row.place for row in found.rows if colours.group(row.values[place]) == group]
        middle = (sorted(x for x, _ in mine)[len(mine) // 2], sorted(y for _, y in mine)[len(mine) // 2])
        signs[scale.cell(middle)] = "abcde"[group], "strong"
    return signs


def _overlay(found: VectorMap, scale: _Scale, *, is_ascii: bool) -> dict[tuple[int, int], tuple[str, Tone]]:
    """Outliers, the rows that the search found by their ranks, and on top of all what was searched for."""
    by_key = {row.key: row.place for row in found.rows}
    signs: dict[tuple[int, int], tuple[str, Tone]] = {
        scale.cell(by_key[key]): ("x" if is_ascii else "×", "warning") for key, _ in found.outliers[:20]}
    signs |= {scale.cell(place): (str(rank), "strong") for rank, place in reversed(found.near)}
    if found.query is not None:
        signs[scale.cell(found.query)] = "Q" if is_ascii else "◆", "strong"
    return signs


def _line(signs: dict[tuple[int, int], tuple[str, Tone]], row: int, width: int) -> Line:
    pieces: list[tuple[str, Tone]] = []
    for column in range(width):
        sign, tone = signs.get((column, row), (" ", ""))
        if pieces and pieces[-1][1] == tone:
            pieces[-1] = (pieces[-1][0] + sign, tone)
        else:
            pieces.append((sign, tone))
    return tuple(pieces)


def headline(found: VectorMap) -> Line:
    """What is seen, and how much of it a plane can show."""
    shown = sum(found.explained)
    count = fmt.plural(len(found.rows), "vector")
    estimate = f" of about {fmt.count(found.row_estimate)}" if found.is_sampled and found.row_estimate else ""
    words = f" {count}{estimate} in the plane that holds {fmt.share(shown)} of their variance"
    tone: Tone = "strong" if shown >= 0.2 else "warning"
    much = "" if shown >= 0.2 else ": what is near here may be far apart"
    return (words + much, tone), (f"  ({fmt.share(found.explained[0])} across)", "dim")


def legend(found: VectorMap, colours: Colouring, *, is_ascii: bool) -> Line:
    """The letters and colours, and the signs that are on the map."""
    pieces: list[tuple[str, Tone]] = []
    if colours.column is not None:
        pieces.append((f" {colours.column}: ", "dim"))
        pieces += [(f"{'abcde'[group]} {name[:20]}  ", _TONES[group]) for group, name in enumerate(colours.names)]
    if found.query is not None:
        pieces.append((f" {'Q' if is_ascii else '◆'} query", "strong"))
        pieces.append((f"  {', '.join(str(rank) for rank, _ in found.near[:3])}… its neighbours", "strong"))
    if found.outliers:
        pieces.append((f"  {'x' if is_ascii else '×'} outliers", "warning"))
    return tuple(pieces) or ((" ", ""),)


def outliers(found: VectorMap, most: int) -> Sequence[Line]:
    """The rows that lie far from all others, farthest first."""
    if not found.outliers:
        return (((" no outliers", "dim"),),)
    lines: list[Line] = [((f" {fmt.plural(len(found.outliers), 'outlier')}", "strong"),)]
    lines += [((f" {key[:24]:<24}", ""), (f" {deviations:.1f} deviations", "dim"))
              for key, deviations in found.outliers[:max(0, most - 1)]]
    return tuple(lines)
