"""What a statement has to do with transactions: whether it can be inside one, begins or ends one, outlives one.

The engine, the linter, Query and `verify` all ask here. Judged by the words, which every version of PostgreSQL has in
the same places, so that the answer is the same for a text that the grammar here doesn't know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from msgspec import Struct

from console.sql.names import name_of, text_of
from console.sql.tokens import Words, first_words, words

Control = Literal["begin", "commit", "rollback", "prepare", "commit prepared", "rollback prepared"]


class OutsideTransaction(Struct, frozen=True):
    """A statement that PostgreSQL refuses inside a transaction block: what it is, and why.

    `is_certain`: False where it is refused for some objects only, which the text doesn't tell; `why` says for which.
    """

    what: str
    why: str
    is_certain: bool = True

    def __str__(self) -> str:
        return f"{self.what} {self.why}"


def outside_transaction(sql: str) -> OutsideTransaction | None:
    """Why one statement can't be inside a transaction block, None where it can."""
    first = first_words(sql, 2)
    judge = _JUDGES.get(" ".join(first)) or _JUDGES.get(first[0]) if first else None
    return judge(words(sql)) if judge is not None else None


VERBS = frozenset((
    "ABORT", "ALTER", "BEGIN", "CALL", "CLUSTER", "COMMIT", "CREATE", "DISCARD", "DO", "DROP", "END", "PREPARE",
    "REINDEX", "REPACK", "ROLLBACK", "START", "VACUUM", "WAIT"))
"""The first words of all statements about which `outside_transaction`, `transaction_control` and `runs_code` have
anything to say."""

_ALONE = "works in transactions of its own"
_FOR_GOOD = "can't be rolled back"
_SLOT = "makes or drops a replication slot"


def _always(what: str, why: str) -> Callable[[Words], OutsideTransaction]:
    return lambda found: OutsideTransaction(what, why)


def _create_index(found: Words) -> OutsideTransaction | None:
    after = found[found.index("INDEX") + 1:] if "INDEX" in found[:3] else ()
    return OutsideTransaction("CREATE INDEX CONCURRENTLY", _ALONE) if after[:1] == ("CONCURRENTLY",) else None


def _drop_index(found: Words) -> OutsideTransaction | None:
    return OutsideTransaction("DROP INDEX CONCURRENTLY", _ALONE) if found[2:3] == ("CONCURRENTLY",) else None


def _alter_table(found: Words) -> OutsideTransaction | None:
    is_detaching = found[-1] == "CONCURRENTLY" and "DETACH" in found
    return OutsideTransaction("DETACH PARTITION CONCURRENTLY", _ALONE) if is_detaching else None


def _alter_database(found: Words) -> OutsideTransaction | None:
    rest = found[3:]
    moves = rest[:2] == ("SET", "TABLESPACE") or (
        "TABLESPACE" in rest and rest[0] not in ("SET", "RESET", "OWNER", "RENAME"))
    return OutsideTransaction("ALTER DATABASE ... SET TABLESPACE", _FOR_GOOD) if moves else None


def _reindex(found: Words) -> OutsideTransaction | None:
    given, rest = options(found[1:])
    scope = rest[0] if rest else ""
    if rest[1:2] == ("CONCURRENTLY",) or is_on(given.get("concurrently", "false")):
        return OutsideTransaction("REINDEX CONCURRENTLY", _ALONE)
    if scope in ("SCHEMA", "DATABASE", "SYSTEM"):
        return OutsideTransaction(f"REINDEX {scope}", "works in a transaction for each table")
    return OutsideTransaction(f"REINDEX {scope}", "of a partitioned one works in a transaction for each partition",
                              is_certain=False)


def _cluster(found: Words) -> OutsideTransaction:
    _, rest = options(found[1:])
    if rest in ((), ("VERBOSE",)):
        return OutsideTransaction("CLUSTER of all tables", "works in a transaction for each")
    return OutsideTransaction("CLUSTER", "of a partitioned table works in a transaction for each partition",
                              is_certain=False)


def _repack(found: Words) -> OutsideTransaction:
    given, rest = options(found[1:])
    if is_on(given.get("concurrently", "false")):
        return OutsideTransaction("REPACK (CONCURRENTLY)", _ALONE)
    if is_on(given.get("analyze", "false")):
        return OutsideTransaction("REPACK (ANALYZE)", _ALONE)
    if rest in ((), ("USING", "INDEX")):
        return OutsideTransaction("REPACK of all tables", "works in a transaction for each")
    return OutsideTransaction("REPACK", "of a partitioned table works in a transaction for each partition",
                              is_certain=False)


def _create_subscription(found: Words) -> OutsideTransaction | None:
    given = _with(found)
    makes_slot = is_on(given.get("connect", "true")) and is_on(given.get("create_slot", "true"))
    return OutsideTransaction("CREATE SUBSCRIPTION", _SLOT) if makes_slot else None


def _alter_subscription(found: Words) -> OutsideTransaction | None:
    match found[3:]:
        case ("REFRESH", "PUBLICATION", *_):
            return OutsideTransaction("ALTER SUBSCRIPTION ... REFRESH PUBLICATION", "asks the publisher")
        case ("SET" | "ADD" | "DROP", "PUBLICATION", *_) if is_on(_with(found).get("refresh", "true")):
            return OutsideTransaction(f"ALTER SUBSCRIPTION ... {found[3]} PUBLICATION", "refreshes its tables")
        case ("SET", "(", *_):
            given, _ = options(found[4:])
            if "failover" in given or not is_on(given.get("two_phase", "true")):
                return OutsideTransaction("ALTER SUBSCRIPTION ... SET", "changes its replication slot")
    return None


def _drop_subscription(found: Words) -> OutsideTransaction:
    return OutsideTransaction("DROP SUBSCRIPTION", "drops a replication slot, unless slot_name is NONE",
                              is_certain=False)


def _wait_for(found: Words) -> OutsideTransaction:
    return OutsideTransaction("WAIT FOR", "is refused once the transaction has a snapshot", is_certain=False)


_JUDGES: Mapping[str, Callable[[Words], OutsideTransaction | None]] = {
    "CREATE INDEX": _create_index, "CREATE UNIQUE": _create_index, "DROP INDEX": _drop_index,
    "ALTER TABLE": _alter_table, "ALTER DATABASE": _alter_database,
    "REINDEX": _reindex, "CLUSTER": _cluster, "REPACK": _repack, "WAIT FOR": _wait_for,
    "CREATE SUBSCRIPTION": _create_subscription, "ALTER SUBSCRIPTION": _alter_subscription,
    "DROP SUBSCRIPTION": _drop_subscription,
    "VACUUM": _always("VACUUM", _ALONE), "DISCARD ALL": _always("DISCARD ALL", "resets the whole session"),
    **{what: _always(what, _FOR_GOOD) for what in (
        "CREATE DATABASE", "DROP DATABASE", "CREATE TABLESPACE", "DROP TABLESPACE", "ALTER SYSTEM")},
    **{what: _always(what, "ends a transaction of its own") for what in ("COMMIT PREPARED", "ROLLBACK PREPARED")},
}


def options(found: Words) -> tuple[dict[str, str], Words]:
    """The options in parentheses that `found` begins with, by name in small letters, and what follows them.

    An option without a value has "true"; of one given twice the last counts, as it does for the server.
    """
    if found[:1] != ("(",) or ")" not in found:
        return {}, found
    end = found.index(")")
    given: dict[str, str] = {}
    option: list[str] = []
    for word in (*found[1:end], ","):
        if word != ",":
            option.append(word)
            continue
        if option:
            value = [part for part in option[1:] if part != "="]
            given[name_of(option[0])] = value[0] if value else "true"
        option = []
    return given, found[end + 1:]


def _with(found: Words) -> dict[str, str]:
    """The options of the last WITH (...)."""
    places = [place for place, word in enumerate(found) if word == "WITH"]
    return options(found[places[-1] + 1:])[0] if places else {}


def is_on(value: str) -> bool:
    """Whether an option's value means yes, as the server reads booleans."""
    text = text_of(value) if value.endswith("'") else value
    return text.lower() not in ("false", "off", "0")


def transaction_control(sql: str) -> Control | None:
    """How a statement begins or ends a transaction; None for all others, savepoints too, and for what only looks so.

    A statement that begins with COMMIT and goes on with what can't follow it is a mistake, not a COMMIT.
    """
    if not first_words(sql, 1) or first_words(sql, 1)[0] not in _CONTROLS:
        return None
    found = words(sql)
    match found:
        case ("PREPARE", "TRANSACTION", name) if name.endswith("'"):
            return "prepare"
        case ("COMMIT" | "ROLLBACK", "PREPARED", name) if name.endswith("'"):
            return "commit prepared" if found[0] == "COMMIT" else "rollback prepared"
        case ("START", "TRANSACTION", *modes) | ("BEGIN", *modes) if _MODES.issuperset(modes):
            return "begin"
        case (("COMMIT" | "END" | "ROLLBACK" | "ABORT") as verb, *rest):
            rest = rest[1:] if rest[:1] in (["WORK"], ["TRANSACTION"]) else rest
            if rest in ([], ["AND", "CHAIN"], ["AND", "NO", "CHAIN"]):
                return "commit" if verb in ("COMMIT", "END") else "rollback"
    return None


def chains(sql: str) -> bool:
    """Whether a COMMIT or ROLLBACK begins the next transaction at once."""
    return words(sql)[-2:] == ("AND", "CHAIN")


_CONTROLS = frozenset(("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "PREPARE"))
_MODES = frozenset(("WORK", "TRANSACTION", "ISOLATION", "LEVEL", "READ", "WRITE", "ONLY", "COMMITTED", "UNCOMMITTED",
                    "REPEATABLE", "SERIALIZABLE", "NOT", "DEFERRABLE", ","))


def sets_session(sql: str) -> bool:
    """Whether a statement changes a setting that lasts beyond its transaction: by SET, RESET or set_config."""
    match first_words(sql, 2):
        case ("SET", "LOCAL" | "CONSTRAINTS" | "TRANSACTION"):
            return False
        case ("SET" | "RESET", *_):
            return True
        case ("SELECT", *_) if "set_config" in sql.lower():
            return any(call[-1:] not in (("TRUE",), ("'t'",), ("'true'",)) for call in _calls(words(sql), "SET_CONFIG"))
    return False


def _calls(found: Words, function: str) -> list[Words]:
    """The arguments, as words, of each call of a function."""
    calls = []
    for place, word in enumerate(found[:-1]):
        if word == function and found[place + 1] == "(":
            depth = 0
            for end in range(place + 1, len(found)):
                depth += (found[end] == "(") - (found[end] == ")")
                if not depth:
                    calls.append(found[place + 2:end])
                    break
    return calls


def runs_code(sql: str) -> bool:
    """Whether it runs code that may commit by itself: CALL and DO."""
    return first_words(sql, 1) in (("CALL",), ("DO",))
