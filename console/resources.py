"""Where the shipped `migrations/` and `themes/` are, and where this user's files go.

In a checkout the two folders stand beside the package; a wheel carries them in `console/_shipped`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The shipped folder `name` ("migrations" or "themes"). Raises FileNotFoundError when it is absent."""
    for parent in (_PACKAGE / "_shipped", _PACKAGE.parent):
        if (folder := parent / name).is_dir():
            return folder
    raise FileNotFoundError(f"dbconsole was installed without its {name} folder")


def _user_folder(variable: str, unix: str, mac: str) -> Path:
    if configured := os.environ.get(variable):
        return Path(configured) / "dbconsole"
    home = Path.home()
    if sys.platform == "darwin":
        return home / mac / "dbconsole"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local")) / "dbconsole"
    return home / unix / "dbconsole"


def config_dir() -> Path:
    """Where `config.toml` is looked for; not created."""
    return _user_folder("XDG_CONFIG_HOME", ".config", "Library/Application Support")


def data_dir() -> Path:
    """Where the demo server's data lives; not created."""
    return _user_folder("XDG_DATA_HOME", ".local/share", "Library/Application Support")


def state_dir() -> Path:
    """Where the log, the remembered choices and histories are; not created."""
    return _user_folder("XDG_STATE_HOME", ".local/state", "Library/Logs")
