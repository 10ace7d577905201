"""Values of rows as cells: NULL apart from empty, long ones by their beginning and size, vectors by what they are.

Values are the texts of a catalog.preview page; notes say what was cut on the server: the whole length in bytes,
`-bytes` as stored where the value was too much to render, or `dimensions:norm` of a vector.
"""

from __future__ import annotations

from collections.abc import Sequence

from console.catalog.records import RelationColumn as ColumnRecord
from console.text import format as fmt
from console.view.table import Cell, Column

_NUMERIC = ("int2", "int4", "int8", "numeric", "float4", "float8", "oid", "money")
_BEGINNING = 24
WIDE = 120
NARROW = 40


def cell(value: str | None, note: str | None = None) -> Cell:
    """One value as a cell. NULL and the empty text are dim; the text that reads NULL is in quotes."""
    if note is not None and ":" in note:
        return Cell(f"{vector_facts(note)}  {value or ''}", order=value)
    total = None if note is None else int(note)
    if value is None:
        if total is None:
            return Cell("NULL", "faint")
        return Cell(f"({fmt.size(abs(total))}: open the row)", "dim")
    if value in ("", "NULL"):
        return Cell(f"'{value}'", "dim" if not value else "")
    if total is not None and abs(total) >= 1024:
        return Cell(f"{value[:_BEGINNING]}… {fmt.size(abs(total))}", order=value)
    return Cell(value if total is None else f"{value}…", order=value)


def vector_facts(note: str) -> str:
    """`384:1.0` as "384 d, norm 1"."""
    dimensions, _, norm = note.partition(":")
    try:
        return f"{dimensions} d, norm {fmt.number(float(norm))}"
    except ValueError:
        return f"{dimensions} d"


def columns(records: Sequence[ColumnRecord], key: Sequence[str] = ()) -> tuple[Column, ...]:
    """The columns of a page of rows; those of a short key stay while the others scroll."""
    fixed = frozenset(key) if len(key) <= 2 else frozenset()
    widest = WIDE if len(records) <= 2 else NARROW
    return tuple(Column(str(record.position), record.name, "right" if record.type_name in _NUMERIC else "left",
                        fixed=record.name in fixed, minimum=4, maximum=widest, sortable=False) for record in records)
