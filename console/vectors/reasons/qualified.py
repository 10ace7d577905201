"""Expressions of the catalog, to stand in a person's statement. Pure, on trees of PostgreSQL's own grammar."""

from __future__ import annotations

from typing import Any

from console.server.keys import BUILT_IN
from console.sql import grammar
from console.sql.grammar import Node


def catalog_expression(text: str) -> Node | None:
    """An expression as the catalog gave it, with PostgreSQL's own schema before every name that has none.

    It was written for a search_path of that schema alone; in a person's statement another holds. None where the syntax
    hides an operator, whose schema can't be written then: IS DISTINCT FROM, NULLIF, CASE x WHEN.
    """
    found = grammar.expression(text)
    schema = grammar.expression(f"{BUILT_IN}.f()").func_call.funcname[0]
    plain = [grammar.enum_value(kind) for kind in ("AEXPR_OP", "AEXPR_OP_ANY", "AEXPR_OP_ALL")]
    for kind, node in grammar.nodes(found):
        if kind == "a_expr":
            if node.a_expr.kind not in plain:
                return None
            _qualify(node.a_expr.name, schema)
        elif kind == "case_expr" and node.case_expr.HasField("arg"):
            return None
        elif kind == "collate_clause":
            _qualify(node.collate_clause.collname, schema)
        elif kind == "func_call":
            _qualify(node.func_call.funcname, schema)
        elif kind == "type_cast":
            _qualify(node.type_cast.type_name.names, schema)
    return found


def _qualify(names: Any, schema: Node) -> None:
    if len(names) == 1:
        names.insert(0, schema)
