"""Syntax of PostgreSQL versions that the parser here doesn't know yet: called by its name, it is not called wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from console.sql.tokens import Words


class NewerSyntax(Struct, frozen=True):
    """What a statement uses, as PostgreSQL's documentation calls it, and the major version that brought it."""

    version: int
    what: str

    def __str__(self) -> str:
        return f"PostgreSQL {self.version}'s {self.what}"


def newer_syntax(found: Words) -> NewerSyntax | None:
    """What of a statement, given by its words, only a version after the parser's grammar has."""
    if not found:
        return None
    marks = (*_BEGINNINGS.get(found[0], ()), *_ANYWHERE)
    return next((NewerSyntax(19, what) for what, is_there in marks if is_there(found)), None)


def _holds(*run: str) -> Callable[[Words], bool]:
    """Whether the words stand somewhere in the statement, one after the other."""
    def is_there(found: Words) -> bool:
        return any(found[place:place + len(run)] == run for place, word in enumerate(found) if word == run[0])
    return is_there


def _begins(*run: str) -> Callable[[Words], bool]:
    return lambda found: found[:len(run)] == run


def _both(first: Callable[[Words], bool], second: Callable[[Words], bool]) -> Callable[[Words], bool]:
    return lambda found: first(found) and second(found)


def _sets_null(found: Words) -> bool:
    return len(found) > 3 and found[-1] == "NULL" and found[-2] in ("TO", "=")


Marks = tuple[tuple[str, Callable[[Words], bool]], ...]
_PUBLICATION: Marks = (("ALL TABLES EXCEPT", _holds("ALL", "TABLES", "EXCEPT")),
                       ("ALL SEQUENCES", _holds("ALL", "SEQUENCES")))
_WRAPPER: Marks = (("CONNECTION of a foreign data wrapper",
                    _both(_holds("FOREIGN", "DATA", "WRAPPER"), _holds("CONNECTION"))),)
_BEGINNINGS: Mapping[str, Marks] = {
    "REPACK": (("REPACK", _begins("REPACK")),),
    "WAIT": (("WAIT FOR", _begins("WAIT", "FOR")),),
    "CHECKPOINT": (("CHECKPOINT with options", _begins("CHECKPOINT", "(")),),
    "CREATE": (
        *((what, _both(_begins("CREATE", "PUBLICATION"), is_there)) for what, is_there in _PUBLICATION),
        ("CREATE SUBSCRIPTION ... SERVER", _both(_begins("CREATE", "SUBSCRIPTION"), _holds("SERVER"))), *_WRAPPER),
    "ALTER": (
        *((what, _both(_begins("ALTER", "PUBLICATION"), is_there)) for what, is_there in _PUBLICATION),
        ("ALTER SUBSCRIPTION ... SERVER", _both(_begins("ALTER", "SUBSCRIPTION"), _holds("SERVER"))),
        ("REFRESH SEQUENCES", _both(_begins("ALTER", "SUBSCRIPTION"), _holds("REFRESH", "SEQUENCES"))), *_WRAPPER),
    "SET": (("SET ... TO NULL", _sets_null),),
}
_ANYWHERE: Marks = (
    ("ON CONFLICT DO SELECT", _both(_holds("ON", "CONFLICT"), _holds("DO", "SELECT"))),
    ("IGNORE NULLS", _holds(")", "IGNORE", "NULLS")),
    ("RESPECT NULLS", _holds(")", "RESPECT", "NULLS")),
)
