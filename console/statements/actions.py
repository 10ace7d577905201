"""Resetting pg_stat_statements: written down before and after, as every act of a person's is."""

from __future__ import annotations

from console.activity import audit
from console.errors import ConsoleError, Denied, ServerError
from console.server.query import load
from console.server.session import Session
from console.sql.quoting import identifier
from console.statements.read import EXTENSION
from console.statements.records import Key, WasReset

RESETS = tuple(load("console.statements", f"reset_{version}", WasReset) for version in ("1_11", "1_9"))
"""By the arguments that the function has: with a default left out, another's of the same name could fit better."""

QUERY_CHARACTERS = 300


async def reset(session: Session, key: Key | None = None, text: str = "") -> None:
    """Forgets the counters of one statement, or (None) of all of every database. Raises ConsoleError where it can't."""
    facts: dict[str, object] = {
        "action": "reset statements" if key is None else "reset statement", "target": session.target.label,
        "server": session.info.host, "role": session.info.user, "database": session.info.database}
    params = {"is_all": key is None, "user_id": 0, "database_id": 0, "query_id": 0}
    if key is not None:
        facts |= {"query_id": key.query_id, "query": text[:QUERY_CHARACTERS]}
        params |= {"user_id": key.user_id, "database_id": key.database_id, "query_id": key.query_id or 0}
    query = next((reset for reset in RESETS if reset.obstacle(session.info) is None), RESETS[-1])
    audit.write("asked", facts)
    try:
        rows = await session.fetch(query, params)
        if not rows:
            raise ServerError(f"{session.target.label}: nothing was reset: that entry has no number to name it by")
    except ConsoleError as error:
        audit.write("failed", facts | {"outcome": error.summary})
        if isinstance(error, Denied):
            raise Denied(error.summary, hint=_grant(session)) from error
        raise
    audit.write("done", facts)


def _grant(session: Session) -> str:
    extension = session.info.extensions.get(EXTENSION)
    schema = extension.schema if extension else "public"
    arguments = "oid, oid, bigint" + (", boolean" if extension and _has_minmax(extension.version) else "")
    function = f"{identifier(schema, 'pg_stat_statements_reset')}({arguments})"
    return (f"a superuser may allow it: GRANT EXECUTE ON FUNCTION {function} "
            f"TO {session.info.quoted_user}")


def _has_minmax(version: str) -> bool:
    return tuple(int(part) for part in version.split(".")[:2]) >= (1, 11)
