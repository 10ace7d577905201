"""Two fingerprints in sentences: what is missing, what is left over, what changed and from what to what. Pure.

The order of columns is no difference by itself and is told apart; neither are names that PostgreSQL made up when only
the number that keeps them unique is another (`orders_total_key1`), or that follow from a table's name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from console.migrate.fingerprint import Fingerprint, Identity, ObjectRow

NO_DRIFT = frozenset({"comment"})
"""What a live database may have otherwise without having drifted."""
MISSING = "is missing"
LEFT_OVER = "is left over"

_MADE_UP = re.compile(r"(.+?_(?:pkey|key|idx|excl|check|fkey|seq|not_null))(\d*)")
_LONGEST_VALUE = 120
_KEPT_BEFORE = 40
_USUAL = {"firing": "enabled", "enforcement": "enabled", "validity": "valid"}
"""What an object is of which the catalog says nothing else."""
TO_ALL = dict.fromkeys(("function", "procedure", "aggregate"), "EXECUTE") | dict.fromkeys(
    ("enum", "domain", "range type", "type"), "USAGE")
"""What PUBLIC may do where nobody has granted or revoked anything."""
_CONTAINERS = ("table", "partitioned table", "foreign table", "view", "materialized view", "composite type", "domain")


class Wording(Struct, frozen=True):
    """How the two sides are called: "is missing after down", "is left over after down", "changed from ... to ..."."""

    missing: str = MISSING
    extra: str = LEFT_OVER
    after: str = ""


PLAIN = Wording()
AFTER_DOWN = Wording("is missing after down", "is left over after down", " after down")
AFTER_UP_AGAIN = Wording("is missing after the second up", "came only with the second up", " after the second up")
LIVE = Wording("is missing in the live database", "is in the live database, but no applied file makes it")


class CatalogComparison(Struct, frozen=True):
    """`differences` count; `order` are the tables whose columns stand in another order, `renamed` implicit names."""

    differences: tuple[str, ...]
    order: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()

    @property
    def is_equal(self) -> bool:
        return not self.differences


def compare(before: Fingerprint, after: Fingerprint, wording: Wording = PLAIN, *,
            ignored: Collection[str] = frozenset()) -> CatalogComparison:
    """What `after` has otherwise than `before`; facts named in `ignored` don't count."""
    if before.objects == after.objects:
        return CatalogComparison(())
    missing = {pair: row for pair, row in before.objects.items() if pair not in after.objects}
    extra = {pair: row for pair, row in after.objects.items() if pair not in before.objects}
    sentences: list[str] = []
    renamed: list[str] = []
    order = _reordered(before, after)
    for old, new in list(_pairs(missing, extra, ignored)):
        del missing[old.identity], extra[new.identity]
        if _is_same_made_up_name(old, new):
            renamed.append(f"{_label(old)} is called {new.own_name}{wording.after}")
        else:
            sentences.append(f"{_label(old)} is called {new.own_name}{wording.after}")
    sentences += [_whole(row, missing, wording.missing) for row in _outermost(missing)]
    sentences += [_whole(row, extra, wording.extra) for row in _outermost(extra)]
    for identity, row in before.objects.items():
        if identity in after.objects:
            sentences += _changes(row, after.objects[identity], ignored, wording)
    return CatalogComparison(tuple(sentences), order, tuple(renamed))


def _outermost(rows: Mapping[Identity, ObjectRow]) -> Iterator[ObjectRow]:
    """Those whose table or schema isn't in `rows` as well: with a table its columns need no words."""
    gone = {row.name for row in rows.values() if row.kind in _CONTAINERS or row.kind == "schema"}
    return (row for row in rows.values() if row.parent is None or row.parent not in gone)


def _whole(row: ObjectRow, rows: Mapping[Identity, ObjectRow], verb: str) -> str:
    is_long = row.kind in ("view", "materialized view")
    what = None if is_long else row.facts.get("definition") or row.facts.get("type")
    inside = ""
    if row.kind == "schema":
        count = sum(object_row.schema == row.schema for object_row in rows.values()) - 1
        inside = "" if count < 1 else ", with 1 object in it" if count == 1 else f", with {count} objects in it"
    return f"{_label(row)}{f' ({_short(what)})' if what else ''} {verb}{inside}"


def _pairs(missing: Mapping[Identity, ObjectRow], extra: Mapping[Identity, ObjectRow],
           ignored: Collection[str]) -> Iterator[tuple[ObjectRow, ObjectRow]]:
    """What is there under another name: same kind, same parent, same facts."""
    def key(row: ObjectRow) -> tuple[str, str | None, str]:
        facts = {name: value for name, value in row.facts.items() if name not in ignored and name != "position"}
        text = repr(sorted(facts.items()))
        return row.kind, row.parent, text.replace(row.name, "").replace(f" {row.own_name} ", " ")

    others: dict[tuple[str, str | None, str], list[ObjectRow]] = {}
    for row in extra.values():
        if row.kind not in _CONTAINERS and row.kind not in ("schema", "function", "procedure"):
            others.setdefault(key(row), []).append(row)
    for row in missing.values():
        if found := others.get(key(row)):
            yield row, found.pop(0)


def _is_same_made_up_name(old: ObjectRow, new: ObjectRow) -> bool:
    before, after = _MADE_UP.fullmatch(old.own_name), _MADE_UP.fullmatch(new.own_name)
    return before is not None and after is not None and before[1] == after[1]


def _changes(old: ObjectRow, new: ObjectRow, ignored: Collection[str], wording: Wording) -> Iterator[str]:
    if old.facts == new.facts:
        return
    for name in dict.fromkeys([*old.facts, *new.facts]):
        was, now = old.facts.get(name), new.facts.get(name)
        if was == now or name in ignored or name == "position":
            continue
        for change in _privileges(old.kind, was, now) if name == "privileges" else _change(name, was, now):
            yield f"{_label(old)}{change}{wording.after}"


def _change(name: str, was: Any, now: Any) -> Iterator[str]:
    """What to say of one fact, without the object's name."""
    if name == "not null":
        yield " lost NOT NULL" if now is None else " became NOT NULL"
    elif name == "values" and isinstance(was, list) and isinstance(now, list):
        yield from _values(was, now)
    elif name == "body" and was is not None and now is not None:
        yield _body(str(was), str(now))
    elif name in _USUAL:
        yield f": {name} changed from {was or _USUAL[name]} to {now or _USUAL[name]}"
    elif now is None:
        yield f" lost its {name} {_short(was)}"
    elif was is None:
        yield f" got the {name} {_short(now)}"
    else:
        yield f": {name} changed from {_apart(was, now)[0]} to {_apart(was, now)[1]}"


def _privileges(kind: str, was: Mapping[str, str] | None, now: Mapping[str, str] | None) -> Iterator[str]:
    """Role by role; None are the built-in privileges, which the catalog doesn't spell out."""
    old, new = _spelled_out(kind, was, now), _spelled_out(kind, now, was)
    changed = [role for role in sorted({*old, *new}) if old.get(role) != new.get(role)]
    for role in changed:
        yield f": grants to {role} changed from {old.get(role, 'none')} to {new.get(role, 'none')}"
    if not changed:
        yield (f": grants to (owner) changed from {(was or {}).get('(owner)', 'the default')} to "
               f"{(now or {}).get('(owner)', 'the default')}")


def _spelled_out(kind: str, given: Mapping[str, str] | None, other: Mapping[str, str] | None) -> Mapping[str, str]:
    if given is not None:
        return given
    owner = {"(owner)": (other or {}).get("(owner)", "all")}
    return owner | ({"PUBLIC": TO_ALL[kind]} if kind in TO_ALL else {})


def _values(was: list[str], now: list[str]) -> Iterator[str]:
    lost, new = [text for text in was if text not in now], [text for text in now if text not in was]
    for found in lost:
        yield f" lost the value {found!r}"
    for current in new:
        yield f" has the additional value {current!r}"
    if not lost and not new:
        yield f": the order of its values changed from {', '.join(was)} to {', '.join(now)}"


def _body(was: str, now: str) -> str:
    if was.split() == now.split():
        return ": the body changed in white space alone"
    lines = was.splitlines(), now.splitlines()
    line = next((number for number, pair in enumerate(zip(*lines, strict=False)) if pair[0] != pair[1]),
                min(map(len, lines)))
    old, new = (side[line].strip() if line < len(side) else "nothing" for side in lines)
    before, after = _apart(old, new)
    return f": the body changed in line {line + 1} from {before} to {after}"


def _reordered(before: Fingerprint, after: Fingerprint) -> tuple[str, ...]:
    """The tables whose common columns stand in another order."""
    def columns(side: Fingerprint, common: Collection[Identity]) -> dict[str, list[str]]:
        found: dict[str, list[tuple[int, str]]] = {}
        for identity, row in side.objects.items():
            if row.kind == "column" and identity in common:
                found.setdefault(row.parent or "", []).append((int(row.facts["position"]), row.own_name))
        return {table: [name for _, name in sorted(pairs)] for table, pairs in found.items()}

    common = before.objects.keys() & after.objects.keys()
    old, new = columns(before, common), columns(after, common)
    return tuple(f"{table}: the columns stand in the order {', '.join(new[table])}, before {', '.join(old[table])}"
                 for table in old if old[table] != new[table])


def _label(row: ObjectRow) -> str:
    return f"{row.kind} {row.name}"


def _one_line(value: Any) -> str:
    return " ".join((", ".join(map(str, value)) if isinstance(value, list) else str(value)).split())


def _short(value: Any) -> str:
    text = _one_line(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _apart(was: Any, now: Any) -> tuple[str, str]:
    """Two long values from a little before the place where they part."""
    old, new = _one_line(was), _one_line(now)
    alike = next((place for place, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]),
                 min(len(old), len(new)))
    begin = alike - _KEPT_BEFORE if max(len(old), len(new)) > _LONGEST_VALUE and alike > _KEPT_BEFORE else 0
    mark = "…" if begin else ""
    return mark + _short(old[begin:]), mark + _short(new[begin:])


def restricted(fingerprint: Fingerprint, schemas: Iterable[str]) -> Fingerprint:
    """What is in `schemas`, they themselves included."""
    kept = set(schemas)
    return Fingerprint({identity: row for identity, row in fingerprint.objects.items() if row.bare_schema in kept})
