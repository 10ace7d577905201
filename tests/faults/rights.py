"""What may be done changes under the console: rights, passwords, databases, limits of the role."""

from __future__ import annotations

import time
from collections.abc import Iterator

from psycopg.conninfo import make_conninfo

from tests.faults.fault import LIVE, Outcome, Scene, expect, fault, leave, see, trial

HBA = "local all postgres trust\nlocal all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


def with_role(scene: Scene, attributes: str = "LOGIN") -> None:
    """The console is a role that may see everything, but owns nothing."""
    scene.sql(f"CREATE ROLE person {attributes}", "GRANT pg_monitor TO person")
    scene.conninfo = make_conninfo(scene.server.dsn, user="person")


def end_sessions(scene: Scene) -> None:
    scene.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{scene.name}'")


@fault(r"\d+ sessions? hidden from this role", check=0, stays_live=True)
def rights_revoked(scene: Scene) -> Iterator[None]:
    """The role loses pg_monitor, while others have open transactions."""
    with_role(scene)
    with scene.server.connect() as other:
        other.execute("BEGIN; SELECT 1")
        yield
        scene.sql("REVOKE pg_monitor FROM person")
        yield
        scene.sql("GRANT pg_monitor TO person")
        yield


@fault(r"the role may not log in")
def login_revoked(scene: Scene) -> Iterator[None]:
    """The role may no longer log in, and its sessions are ended."""
    with_role(scene)
    yield
    scene.sql("ALTER ROLE person NOLOGIN")
    end_sessions(scene)
    yield
    scene.sql("ALTER ROLE person LOGIN")


@trial()
def password_changed(scene: Scene) -> Outcome:
    """The role gets another password, and its sessions are ended; the person types the new one."""
    scene.server = scene.servers.listening(HBA)
    scene.sql("CREATE ROLE person LOGIN PASSWORD 'one'", "GRANT pg_monitor TO person")
    scene.conninfo = scene.server.tcp(user="person", password="one")
    outcome = Outcome()
    with scene.console() as screen:
        screen.wait(LIVE, 40)
        scene.sql("ALTER ROLE person PASSWORD 'two'")
        end_sessions(scene)
        outcome.seen = see(screen, "Password for", outcome)
        outcome.check = scene.check().returncode
        expect(outcome, outcome.check == 2, "--check must be CRITICAL")
        screen.send("two\r")
        typed = time.perf_counter() - screen.started
        outcome.recovers_s = screen.wait(LIVE, 40) - typed
        outcome.leaves_s = leave(screen, outcome)
    scene.left(outcome)
    return outcome


@fault(r"the database does not exist")
def database_dropped(scene: Scene) -> Iterator[None]:
    """The database is dropped (WITH FORCE), and made anew."""
    scene.sql("CREATE DATABASE shop")
    scene.conninfo = make_conninfo(scene.server.dsn, dbname="shop")
    yield
    scene.sql("DROP DATABASE shop WITH (FORCE)")
    yield
    scene.sql("CREATE DATABASE shop")


@fault(r"the database does not exist")
def database_renamed(scene: Scene) -> Iterator[None]:
    """The database is renamed, its sessions ended before, and named back."""
    scene.sql("CREATE DATABASE shop")
    scene.conninfo = make_conninfo(scene.server.dsn, dbname="shop")
    yield
    scene.sql("ALTER DATABASE shop ALLOW_CONNECTIONS false")
    end_sessions(scene)
    scene.sql("ALTER DATABASE shop RENAME TO store", "ALTER DATABASE store ALLOW_CONNECTIONS true")
    yield
    scene.sql("ALTER DATABASE store RENAME TO shop")


def limited(scene: Scene, setting: str) -> Iterator[None]:
    with_role(scene)
    yield
    scene.sql(f"ALTER ROLE person SET {setting} = '10ms'")
    end_sessions(scene)
    yield
    scene.sql(f"ALTER ROLE person RESET {setting}")


@fault(LIVE, check=0)
def statement_timeout_10ms(scene: Scene) -> Iterator[None]:
    """The role gets a statement_timeout of 10 ms, and its sessions are ended."""
    yield from limited(scene, "statement_timeout")


@fault(LIVE, check=0)
def idle_in_transaction_timeout_10ms(scene: Scene) -> Iterator[None]:
    """The role gets an idle_in_transaction_session_timeout of 10 ms, and its sessions are ended."""
    yield from limited(scene, "idle_in_transaction_session_timeout")


@fault(LIVE, check=0)
def transaction_timeout_10ms(scene: Scene) -> Iterator[None]:
    """The role gets a transaction_timeout of 10 ms, and its sessions are ended."""
    yield from limited(scene, "transaction_timeout")
