"""Where the shipped `migrations/` and `themes/` are, and where this user's files go.

In a checkout the two folders stand beside the package; a wheel carries them in `console/_shipped`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from platformdirs import PlatformDirs

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The shipped folder `name` ("migrations" or "themes"). Raises FileNotFoundError when it is absent."""
    for parent in (_PACKAGE / "_shipped", _PACKAGE.parent):
        if (folder := parent / name).is_dir():
            return folder
    raise FileNotFoundError(f"dbconsole was installed without its {name} folder")


def config_dir() -> Path:
    """Where `config.toml` is looked for: below XDG_CONFIG_HOME. Not created, as none of these is."""
    return _xdg("XDG_CONFIG_HOME", ".config") or _folders().user_config_path


def data_dir() -> Path:
    """Where the demo server's data lives: below XDG_DATA_HOME."""
    return _xdg("XDG_DATA_HOME", ".local/share") or _folders().user_data_path


def state_dir() -> Path:
    """Where the audit log, the remembered choices and histories are: below XDG_STATE_HOME."""
    return _xdg("XDG_STATE_HOME", ".local/state") or _folders().user_state_path


def log_dir() -> Path:
    """Where the program's own log is: with the state, but where the system has a place for logs."""
    return _folders().user_log_path if sys.platform in ("darwin", "win32") else state_dir()


def _xdg(variable: str, usual: str) -> Path | None:
    """The folder by the XDG Base Directory Specification on Linux, None elsewhere.

    platformdirs says the same, but its import takes a tenth of the time that a check takes.
    """
    if sys.platform != "linux":
        return None
    configured = os.environ.get(variable, "")
    return (Path(configured) if configured.startswith("/") else Path.home() / usual) / "dbconsole"


def _folders() -> PlatformDirs:
    """The folders of this user as the system has them; made anew each time, as the environment may say others."""
    from platformdirs import PlatformDirs

    return PlatformDirs("dbconsole", appauthor=False)
