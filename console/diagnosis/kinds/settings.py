"""Settings that endanger data."""

from __future__ import annotations

from collections.abc import Iterator

from console.diagnosis import words
from console.diagnosis.case import Case
from console.diagnosis.records import Evidence, Finding, Hurt, Severity, Subject
from console.metrics.reads.settings import RISKY_OVERRIDES, SETTINGS
from console.metrics.reads.vacuum import AUTOVACUUM
from console.metrics.records.settings import Machine, SettingAdvice
from console.metrics.settings_advice import GUARDING, advise
from console.sql.quoting import identifier


def dangerous(case: Case) -> Iterator[Finding]:
    """What is critical of the advice on settings, and commits that don't wait for the disk."""
    settings = {setting.name: setting for setting in case.rows(SETTINGS)}
    for advice in advise(settings, Machine(), case.info.major):
        if advice.severity == "critical" or advice.name == "synchronous_commit":
            setting = settings[advice.name]
            place = f"{setting.file}:{setting.file_line}" if setting.file else setting.source
            told = ("data_safety",) if advice.name in GUARDING else ()
            yield Finding(
                kind="dangerous_setting", severity=advice.severity,
                weight=1.0 if advice.area == "autovacuum" else 2.0, summary=_sentence(advice),
                subject=Subject(screen="overview", page="settings", setting=advice.name),
                hurts=Hurt(None, "all data of this server"), checks=told,
                evidence=(Evidence("set in", place),),
                next=f"ALTER SYSTEM SET {advice.name} = {advice.suggested or setting.default_setting}, then SELECT "
                     "pg_reload_conf()")
    autovacuum = case.first(AUTOVACUUM)
    if not settings and autovacuum is not None and not autovacuum.is_enabled:
        yield Finding(
            kind="dangerous_setting", severity="critical", weight=1.0,
            summary="autovacuum is off: tables bloat until the server stops to save itself from wraparound",
            subject=Subject(screen="overview", page="settings", setting="autovacuum"),
            hurts=Hurt(None, "all data of this server"), checks=("data_safety",),
            next="turn autovacuum on, then SELECT pg_reload_conf()")


def _sentence(advice: SettingAdvice) -> str:
    return advice.reason if advice.reason.startswith(advice.name) else f"{advice.name} is {advice.reason}"


HARMS: dict[str, tuple[Severity, str]] = {
    "synchronous_commit": ("info", "a crash loses the commits of the last moments, which clients believe in"),
    "zero_damaged_pages": ("critical", "damaged pages are emptied as they are read, and their rows are lost"),
    "ignore_checksum_failure": ("critical", "damaged pages are read as if they were sound, and damage spreads"),
}
"""How urgent it is, and why."""


def overrides(case: Case) -> Iterator[Finding]:
    """The same, where a role or a database has it otherwise than the server."""
    for found in case.rows(RISKY_OVERRIDES):
        urgency, harm = HARMS[found.name]
        whom = f"role {words.named(found.role)}" if found.role else "every role"
        where = f"in database {words.named(found.database)}" if found.database else "in every database"
        of = f"ROLE {identifier(found.role) if found.role else 'ALL'}"
        if found.database:
            of = f"{of} IN DATABASE {identifier(found.database)}" if found.role else \
                f"DATABASE {identifier(found.database)}"
        yield Finding(
            kind="dangerous_override", severity=urgency, weight=0.5,
            summary=f"{found.name} is {found.setting} for {whom} {where}: {harm}",
            subject=Subject(screen="overview", page="settings", database=found.database, setting=found.name,
                            role=found.role),
            hurts=Hurt(None, f"data that {whom} writes {where}"), evidence=(Evidence("set by", f"ALTER {of} SET"),),
            next=f"ALTER {of} RESET {found.name}, if nobody chose it knowingly")


KINDS = (dangerous, overrides)
