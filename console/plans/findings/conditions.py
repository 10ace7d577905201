"""Which columns of a table a condition compares with something that is known before the table is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from console.plans.records import PlanNode, TableFacts
from console.sql.quoting import identifier
from console.sql.tokens import Token, closings, significant, words

MAX_CONDITION = 20_000
MAX_COLUMNS = 3
MAX_DEFINITION = 2000

_OPERATORS = frozenset(("=", "<", ">", "<=", ">=", "~~", "@>", "&&", "<@", "@@", "?"))
_SAME_VALUE = (("TEXT",), ("BPCHAR",), ("CHARACTER", "VARYING"), ("NAME",))
"""Types to which a column is cast for a comparison that its own index serves."""


class Condition(Struct, frozen=True):
    """`column` (quoted where it must be, or an expression in parentheses) `operator` something."""

    column: str
    operator: str
    value: str


def conjuncts(condition: str) -> Iterator[str]:
    """The parts of a condition that AND joins, without their parentheses."""
    text = condition[:MAX_CONDITION]
    found = list(significant(text))
    pairs = closings(found)
    waiting = [(0, len(found))]
    while waiting:
        first, last = waiting.pop(0)
        while first < last and found[first].text == "(" and pairs.get(first) == last - 1:
            first, last = first + 1, last - 1
        parts = list(_joined(found, pairs, first, last))
        if len(parts) > 1:
            waiting[:0] = parts
        elif first < last:
            yield text[found[first].start:found[last - 1].end]


def _joined(found: Sequence[Token], pairs: Mapping[int, int], first: int, last: int) -> Iterator[tuple[int, int]]:
    """The places of the parts that AND joins in `found[first:last]`, brackets left whole."""
    place = begin = first
    while place < last:
        if found[place].word == "AND":
            yield begin, place
            begin = place + 1
        place = pairs.get(place, place) + 1
    yield begin, last


def comparisons(condition: str, alias: str) -> list[Condition]:
    """The comparisons of columns of `alias` that an index could serve; the other side holds no column of `alias`."""
    found = (_comparison(part, identifier(alias) if alias else "") for part in conjuncts(condition))
    return [comparison for comparison in found if comparison is not None]


def right_columns(condition: str, alias: str) -> tuple[str, ...]:
    """The columns of `alias` on the right of an equality whose left side holds none of them."""
    own = identifier(alias)
    columns: list[str] = []
    for part in conjuncts(condition):
        found = list(significant(part))
        pairs = closings(found)
        place = 0
        while place < len(found) and found[place].text != "=":
            place = pairs.get(place, place) + 1
        column, end = _column(found[place + 1:], own)
        if column is not None and end == len(found) - place - 1 and not _holds(found[:place], own):
            columns.append(column)
    return tuple(dict.fromkeys(columns))


def leading_column(text: str, alias: str) -> tuple[str | None, str]:
    """The column of `alias` that a text begins with, and what follows it; None where it is none, or only a part of an
    expression."""
    found = list(significant(text))
    column, end = _column(found, identifier(alias))
    return column, " ".join(words(text[found[end - 1].end:])) if column is not None else ""


def _comparison(part: str, own: str) -> Condition | None:
    found = list(significant(part))
    if found and found[0].text in ("lower", "upper") and len(found) > 1 and found[1].text == "(":
        return _of_call(part, found, own)
    column, place = _column(found, own)
    if column is None or place + 1 >= len(found) or found[place].text not in _OPERATORS:
        return None
    value = part[found[place + 1].start:]
    return None if _holds(found[place + 1:], own) else Condition(column, found[place].text, value)


def _of_call(part: str, found: Sequence[Token], own: str) -> Condition | None:
    """lower(column) = something, or upper."""
    end = closings(found).get(1)
    if end is None or end + 2 >= len(found) or found[end + 1].text != "=" or _holds(found[end + 2:], own):
        return None
    call = found[:end + 1]
    if own and not _holds(call, own) and any(token.text == "." for token in call):
        return None  # a column of another table
    spare = {place + offset for place in _owned(call, own) for offset in (0, 1)}
    text = "".join(part[token.start:(call[place + 1].start if place < end else token.end)]
                   for place, token in enumerate(call) if place not in spare)
    return Condition(f"({text})", "=", part[found[end + 2].start:])


def _column(found: Sequence[Token], own: str) -> tuple[str | None, int]:
    """The column that a comparison begins with, and the place behind it; None where it is none, or another table's."""
    place = 1 if found and found[0].text == "(" else 0
    names = found[place:place + 3]
    if len(names) == 3 and names[1].text == ".":
        if own and names[0].text != own:
            return None, 0
        names, place = names[2:], place + 2
    if not names or names[0].kind not in ("word", "quoted"):
        return None, 0
    place += 1
    if found[0].text == "(":
        end = closings(found).get(0, 0)
        if end != place or found[end + 1:end + 2] == [] or found[end + 1].text != "::":
            return None, 0
        place = end + 2
        while place < len(found) and found[place].kind == "word":
            place += 1
        if tuple(token.word for token in found[end + 2:place]) not in _SAME_VALUE:
            return None, 0
    return names[0].text, place


def _owned(found: Sequence[Token], own: str) -> list[int]:
    """Where `own` qualifies a name."""
    return [place for place, token in enumerate(found[:-1]) if own and token.text == own
            and found[place + 1].text == "." and not (place and found[place - 1].text == ".")]


def _holds(found: Sequence[Token], own: str) -> bool:
    return bool(_owned(found, own))


def index_columns(compared: list[Condition]) -> tuple[str, ...]:
    """Columns for a btree: those compared for equality, then one range."""
    equal = [condition.column for condition in compared if condition.operator == "="]
    ranges = [condition.column for condition in compared if condition.operator in ("<", ">", "<=", ">=")]
    return tuple(dict.fromkeys([*equal[:MAX_COLUMNS], *ranges[:1]]))


def create_index(node: PlanNode, columns: tuple[str, ...]) -> str:
    """CREATE INDEX CONCURRENTLY on the node's table."""
    names = [name for name in (node.schema, node.relation) if name]
    return f"CREATE INDEX CONCURRENTLY ON {identifier(*names)} ({', '.join(columns)})"


def existing(facts: TableFacts | None, columns: tuple[str, ...]) -> str | None:
    """The definition of an index that begins with these columns, in any order; None where none is known."""
    for definition in facts.indexes if facts else ():
        leading = _index_columns(definition)[:len(columns)]
        if {part.strip("()") for part in leading} == {column.strip("()") for column in columns}:
            return definition
    return None


def _index_columns(definition: str) -> tuple[str, ...]:
    """The columns and expressions of a btree index by its definition, without what is said of their order."""
    found = list(significant(definition[:MAX_DEFINITION]))
    pairs = closings(found)
    using = next((place for place, token in enumerate(found) if token.word == "USING"), len(found))
    if [token.text for token in found[using + 1:using + 3]] != ["btree", "("] or using + 2 not in pairs:
        return ()
    columns: list[str] = []
    place, is_first = using + 3, True
    while place < pairs[using + 2]:
        end = pairs.get(place, pairs.get(place + 1, place) if found[place + 1].text == "(" else place)
        if is_first:
            columns.append(definition[found[place].start:found[end].end])
        is_first = found[end + 1].text == ","
        place = end + (2 if is_first else 1)
    return tuple(columns)
