"""Settings that endanger data."""

from __future__ import annotations

from collections.abc import Iterator

from console.diagnosis.case import Case
from console.diagnosis.records import Evidence, Finding, Hurt, Subject
from console.metrics.reads.settings import SETTINGS
from console.metrics.reads.vacuum import AUTOVACUUM
from console.metrics.records.settings import Machine
from console.metrics.settings_advice import advise


def dangerous(case: Case) -> Iterator[Finding]:
    """What is critical of the advice on settings."""
    settings = {setting.name: setting for setting in case.rows(SETTINGS)}
    for advice in advise(settings, Machine(), case.info.major):
        if advice.severity == "critical":
            setting = settings[advice.name]
            place = f"{setting.file}:{setting.file_line}" if setting.file else setting.source
            yield Finding(
                kind="dangerous_setting", severity="critical", weight=1.0 if advice.area == "autovacuum" else 2.0,
                summary=advice.reason, subject=Subject(screen="overview", page="settings", setting=advice.name),
                hurts=Hurt(None, "all data of this server"), checks=("data_safety",),
                evidence=(Evidence("set in", place),),
                next=f"ALTER SYSTEM SET {advice.name} = {advice.suggested}, then SELECT pg_reload_conf()")
    autovacuum = case.first(AUTOVACUUM)
    if not settings and autovacuum is not None and not autovacuum.is_enabled:
        yield Finding(
            kind="dangerous_setting", severity="critical", weight=1.0,
            summary="autovacuum is off: tables bloat until the server stops to save itself from wraparound",
            subject=Subject(screen="overview", page="settings", setting="autovacuum"),
            hurts=Hurt(None, "all data of this server"), checks=("data_safety",),
            next="turn autovacuum on, then SELECT pg_reload_conf()")


KINDS = (dangerous,)
