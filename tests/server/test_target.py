"""What a person means by TARGET, and that no secret is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from rich.pretty import pretty_repr

from console.config import Config, TargetConfig
from console.errors import UsageError
from console.server.target import Target, redacted, resolve

CONFIG = Config(path=Path("dbconsole.toml"), default_target="staging", targets={
    "staging": TargetConfig(name="staging", dsn="service=staging", environment="staging"),
    "prod": TargetConfig(name="prod", dsn="host=db1 password=hunter2 dbname=app", environment="production"),
})


def test_a_name_comes_from_the_configuration() -> None:
    target = resolve("prod", CONFIG)
    assert (target.name, target.environment, target.starts_read_only) == ("prod", "production", True)
    assert target.statement_timeout_ms == 5000


def test_nothing_means_the_default_target_then_libpqs_environment() -> None:
    assert resolve(None, CONFIG).name == "staging"
    assert resolve(None, Config()).conninfo == ""


@pytest.mark.parametrize("argument", ["postgresql://me@db1:5433/app", "host=db1 port=5433 user=me dbname=app"])
def test_a_uri_or_a_conninfo_is_taken_as_it_is(argument: str) -> None:
    target = resolve(argument, CONFIG)
    assert target.label == "me@db1:5433/app"
    assert target.environment == "unknown" and target.starts_read_only


def test_psqls_options_override_and_do_without_the_default_target() -> None:
    assert conninfo_to_dict(resolve(None, CONFIG, {"host": "db9"}).conninfo) == {"host": "db9"}
    assert conninfo_to_dict(resolve("staging", CONFIG, {"dbname": "x"}).conninfo) == {
        "service": "staging", "dbname": "x"}


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(UsageError) as caught:
        resolve("stagign", CONFIG)
    assert caught.value.hint == "did you mean staging?"


@pytest.mark.parametrize("argument", ["host=db1 password='hunter2", "postgresql://me:hunter2@[db1/app", "hunter2=x",
                                      "host=x hunter2 = = ="])
def test_an_unreadable_conninfo_is_told_without_its_secret(argument: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(argument, CONFIG)
    assert "not a valid connection string" in caught.value.summary
    assert "hunter2" not in "\n".join(caught.value.lines())


@pytest.mark.parametrize("argument", [
    f"postgresql://u:{password}@db1{port}/{database}" for port in ("", ":5433") for database in ("app", "")
    for password in ("S3cr3t/pass", "S3cr3t@pass", "pass/S3cr3t", "p@S3cr3t", "/S3cr3t", "@S3cr3t", "S3cr3t/",
                     "S3cr3t@", "12/S3cr3t", "S3cr3t?pass", "S3cr3t#/p", "S3cr3t/p@ss", "p@S3cr3t/p", "p:S3cr3t/p",
                     "p%S3cr3t", "[S3cr3t", "S3cr3t]", "S3cr3t p/s")
] + ["postgresql://u@S3cr3t@db1/app", "postgres://u@S3cr3t/pass@db1/app", "postgresql://S3cr3t/pass@db1/app"])
def test_a_password_that_is_not_escaped_in_a_uri_is_never_shown(argument: str) -> None:
    """One that libpq takes after all, as it stands, is its affair."""
    try:
        target = resolve(argument, CONFIG)
    except UsageError as error:
        told = "\n".join(error.lines())
        assert "S3cr3t" not in told and "%2F" in told and "%40" in told
    else:
        assert "S3cr3t" not in target.label + repr(target)
        assert conninfo_to_dict(target.conninfo)["host"] == "db1"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_neither_label_nor_repr_holds_the_password(secret: str) -> None:
    marked = f"s3cr3t{secret}"
    target = Target(name="", conninfo="host=db1 dbname=app", password=marked).with_password(marked)
    assert "s3cr3t" not in repr(target) + target.label


@pytest.mark.parametrize("secretive", [
    Target(name="db1", conninfo="password=s3cr3t", direct_conninfo="password=s3cr3t", password="s3cr3t",
           pgbouncer_conninfo="password=s3cr3t", password_command="echo s3cr3t"),
    TargetConfig(name="db1", dsn="password=s3cr3t", direct_dsn="password=s3cr3t", pgbouncer="password=s3cr3t",
                 password_command="echo s3cr3t")])
def test_a_traceback_with_its_locals_holds_no_secret(secretive: object) -> None:
    for shown in (repr(secretive), pretty_repr(secretive)):
        assert "db1" in shown and "s3cr3t" not in shown


def test_a_redacted_conninfo_names_host_and_database_only() -> None:
    assert redacted("host=db1 port=5433 password=hunter2 dbname=app user=me") == "me@db1:5433/app"
    assert redacted("service=prod password=x") == "service=prod"
    assert redacted("") == "libpq's environment"
    assert "hunter2" not in redacted("password='hunter2")


def test_another_database_of_the_same_server() -> None:
    target = resolve("prod", CONFIG).with_database('we"ird db')
    assert conninfo_to_dict(target.conninfo)["dbname"] == 'we"ird db'
    assert target.name == 'prod/we"ird db'
    assert target.with_database("app").name == "prod/app"
