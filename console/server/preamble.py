"""What every transaction of ours begins with: its limits, and the settings that nobody else may choose for us.

All of it is SET LOCAL's doing, so that nothing is left on a connection that a pooler gives to somebody else, and it is
one statement in the pipeline of the reads that it goes before.
"""

from __future__ import annotations

from collections.abc import Mapping

from console.server.target import Target
from console.sql.mark import OWN_MARK

SAFE_PATH = "pg_catalog, pg_temp"
"""The search_path of SQL that is ours: what it names without a schema is PostgreSQL's own, whoever may create what
where. pg_temp is named because it would otherwise come first, for tables and types: a pooler hands us sessions in which
others have made temporary ones."""

SET_SAFE_PATH = f"SET LOCAL search_path = {SAFE_PATH}"
"""For transactions that begin in some other way."""

SHOWN: Mapping[str, str] = {
    "DateStyle": "ISO",  # without an order, which is what a person's literals are read by
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "quote_all_identifiers": "off",
}
"""What changes how values look and nothing else: it holds too where a person's text is a part of our statement.

TimeZone is left as it is: an instant comes with its offset, and a person reads a table's values in the zone of the
server's choice, as in psql. lc_messages is for superusers alone.
"""

PINNED: Mapping[str, str] = {
    "search_path": SAFE_PATH, **SHOWN, "IntervalStyle": "postgres", "standard_conforming_strings": "on"}
"""What holds in every transaction of ours: also what changes the meaning of a statement."""

UNPINNED: Mapping[str, str] = {}
"""A person's own statement means what it means in psql."""


def limits(target: Target, *, statement_timeout_ms: int | None = None, lock_timeout_ms: int | None = None
           ) -> dict[str, str]:
    """The timeouts as settings; in milliseconds, None: the target's, 0: none."""
    statement = target.statement_timeout_ms if statement_timeout_ms is None else statement_timeout_ms
    lock = target.lock_timeout_ms if lock_timeout_ms is None else lock_timeout_ms
    return {"statement_timeout": f"{statement:d}", "lock_timeout": f"{lock:d}"}


def unhurried(major: int) -> dict[str, str]:
    """A transaction_timeout of the role, where the server's version has it, would end the session; what is ours has a
    limit for each statement instead.
    """
    return {"transaction_timeout": "0"} if major >= 17 else {}


UNCOMPILED: Mapping[str, str] = {"jit": "off"}
"""The planner takes the catalog for so much larger than it is that compiling our reads takes longer than they do."""


def undisturbed(major: int) -> tuple[str, ...]:
    """Statements for a session of our own that changes things outside of transactions: what a role or a database has
    for everybody's would end or refuse them. Not behind a pooler, where they would be left to others."""
    own = {"default_transaction_read_only": "off", "statement_timeout": "0", "lock_timeout": "0",
           "idle_session_timeout": "0", "idle_in_transaction_session_timeout": "0", **unhurried(major)}
    return tuple(f"SET {name} = {value}" for name, value in own.items())


def preamble(target: Target, major: int, *, read_only: bool = True, statement_timeout_ms: int | None = None,
             lock_timeout_ms: int | None = None, pinned: Mapping[str, str] = PINNED,
             settings: Mapping[str, str] = UNPINNED) -> tuple[bytes, ...]:
    """BEGIN, and one query that sets what lasts for the transaction alone; nothing makes it read-write after that.

    `major` is the server's version, `settings` are more of them. Timeouts as for `limits`. Where all is ours the
    isolation is too: a default of serializable is refused on a standby, and a deferrable one waits. What is ours and
    reads does so as the target's `read_role`.
    """
    isolation = " ISOLATION LEVEL READ COMMITTED" if pinned is PINNED else ""
    begin = f"BEGIN{isolation} READ ONLY" if read_only else f"BEGIN{isolation}"
    role = {"role": target.read_role} if target.read_role is not None and read_only else {}
    timeouts = limits(target, statement_timeout_ms=statement_timeout_ms, lock_timeout_ms=lock_timeout_ms)
    ours = {**role, **unhurried(major), **UNCOMPILED} if pinned is PINNED else {}
    chosen = {**pinned, **ours, **timeouts, **settings}
    return begin.encode(), f"SELECT {OWN_MARK} {set_locally(chosen)}".encode()


def set_locally(settings: Mapping[str, str]) -> str:
    """Select-list items that set `settings` for the transaction; every name in them has its schema.

    The values are ours: they hold no quote and no backslash.
    """
    assert not any(mark in value for value in settings.values() for mark in "'\\")
    return ", ".join(f"pg_catalog.set_config('{name}', '{value}', true)" for name, value in settings.items())
