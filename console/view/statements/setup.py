"""What to do where pg_stat_statements doesn't answer, and how the server itself writes slow statements down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.server.info import ServerInfo
from console.sql.quoting import identifier
from console.statements.records import Availability, LoggingSetting
from console.text import format as fmt
from console.view.table import Line

EXTENSION = "pg_stat_statements"


def what_to_do(info: ServerInfo, availability: Availability | None, reason: str) -> str:
    """Why there are no statements to see on this server, and exactly what would bring them."""
    extension = info.extensions.get(EXTENSION)
    if availability is None:
        return reason
    steps = []
    if availability.available_version is None and extension is None:
        steps.append(f"install PostgreSQL's contrib package on the server (Debian: postgresql-{info.major}, "
                     f"Red Hat: postgresql{info.major}-contrib)")
    if not availability.is_loaded:
        before = [part.strip() for part in (availability.preloaded or "").split(",") if part.strip()]
        libraries = ", ".join([*before, EXTENSION])
        kept = " and what is there already" if availability.preloaded is None else ""
        steps.append(f"ALTER SYSTEM SET shared_preload_libraries = {libraries}{kept}; it counts from the next restart")
        steps.append("restart the server")
    if extension is None:
        steps.append(f"CREATE EXTENSION {EXTENSION} in the database {info.database}")
    elif availability.is_loaded and "UPDATE" not in reason and "permission denied" in reason:
        schema = identifier(extension.schema)
        steps.append(f"GRANT USAGE ON SCHEMA {schema} TO {info.quoted_user}; "
                     f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {info.quoted_user}")
    if not steps:
        return reason
    what = "isn't loaded" if extension is not None else "isn't in this database"
    if len(steps) == 1:
        return f"{EXTENSION} {what if 'denied' not in reason else 'is closed to this role'}: {steps[0]}"
    numbered = "; ".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))
    return f"{EXTENSION} {what}: {numbered}"


_ADVICE: Mapping[str, tuple[str, str]] = {
    "log_min_duration_statement": (
        "ALTER SYSTEM SET log_min_duration_statement = '1s'; SELECT pg_reload_conf()",
        "statements that take longer are in the server's log"),
    "log_lock_waits": (
        "ALTER SYSTEM SET log_lock_waits = on; SELECT pg_reload_conf()",
        "who waits for a lock longer than deadlock_timeout is in the server's log"),
    "compute_query_id": (
        "a session's statement can't be found here: ALTER SYSTEM SET compute_query_id = 'auto'", ""),
    "auto_explain.log_min_duration": (
        "ALTER SYSTEM SET auto_explain.log_min_duration = '1s'; SELECT pg_reload_conf()",
        "plans of statements that take longer are in the server's log"),
    "auto_explain.log_analyze": (
        "no actual rows in the plans; on makes every statement slower where timing is on too",
        "rows and times as they were; with log_timing off that costs little"),
    "track_activity_query_size": ("", "longer statements are cut in pg_stat_activity; another size needs a restart"),
}
_OFF = ("-1", "off")
INDENT_CELLS = 4


def settings(found: Sequence[LoggingSetting] | None) -> list[tuple[int, Line]]:
    """What the server writes down of slow statements by itself, and how to turn it on: lines and their indentation."""
    if found is None:
        return [(0, (("reading…", "dim"),))]
    lines = [_setting(setting) for name in _ADVICE for setting in found if setting.name == name]
    if not any(setting.name.startswith("auto_explain.") for setting in found):
        lines.append((("auto_explain ", ""), ("not loaded  ", "dim"), (
            "logs slow statements' plans: ALTER SYSTEM SET session_preload_libraries = 'auto_explain' and what is "
            "there already, auto_explain.log_min_duration = '1s', pg_reload_conf(): for new sessions", "faint")))
    return [(0, (("the server's own log", "dim"),)), *((INDENT_CELLS, line) for line in lines)]


def _setting(setting: LoggingSetting) -> Line:
    off, on = _ADVICE[setting.name]
    is_off = setting.setting in _OFF
    return ((f"{setting.name} ", ""), (f"{_value(setting)}  ", "dim" if is_off else "ok"),
            (off if is_off else on, "faint"))


def _value(setting: LoggingSetting) -> str:
    if setting.setting is None or setting.setting in _OFF:
        return "off" if setting.setting else fmt.UNKNOWN
    if setting.unit == "ms" and setting.setting.lstrip("-").isdigit():
        return "all" if setting.setting == "0" else fmt.milliseconds(float(setting.setting))
    return f"{setting.setting} {setting.unit or ''}".strip()

