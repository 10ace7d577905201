"""The console's own reads as a role that may only read; a person's statements as the person's."""

from __future__ import annotations

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from console.errors import ConsoleError
from console.server.single import single_session
from console.server.target import Target
from tests.live.test_pool import query
from tests.support.servers import Database, LiveServer

WHO = "SELECT current_user::text AS x"


async def test_own_reads_run_as_the_read_role(any_server: LiveServer) -> None:
    with any_server.database() as database, any_server.role() as watcher:
        with database.connect() as connection:
            connection.execute(sql.SQL("GRANT pg_monitor TO {}").format(sql.Identifier(watcher)))
            connection.execute("CREATE TABLE secret (id int)")
        target = Target(name="t", conninfo=database.conninfo, read_role=watcher)
        async with single_session(target) as session:
            assert [row.x for row in await session.fetch(query(WHO))] == [watcher]
            with pytest.raises(ConsoleError, match="permission denied"):
                await session.fetch(query("SELECT id::text AS x FROM public.secret"))
        async with single_session(Target(name="t", conninfo=database.conninfo)) as session:
            assert [row.x for row in await session.fetch(query(WHO))] != [watcher]


async def test_one_that_is_not_there_or_not_given_is_said(database: Database, server: LiveServer) -> None:
    target = Target(name="t", conninfo=database.conninfo, read_role="nobody of that name")
    with pytest.raises(ConsoleError, match="nobody of that name"):
        async with single_session(target) as session:
            await session.fetch(query(WHO))
    with server.role() as plain, server.role() as watcher:
        conninfo = make_conninfo(database.conninfo, user=plain)
        with pytest.raises(ConsoleError, match="permission denied"):
            async with single_session(Target(name="t", conninfo=conninfo, read_role=watcher)) as session:
                await session.fetch(query(WHO))
