"""What every object's DDL has: phases, owner, grants and comments. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum

from msgspec import Struct

from console.catalog.records import Privilege
from console.sql.quoting import identifier, literal


class Phase(IntEnum):
    """When a statement runs in a script of many objects; within a phase what is depended upon comes first."""

    SCHEMA = 1
    EXTENSION = 2
    CREATE = 3
    """Types, sequences, routines, tables with their own constraints, views."""
    INDEX = 4
    ATTACH = 5
    """Partitions, once both sides have their indexes, which are then matched."""
    FOREIGN_KEY = 6
    ATTACHED = 7
    """Triggers, rules, policies and extended statistics."""
    ACCESS = 8
    """Owner and grants."""
    COMMENT = 9
    """Comments, and to which column a sequence belongs: both need the right owners first."""


class DdlStatement(Struct, frozen=True):
    """One statement, without its semicolon."""

    phase: Phase
    text: str


def access(clause: str, alter: str, owner: str, privileges: Sequence[Privilege] | None) -> list[DdlStatement]:
    """Owner and grants as they differ from what PostgreSQL gives by itself.

    `clause` is the object in GRANT ("TABLE s.t"), `alter` in ALTER ("VIEW s.t").
    """
    statements = [DdlStatement(Phase.ACCESS, f"ALTER {alter} OWNER TO {identifier(owner)}")] if alter else []
    changed = [privilege for privilege in privileges or () if privilege.is_granted is not privilege.is_default]
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
