"""The reads of settings; asked by `Session.refresh`."""

from __future__ import annotations

from console.metrics.records.settings import GuardingSetting, PendingSetting, RiskyOverride, ServerSetting
from console.server.query import load

PENDING_SETTINGS = load("console.metrics", "pending_settings", PendingSetting)
GUARDING_SETTINGS = load("console.metrics", "guarding_settings", GuardingSetting)
SETTINGS = load("console.metrics", "settings", ServerSetting)
RISKY_OVERRIDES = load("console.metrics", "risky_overrides", RiskyOverride)
