"""Scratch databases: made from template0 beside the target's own database, cloned from each other, dropped at the end,
unless one is kept for the next run (console.migrate.kept_databases).

Nothing but a scratch database is ever written to or used as a template. Their names and comments carry the token of the
run, which its session carries too: what a killed run has left is told from what a living one uses, and dropped by the
next run.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from msgspec import Struct
from msgspec.structs import replace

from console.errors import ConsoleError
from console.migrate.faults import MigrationError
from console.migrate.scratch_setup import CIRCUMSTANCES
from console.server.preamble import undisturbed
from console.server.query import load
from console.server.script import ScriptFault, ScriptSession, script_session
from console.server.target import Target
from console.sql.quoting import identifier, literal
from console.waiting import finish

MARKER = "dbconsole scratch database"


class ScratchRow(Struct, frozen=True):
    """sql/scratch_databases.sql as it comes."""

    name: str
    comment: str | None
    is_in_use: bool


class DatabaseLocale(Struct, frozen=True):
    """sql/database_locale.sql as it comes; `provider` is b, c or i, None before PostgreSQL 15."""

    encoding: str
    collate: str
    ctype: str
    provider: str | None
    locale: str | None
    may_create: bool


class VacatedDatabase(Struct, frozen=True):
    """sql/vacated_database.sql as it comes."""

    pid: int
    is_ended: bool


_VACATED = load("console.migrate", "vacated_database", VacatedDatabase)
_LEFT = load("console.migrate", "scratch_databases", ScratchRow)
_LOCALE = load("console.migrate", "database_locale", DatabaseLocale)


class ScratchServer:
    """The scratch databases of one run on one server."""

    def __init__(self, session: ScriptSession, locale: DatabaseLocale, token: str) -> None:
        self.session = session
        self.locale = locale
        self._token = token
        self._made: dict[str, Target] = {}
        self._settings = {"synchronous_commit": "off",  # nothing here is for good
                          "default_transaction_read_only": "off"}
        self._count = 0

    @property
    def major(self) -> int:
        return self.session.info.major

    async def create(self, like: Target | str | None = None) -> Target:
        """An empty database, or a copy of the scratch database `like`, which nobody may be connected to; by its name
        that of a kept one.

        Raises MigrationError when the server refuses.
        """
        self._count += 1
        name = f"dbconsole_scratch_{self._token}_{self._count}"
        target = self.session.target.with_database(name)
        target = replace(target, environment="development", read_only=False, name=f"scratch database {self._count}")
        if not self.session.info.is_pooled:
            target = target.with_settings(self._settings)
        if like is None:
            words = f"TEMPLATE template0 {self._like_the_target()}"
        else:
            template = like if isinstance(like, str) else self._name(like)
            await self._vacate(template)
            words = f"TEMPLATE {identifier(template)}"
        self._made[name] = target  # before it is there: cancelled meanwhile, it is dropped all the same
        try:
            await self.session.statement(f"CREATE DATABASE {name} {words}")
            await self.session.statement(f"COMMENT ON DATABASE {name} IS {literal(f'{MARKER}, run {self._token}')}")
        except ScriptFault as fault:
            raise MigrationError(f"no scratch database could be made: {fault.fault.summary}", detail=fault.fault.detail,
                                 hint=fault.fault.hint or "--embedded proves in a server of its own") from fault
        if self.session.info.is_pooled:
            await self._check_pooler(target)
        return target

    async def spare_statistics(self) -> None:
        """Keeps what is run in scratch databases out of pg_stat_statements, where the role may."""
        (found,) = await self.session.fetch(CIRCUMSTANCES)
        if found.has_statements and not self.session.info.is_pooled:
            with suppress(ScriptFault):
                await self.session.statement("SET pg_stat_statements.track = none")
                self._settings["pg_stat_statements.track"] = "none"

    async def _check_pooler(self, target: Target) -> None:
        """Raises MigrationError where a pooler lets nobody through to a database that it hasn't been told of."""
        try:
            async with script_session(target, purpose="scratch"):
                pass
        except ConsoleError as error:
            raise MigrationError(f"{self.session.target.label} goes through a pooler, which leads to no scratch "
                                 f"database: {error.summary}", detail=error.detail,
                                 hint="give the target a direct_dsn, past the pooler") from error

    async def _vacate(self, name: str) -> None:
        """Ends the connections to a database of ours that a pooler has kept: it could not be copied or renamed."""
        if self.session.info.is_pooled:
            await self.session.fetch(_VACATED, {"name": name})

    async def drop(self, target: Target) -> None:
        """Drops a database of ours with whoever is connected to it. Raises ScriptFault."""
        name = self._name(target)
        await self.session.statement(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        del self._made[name]

    def _name(self, target: Target) -> str:
        return next(name for name, made in self._made.items() if made is target)

    async def keep(self, target: Target, name: str, comment: str) -> None:
        """Leaves a database of ours for later runs, under another name and with a comment that says so; from now on
        nobody connects to it. Raises ScriptFault where there is one of that name, and ours stays what it was."""
        old = self._name(target)
        await self._vacate(old)
        await self.comment(old, comment)
        await self.session.statement(f"ALTER DATABASE {old} ALLOW_CONNECTIONS false")
        await self.session.statement(f"ALTER DATABASE {old} RENAME TO {name}")
        del self._made[old]

    async def comment(self, name: str, comment: str) -> None:
        """Raises ScriptFault."""
        await self.session.statement(f"COMMENT ON DATABASE {identifier(name)} IS {literal(comment)}")

    async def drop_kept(self, name: str) -> None:
        """Drops a kept database; where another run is copying it, it stays."""
        with suppress(ScriptFault):
            await self.session.statement(f"DROP DATABASE IF EXISTS {identifier(name)}")

    async def drop_all(self) -> None:
        """Drops what this run has made; on a connection of its own where that of the run is gone."""
        if not self.session.connection.closed:
            for target in [*self._made.values()]:
                await self.drop(target)

    async def drop_leftovers(self) -> tuple[str, ...]:
        """Drops the databases that killed runs have left; their names. One that can't be dropped is left again."""
        dropped = []
        for row in await self.session.fetch(_LEFT):
            if not row.is_in_use and (row.comment is None or row.comment.startswith(MARKER)):
                try:
                    await self.session.statement(f"DROP DATABASE IF EXISTS {identifier(row.name)}")
                except ScriptFault:
                    continue
                dropped.append(row.name)
        return tuple(dropped)

    def _like_the_target(self) -> str:
        """The same encoding and sorting as the target's database, so that what migrations build is the same."""
        given = self.locale
        words = [f"ENCODING {literal(given.encoding)}", f"LC_COLLATE {literal(given.collate)}",
                 f"LC_CTYPE {literal(given.ctype)}"]
        if given.provider == "i":
            words += ["LOCALE_PROVIDER icu", f"ICU_LOCALE {literal(given.locale or 'und')}"]
        elif given.provider == "b":
            words += ["LOCALE_PROVIDER builtin", f"BUILTIN_LOCALE {literal(given.locale or 'C')}"]
        elif given.provider == "c":
            words.append("LOCALE_PROVIDER libc")
        return " ".join(words)


@asynccontextmanager
async def scratch_server(target: Target) -> AsyncIterator[ScratchServer]:
    """Where scratch databases may be made, which all are dropped at the end of the block, also of a cancelled one.

    Raises MigrationError where the target is production or a standby, or its role may not create databases.
    """
    if target.is_production:
        raise MigrationError(f"{target.label} is production: no scratch database is made there",
                             hint="use a staging or development target, -t demo, or --embedded for a server of its own")
    token = secrets.token_hex(4)
    async with script_session(target.direct(), purpose=f"scratch {token}") as session:
        info = session.info
        if not info.is_pooled:  # a conninfo may name the application itself, but this is what the next run goes by
            await session.execute(f"SET application_name = 'dbconsole scratch {token}'", *undisturbed(info.major))
        if info.is_standby:
            raise MigrationError(f"{target.label} is a standby: no scratch database can be made there",
                                 hint="use its primary, or --embedded for a server of its own")
        (locale,) = await session.fetch(_LOCALE)
        if not locale.may_create:
            raise MigrationError(f"{info.user} may not create databases",
                                 hint=f"ALTER ROLE {info.quoted_user} CREATEDB, or --embedded for a server of its own")
        server = ScratchServer(session, locale, token)
        await server.spare_statistics()
        await server.drop_leftovers()
        try:
            yield server
        finally:
            await finish(_drop_all(server))


async def _drop_all(server: ScratchServer) -> None:
    try:
        await server.drop_all()
    except (ConsoleError, ScriptFault):
        pass  # the next run finds them by name and comment
