"""PostgreSQL's own grammar: `split` into statements with their trees, `grammar_version`, and reading and making trees.

The parser is libpg_query (through postgast): the very grammar of one PostgreSQL version, `grammar_version()`.
A server older than that refuses statements that parse here; `SyntaxFault` and `ParsedStatement` can't know it. What
only a newer server knows is called by its name where it is known (see `newer`).
It is imported at the first call, not with this module: `status` never needs it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from console.sql import splitter
from console.sql.newer import NewerSyntax, newer_syntax
from console.sql.quoting import identifier
from console.sql.splitter import LineIndex
from console.sql.tokens import SqlFault
from console.sql.transactions import OutsideTransaction, outside_transaction, sets_session, transaction_control

Node = Any
"""A message of libpg_query's tree (raw parse tree of PostgreSQL, field names in snake_case)."""


class Name(Struct, frozen=True):
    """A relation's or another object's name as the statement writes it; `schema` None where it writes none."""

    schema: str | None
    name: str

    def fits(self, schema: str, name: str) -> bool:
        """Whether it may mean that relation: one without a schema may be of any."""
        return self.name == name and self.schema in (None, schema)

    def __str__(self) -> str:
        return identifier(self.schema, self.name) if self.schema else identifier(self.name)


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
    `newer`: what the grammar here doesn't know of it; its tree is empty then, and its `node_kind` "unknown".
    """

    text: str
    offset: int
    line: int
    column: int
    kind: str
    node: Node
    newer: NewerSyntax | None = None

    @property
    def node_kind(self) -> str:
        """The tree's own word for it: "index_stmt"."""
        return str(self.node.WhichOneof("node") or UNKNOWN)

    @property
    def body(self) -> Node:
        """The statement's own message, an IndexStmt for CREATE INDEX."""
        kind = self.node.WhichOneof("node")
        return getattr(self.node, kind) if kind else self.node

    @property
    def outside_transaction(self) -> OutsideTransaction | None:
        """Why it can't run inside a transaction block, None when it can."""
        return None if self.node_kind in _INSIDE else outside_transaction(self.text)

    @property
    def controls_transaction(self) -> bool:
        """Whether it begins or ends a transaction (savepoints don't)."""
        return transaction_control(self.text) is not None

    @property
    def sets_session(self) -> bool:
        """Whether it changes a setting beyond its transaction."""
        return sets_session(self.text)

    @property
    def reads_client_data(self) -> bool:
        """Whether it is COPY FROM STDIN or TO STDOUT, which want a client on the other side."""
        return splitter.copies_to_client(self.text)


_INSIDE = frozenset(("select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt", "create_stmt",
                     "create_function_stmt", "view_stmt", "comment_stmt", "grant_stmt"))
"""Statements of which a file may have a hundred thousand, and which may always be in a transaction."""

UNKNOWN = "unknown"
"""The `node_kind` of a statement that only a newer grammar knows."""


def split(text: str) -> list[ParsedStatement] | SyntaxFault:
    """The statements of `text` in order, or the first place where it is no SQL."""
    found = _parsed(text)
    return _one_by_one(text, found) if isinstance(found, SyntaxFault) else found


def _parsed(text: str) -> list[ParsedStatement] | SyntaxFault:
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
    lines = LineIndex(text)
    statements: list[ParsedStatement] = []
    offset = byte_offset = 0
    for raw in parsed.stmts:
        start, length = raw.stmt_location, raw.stmt_len
        piece = encoded[start:start + length] if length else encoded[start:]
        statement = piece.decode("utf-8")
        lead = len(statement) - len(statement.lstrip())
        offset = start if is_ascii else offset + len(encoded[byte_offset:start].decode("utf-8"))
        byte_offset = start
        line, column = lines.place(offset + lead)
        statements.append(ParsedStatement(text=statement.strip(), offset=offset + lead, line=line, column=column,
                                          kind=tag(raw.stmt), node=raw.stmt))
    return statements


def _one_by_one(text: str, fault: SyntaxFault) -> list[ParsedStatement] | SyntaxFault:
    """The statements of a text that doesn't parse as a whole, if what the grammar doesn't know is known to be newer."""
    try:
        pieces = splitter.split(text)
    except SqlFault:
        return fault
    culprit = next((piece for piece in reversed(pieces) if piece.offset <= fault.offset), None)
    if culprit is None or newer_syntax(culprit.words) is None:
        return fault
    statements: list[ParsedStatement] = []
    for piece in pieces:
        found = _parsed(piece.sql)
        if isinstance(found, SyntaxFault):
            newer = newer_syntax(piece.words)
            if newer is None:
                return _fault(text, found.message, piece.offset + found.offset)
            statements.append(ParsedStatement(piece.sql, piece.offset, piece.line, piece.column, piece.words[0],
                                              _parser().pg_query_pb2.Node(), newer))
        for statement in found if isinstance(found, list) else ():
            statements.append(ParsedStatement(piece.sql, piece.offset, piece.line, piece.column, statement.kind,
                                              statement.node))
    return statements


def parse(text: str) -> Node:
    """The tree of `text` with all of its statements. Raises SqlFault where it is no SQL."""
    postgast = _parser()
    try:
        return postgast.parse(text)
    except postgast.PgQueryError as error:
        raise SqlFault(max(0, error.cursorpos - 1), error.message) from None


def deparse(tree: Node) -> str:
    """The text of a tree, without comments and in the parser's own spelling."""
    return str(_parser().deparse(tree))


def expression(text: str) -> Node:
    """The tree of an expression. Raises SqlFault."""
    target = parse(f"SELECT {text}").stmts[0].stmt.select_stmt.target_list[0].res_target
    return copy(target.val)


def expression_text(node: Node) -> str:
    """An expression as SQL."""
    tree = parse("SELECT 1")
    tree.stmts[0].stmt.select_stmt.target_list[0].res_target.val.CopyFrom(node)
    return deparse(tree).removeprefix("SELECT ")


def copy(node: Node) -> Node:
    """A message of its own with the same content."""
    fresh = type(node)()
    fresh.CopyFrom(node)
    return fresh


def enum_value(name: str) -> int:
    """The number of an enumeration's value, such as SORTBY_DESC."""
    return int(getattr(_parser().pg_query_pb2, name))


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
    here = text[start:].split("\n", 1)[0]
    return SyntaxFault(message, line, offset - start + 1, offset, _hint(text[:offset], here))


def _hint(before: str, line: str) -> str | None:
    """What was meant by a line that is no SQL, after what stands before it."""
    if line.lstrip().startswith("\\"):
        return "a backslash command is psql's own; write SQL"
    if any(mark in line for mark in ("{{", "${", "<%")):
        return "placeholders of a template are not filled in here"
    try:
        splitter.split(before)
    except SqlFault as fault:
        return fault.hint
    return None


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


def nodes(message: Node) -> Iterator[tuple[str, Node]]:
    """The Nodes in and below `message`, each with its kind: those that can be replaced by others. Parents first."""
    waiting = [message]
    while waiting:
        item = waiting.pop()
        if item.DESCRIPTOR.name == "Node" and (kind := item.WhichOneof("node")) is not None:
            yield kind, item
        below = [child for member, value in item.ListFields() if member.message_type is not None
                 for child in ((value,) if hasattr(value, "ListFields") else value)]
        waiting.extend(reversed(below))


def find(message: Node, *type_names: str) -> list[Node]:
    """The messages of some types ("RangeVar") in and below `message`, parents first. A tree that was searched isn't
    changed any more: the one that was asked about last is remembered, since a dozen rules ask about each statement.
    """
    global _searched

    if "A_Const" in type_names:
        return [node for node in walk(message, constants=True) if node.DESCRIPTOR.name in type_names]
    searched = _searched
    if searched is None or searched[0] is not message:
        searched = _searched = message, [(node.DESCRIPTOR.name, node) for node in walk(message)]
    return [node for name, node in searched[1] if name in type_names]


_searched: tuple[Node, list[tuple[str, Node]]] | None = None


def strings(parts: Any) -> list[str]:
    """The strings of a list of String nodes: a qualified name's parts."""
    return [node.string.sval for node in parts if node.WhichOneof("node") == "string"]


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
    "comment_stmt": "COMMENT", "constraints_set_stmt": "SET CONSTRAINTS", "declare_cursor_stmt": "DECLARE CURSOR",
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


def tag(node: Node) -> str:
    """PostgreSQL's command tag of a statement: "CREATE INDEX"."""
    kind = str(node.WhichOneof("node"))
    if kind in _MADE_TAGS:
        return _MADE_TAGS[kind](getattr(node, kind))
    return _TAGS.get(kind) or kind.removesuffix("_stmt").replace("_", " ").upper()


def _rename(body: Node) -> str:
    what = object_words(body, "rename_type")
    return f"ALTER {object_words(body, 'relation_type') if what in ('COLUMN', 'CONSTRAINT', 'ATTRIBUTE') else what}"


def _alter_object(body: Node) -> str:
    return f"ALTER {object_words(body, 'object_type')}"


def _grant(body: Node) -> str:
    return "GRANT" if body.is_grant else "REVOKE"


def _transaction(body: Node) -> str:
    found = enum_name(body, "kind").removeprefix("TRANS_STMT_")
    return {"START": "START TRANSACTION", "PREPARE": "PREPARE TRANSACTION"}.get(found, found.replace("_", " "))


_MADE_TAGS: Mapping[str, Callable[[Node], str]] = {
    "alter_table_stmt": lambda body: f"ALTER {object_words(body, 'objtype')}",
    "drop_stmt": lambda body: f"DROP {object_words(body, 'remove_type')}",
    "rename_stmt": _rename,
    "alter_object_schema_stmt": _alter_object, "alter_owner_stmt": _alter_object,
    "alter_object_depends_stmt": _alter_object,
    "grant_stmt": _grant, "grant_role_stmt": _grant,
    "create_table_as_stmt": lambda body: f"CREATE {object_words(body, 'objtype')} AS".replace("VIEW AS", "VIEW"),
    "create_function_stmt": lambda body: f"CREATE {'PROCEDURE' if body.is_procedure else 'FUNCTION'}",
    "define_stmt": lambda body: f"CREATE {object_words(body, 'kind')}",
    "transaction_stmt": _transaction,
    "variable_set_stmt": lambda body: "RESET" if enum_name(body, "kind").startswith("VAR_RESET") else "SET",
    "vacuum_stmt": lambda body: "VACUUM" if body.is_vacuumcmd else "ANALYZE",
    "discard_stmt": lambda body: f"DISCARD {enum_name(body, 'target').removeprefix('DISCARD_')}",
}


def options(given: Any) -> dict[str, Node]:
    """The options of a list of DefElem nodes by name; the value is the argument's Node."""
    return {node.def_elem.defname: node.def_elem.arg for node in given}


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
