"""Settings as records; field names are those of the .sql file that fills them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PendingSetting:
    """A setting whose value in a configuration file isn't in use yet; `setting`, in `unit`, is the one that is."""

    name: str
    setting: str
    unit: str | None
