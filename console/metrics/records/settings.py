"""Settings as records; field names are those of the .sql file that fills them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Area = Literal["memory", "WAL", "autovacuum", "planner", "observing", "safety"]
Severity = Literal["critical", "warning", "info"]


class PendingSetting(Struct, frozen=True):
    """A setting whose value in a configuration file isn't in use yet; `setting`, in `unit`, is the one that is."""

    name: str
    setting: str
    unit: str | None


class GuardingSetting(Struct, frozen=True):
    """Whether a setting of settings_advice.GUARDING is on (current_setting)."""

    name: str
    is_on: bool


class ServerSetting(Struct, frozen=True):
    """A setting (pg_settings); amounts are texts in `unit`, as the server has them.

    `setting` is this session's, `reset_setting` what a new session gets, `default_setting` what PostgreSQL comes with.
    `file` and `file_line` are None where no file sets it, and where the role may not know.
    """

    name: str
    setting: str
    unit: str | None
    category: str
    description: str
    more: str | None
    context: str
    kind: str
    source: str
    minimum: str | None
    maximum: str | None
    choices: list[str] | None
    default_setting: str | None
    reset_setting: str | None
    file: str | None
    file_line: int | None
    is_pending: bool

    @property
    def is_changed(self) -> bool:
        """Whether somebody chose it: neither PostgreSQL's own, nor found out by the server, nor this connection's."""
        return self.source not in ("default", "override", "client", "session") \
            and self.reset_setting != self.default_setting


class RiskyOverride(Struct, frozen=True):
    """A setting that endangers data, set for a role or in a database (pg_db_role_setting); None there means all."""

    database: str | None
    role: str | None
    name: str
    setting: str


class Machine(Struct, frozen=True):
    """What the server runs on: bytes of memory and processor cores, None where unknown; `source` says who says so."""

    memory_bytes: int | None = None
    cores: int | None = None
    source: str = ""


class SettingAdvice(Struct, frozen=True):
    """What to set and why; `suggested` is as ALTER SYSTEM takes it, None where the right value isn't for us to say."""

    name: str
    area: Area
    severity: Severity
    suggested: str | None
    reason: str
