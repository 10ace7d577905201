"""What every object's DDL has: phases, owner, grants and comments. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum

from msgspec import Struct

from console.catalog.records import Dependency, Privilege
from console.sql.quoting import identifier, literal


class Phase(IntEnum):
    """When a statement runs in a script of many objects; within a phase what is depended upon comes first."""

    SCHEMA = 1
    EXTENSION = 2
    CREATE = 3
    """Types, sequences, routines, tables with their own constraints, views."""
    ATTACH = 4
    """Partitions, before there are indexes: attaching would make those that only the parent has."""
    INDEX = 5
    FOREIGN_KEY = 6
    ATTACHED = 7
    """Triggers, rules, policies and extended statistics."""
    REFRESH = 8
    """What materialised views hold."""
    ACCESS = 9
    """Owner and grants."""
    COMMENT = 10
    """Comments, and to which column a sequence belongs: both need the right owners first."""
    LAST = 11
    """Event triggers, which would see all of this, and what replicates it."""


class DdlStatement(Struct, frozen=True):
    """One statement, without its semicolon."""

    phase: Phase
    text: str


class Split(Struct, frozen=True):
    """An object made in two steps, where two objects need each other: `shell` is enough for others to name it."""

    shell: tuple[DdlStatement, ...]
    rest: tuple[DdlStatement, ...]


Address = tuple[str, int]
"""Which object: its catalog and its OID, which is unique in that catalog alone."""


class Ddl(Struct, frozen=True):
    """One object's statements and what must be there before.

    `makes` are the objects that the statements make on the way; `split` is the same in two steps.
    """

    address: Address
    statements: tuple[DdlStatement, ...]
    depends_on: tuple[Dependency, ...] = ()
    makes: frozenset[Address] = frozenset()
    split: Split | None = None

    def text(self) -> str:
        """The statements as a script, with a note of what they need."""
        lines = [f"-- needs {dependency.kind} {dependency.name}" for dependency in self.depends_on
                 if dependency.address not in self.makes]
        ordered = sorted(self.statements, key=lambda statement: statement.phase)
        return "\n".join([*lines, *(ended(statement.text) for statement in ordered)]) + "\n"


def ended(text: str) -> str:
    """The statement with its semicolon; a remark has none."""
    return text if text.startswith("--") else f"{text};"


def needs_extensions(clause: str, extensions: Iterable[str]) -> list[DdlStatement]:
    """ALTER ... DEPENDS ON EXTENSION: dropped together with it."""
    return [DdlStatement(Phase.COMMENT, f"ALTER {clause} DEPENDS ON EXTENSION {identifier(extension)}")
            for extension in extensions]


def access(clause: str, alter: str, owner: str, privileges: Sequence[Privilege] | None) -> list[DdlStatement]:
    """Owner and grants as they differ from what PostgreSQL gives by itself.

    `clause` is the object in GRANT ("TABLE s.t"), `alter` in ALTER ("VIEW s.t").
    """
    statements = [DdlStatement(Phase.ACCESS, f"ALTER {alter} OWNER TO {identifier(owner)}")] if alter else []
    changed = [privilege for privilege in privileges or () if privilege.is_granted is not privilege.is_default]
    changed.sort(key=lambda privilege: privilege.position)
    groups: dict[tuple[bool, str, str, bool, bool], list[Privilege]] = {}
    for found in changed:
        key = (found.is_granted, found.grantee, found.grantor, found.is_by_owner, found.is_grantable)
        groups.setdefault(key, []).append(found)
    for (is_granted, grantee, grantor, is_by_owner, is_grantable), some in sorted(groups.items(), key=_revokes_first):
        words = ", ".join(privilege.privilege + (f" ({identifier(privilege.column)})" if privilege.column else "")
                          for privilege in some)
        who = identifier(grantee) if grantee else "PUBLIC"
        text = f"GRANT {words} ON {clause} TO {who}" if is_granted else f"REVOKE {words} ON {clause} FROM {who}"
        text += " WITH GRANT OPTION" if is_granted and is_grantable else ""
        if is_by_owner or not is_granted:
            statements.append(DdlStatement(Phase.ACCESS, text))
        else:
            statements.append(DdlStatement(Phase.ACCESS, f"SET SESSION AUTHORIZATION {identifier(grantor)}"))
            statements.append(DdlStatement(Phase.ACCESS, text))
            statements.append(DdlStatement(Phase.ACCESS, "RESET SESSION AUTHORIZATION"))
    return statements


def _revokes_first(item: tuple[tuple[bool, str, str, bool, bool], object]) -> tuple[bool, bool]:
    is_granted, _, _, is_by_owner, _ = item[0]
    return is_granted, not is_by_owner


def comment(clause: str, text: str | None) -> list[DdlStatement]:
    """COMMENT ON `clause`, nothing where there is none."""
    return [] if text is None else [DdlStatement(Phase.COMMENT, f"COMMENT ON {clause} IS {literal(text)}")]


def option_list(options: Iterable[str], separator: str = " = ") -> str:
    """Storage parameters as pg_class has them ("fillfactor=70"): `fillfactor = '70'`."""
    pairs = (option.partition("=") for option in options)
    return ", ".join(f"{_parameter(name)}{separator}{literal(value)}" for name, _, value in pairs)


def _parameter(name: str) -> str:
    """A parameter's name; toast.x stays two names."""
    return ".".join(identifier(part) for part in name.split("."))


def foreign_options(options: Iterable[str]) -> str:
    """`OPTIONS (name 'value')` of a foreign table or column; "" without any."""
    words = option_list(options, " ")
    return f"OPTIONS ({words})" if words else ""


_LISTS = frozenset({"local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
                    "temp_tablespaces", "unix_socket_directories"})
"""Settings that are lists: the catalog has their elements quoted already."""


def setting(clause: str, text: str) -> DdlStatement:
    """ALTER `clause` SET for a setting as the catalog has it ("work_mem=4MB")."""
    name, _, value = text.partition("=")
    words = ".".join(identifier(part) for part in name.split("."))
    if name.lower() not in _LISTS:
        value = literal(value)
    return DdlStatement(Phase.ACCESS, f"ALTER {clause} SET {words} TO {value or chr(39) * 2}")
