"""The server's settings as rows: what they are, where from, and what to think of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from console.metrics.records.settings import Machine, RiskyOverride, ServerSetting, SettingAdvice
from console.sql.quoting import literal
from console.text import format as fmt
from console.text import parse
from console.text.parse import SECONDS, SETTING_BYTES
from console.view.table import Cell, Column, KeyName, Line, Row, Table, Tone

Choice = Literal["notable", "all"]
"""Which settings are shown: those that somebody changed, that wait, or that there is advice on; or all."""

COLUMNS = (
    Column("letter", "", fixed=True, minimum=1, maximum=1, sortable=False),
    Column("name", "setting", fixed=True, minimum=26, maximum=38),
    Column("value", "value", minimum=10, maximum=20),
    Column("suggested", "advice", minimum=8, maximum=10),
    Column("default", "default", minimum=8, maximum=20, priority=3),
    Column("source", "from", minimum=10, maximum=44, priority=2),
    Column("description", "", flexible=True, minimum=16, maximum=120, priority=4, sortable=False),
)

_LETTERS: dict[str, tuple[str, Tone]] = {
    "critical": ("C", "critical"), "warning": ("W", "warning"), "info": ("i", "dim")}
_EFFECT = {
    "internal": "it is fixed when the server is built or its cluster made",
    "postmaster": "a change takes a restart",
    "sighup": "a change takes a reload",
    "superuser-backend": "a change is for new connections, after a reload",
    "backend": "a change is for new connections, after a reload",
    "superuser": "a change takes a reload; a superuser may also SET it for a session, a role or a database",
    "user": "a change takes a reload; anybody may SET it for a session, a role or a database",
}


OCTAL = frozenset(("data_directory_mode", "log_file_mode", "unix_socket_permissions"))
"""Permissions: pg_settings has them in octal as they are set, and as plain numbers where they come from elsewhere."""


def _mode(value: str | None) -> str:
    """A plain number as the permissions that it stands for."""
    return f"{int(value):04o}" if value is not None and value.isdigit() else value or fmt.UNKNOWN


def _stored(setting: ServerSetting, value: str | None) -> str:
    """A value of another place than this session, as people read it."""
    return _mode(value) if setting.name in OCTAL else amount(value, setting.unit)


def _advised(setting: ServerSetting, advice: SettingAdvice) -> str:
    """What is advised, in the units of the values beside it."""
    given = advice.suggested or ""
    size = parse.size(given) if setting.unit in SETTING_BYTES else None
    seconds = parse.duration(given) if setting.unit in SECONDS else None
    return fmt.size(size) if size is not None else fmt.duration(seconds) if seconds is not None else given


def amount(value: str | None, unit: str | None) -> str:
    """A setting's value as people read it: 16384 of 8kB is `128 MB`; -1 and 0 have meanings of their own."""
    if value is None:
        return fmt.UNKNOWN
    try:
        number = float(value)
    except ValueError:
        return value
    if unit is None or number <= 0:
        return value
    if unit in SETTING_BYTES:
        return fmt.size(number * SETTING_BYTES[unit])
    return fmt.duration(number * SECONDS[unit]) if unit in SECONDS else f"{value} {unit}"


def table(settings: Sequence[ServerSetting] | None, advice: Mapping[str, SettingAdvice], choice: Choice,
          why: str | None, key: KeyName) -> Table:
    """The settings, those with the gravest advice first; `why` says why there are none."""
    if settings is None:
        return Table(COLUMNS, (), why or "reading settings…")
    kept = [setting for setting in settings if choice == "all" or _is_notable(setting, advice)]
    order = {name: place for place, name in enumerate(advice)}
    kept.sort(key=lambda server_setting: (not server_setting.is_pending, order.get(server_setting.name, len(order)),
                                          server_setting.name))
    return Table(COLUMNS, tuple(_row(setting, advice.get(setting.name)) for setting in kept),
                 f"nobody changed a setting, and there is nothing to advise: {key('settings.all')} shows all")


def is_notable(name: str, settings: Sequence[ServerSetting], advice: Mapping[str, SettingAdvice]) -> bool:
    """Whether the list of the notable settings has the one of that name."""
    return any(setting.name == name and _is_notable(setting, advice) for setting in settings)


def _is_notable(setting: ServerSetting, advice: Mapping[str, SettingAdvice]) -> bool:
    return setting.is_changed or setting.is_pending or setting.name in advice


def _row(setting: ServerSetting, advice: SettingAdvice | None) -> Row:
    letter, tone = _LETTERS[advice.severity] if advice else ("", "")
    if setting.is_pending:
        letter, tone = "W", "warning"
    value = _stored(setting, setting.reset_setting) if setting.reset_setting else amount(setting.setting, setting.unit)
    suggested = "restart" if setting.is_pending else "" if advice is None else _advised(setting, advice) or "see"
    return Row(setting.name, (
        Cell(letter, tone), Cell(setting.name, "strong" if setting.is_changed else ""),
        Cell(value or '""', "accent" if setting.is_changed else ""), Cell(suggested, tone),
        Cell(_stored(setting, setting.default_setting) or '""', "dim"), Cell(origin(setting), "dim"),
        Cell(setting.description, "faint")), search=f"{setting.category} {setting.more or ''}", record=setting)


def origin(setting: ServerSetting) -> str:
    """Where the value comes from: postgresql.conf:711, command line, default."""
    if setting.file is None:
        return setting.source
    return f"{setting.file.rsplit('/', 1)[-1]}:{setting.file_line}" if setting.file_line else setting.file.rsplit("/",
                                                                                                                  1)[-1]


def facts(settings: Sequence[ServerSetting] | None, advice: Mapping[str, SettingAdvice], machine: Machine,
          choice: Choice) -> list[Line]:
    """How many, how many changed and waiting, and what machine the advice is for."""
    if settings is None:
        return [(), ()]
    changed, pending = sum(setting.is_changed for setting in settings), sum(setting.is_pending for setting in settings)
    shown: Line = (("all shown" if choice == "all" else "shown: changed, waiting or with advice", "faint"),)
    first: Line = ((fmt.plural(len(settings), "setting"), "strong"), (f", {changed} changed", ""),
                   (f", {pending} waiting for a restart", "warning") if pending else ("", ""),
                   (f", advice on {len(advice)}   ", ""), *shown)
    if machine.memory_bytes is None and machine.cores is None:
        return [first, (("the machine's size is unknown: ", "dim"), (
            "the target's machine = { memory_gb = 64, cores = 16 } says it", "faint"))]
    parts = [f"{fmt.size(machine.memory_bytes)} of memory"] if machine.memory_bytes else []
    parts += [fmt.plural(machine.cores, "core")] if machine.cores else []
    return [first, ((f"for a machine of {' and '.join(parts)}, {machine.source}; ", "dim"), (
        "rules of thumb: what was measured wins", "faint"))]


def statement(setting: ServerSetting, advice: SettingAdvice | None) -> str | None:
    """The statement that follows the advice."""
    if advice is None or advice.suggested is None:
        return None
    return f"ALTER SYSTEM SET {setting.name} = {literal(str(advice.suggested))};"


def detail(setting: ServerSetting, advice: SettingAdvice | None, overrides: Sequence[RiskyOverride] = ()
           ) -> list[tuple[str, Tone]]:
    """A setting in full, as paragraphs, with what of `overrides` is about it."""
    value = amount(setting.setting, setting.unit)
    lines: list[tuple[str, Tone]] = [(setting.description + (f" {setting.more}" if setting.more else ""), ""), ("", "")]
    stored = f"  ({setting.setting} x {setting.unit})" if setting.unit and value != setting.setting else ""
    lines.append((f"value     {value}{stored}", "strong"))
    if setting.reset_setting != setting.setting and _stored(setting, setting.reset_setting) != value:
        lines.append((f"elsewhere {_stored(setting, setting.reset_setting)}  (this session has its own)", "dim"))
    lines.append((f"default   {_stored(setting, setting.default_setting)}", "dim"))
    if setting.choices:
        lines.append((f"choices   {', '.join(setting.choices)}", "dim"))
    elif setting.minimum is not None:
        lines.append((f"range     {_stored(setting, setting.minimum)} to {_stored(setting, setting.maximum)}",
                      "dim"))
    place = f"{setting.file}:{setting.file_line}" if setting.file else setting.source
    lines += [(f"from      {place}", "dim"),
              (f"{setting.category}; {_EFFECT.get(setting.context, setting.context)}", "dim")]
    lines += [(f"{override.setting} for {override.role or 'every role'} in {override.database or 'every database'}, set"
               " for them alone", "warning") for override in overrides if override.name == setting.name]
    if setting.is_pending:
        lines += [("", ""), ("another value stands in a file and waits for a restart", "warning")]
    if advice is not None:
        lines += [("", ""), (advice.reason, _LETTERS[advice.severity][1] if advice.severity != "info" else "")]
        if (command := statement(setting, advice)) is not None:
            after = "then a restart" if setting.context == "postmaster" else "then SELECT pg_reload_conf();"
            lines += [("", ""), (command, "accent"), (after, "dim")]
    return lines
