"""Where files go: as documented on Linux, as the system has it elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from console import resources

FOLDERS = {"XDG_CONFIG_HOME": (resources.config_dir, ".config"), "XDG_DATA_HOME": (resources.data_dir, ".local/share"),
           "XDG_STATE_HOME": (resources.state_dir, ".local/state")}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in FOLDERS:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="the paths are those of Linux")
@pytest.mark.parametrize("variable", FOLDERS)
def test_xdg(variable: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, usual = FOLDERS[variable]
    assert folder() == home / usual / "dbconsole"
    monkeypatch.setenv(variable, str(home / "elsewhere"))
    assert folder() == home / "elsewhere" / "dbconsole" and not (home / "elsewhere").exists()
    monkeypatch.setenv(variable, "relative")
    assert folder() == home / usual / "dbconsole"
    assert resources.log_dir() == resources.state_dir()


@pytest.mark.parametrize("folder", ["/srv/x", "", "relative", None])
def test_linux_has_what_platformdirs_would_say(folder: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in FOLDERS if folder is not None else ():
        monkeypatch.setenv(name, folder)
    known = Unix("dbconsole", appauthor=False)
    assert [resources.config_dir(), resources.data_dir(), resources.state_dir()] == [
        known.user_config_path, known.user_data_path, known.user_state_path]


def test_on_a_mac_what_is_kept_is_no_log(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_folders", lambda: MacOS("dbconsole", appauthor=False))
    monkeypatch.setattr(sys, "platform", "darwin")
    support = home / "Library/Application Support/dbconsole"
    assert resources.state_dir() == resources.config_dir() == resources.data_dir() == support
    assert resources.log_dir() == home / "Library/Logs/dbconsole"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is what knows the folders")
def test_a_start_on_linux_does_without_its_import() -> None:
    code = "import sys; from console import config; config.load(None); print('platformdirs' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
