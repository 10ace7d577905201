"""The configuration: what is accepted, and how each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from console import config
from console.errors import ConfigError


def load(tmp_path: Path, text: str) -> config.Config:
    file = tmp_path / "dbconsole.toml"
    file.write_text(text)
    file.chmod(0o600)
    return config.load(file)


def test_everything_that_the_design_shows_is_read(tmp_path: Path) -> None:
    found = load(tmp_path, """
        default_target = "prod"
        [targets.prod]
        dsn = "service=prod"
        environment = "production"
        read_only = true
        direct_dsn = "service=prod-direct"
        pgbouncer = "host=db1 port=6432 dbname=pgbouncer user=stats"
        pool = { min_size = 1, max_size = 7, timeout = "5s" }
        statement_timeout = "250ms"
        [services.memory_management]
        schemas = ["memory_management"]
        migrations = "migrations/memory_management"
        [checks.connections]
        warning = "80%"
        critical = 95
        [embedders.openai]
        url = "https://api.openai.com/v1"
        model = "text-embedding-3-small"
        key_env = "OPENAI_API_KEY"
        columns = ["document_store.embeddings.embedding"]
        [embedders.local]
        command = "embed --json"
        timeout = "3s"
    """)
    prod = found.targets["prod"]
    assert (prod.name, prod.environment, prod.read_only) == ("prod", "production", True)
    assert (prod.pool.max_size, prod.pool.timeout, prod.statement_timeout) == (7, 5.0, 0.25)
    assert found.services["memory_management"].schemas == ("memory_management",)
    assert found.services["memory_management"].migrations == tmp_path / "migrations/memory_management"
    assert found.checks["connections"].warning == "80%"
    assert found.checks["connections"].critical == 95
    assert found.embedders["openai"].key_env == "OPENAI_API_KEY" and found.embedders["openai"].timeout == 20
    assert found.embedders["openai"].columns == ("document_store.embeddings.embedding",)
    assert (found.embedders["local"].command, found.embedders["local"].timeout) == ("embed --json", 3.0)


@pytest.mark.parametrize(("text", "summary", "hint"), [
    ("defualt_target = 'x'", "defualt_target: unknown key", "did you mean default_target?"),
    ("[targets.a]\ndsn=''\n", "targets.a: dsn is missing", "dsn ="),
    ("[targets.a]\ndsn='host=x'\nenviroment='production'", "targets.a.enviroment: unknown key", "environment"),
    ("[targets.a]\ndsn='host=x'\nenvironment='prod'", "'prod' is none of production", None),
    ("[targets.a]\ndsn='host=x'\nstatement_timeout='5 parsecs'", "statement_timeout: '5 parsecs' is no", "5s"),
    ("[targets.a]\ndsn='host=x'\nstatement_timeout=true", "targets.a.statement_timeout: True is no duration", "5s"),
    ("[targets.a]\ndsn='host=x'\nread_only='yes'", "targets.a.read_only: must be true or false, is 'yes'", None),
    ("[targets.a]\ndsn='host=x'\npool=3", "targets.a.pool: must be a table", None),
    ("[targets.a]\ndsn='host=x'\npool={max=3}", "targets.a.pool.max: unknown key", "max_size"),
    ("[targets.demo]\ndsn='host=x'", "the name demo is reserved", None),
    ("[embedders.a]\nkey='sk-1'", "embedders.a.key: unknown key", "key_env"),
    ("targets = 3", "targets: must be tables", None),
    ("[targets]\na = 3", "targets.a: must be a table", None),
    ("default_target = 'staging'\n[targets.stageing]\ndsn='host=x'", "there is no target 'staging'", "stageing"),
    ("[services.a]\nschemas = 'a'", "services.a.schemas: must be a list of strings", None),
    ("x = = 3", "Invalid value", "TOML"),
    ("[targets.a]\ndsn='host=x'\nstatement_timeout=inf", "targets.a.statement_timeout: inf is too long", "24d"),
    ("[targets.a]\ndsn='host=x'\nstatement_timeout='100d'", "statement_timeout: '100d' is too long", "24d"),
    ("[targets.a]\ndsn='host=x'\nconnect_timeout=nan", "targets.a.connect_timeout: nan is no duration", "5s"),
    ("[targets.a]\ndsn='host=x'\npool={max_size=0}", "targets.a.pool.max_size: must be from 1 to 100, is 0", None),
    ("[targets.a]\ndsn='host=x'\npool={min_size=5}", "targets.a.pool.max_size: must be from 5 to 100, is 4", None),
    ("[targets.a]\ndsn='host=x'\npool={min_size=-1}", "pool.min_size: must be from 0 to 100, is -1", None),
    ("[targets.a]\ndsn='host=x'\npool={timeout=0}", "targets.a.pool.timeout: must be more than 0", None),
    ("[targets.\"\"]\ndsn='host=x'", "targets.'': a name must be made of printable characters", None),
    ("[targets.\"\\u001b[31m\"]\ndsn='host=x'", "targets.'\\x1b[31m': a name must be", None),
    ("[console]\ntheme='dsk'", "console.theme: there is no theme 'dsk'", "did you mean dusk?"),
    ("[console]\nrefresh='0s'", "console.refresh: must be at least 100ms", None),
    ("[console]\nslow_query='50ms'", "console.slow_query: must be at least 200ms", None),
    ("[checks.a]\nwarning=true", "checks.a.warning: must be text or a number, is True", None),
    ("a=" + "[" * 20_000, "is nested too deeply", None),
])
def test_a_mistake_names_file_key_and_what_was_meant(tmp_path: Path, text: str, summary: str, hint: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert str(tmp_path / "dbconsole.toml") in caught.value.summary
    assert summary in caught.value.summary
    assert hint is None or hint in (caught.value.hint or "")
    assert caught.value.exit_status == 3


@pytest.mark.parametrize(("text", "seconds"), [
    ("5", 5), ("0.5", 0.5), ("'250ms'", 0.25), ("'5s'", 5), ("'5m'", 300), ("'10min'", 600), ("'2h'", 7200),
    ("'1d'", 86_400), ("'1.5 h'", 5400), ("' 5 s '", 5),
])
def test_a_duration_is_in_its_unit(tmp_path: Path, text: str, seconds: float) -> None:
    found = load(tmp_path, f"[targets.a]\ndsn='host=x'\nstatement_timeout={text}")
    assert found.targets["a"].statement_timeout == seconds


@pytest.mark.parametrize("text", ["'5'", "'5 M'", "'m5'", "'5mm'", "''", "'-5s'", "-5"])
def test_what_has_no_unit_or_a_strange_one_is_no_duration(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="is no duration"):
        load(tmp_path, f"[targets.a]\ndsn='host=x'\nstatement_timeout={text}")


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        config.load(tmp_path / "c.toml")


def test_a_named_file_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        config.load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="no such file"):
        config.load("")
    with pytest.raises(ConfigError, match="Is a directory"):
        config.load(tmp_path)
    monkeypatch.setenv("DBCONSOLE_CONFIG", str(tmp_path / "neither.toml"))
    with pytest.raises(ConfigError, match="no such file"):
        config.load()


def test_without_any_file_the_configuration_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBCONSOLE_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert config.load() == config.Config()
    (tmp_path / "dbconsole").mkdir()
    (tmp_path / "dbconsole" / "config.toml").write_text("[console]\ntheme = 'paper'\n")
    assert config.load().console.theme == "paper"
    (tmp_path / "dbconsole.toml").write_text("[console]\ntheme = 'dusk'\n")
    assert config.load().console.theme == "dusk"


@pytest.mark.parametrize("dsn", ["host=x password=hunter2", "postgresql://me:hunter2@x/db"])
def test_a_password_that_others_can_read_is_warned_about_and_not_repeated(tmp_path: Path, dsn: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(f"[targets.a]\ndsn = '{dsn}'\n")
    file.chmod(0o644)
    (warning,) = config.load(file).warnings
    assert "a" in warning and "hunter2" not in warning
    file.chmod(0o600)
    assert config.load(file).warnings == ()
