"""How findings name things."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from console.activity.records import Backend
from console.sql.relations import named_relations
from console.sql.tokens import first_words
from console.text import format as fmt
from console.text.sanitiser import single_line

NAME_CHARACTERS = 32
STATEMENT_CHARACTERS = 200
NAMES = 3

_TWO_WORDS = {"ALTER", "CREATE", "DROP", "REFRESH", "COMMENT", "LOCK"}


def session(pid: int, application: str | None, user: str | None, pool: str | None = None) -> str:
    """`nightly-report (pid 23412, billing, through PgBouncer app/billing)`."""
    parts = [f"pid {pid}", named(user) if application and user else "",
             f"through PgBouncer {named(pool)}" if pool else ""]
    return f"{named(application or user or 'a session')} ({', '.join(filter(None, parts))})"


def backend(found: Backend, pool: str | None = None) -> str:
    """A session, or a process of the server's, in words."""
    if found.backend_type not in (None, "client backend"):
        return f"{found.backend_type} (pid {found.pid})"
    return session(found.pid, found.application, found.user, pool)


def named(text: str) -> str:
    """A name that a person gave; what is very long ends in an ellipsis."""
    clean = single_line(text)
    return clean if len(clean) <= NAME_CHARACTERS else clean[:NAME_CHARACTERS - 1] + "…"


def statement(text: str | None) -> str:
    """The beginning of a statement, on one line."""
    words = " ".join(single_line(text or "").split())
    return words if len(words) <= STATEMENT_CHARACTERS else words[:STATEMENT_CHARACTERS - 1] + "…"


def command(text: str | None) -> str:
    """What a statement does, by its first words: UPDATE, ALTER TABLE, VACUUM FULL, REFRESH MATERIALIZED VIEW."""
    first = [word.upper() for word in first_words(text or "", 3)]
    if not first or not first[0].isalpha():
        return "a statement"
    number = 3 if first[1:2] == ["MATERIALIZED"] else 2 if first[0] in _TWO_WORDS or first[:2] == ["VACUUM", "FULL"] \
        else 1
    return " ".join(word for word in first[:number] if word.isalpha())


def relation(text: str) -> str:
    """` of accounts`: the first table that a statement names; "" where it names none."""
    names = named_relations(text)
    return f" of {named(names[0].name)}" if names else ""


def application(found: Backend) -> str:
    """Whose session it is: the application, or else the role."""
    return named(found.application or found.user or "unnamed")


def owners(backends: Iterable[Backend]) -> list[tuple[str, int]]:
    """The applications and how many of these sessions each has, most first."""
    return Counter(application(found) for found in backends).most_common()


def states(backends: Iterable[Backend]) -> str:
    """`12 idle in transaction, 3 active`."""
    counted = Counter(found.state or "in an unknown state" for found in backends).most_common(NAMES)
    return ", ".join(f"{fmt.count(number)} {state}" for state, number in counted)


def listed(names: Iterable[str]) -> str:
    """`a, b, c and 4 more`."""
    found = list(names)
    more = f" and {len(found) - NAMES} more" if len(found) > NAMES else ""
    return ", ".join(found[:NAMES]) + more
