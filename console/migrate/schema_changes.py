"""The statements that make one schema of another, as far as two fingerprints tell them. Pure.

What has to be created whole is named for console.catalog, which writes its DDL; what can't be written is named too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any

from msgspec import Struct

from console.migrate.differences import NO_DRIFT, TO_ALL
from console.migrate.fingerprint import Fingerprint, ObjectRow
from console.sql.quoting import identifier, literal


class Rank(IntEnum):
    """When a statement runs: what stands on others goes first and comes last."""

    DROP_ATTACHED = 1
    DROP_VIEW = 2
    DROP_KEY = 3
    DROP_CONSTRAINT = 4
    DROP_COLUMN = 5
    DROP_TABLE = 6
    DROP_DEFINED = 7
    DROP_ROUTINE = 8
    DROP_TYPE = 9
    DROP_COLLATION = 10
    DROP_SCHEMA = 11
    SCHEMA = 12
    CREATE = 13
    CHANGE = 14
    COLUMN = 15
    ROWS = 16
    VIEW = 17
    CONSTRAINT = 18
    KEY = 19
    ATTACHED = 20
    ACCESS = 21


Ranked = tuple[Rank, str]


class SchemaChanges(Struct):
    """Statements with their rank, objects to `create` whole, and in words what can't be `unwritten`.

    `drops` are names by rank and kind: what goes together goes in one statement, so that it may need each other.
    """

    statements: list[Ranked]
    create: list[ObjectRow]
    unwritten: list[str]
    drops: dict[tuple[Rank, str], list[str]] = {}


TABLES = ("table", "partitioned table", "foreign table")
VIEWS = ("view", "materialized view")
ROUTINES = ("function", "procedure", "aggregate")
TYPES = ("enum", "domain", "range type", "composite type")
DEFINED = ("publication", "cast", "transform", "operator class", "operator family", "operator",
           "text search configuration", "text search dictionary", "conversion", "server", "foreign data wrapper",
           "access method", "collation")
"""What is made and dropped whole, in the order in which it is dropped; where it differs that is told, not written."""
CONSTRAINTS = ("check constraint", "foreign key", "primary key", "unique constraint", "exclusion constraint",
               "not-null constraint")
_DROPS: Mapping[str, Rank] = {
    **dict.fromkeys(VIEWS, Rank.DROP_VIEW), **dict.fromkeys(TABLES, Rank.DROP_TABLE), "sequence": Rank.DROP_TABLE,
    **dict.fromkeys(ROUTINES, Rank.DROP_ROUTINE), **dict.fromkeys(TYPES, Rank.DROP_TYPE), "schema": Rank.DROP_SCHEMA,
    "extension": Rank.DROP_SCHEMA, "index": Rank.DROP_CONSTRAINT, "statistics object": Rank.DROP_ATTACHED}
_DROPPED_AS = {"partitioned table": "TABLE", "enum": "TYPE", "range type": "TYPE", "composite type": "TYPE",
               "statistics object": "STATISTICS"}
_IGNORED = NO_DRIFT | {"position"}
_FIRING = {None: "ENABLE", "disabled": "DISABLE", "on replicas": "ENABLE REPLICA", "always": "ENABLE ALWAYS"}


def changes(before: Fingerprint, after: Fingerprint) -> SchemaChanges:
    """What makes `after` of `before`; comments and the order of columns are left as they are."""
    found = SchemaChanges([], [], [])
    gone = {key: row for key, row in before.objects.items() if key not in after.objects}
    new = {key: row for key, row in after.objects.items() if key not in before.objects}
    held = {row.name for row in gone.values() if row.kind in (*TABLES, *VIEWS, *TYPES)}
    for row in gone.values():
        if row.parent not in held and ("column", row.facts.get("owning column")) not in gone:
            _drop(row, before, found)
    dropped = {row.name for row in gone.values() if row.kind in TABLES}
    found.statements += [(Rank.DROP_KEY, f"ALTER TABLE {row.parent} DROP CONSTRAINT {identifier(row.own_name)}")
                         for row in gone.values() if row.kind == "foreign key" and row.parent in dropped]
    whole = {row.name for row in new.values() if row.kind in (*TABLES, *VIEWS, *TYPES)}
    for row in new.values():
        if row.parent not in whole:
            _make(row, after, found)
    for key, row in before.objects.items():
        if key in after.objects and (now := after.objects[key]).facts != row.facts:
            _change(row, now, before, after, found)
    found.statements += [(rank, f"DROP {word} {', '.join(names)}") for (rank, word), names in found.drops.items()]
    defined = sorted((row for row in gone.values() if row.kind in DEFINED), key=lambda row: DEFINED.index(row.kind))
    found.statements += [_drop_defined(row) for row in defined]
    return found


def _drop_defined(row: ObjectRow) -> Ranked:
    name = f"({row.name})" if row.kind == "cast" else row.name
    rank = Rank.DROP_COLLATION if row.kind == "collation" else Rank.DROP_DEFINED
    return rank, f"DROP {row.kind.upper()} {name}"


def _drop(row: ObjectRow, before: Fingerprint, found: SchemaChanges) -> None:
    name = identifier(row.own_name)
    if row.kind in _DROPS:
        if row.kind == "sequence" and _is_identity(row, before):
            return
        word = _DROPPED_AS.get(row.kind, row.kind.upper())
        found.drops.setdefault((_DROPS[row.kind], word), []).append(row.name)
    elif row.kind == "column":
        found.statements.append((Rank.DROP_COLUMN, f"ALTER {_holder(row, before)} DROP COLUMN {name}"))
    elif row.kind in CONSTRAINTS:
        rank = Rank.DROP_KEY if row.kind == "foreign key" else Rank.DROP_CONSTRAINT
        found.statements.append((rank, f"ALTER {_holder(row, before)} DROP CONSTRAINT {name}"))
    elif row.kind in ("trigger", "policy", "rule"):
        found.statements.append((Rank.DROP_ATTACHED, f"DROP {row.kind.upper()} {row.name}"))
    elif row.kind not in DEFINED:
        found.unwritten.append(f"{row.kind} {row.name} is to go")


def _make(row: ObjectRow, after: Fingerprint, found: SchemaChanges) -> None:
    facts = row.facts
    if row.kind == "schema":
        found.statements.append((Rank.SCHEMA, f"CREATE SCHEMA {row.name}"))
        if "comment" in facts:
            found.statements.append((Rank.ACCESS, f"COMMENT ON SCHEMA {row.name} IS {literal(str(facts['comment']))}"))
        _privileges(row, None, facts.get("privileges"), found)
    elif row.kind == "extension":
        found.statements.append((Rank.SCHEMA, f"CREATE EXTENSION {row.name} SCHEMA {facts['schema']}"))
    elif row.kind == "column":
        _add_column(row, after, found)
    elif row.kind in (*TABLES, *VIEWS, *ROUTINES, *TYPES, *DEFINED, "sequence"):
        if not (row.kind == "sequence" and _is_identity(row, after)):
            found.create.append(row)
    elif row.kind in CONSTRAINTS:
        rank = Rank.KEY if row.kind == "foreign key" else Rank.CONSTRAINT
        found.statements.append((rank, f"ALTER {_holder(row, after)} ADD CONSTRAINT {identifier(row.own_name)} "
                                       f"{facts['definition']}"))
        _leave({key: value for key, value in facts.items() if key != "definition"}, row, found)
    elif row.kind == "index":
        text = str(facts["definition"]).replace("INDEX ON ONLY ", "INDEX ON ", 1)
        text = text.replace("INDEX ON ", f"INDEX {identifier(row.own_name)} ON ", 1)
        found.statements.append((Rank.CONSTRAINT, text))
        _leave({key: value for key, value in facts.items() if key != "definition"}, row, found)
    elif row.kind == "policy":
        found.statements.append((Rank.ATTACHED, _policy(row)))
    elif row.kind in ("trigger", "rule", "statistics object"):
        found.statements.append((Rank.ATTACHED, str(facts["definition"]).rstrip(";")))
        if firing := facts.get("firing"):
            found.statements.append((Rank.ATTACHED, _fires(row, firing)))
    else:
        found.unwritten.append(f"{row.kind} {row.name} is to come")


def _add_column(row: ObjectRow, after: Fingerprint, found: SchemaChanges) -> None:
    table = _holder(row, after)
    if table.startswith("TYPE"):
        words = f"ADD ATTRIBUTE {identifier(row.own_name)} {row.facts['type']}"
        found.statements.append((Rank.COLUMN, f"ALTER {table} {words}"))
        return
    found.statements.append((Rank.COLUMN, f"ALTER {table} ADD COLUMN {_column(row, after)}"))
    _settings(row, {}, after, found)
    _privileges(row, None, row.facts.get("privileges"), found)


def _change(old: ObjectRow, new: ObjectRow, before: Fingerprint, after: Fingerprint, found: SchemaChanges) -> None:
    changed = {key: (old.facts.get(key), new.facts.get(key)) for key in {**old.facts, **new.facts}
               if key not in _IGNORED and old.facts.get(key) != new.facts.get(key)}
    if not changed:
        return
    if "privileges" in changed:
        _privileges(new, *changed.pop("privileges"), found)
    if "owner" in changed:
        _, owner = changed.pop("owner")
        word = _DROPPED_AS.get(new.kind, new.kind.upper())
        found.statements.append((Rank.ACCESS, f"ALTER {word} {new.name} OWNER TO {owner}"))
    if not changed:
        return
    if new.kind in _REPLACED or (new.kind in VIEWS and "definition" in changed) or (
            new.kind in ROUTINES and changed.keys() & {"result", "arguments"}):
        if changed.keys() == {"firing"}:
            found.statements.append((Rank.ATTACHED, _fires(new, changed["firing"][1])))
        elif changed.keys() == {"validity"} and changed["validity"][1] is None and new.kind == "index":
            found.statements.append((Rank.CONSTRAINT, f"REINDEX INDEX {new.name}"))
        else:
            _drop(old, before, found)
            _make(new, after, found)
    elif new.kind in ROUTINES:
        found.create.append(new)
    elif new.kind == "column" and not _holder(new, after).startswith("TYPE"):
        _settings(new, old.facts, after, found)
    elif (write := _WRITERS.get(new.kind)) is not None:
        write(new, changed, found)
    else:
        _leave({key: now for key, (_, now) in changed.items()}, new, found)


_REPLACED = (*CONSTRAINTS, "index", "trigger", "policy", "rule", "statistics object")
"""What is dropped and made anew where anything about it differs."""


def _column(row: ObjectRow, side: Fingerprint) -> str:
    facts = row.facts
    words = [identifier(row.own_name), str(facts["type"])]
    if collation := facts.get("collation"):
        words.append(f"COLLATE {collation}")
    if generated := facts.get("generated"):
        words.append(f"GENERATED ALWAYS AS ({facts['default']}) {str(generated).upper()}")
    elif "default" in facts:
        words.append(f"DEFAULT {_default(row, side)}")
    if identity := facts.get("identity"):
        words.append(f"{identity} AS IDENTITY")
    return " ".join([*words, *(["NOT NULL"] if "not null" in facts else [])])


def _default(row: ObjectRow, side: Fingerprint) -> str:
    """The expression; of a serial column, that of the sequence that belongs to it."""
    if row.facts["default"] != "nextval of its own sequence":
        return str(row.facts["default"])
    name = next((other.name for other in side.objects.values() if other.kind == "sequence"
                 and other.facts.get("owning column") == row.name), "")
    return f"nextval({literal(name)}::regclass)"


def _settings(row: ObjectRow, before: Mapping[str, Any], side: Fingerprint, found: SchemaChanges) -> None:
    """Of a column that is there: what it has otherwise than `before`, {} for one that was just added."""
    facts, at = row.facts, f"ALTER {_holder(row, side)} ALTER COLUMN {identifier(row.own_name)}"
    is_new = not before

    def differs(name: str) -> bool:
        return before.get(name) != facts.get(name) and not (is_new and name in _SAID)

    def say(text: str) -> None:
        found.statements.append((Rank.COLUMN, f"{at} {text}"))

    if differs("type") or differs("collation"):
        if "default" in before and "generated" not in before:
            say("DROP DEFAULT")
        collation = f" COLLATE {facts['collation']}" if "collation" in facts else ""
        say(f"TYPE {facts['type']}{collation} USING {identifier(row.own_name)}::{facts['type']}")
    if (differs("default") or (differs("type") and "default" in facts)) and not {"generated"} & {*facts, *before}:
        say(f"SET DEFAULT {_default(row, side)}" if "default" in facts else "DROP DEFAULT")
    elif differs("default") or differs("generated"):
        found.unwritten.append(f"column {row.name}: how it is generated")
    if differs("identity"):
        now = facts.get("identity")
        say("DROP IDENTITY" if now is None else f"SET {now}" if "identity" in before else f"ADD {now} AS IDENTITY")
    if differs("not null"):
        say("SET NOT NULL" if "not null" in facts else "DROP NOT NULL")
    if differs("storage"):
        say(f"SET STORAGE {facts.get('storage', 'DEFAULT')}")
    if differs("compression"):
        say(f"SET COMPRESSION {facts.get('compression', 'DEFAULT')}")
    if differs("statistics target"):
        say(f"SET STATISTICS {facts.get('statistics target', -1)}")
    _leave({name: facts.get(name) for name in ("options", "foreign options", "inherited") if differs(name)}, row, found)


_SAID = frozenset({"type", "collation", "default", "generated", "identity", "not null"})
"""What ADD COLUMN says."""


def _policy(row: ObjectRow) -> str:
    facts = row.facts
    words = [f"CREATE POLICY {row.name} AS {str(facts['kind']).upper()} FOR {facts['command']} TO {facts['roles']}"]
    words += [f"{word} ({facts[name]})" for name, word in (("using", "USING"), ("check", "WITH CHECK"))
              if name in facts]
    return " ".join(words)


def _fires(row: ObjectRow, firing: Any) -> str:
    return f"ALTER TABLE {row.parent} {_FIRING[firing]} {row.kind.upper()} {identifier(row.own_name)}"


def _relation(row: ObjectRow, changed: dict[str, tuple[Any, Any]], found: SchemaChanges) -> None:
    at = f"ALTER {_DROPPED_AS.get(row.kind, row.kind.upper())} {row.name}"
    switches = {"row level security": ("ENABLE ROW LEVEL SECURITY", "DISABLE ROW LEVEL SECURITY"),
                "forced row level security": ("FORCE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"),
                "persistence": ("SET UNLOGGED", "SET LOGGED")}
    for name, (_, now) in changed.items():
        if name in switches:
            text = switches[name][now is None]
        elif name == "replica identity" and now != "an index":
            text = f"REPLICA IDENTITY {str(now or 'DEFAULT').upper()}"
        elif name == "tablespace":
            text = f"SET TABLESPACE {identifier(now or 'pg_default')}"
        elif name == "options":
            was, text = changed[name][0], ""
            names = [word.partition("=")[0] for word in str(was or "").split(", ") if word]
            if names:
                found.statements.append((Rank.CHANGE, f"{at} RESET ({', '.join(names)})"))
            if now:
                text = f"SET ({', '.join('{} = {}'.format(*_option(word)) for word in str(now).split(', '))})"
        else:
            _leave({name: now}, row, found)
            continue
        if text:
            found.statements.append((Rank.CHANGE, f"{at} {text}"))


def _option(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name, literal(value)


def _sequence(row: ObjectRow, changed: dict[str, tuple[Any, Any]], found: SchemaChanges) -> None:
    words = {"type": "AS", "start": "START", "increment": "INCREMENT", "minimum": "MINVALUE", "maximum": "MAXVALUE",
             "cache": "CACHE"}
    said = [f"{word} {changed[name][1]}" for name, word in words.items() if name in changed]
    if "cycle" in changed:
        said.append("CYCLE" if changed["cycle"][1] else "NO CYCLE")
    if "owning column" in changed:
        said.append(f"OWNED BY {changed['owning column'][1] or 'NONE'}")
    if said:
        found.statements.append((Rank.CHANGE, f"ALTER SEQUENCE {row.name} {' '.join(said)}"))
    _leave({name: now for name, (_, now) in changed.items() if name not in (*words, "cycle", "owning column")}, row,
           found)


def _enum(row: ObjectRow, changed: dict[str, tuple[Any, Any]], found: SchemaChanges) -> None:
    was, now = changed.pop("values", ((), ()))
    if [value for value in now if value in was] != [*was]:
        found.unwritten.append(f"enum {row.name}: values that go or change their order")
        return
    for number, value in enumerate(now):
        if value not in was:
            place = f" AFTER {literal(now[number - 1])}" if number else f" BEFORE {literal(was[0])}" if was else ""
            found.statements.append((Rank.CHANGE, f"ALTER TYPE {row.name} ADD VALUE {literal(value)}{place}"))
    _leave({name: value for name, (_, value) in changed.items()}, row, found)


def _domain(row: ObjectRow, changed: dict[str, tuple[Any, Any]], found: SchemaChanges) -> None:
    for name, (_, now) in changed.items():
        if name == "default":
            text = "DROP DEFAULT" if now is None else f"SET DEFAULT {now}"
        elif name == "not null":
            text = "DROP NOT NULL" if now is None else "SET NOT NULL"
        else:
            _leave({name: now}, row, found)
            continue
        found.statements.append((Rank.CHANGE, f"ALTER DOMAIN {row.name} {text}"))


def _extension(row: ObjectRow, changed: dict[str, tuple[Any, Any]], found: SchemaChanges) -> None:
    for name, (_, now) in changed.items():
        text = f"UPDATE TO {literal(now)}" if name == "version" else f"SET SCHEMA {now}"
        found.statements.append((Rank.CHANGE, f"ALTER EXTENSION {row.name} {text}"))


_WRITERS: Mapping[str, Callable[[ObjectRow, dict[str, tuple[Any, Any]], SchemaChanges], None]] = {
    **dict.fromkeys((*TABLES, *VIEWS), _relation), "sequence": _sequence, "enum": _enum, "domain": _domain,
    "extension": _extension}


def _privileges(row: ObjectRow, was: Any, now: Any, found: SchemaChanges) -> None:
    """GRANT and REVOKE; what the owner has by itself needs no word unless both sides say it."""
    usual = {"PUBLIC": TO_ALL[row.kind]} if row.kind in TO_ALL else {}
    before, after = ({**usual} if side is None else dict(side) for side in (was, now))
    if was is None or now is None:
        before.pop("(owner)", None)
        after.pop("(owner)", None)
    column = row.kind == "column"
    clause = f"TABLE {row.parent}" if column else f"{_GRANTED.get(row.kind, 'TABLE')} {row.name}"
    part = f" ({identifier(row.own_name)})" if column else ""
    for role in sorted({*before, *after}):
        if before.get(role) == after.get(role):
            continue
        if role == "(owner)":
            found.unwritten.append(f"{row.kind} {row.name}: the owner's own privileges")
            continue
        if role in before:
            found.statements.append((Rank.ACCESS, f"REVOKE ALL{part} ON {clause} FROM {role}"))
        found.statements += [
            (Rank.ACCESS, f"GRANT {', '.join(word + part for word in words)} ON {clause} TO {role}{option}")
            for words, option in _grants(after.get(role))]


def _grants(said: str | None) -> Iterator[tuple[Sequence[str], str]]:
    words = said.split(", ") if said else []
    option = " with grant option"
    plain = [word for word in words if not word.endswith(option)]
    more = [word.removesuffix(option) for word in words if word.endswith(option)]
    if plain:
        yield plain, ""
    if more:
        yield more, " WITH GRANT OPTION"


_GRANTED = {"schema": "SCHEMA", "sequence": "SEQUENCE", **dict.fromkeys(ROUTINES, "ROUTINE"),
            **dict.fromkeys((*TYPES, "type"), "TYPE")}


def _holder(row: ObjectRow, side: Fingerprint) -> str:
    """What a column or a constraint is of, as ALTER says it."""
    for word, kind in (("DOMAIN", "domain"), ("FOREIGN TABLE", "foreign table"), ("TYPE", "composite type"),
                       ("VIEW", "view"), ("MATERIALIZED VIEW", "materialized view")):
        if (kind, row.parent) in side.objects:
            return f"{word} {row.parent}"
    return f"TABLE {row.parent}"


def _is_identity(row: ObjectRow, side: Fingerprint) -> bool:
    """Whether a sequence is that of an identity column, which makes and drops it."""
    column = side.objects.get(("column", str(row.facts.get("owning column"))))
    return column is not None and "identity" in column.facts


def _leave(facts: Mapping[str, Any], row: ObjectRow, found: SchemaChanges) -> None:
    found.unwritten += [f"{row.kind} {row.name}: {name}" for name in facts if name not in _IGNORED]
