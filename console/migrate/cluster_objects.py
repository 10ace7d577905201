"""What a script may do to the whole cluster: roles, tablespaces, databases. A scratch database is no place for that.

The text alone doesn't tell (a DO block makes up its statements), so files in a transaction are guarded besides: just
before COMMIT roles, memberships, tablespaces and their settings must be what they were, else nothing is committed.
"""

from __future__ import annotations

import re

from console.migrate.fingerprint import SHARED_DIGEST
from console.migrate.prepare import Prepared
from console.migrate.records import MigrationFile
from console.server.script import ScriptCommand, ScriptSession

CHANGED = "DBC01"
"""The SQLSTATE of a guard that refuses."""

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_ROLES = re.compile(
    r"\b(?:create|alter|drop)\s+(?:role|user|group)\b(?!\s+mapping)"
    r"|\b(?:reassign|drop)\s+owned\b|\bcomment\s+on\s+role\b"
    r"|\b(?:grant|revoke)\b(?:(?!\bon\b)[^;])*?\b(?:to|from)\b", re.IGNORECASE)
_BEYOND_A_GUARD = re.compile(
    r"\b(?:create|alter|drop)\s+(?:database|tablespace)\b|\balter\s+system\b"
    r"|\bon\s+(?:database|tablespace)\b|\bsecurity\s+label\b.{0,80}?\bon\s+role\b"
    r"|\b(?:create|alter|drop)\s+subscription\b|\bpg_create_(?:logical|physical)_replication_slot\b",
    re.IGNORECASE | re.DOTALL)


def touches_cluster(file: MigrationFile) -> str | None:
    """What either way of a migration says about roles and the like, wherever it says so; None: nothing.

    Where the roles exist already such a file may do nothing at all, and going there and back would prove as much.
    """
    for script in (file.up, file.down):
        text = _COMMENT.sub(" ", script.text) if script is not None else ""
        if found := _ROLES.search(text) or _BEYOND_A_GUARD.search(text):
            return " ".join(found[0].split())
    return None


def needs_own_cluster(script: Prepared) -> str | None:
    """What a script does, as far as its text tells, that not even a guard could take back; None: nothing."""
    text = _COMMENT.sub(" ", script.script.text)
    found = _BEYOND_A_GUARD.search(text) or (None if script.in_transaction else _ROLES.search(text))
    return " ".join(found[0].split()) if found else None


async def guard(session: ScriptSession) -> ScriptCommand:
    """The statement that refuses to go on when anything shared isn't as it is now."""
    query = SHARED_DIGEST.text(session.info)
    ((digest,),) = await session.execute(query)
    return ScriptCommand(
        f"DO $dbconsole$ BEGIN IF (\n{query}\n) IS DISTINCT FROM '{digest}' THEN RAISE EXCEPTION "
        f"'it changes roles or tablespaces, which the whole cluster shares' USING ERRCODE = '{CHANGED}'; "
        "END IF; END $dbconsole$")
