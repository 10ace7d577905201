"""Which columns of a table a condition compares with something that is known before the table is read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from console.plans.records import PlanNode, TableFacts
from console.sql.quoting import identifier

MAX_CONDITION = 20_000
MAX_COLUMNS = 3

_NAME = r'(?:"(?:[^"]|"")+"|[a-z_][\w$]*)'
_COLUMN = rf"(?:(?P<alias>{_NAME})\.)?(?P<column>{_NAME})"
_TERM = re.compile(
    rf"(?P<cast>\()?{_COLUMN}(?(cast)\)::(?:text|bpchar|character varying|name))\s+"
    r"(?P<operator>=|<|>|<=|>=|~~|@>|&&|<@|@@|\?)\s+(?P<value>.+)", re.DOTALL)
_EXPRESSION = re.compile(r"(?P<call>(?:lower|upper)\((?P<inside>[^()]*(?:\([^()]*\)[^()]*)*)\))\s+=\s+(?P<value>.+)",
                         re.DOTALL)
_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\(|\)|\sAND\s|\sOR\s""")


class Condition(Struct, frozen=True):
    """`column` (quoted where it must be, or an expression in parentheses) `operator` something."""

    column: str
    operator: str
    value: str


def conjuncts(condition: str) -> Iterator[str]:
    """The parts of a condition that AND joins, without their parentheses."""
    waiting = [condition[:MAX_CONDITION].strip()]
    while waiting:
        text = waiting.pop(0)
        while text.startswith("(") and _closes_at_end(text):
            text = text[1:-1].strip()
        depth, begin, parts = 0, 0, []
        if " AND " not in text:
            if text:
                yield text
            continue
        for token in _TOKEN.finditer(text):
            match token[0].strip():
                case "(":
                    depth += 1
                case ")":
                    depth -= 1
                case "AND" if depth == 0:
                    parts.append(text[begin:token.start()])
                    begin = token.end()
        if parts:
            waiting[:0] = [part.strip() for part in [*parts, text[begin:]]]
        else:
            yield text


def _closes_at_end(text: str) -> bool:
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] == "(":
            depth += 1
        elif token[0] == ")":
            depth -= 1
            if depth == 0:
                return token.end() == len(text)
    return False


def comparisons(condition: str, alias: str) -> list[Condition]:
    """The comparisons of columns of `alias` that an index could serve; the other side holds no column of `alias`."""
    found = []
    own = f"{identifier(alias)}." if alias else ""
    for part in conjuncts(condition):
        if part.startswith(("lower(", "upper(")) and (expression := _EXPRESSION.fullmatch(part)):
            value = expression["value"]
            if not _holds(value, own):
                inside = expression["inside"]
                call = expression["call"].replace(own, "") if own else expression["call"]
                if not own or _holds(inside, own) or "." not in inside:
                    found.append(Condition(f"({call})", "=", value))
            continue
        term = _TERM.fullmatch(part)
        if not term:
            continue
        if term["alias"] and alias and term["alias"] != identifier(alias):
            continue
        if not _holds(term["value"], own):
            found.append(Condition(term["column"], term["operator"], term["value"]))
    return found


def _holds(text: str, prefix: str) -> bool:
    """Whether `prefix` ("alias.") begins a name in `text`."""
    at = text.find(prefix) if prefix else -1
    while at >= 0:
        if at == 0 or not (text[at - 1].isalnum() or text[at - 1] in '_$"'):
            return True
        at = text.find(prefix, at + 1)
    return False


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
        if len(definition) > 2000 or " USING btree " not in definition:
            continue
        listed = definition.partition(" USING btree (")[2]
        leading = tuple(part.strip().partition(" ")[0] for part in listed.split(","))[:len(columns)]
        if {part.rstrip(")") for part in leading} == {column.rstrip(")") for column in columns}:
            return definition
    return None
