"""What a script may do to the whole cluster: roles, tablespaces, databases. A scratch database is no place for that.

The text alone doesn't tell (a function may do anything), so transactions are guarded besides: just before COMMIT roles,
memberships, tablespaces and their settings must be what they were, else nothing is committed.
"""

from __future__ import annotations

from contextlib import suppress

from console.migrate.faults import FileError
from console.migrate.fingerprint import SHARED_DIGEST
from console.migrate.prepare import Prepared
from console.migrate.records import MigrationFile
from console.server.preamble import SAFE_PATH
from console.server.script import ScriptCommand, ScriptSession
from console.sql.cluster_effects import cluster_effects
from console.sql.quoting import literal

CHANGED = "DBC01"
"""The SQLSTATE of a guard that refuses."""


def touches_cluster(file: MigrationFile) -> str | None:
    """What either way of a migration says about roles and the like, wherever it says so; None: nothing.

    Where the roles exist already such a file may do nothing at all, and going there and back would prove as much.
    """
    for script in (file.up, file.down):
        with suppress(FileError):  # what can't be split is told when its turn comes
            for statement in script.statements() if script is not None else ():
                if (effect := next(cluster_effects(statement.sql), None)) is not None:
                    return effect.what
    return None


def needs_own_cluster(script: Prepared) -> str | None:
    """What a script does, as far as its text tells, that not even a guard could take back; None: nothing.

    What the text doesn't tell is taken for the worst.
    """
    if script.directives.command is not None:
        return "what a program changes, which nobody can tell,"
    for statement in script.statements:
        for effect in cluster_effects(statement.sql):
            if effect.reach != "roles" or not script.in_transaction:
                return effect.what
        if statement.verb == "CALL" and not script.in_transaction:
            return "CALL of a procedure that may commit"
    return None


class ClusterGuard:
    """Holds the transactions of one session to roles and the like as they were looked at last; what is committed
    changes none of them."""

    def __init__(self, session: ScriptSession) -> None:
        self._session = session
        self._is_made = False
        self._digest: str | None = None

    async def make(self) -> None:
        """Keeps the check as a function of the session's own, which is planned once: a block is for each file anew."""
        if not self._session.info.is_pooled:
            await self._session.execute(
                f"CREATE FUNCTION {_FUNCTION}(wanted pg_catalog.text) RETURNS pg_catalog.void LANGUAGE plpgsql "
                f"AS $dbconsole$ {_block(self._session, 'wanted')} $dbconsole$")
            self._is_made = True

    async def look(self) -> ScriptCommand:
        """The statement that refuses to go on when anything shared isn't as it is now."""
        (now,) = await self._session.fetch(SHARED_DIGEST)
        self._digest = now.digest
        return await self.command()

    async def command(self) -> ScriptCommand:
        """The statement that refuses to go on when anything shared isn't as it was at the last look."""
        if self._digest is None:
            return await self.look()
        wanted = literal(self._digest)
        return ScriptCommand(f"SELECT {_FUNCTION}({wanted})" if self._is_made
                             else f"DO $dbconsole$ {_block(self._session, wanted)} $dbconsole$")

    def may_be_amiss(self, sqlstate: str | None) -> bool:
        """Whether a refusal may be the guard's own fault, which is mended: somebody else has changed roles since they
        were looked at, or a script has dropped what is temporary."""
        if sqlstate == CHANGED:
            self._digest = None
            return True
        was_made = self._is_made and sqlstate in _NO_FUNCTION
        self._is_made = self._is_made and not was_made
        return was_made


_FUNCTION = "pg_temp.dbconsole_guard"
_NO_FUNCTION = ("42883", "3F000")
"""undefined_function and invalid_schema_name."""


def _block(session: ScriptSession, wanted: str) -> str:
    return ("DECLARE files_path pg_catalog.text; digest pg_catalog.text; BEGIN "
            "files_path := pg_catalog.current_setting('search_path'); "
            f"PERFORM pg_catalog.set_config('search_path', {literal(SAFE_PATH)}, true); "
            f"digest := (\n{SHARED_DIGEST.text(session.info)}\n); "
            # what is deferred to COMMIT is the file's own
            "PERFORM pg_catalog.set_config('search_path', files_path, true); "
            f"IF (digest OPERATOR(pg_catalog.=) {wanted}) IS NOT TRUE THEN RAISE EXCEPTION "
            f"'it changes roles or tablespaces, which the whole cluster shares' USING ERRCODE = {literal(CHANGED)}; "
            "END IF; END")
