"""Opening one connection to a target: libpq's own ways, our manners, and text that can't break anything."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import weakref
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import psycopg
from psycopg import AsyncConnection, generators, waiting
from psycopg.abc import PQGen, PQGenConn
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import ConnStatus, DiagnosticField, TransactionStatus
from psycopg.pq.abc import PGconn

from console import ending, process, redaction
from console.errors import PasswordNeeded
from console.server import tls
from console.server.handshake import handshake, ignored_passfile
from console.server.loading import RECORDS
from console.server.target import APPLICATION_NAME, Target
from console.text import format as fmt
from console.text.parse import command_words
from console.waiting import waiting_for

PASSWORD_COMMAND_TIMEOUT_S = 20.0

WAIT_INTERVAL_S = 0.1
"""As psycopg's own."""

CANCEL_TRIES, CANCEL_AGAIN_S, CANCEL_REQUEST_TIMEOUT_S = 10, 0.5, 5.0

LIMITS = ("25P03", "25P04", "57P05")
"""idle_in_transaction_session_timeout, transaction_timeout and idle_session_timeout. Nothing that a transaction did is
left when they end it, unlike with other farewells."""

UNREAD = 10
"""Results that libpq may hold of what was asked before, when the connection is gone."""

T = TypeVar("T")

logging.getLogger("psycopg").setLevel(logging.ERROR)  # what it warns of is raised as well


class _Context:
    """What psycopg takes adapters from when a connection is made."""

    adapters = RECORDS
    connection = None


class PgConnection(AsyncConnection[Any]):
    """psycopg's connection, which asks the server again to cancel a statement when the first request was in vain.

    A server forgets a request that arrives between two messages of one command, as while it plans a statement that has
    been parsed; psycopg asks once, and gives the connection up.
    """

    pooler_notice: str | None = None
    """What a pooler has said last, as that it has no server for us yet (PgBouncer's query_wait_notify)."""

    ended_by: psycopg.Error | None = None
    """Which of its limits the server has ended this session by, said while nobody was asking."""

    def hear(self, said: psycopg.errors.Diagnostic) -> None:
        """Keeps a farewell, and what no server has said: PostgreSQL's own notices name the function they come from."""
        if said.source_function is None:
            self.pooler_notice = said.message_primary
        if said.sqlstate in LIMITS:
            self.ended_by = psycopg.errors.lookup(said.sqlstate)(said.message_primary or "")

    def _farewell(self) -> psycopg.Error | None:
        """What the server has said before it closed the connection, if a limit made it: libpq reports the end first."""
        for _ in range(UNREAD if self.pgconn.status == ConnStatus.BAD else 0):
            result = self.pgconn.get_result()
            sqlstate = None if result is None else result.error_field(DiagnosticField.SQLSTATE)
            if result is not None and sqlstate is not None and sqlstate.decode() in LIMITS:
                self.ended_by = psycopg.errors.error_from_result(result, "utf-8")
        return self.ended_by

    @classmethod
    def _connect_gen(cls, conninfo: str = "") -> PQGenConn[Self]:
        return cls((yield from handshake(conninfo)))

    async def wait(self, gen: PQGen[T], interval: float = WAIT_INTERVAL_S, timeout: float | None = None) -> T:
        try:
            return await waiting.wait_async(gen, self.pgconn.socket, interval=interval, timeout=timeout)
        except psycopg.OperationalError as error:
            if error.sqlstate is None and (farewell := self._farewell()) is not None:
                raise farewell from error
            raise
        except (asyncio.CancelledError, KeyboardInterrupt):
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                try:
                    await self._cancelled(gen)
                except BaseException as error:  # in an unknown state
                    self.pgconn.finish()
                    if not isinstance(error, Exception):
                        raise
            raise

    async def _cancelled(self, gen: PQGen[Any]) -> None:
        """Waits for the end of a command that the server is asked to cancel. Raises TimeoutError, psycopg.Error."""
        for _ in range(CANCEL_TRIES):
            with contextlib.suppress(psycopg.Error):
                await self.cancel_safe(timeout=CANCEL_REQUEST_TIMEOUT_S)
            with contextlib.suppress(TimeoutError):
                with contextlib.suppress(psycopg.errors.QueryCanceled):
                    await asyncio.wait_for(waiting.wait_async(gen, self.pgconn.socket, WAIT_INTERVAL_S), CANCEL_AGAIN_S)
                return  # of a COPY this was one message, and whoever reads it goes on to its end
        raise TimeoutError


async def connect(target: Target, kind: type[AsyncConnection[Any]] = PgConnection) -> AsyncConnection[Any]:
    """A connection to `target` in autocommit that never prepares, safe behind a transaction pooler.

    Raises psycopg.Error as libpq does, and ConsoleError when the target's password_command fails or it is a recording.
    """
    if (error := target.without_server()) is not None:
        raise error
    options = await _options(target)
    ignored = _ignored_passfile(conninfo_to_dict(target.conninfo) | options)
    if ignored is not None:
        options["passfile"] = str(ignored / "ignored")  # of which libpq has nothing to say on the terminal

    async def opened() -> AsyncConnection[Any]:
        try:
            return await AsyncConnection.connect.__func__(  # type: ignore[attr-defined,no-any-return]
                kind, target.conninfo, autocommit=True, prepare_threshold=None, context=_Context(), **options)
        except psycopg.Error as error:
            _keep_password(error.pgconn)
            raise await _explained(error, ignored) from error.__cause__
        except UnicodeError as error:  # the resolver's: a part of the name is empty or longer than 63 characters
            raise psycopg.OperationalError(f"could not translate host name: {error}") from error

    with waiting_for(f"{target.label} to accept the connection"):
        connection = await opened()
        if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
            # Such a server refuses to send what isn't UTF-8 to a client that asked for UTF-8.
            await connection.close()
            options["client_encoding"] = "SQL_ASCII"
            connection = await opened()
    if isinstance(connection, PgConnection):
        connection.add_notice_handler(connection.hear)
    _keep_password(connection.pgconn)
    _connections.add(connection)
    return connection


async def _options(target: Target) -> dict[str, Any]:
    """libpq's words that we add to the target's own."""
    given = conninfo_to_dict(target.conninfo)
    options: dict[str, Any] = {"client_encoding": "UTF8"}
    if "application_name" not in given:
        options["application_name"] = APPLICATION_NAME
    if "connect_timeout" not in given and "PGCONNECT_TIMEOUT" not in os.environ:
        options["connect_timeout"] = max(1, round(target.connect_timeout_s))
    for key, value in (("keepalives_idle", 15), ("keepalives_interval", 5), ("keepalives_count", 3),
                       ("tcp_user_timeout", 20000)):
        if key not in given:
            options[key] = value
    if target.password is not None:
        options["password"] = target.password
    elif target.password_command and "password" not in given:
        options["password"] = await _password_from(target.password_command, target.label)
    return options


def _ignored_passfile(given: Mapping[str, Any]) -> Path | None:
    """The passfile that libpq would look into and ignore. Which one a service names, only libpq knows."""
    passfile = given.get("passfile")
    if given.get("password") or "PGPASSWORD" in os.environ or (
            not passfile and (given.get("service") or "PGSERVICE" in os.environ)):
        return None
    return ignored_passfile(passfile)


async def _explained(error: psycopg.Error, ignored: Path | None) -> psycopg.Error:
    """The error with what libpq doesn't say: why a passfile had no password, what is wrong with a certificate."""
    if error.pgconn is not None and error.pgconn.needs_password:
        ignored = ignored or ignored_passfile(tls.options(error.pgconn).get("passfile"))
        return error if ignored is None else psycopg.OperationalError(
            f"{error}\n{ignored} is ignored, as others can read it")
    if error.pgconn is None or "certificate verify failed" not in str(error):
        return error
    why = await asyncio.to_thread(tls.why_refused, error.pgconn)
    return error if why is None else psycopg.OperationalError(f"{error}\n{why}")


def _keep_password(pgconn: PGconn | None) -> None:
    """Has it masked, wherever libpq took it from: a passfile, a service, its environment."""
    if pgconn is not None:
        with contextlib.suppress(psycopg.Error):
            redaction.keep(pgconn.password.decode("utf-8", "replace"),
                           *(part.decode("utf-8", "replace") for part in (pgconn.user, pgconn.db, pgconn.host)))


_connections: weakref.WeakSet[AsyncConnection[Any]] = weakref.WeakSet()


def own_pids(connection: AsyncConnection[Any]) -> list[int]:
    """The server's processes of all connections that this process has to the server of `connection`, which is open.
    Behind a pooler they are nobody's."""
    place = connection.info.host, connection.info.port
    return [other.info.backend_pid for other in list(_connections)
            if not other.closed and (other.info.host, other.info.port) == place]


def _cancellations() -> list[ending.Job]:
    """What asks the servers to cancel the statements that still run when the process ends: of a closed connection a
    server takes notice when it has something to send, which may be hours later."""
    running = [connection.pgconn for connection in list(_connections)
               if connection.pgconn.transaction_status == TransactionStatus.ACTIVE]
    return [partial(_cancel, pgconn) for pgconn in running if psycopg.capabilities.has_cancel_safe()]


def _cancel(pgconn: PGconn) -> None:
    request = pgconn.cancel_conn()
    request.start()
    waiting.wait_conn(generators.cancel(request), interval=0.05, timeout=ending.LAST_JOBS_WITHIN_S)


ending.last_jobs.append(_cancellations)


async def _password_from(command: str, label: str) -> str:
    """The first line that `command` prints. Its standard error is shown when it fails, its output never.

    It can't write to the terminal that the console draws on, and what it started ends with it.
    """
    try:
        with waiting_for(f"the password_command of {label}"):
            done = await process.run(command_words(command), within_s=PASSWORD_COMMAND_TIMEOUT_S)
    except TimeoutError:
        raise PasswordNeeded(f"{label}: password_command took more than {fmt.duration(PASSWORD_COMMAND_TIMEOUT_S)}",
                             hint="run it in a shell: it may be waiting for an answer") from None
    except (OSError, ValueError) as error:
        raise PasswordNeeded(f"{label}: password_command can't be run: {getattr(error, 'strerror', None) or error}",
                             hint="it is a program with arguments; sh -c '...' where a shell is meant") from None
    lines = done.output.decode("utf-8", "replace").splitlines()
    if done.exit_status != 0 or not lines or not lines[0]:
        words = done.complaint.decode("utf-8", "replace").strip()
        raise PasswordNeeded(
            f"{label}: password_command ended with {done.exit_status}" if done.exit_status
            else f"{label}: password_command printed nothing", detail=words or None,
            hint="it must print the password as its first line")
    redaction.keep(lines[0])
    return lines[0]
