"""Repositories of migrations: git, by nobody in particular and without a person's settings."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.support.servers import missing


def git(folder: Path, *words: str) -> None:
    """Runs it in a folder; where there is none the test is skipped, or fails where git is required."""
    program = shutil.which("git") or missing("git", "not on PATH")
    subprocess.run([program, "-c", "user.name=a", "-c", "user.email=a@example", *words], cwd=folder, check=True,
                   capture_output=True, env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull})
