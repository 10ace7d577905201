"""The names in a statement that have no schema, by PostgreSQL's own grammar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from console.sql import grammar


def walk(node: Any) -> Iterator[tuple[str, Any]]:
    """Every Node below `node` with its kind, and the name of a type, which is no Node where a cast has it."""
    kind = node.WhichOneof("node") if node.DESCRIPTOR.name == "Node" else None
    if kind:
        yield kind, node
    if node.DESCRIPTOR.name == "TypeName":
        yield "type", node
    for description, value in node.ListFields():
        if description.message_type is not None:
            for each in ([value] if hasattr(value, "ListFields") else list(value)):
                yield from walk(each)


def unqualified(text: str) -> set[str]:
    """Operators, functions, types and relations without a schema. What SQL's own syntax names has PostgreSQL's."""
    statements = grammar.split(text)
    assert not isinstance(statements, grammar.SyntaxFault), f"{statements}: {text}"
    found: set[str] = set()
    for statement in statements:
        nodes = list(walk(statement.node))
        own = {node.common_table_expr.ctename for kind, node in nodes if kind == "common_table_expr"}
        found |= {name for kind, node in nodes if (name := _bare(kind, node)) and name not in own}
    return found


def _bare(kind: str, node: Any) -> str | None:
    match kind:
        case "a_expr":
            return _alone(node.a_expr.name)
        case "case_expr":
            return "=" if node.case_expr.HasField("arg") else None
        case "func_call":
            return _alone(node.func_call.funcname)
        case "type":
            return _alone(node.names)
        case "range_table_sample":
            return _alone(node.range_table_sample.method)
        case "range_var":
            return None if node.range_var.schemaname else str(node.range_var.relname)
    return None


def _alone(names: Any) -> str | None:
    return str(names[0].string.sval) if len(names) == 1 else None
