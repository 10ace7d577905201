"""A backup each night, as a line of a crontab and as a systemd timer, to be put where they belong by a person. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def crontab(words: Sequence[str], hour: int, minute: int) -> list[str]:
    """The line; cron sends what a command prints as mail, so that only what fails is heard of."""
    line = shlex.join(words).replace("%", "\\%")  # cron's own line break
    return [f"{minute} {hour} * * * {line} --json >/dev/null"]


def systemd(name: str, words: Sequence[str], hour: int, minute: int) -> dict[str, str]:
    """The texts of the service and of the timer that starts it, by the names of their files."""
    return {
        f"{name}.service": (
            f"[Unit]\nDescription=Backup by dbconsole ({name})\nAfter=network-online.target\n"
            "Wants=network-online.target\n\n"
            f"[Service]\nType=oneshot\nUMask=0077\nNice=10\nIOSchedulingClass=idle\nExecStart={_exec(words)}\n"),
        f"{name}.timer": (
            f"[Unit]\nDescription=Every night: {name}\n\n"
            f"[Timer]\nOnCalendar=*-*-* {hour:02d}:{minute:02d}:00\nPersistent=true\nRandomizedDelaySec=300\n\n"
            "[Install]\nWantedBy=timers.target\n"),
    }


def _exec(words: Sequence[str]) -> str:
    """A command line as systemd reads one: its quotes are C's, and % and $ are doubled."""
    return " ".join(_word(word) for word in words)


def _word(word: str) -> str:
    text = word.replace("\\", "\\\\").replace("\"", "\\\"").replace("%", "%%").replace("$", "$$")
    return text if text and not set(text) & set(" \t'\"\\;") else f'"{text}"'
