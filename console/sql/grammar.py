"""PostgreSQL's own grammar: `split` into statements with their trees, `comments`, `grammar_version`, and reading trees.

The parser is libpg_query (through postgast): the very grammar of one PostgreSQL version, `grammar_version()`.
A server older than that refuses statements that parse here; `SyntaxFault` and `ParsedStatement` can't know it.
It is imported at the first call, not with this module: `status` never needs it.
"""

from __future__ import annotations

import bisect
import importlib
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from msgspec import Struct

Node = Any
"""A message of libpg_query's tree (raw parse tree of PostgreSQL, field names in snake_case)."""


class Name(Struct, frozen=True):
    """A relation's or another object's name as the statement writes it; `schema` None where it writes none."""

    schema: str | None
    name: str

    def __str__(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}" if self.schema else quoted(self.name)


class SyntaxFault(Struct, frozen=True):
    """Why a text is no SQL: the parser's message, where (1-based line and column, 0-based offset in characters)."""

    message: str
    line: int
    column: int
    offset: int
    hint: str | None = None


class ParsedStatement(Struct, frozen=True):
    """One statement of a text.

    `text` is what the file says, from its first token, without the semicolon; `offset` is in characters from the
    text's start, `line` and `column` are 1-based. `kind` is PostgreSQL's command tag ("CREATE INDEX").
    """

    text: str
    offset: int
    line: int
    column: int
    kind: str
    node: Node

    @property
    def node_kind(self) -> str:
        """The tree's own word for it: "index_stmt"."""
        return str(self.node.WhichOneof("node"))

    @property
    def body(self) -> Node:
        """The statement's own message, an IndexStmt for CREATE INDEX."""
        return getattr(self.node, self.node_kind)

    @property
    def outside_transaction(self) -> str | None:
        """Why it can't run inside a transaction block, None when it can."""
        return _outside_transaction(self.node_kind, self.body)

    @property
    def is_concurrent(self) -> bool:
        """Whether it is one of the CONCURRENTLY forms that work in several transactions of their own."""
        reason = self.outside_transaction
        return reason is not None and "CONCURRENTLY" in reason

    @property
    def controls_transaction(self) -> bool:
        """Whether it begins or ends a transaction (savepoints don't)."""
        return self.node_kind == "transaction_stmt" and enum_name(self.body, "kind") not in (
            "TRANS_STMT_SAVEPOINT", "TRANS_STMT_RELEASE", "TRANS_STMT_ROLLBACK_TO")

    @property
    def reads_client_data(self) -> bool:
        """Whether it is COPY FROM STDIN or TO STDOUT, which want a client on the other side."""
        return self.node_kind == "copy_stmt" and not self.body.filename


def split(text: str) -> list[ParsedStatement] | SyntaxFault:
    """The statements of `text` in order, or the first place where it is no SQL."""
    if "\0" in text:
        return _fault(text, "a NUL byte is no SQL", text.index("\0"))
    postgast = _parser()
    try:
        parsed = postgast.parse(text)
    except postgast.PgQueryError as error:
        return _fault(text, error.message, max(0, error.cursorpos - 1))  # in characters, unlike places in the tree
    except Exception as error:
        if type(error).__name__ != "DecodeError":  # protobuf's, which isn't ours to import
            raise
        return _fault(text, "an expression is nested too deeply to be read", 0)
    encoded = text.encode("utf-8")
    is_ascii = len(encoded) == len(text)
    line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
    statements: list[ParsedStatement] = []
    offset = byte_offset = 0
    for raw in parsed.stmts:
        start, length = raw.stmt_location, raw.stmt_len
        piece = encoded[start:start + length] if length else encoded[start:]
        statement = piece.decode("utf-8")
        lead = len(statement) - len(statement.lstrip())
        offset = start if is_ascii else offset + len(encoded[byte_offset:start].decode("utf-8"))
        byte_offset = start
        begin = offset + lead
        row = bisect.bisect_right(line_starts, begin) - 1
        statements.append(ParsedStatement(text=statement.strip(), offset=begin, line=row + 1,
                                    column=begin - line_starts[row] + 1, kind=_tag(raw.stmt), node=raw.stmt))
    return statements


def comments(text: str) -> list[tuple[int, str]]:
    """The comments of `text`, with their offsets in characters; none where it is no SQL."""
    return _tokens(text, "SQL_COMMENT", "C_COMMENT")


def identifiers(text: str) -> list[tuple[int, str]]:
    """The identifiers of `text` as it writes them, in their quotes, uncut; the tree has them cut at 63 bytes."""
    return _tokens(text, "IDENT", "UIDENT")


def _tokens(text: str, *kinds: str) -> list[tuple[int, str]]:
    postgast = _parser()
    try:
        tokens = postgast.scan(text).tokens
    except postgast.PgQueryError:
        return []
    encoded = text.encode("utf-8")
    return [(len(encoded[:token.start].decode("utf-8")), encoded[token.start:token.end].decode("utf-8"))
            for token in tokens if enum_name(token, "token") in kinds]


def grammar_version() -> int:
    """The major version of PostgreSQL whose grammar `split` uses."""
    return int(_parser().parse("SELECT").version) // 10000


@cache
def _parser() -> Any:
    # By name: postgast's stubs name a field `def`, which no type checker reads; protobuf's are a package apart.
    postgast = importlib.import_module("postgast")
    api_implementation = importlib.import_module("google.protobuf.internal.api_implementation")
    # protobuf stops at a depth of 100, which a || b || ... reaches with 50 operands; PostgreSQL itself does not.
    allow = getattr(getattr(api_implementation, "_c_module", None), "SetAllowOversizeProtos", None)
    if allow is not None:
        allow(True)
    return postgast


def _fault(text: str, message: str, offset: int) -> SyntaxFault:
    start = text.rfind("\n", 0, offset) + 1
    line = text.count("\n", 0, offset) + 1
    hint = None
    here = text[start:].split("\n", 1)[0]
    if here.lstrip().startswith("\\"):
        hint = "a backslash command is psql's own; write SQL"
    elif re.search(r"\bCOPY\b[^;]*\bFROM\s+STDIN\b[^;]*;", text[:offset], re.IGNORECASE):
        hint = "data after COPY ... FROM STDIN can't be sent from a migration; write INSERT"
    elif re.search(r"\{\{|\$\{|<%", here):
        hint = "placeholders of a template are not filled in here"
    return SyntaxFault(message, line, offset - start + 1, offset, hint)


def quoted(identifier: str) -> str:
    """An identifier as SQL wants it, in quotes only where it needs them."""
    if re.fullmatch(r"[a-z_][a-z0-9_$]*", identifier):
        return identifier
    return '"' + identifier.replace('"', '""') + '"'


def enum_name(message: Node, member: str) -> str:
    """The name of an enumeration's value in the tree: AT_AddColumn."""
    enum = message.DESCRIPTOR.fields_by_name[member].enum_type
    return str(enum.values_by_number[getattr(message, member)].name)


_LEAVES = frozenset(("a_const", "string", "integer", "float", "boolean", "bit_string", "a_star", "param_ref"))


def walk(message: Node, *, constants: bool = False) -> Iterator[Node]:
    """Every message in and below `message`, parents first; without recursion, for deep expressions.

    Wrapping Nodes are left out, and constants and the like unless asked for: an INSERT has a million of them.
    """
    waiting = [message]
    while waiting:
        node = waiting.pop()
        yield node
        below: list[Node] = []
        for member, value in node.ListFields():
            if member.message_type is None:
                continue
            for child in (value,) if hasattr(value, "ListFields") else value:
                if member.message_type.name != "Node":
                    below.append(child)
                elif (kind := child.WhichOneof("node")) is not None and (constants or kind not in _LEAVES):
                    below.append(getattr(child, kind))
        waiting.extend(reversed(below))


def find(message: Node, *type_names: str) -> Iterator[Node]:
    """The messages of some types ("RangeVar") in and below `message`."""
    return (node for node in walk(message, constants="A_Const" in type_names) if node.DESCRIPTOR.name in type_names)


def strings(nodes: Any) -> list[str]:
    """The strings of a list of String nodes: a qualified name's parts."""
    return [node.string.sval for node in nodes if node.WhichOneof("node") == "string"]


def range_name(relation: Node) -> Name:
    """The name in a RangeVar."""
    return Name(relation.schemaname or None, relation.relname)


def parts_name(parts: list[str]) -> Name:
    """The name that ["schema", "table"] or ["table"] writes; a database before them is dropped."""
    return Name(parts[-2] if len(parts) > 1 else None, parts[-1])


_OBJECTS = {
    "MATVIEW": "MATERIALIZED VIEW", "TABCONSTRAINT": "CONSTRAINT", "DOMCONSTRAINT": "CONSTRAINT",
    "STATISTIC_EXT": "STATISTICS", "FOREIGN_SERVER": "SERVER", "FDW": "FOREIGN DATA WRAPPER",
    "OPCLASS": "OPERATOR CLASS", "OPFAMILY": "OPERATOR FAMILY", "TSCONFIGURATION": "TEXT SEARCH CONFIGURATION",
    "TSDICTIONARY": "TEXT SEARCH DICTIONARY", "TSPARSER": "TEXT SEARCH PARSER", "TSTEMPLATE": "TEXT SEARCH TEMPLATE",
    "LARGEOBJECT": "LARGE OBJECT",
}
_TAGS = {
    "create_stmt": "CREATE TABLE", "index_stmt": "CREATE INDEX", "create_trig_stmt": "CREATE TRIGGER",
    "create_seq_stmt": "CREATE SEQUENCE", "alter_seq_stmt": "ALTER SEQUENCE", "rule_stmt": "CREATE RULE",
    "view_stmt": "CREATE VIEW", "create_enum_stmt": "CREATE TYPE", "composite_type_stmt": "CREATE TYPE",
    "create_range_stmt": "CREATE TYPE", "alter_enum_stmt": "ALTER TYPE", "alter_type_stmt": "ALTER TYPE",
    "create_stats_stmt": "CREATE STATISTICS", "alter_stats_stmt": "ALTER STATISTICS", "truncate_stmt": "TRUNCATE TABLE",
    "refresh_mat_view_stmt": "REFRESH MATERIALIZED VIEW", "lock_stmt": "LOCK TABLE", "sec_label_stmt": "SECURITY LABEL",
    "createdb_stmt": "CREATE DATABASE", "dropdb_stmt": "DROP DATABASE", "check_point_stmt": "CHECKPOINT",
    "create_table_space_stmt": "CREATE TABLESPACE", "drop_table_space_stmt": "DROP TABLESPACE",
    "constraints_set_stmt": "SET CONSTRAINTS", "declare_cursor_stmt": "DECLARE CURSOR",
    "alter_role_set_stmt": "ALTER ROLE", "alter_database_set_stmt": "ALTER DATABASE", "create_plang_stmt":
    "CREATE LANGUAGE", "create_event_trig_stmt": "CREATE EVENT TRIGGER", "create_am_stmt": "CREATE ACCESS METHOD",
    "alter_event_trig_stmt": "ALTER EVENT TRIGGER",
}


def definition(command: Node) -> Node:
    """An AlterTableCmd's definition; its name in the tree is a keyword of Python."""
    return getattr(command, "def")


def object_words(message: Node, member: str) -> str:
    """An ObjectType as PostgreSQL writes it: "MATERIALIZED VIEW"."""
    bare = enum_name(message, member).removeprefix("OBJECT_")
    return _OBJECTS.get(bare, bare.replace("_", " "))


def _tag(node: Node) -> str:
    kind = str(node.WhichOneof("node"))
    body = getattr(node, kind)
    match kind:
        case "alter_table_stmt":
            return f"ALTER {object_words(body, 'objtype')}"
        case "drop_stmt":
            return f"DROP {object_words(body, 'remove_type')}"
        case "rename_stmt":
            within = ("COLUMN", "CONSTRAINT", "ATTRIBUTE")
            words = object_words(body, "rename_type")
            return f"ALTER {object_words(body, 'relation_type') if words in within else words}"
        case "alter_object_schema_stmt" | "alter_owner_stmt" | "alter_object_depends_stmt":
            return f"ALTER {object_words(body, 'object_type')}"
        case "comment_stmt":
            return "COMMENT"
        case "grant_stmt" | "grant_role_stmt":
            return "GRANT" if body.is_grant else "REVOKE"
        case "create_table_as_stmt":
            return f"CREATE {object_words(body, 'objtype')} AS".replace("VIEW AS", "VIEW")
        case "create_function_stmt":
            return "CREATE PROCEDURE" if body.is_procedure else "CREATE FUNCTION"
        case "define_stmt":
            return f"CREATE {object_words(body, 'kind')}"
        case "transaction_stmt":
            words = enum_name(body, "kind").removeprefix("TRANS_STMT_")
            return {"START": "START TRANSACTION", "PREPARE": "PREPARE TRANSACTION"}.get(words, words.replace("_", " "))
        case "variable_set_stmt":
            return "RESET" if enum_name(body, "kind").startswith("VAR_RESET") else "SET"
        case "vacuum_stmt":
            return "VACUUM" if body.is_vacuumcmd else "ANALYZE"
        case "discard_stmt":
            return f"DISCARD {enum_name(body, 'target').removeprefix('DISCARD_')}"
    return _TAGS.get(kind) or kind.removesuffix("_stmt").replace("_", " ").upper()


def options(nodes: Any) -> dict[str, Node]:
    """The options of a list of DefElem nodes by name; the value is the argument's Node."""
    return {node.def_elem.defname: node.def_elem.arg for node in nodes}


def is_on(option: Node) -> bool:
    """Whether a boolean option is given as on: alone, true, on, 1."""
    kind = option.WhichOneof("node")
    if kind is None:
        return True
    if kind == "boolean":
        return bool(option.boolean.boolval)
    if kind == "integer":
        return bool(option.integer.ival)
    return str(option.string.sval).lower() not in ("false", "off", "no", "0") if kind == "string" else True


def _outside_transaction(kind: str, body: Node) -> str | None:
    match kind:
        case "index_stmt" if body.concurrent:
            return "CREATE INDEX CONCURRENTLY works in transactions of its own"
        case "drop_stmt" if body.concurrent:
            return "DROP INDEX CONCURRENTLY works in transactions of its own"
        case "reindex_stmt":
            if (option := options(body.params).get("concurrently")) is not None and is_on(option):
                return "REINDEX CONCURRENTLY works in transactions of its own"
            scope = enum_name(body, "kind").removeprefix("REINDEX_OBJECT_")
            if scope in ("SCHEMA", "DATABASE", "SYSTEM"):
                return f"REINDEX {scope} works in a transaction for each table"
        case "alter_table_stmt":
            for command in body.cmds:
                cmd = command.alter_table_cmd
                if enum_name(cmd, "subtype") == "AT_DetachPartition" and definition(cmd).partition_cmd.concurrent:
                    return "DETACH PARTITION CONCURRENTLY works in transactions of its own"
        case "vacuum_stmt" if body.is_vacuumcmd:
            return "VACUUM works in transactions of its own"
        case "cluster_stmt" if not body.HasField("relation"):
            return "CLUSTER of all tables works in a transaction for each"
        case "createdb_stmt" | "dropdb_stmt" | "create_table_space_stmt" | "drop_table_space_stmt" \
                | "alter_system_stmt":
            return f"{_TAGS.get(kind, 'ALTER SYSTEM')} can't be rolled back"
        case "alter_database_stmt" if "tablespace" in options(body.options):
            return "ALTER DATABASE SET TABLESPACE can't be rolled back"
        case "create_subscription_stmt":
            given = options(body.options)
            makes_slot = all(is_on(given[key]) for key in ("connect", "create_slot") if key in given)
            return "CREATE SUBSCRIPTION makes a replication slot" if makes_slot else None
        case "drop_subscription_stmt":
            return "DROP SUBSCRIPTION drops a replication slot"
        case "alter_subscription_stmt" if enum_name(body, "kind") in (
                "ALTER_SUBSCRIPTION_REFRESH", "ALTER_SUBSCRIPTION_SET_PUBLICATION",
                "ALTER_SUBSCRIPTION_ADD_PUBLICATION", "ALTER_SUBSCRIPTION_DROP_PUBLICATION"):
            refresh = options(body.options).get("refresh")
            return None if refresh is not None and not is_on(refresh) else "ALTER SUBSCRIPTION refreshes its tables"
        case "discard_stmt" if enum_name(body, "target") == "DISCARD_ALL":
            return "DISCARD ALL can't run inside a transaction block"
        case "transaction_stmt" if enum_name(body, "kind").endswith("_PREPARED"):
            return "a prepared transaction ends outside of others"
    return None
