"""What a column's new type or default costs: whether PostgreSQL rewrites the table for it."""

from __future__ import annotations

from collections.abc import Callable

from console.sql.grammar import Node, enum_name, find, strings
from console.sql.tokens import closings, significant

VolatilityOf = Callable[[str], str | None]
"""A function's provolatile ("i", "s", "v") by its name, None where it isn't known."""

_NAMES = {
    "int2": "smallint", "int4": "integer", "int8": "bigint", "float4": "real", "float8": "double precision",
    "bool": "boolean", "varchar": "character varying", "bpchar": "character", "varbit": "bit varying",
    "timestamptz": "timestamp with time zone", "timestamp": "timestamp without time zone",
    "timetz": "time with time zone", "time": "time without time zone",
}
_SERIALS = {"serial", "serial2", "serial4", "serial8", "bigserial", "smallserial"}
# Volatile functions of PostgreSQL and its contrib modules that stand in defaults; the catalog knows better.
_VOLATILE = frozenset((
    "random", "random_normal", "gen_random_uuid", "uuidv4", "uuidv7", "uuid_generate_v1", "uuid_generate_v1mc",
    "uuid_generate_v4", "clock_timestamp", "timeofday", "nextval", "setval", "currval", "lastval", "gen_random_bytes",
    "pg_advisory_lock", "setseed", "pg_sleep"))
_KNOWN_STEADY = frozenset((
    "now", "transaction_timestamp", "statement_timestamp", "current_setting", "current_schema", "to_jsonb", "to_json",
    "jsonb_build_object", "jsonb_build_array", "json_build_object", "json_build_array", "array_fill", "date_trunc",
    "timezone", "make_interval", "make_date", "make_timestamptz", "lower", "upper", "length", "md5", "concat",
    "to_char", "to_timestamp", "to_date", "coalesce", "abs", "round", "floor", "ceil", "txid_current",
    "pg_current_xact_id", "session_user", "string_to_array", "to_tsvector", "pg_backend_pid", "int4range", "tstzrange",
    "numrange", "int8range", "daterange", "tsrange", "hashtext", "repeat", "substr", "substring", "replace", "left"))


def type_text(type_name: Node) -> str:
    """A TypeName as format_type writes it, without schema: "character varying(100)", "integer[]"."""
    base = _bare(type_name)
    base = _NAMES.get(base, base)
    numbers = [str(mod.a_const.ival.ival) for mod in type_name.typmods if mod.WhichOneof("node") == "a_const"]
    if base == "interval":
        numbers = numbers[1:]
    if numbers and not (base == "character" and numbers == ["1"] and type_name.location < 0):
        head, space, tail = base.partition(" with")
        base = f"{head}({','.join(numbers)}){space}{tail}"
    return base + "[]" * len(type_name.array_bounds)


def is_serial(type_name: Node) -> bool:
    """Whether it is one of the serial types, which make a sequence and a default of nextval."""
    return _bare(type_name) in _SERIALS


def _bare(type_name: Node) -> str:
    """The type's own name; "" in a column that a typed table or a partition only adds something to."""
    return (strings(type_name.names) or [""])[-1]


def _parted(text: str) -> tuple[str, tuple[int, ...]]:
    """A type's name without numbers, and the numbers: ("character varying", (100,))."""
    found = list(significant(text))
    opening, closing = next(iter(closings(found).items()), (0, 0))
    numbers = tuple(int(token.text) for token in found[opening:closing] if token.kind == "number")
    return (text[:found[opening].start] + text[found[closing].end:], numbers) if numbers else (text, ())


_NEEDS_NO_REWRITE = {  # binary-coercible: from, to; the new type without a length
    ("character varying", "text"), ("text", "character varying"), ("cidr", "inet"), ("xml", "text"),
    ("xml", "character varying"), ("text", "citext"), ("citext", "text"), ("character varying", "citext"),
    ("citext", "character varying"), ("bit", "bit varying"),
}


_OF_ZONES = {"timestamp with time zone", "timestamp without time zone"}


def type_change_rewrites(old: str, new: str, *, is_utc: bool = False) -> bool:
    """Whether ALTER COLUMN TYPE from `old` to `new` (both as format_type writes them) rewrites the table.

    `is_utc`: the session's TimeZone is UTC, so that timestamp and timestamptz are the same bytes.
    """
    if old == new:
        return False
    (old_base, was), (new_base, now) = _parted(old), _parted(new)
    if is_utc and {old_base, new_base} == _OF_ZONES:
        return bool(now) and now[0] < 6
    if old_base != new_base:
        return (old_base, new_base) not in _NEEDS_NO_REWRITE or bool(now)
    if not now:
        return old_base in ("bit", "character")
    if not was:
        if old_base.startswith(("timestamp", "time", "interval")):
            return now[0] < 6
        return True
    match old_base:
        case "character varying" | "bit varying" | "interval":
            return now[0] < was[0]
        case "numeric":
            return now[0] < was[0] or (*now, 0)[1] != (*was, 0)[1]
        case _ if old_base.startswith(("timestamp", "time")):
            return now[0] < was[0]
    return True


def is_volatile(expression: Node, volatility_of: VolatilityOf | None = None) -> bool | None:
    """Whether a default gives each row its own value, so that adding the column rewrites the table.

    None: it calls a function whose volatility isn't known here.
    """
    answer: bool | None = False
    for call in find(expression, "FuncCall"):
        name = strings(call.funcname)[-1]
        known = volatility_of(name) if volatility_of is not None else None
        if known == "v" or (known is None and name in _VOLATILE):
            return True
        if known is None and name not in _KNOWN_STEADY:
            answer = None
    return answer


def constraints_of(column: Node) -> dict[str, Node]:
    """A ColumnDef's constraints by kind ("CONSTR_NOTNULL")."""
    return {enum_name(node.constraint, "contype"): node.constraint for node in column.constraints}


def added_column_rewrites(column: Node, volatility_of: VolatilityOf | None = None) -> bool | None:
    """Whether ADD COLUMN with this ColumnDef rewrites the table; None where a function's volatility isn't known.

    A column of a domain with constraints also rewrites; the text alone doesn't tell.
    """
    constraints = constraints_of(column)
    if is_serial(column.type_name) or "CONSTR_IDENTITY" in constraints:
        return True
    if (generated := constraints.get("CONSTR_GENERATED")) is not None:
        return str(generated.generated_kind) != "v"
    if (default := constraints.get("CONSTR_DEFAULT")) is not None:
        return is_volatile(default.raw_expr, volatility_of)
    return False
