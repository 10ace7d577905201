"""The tables of the manual, each made from the registry of what it lists, as Markdown."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from console import config
from console.check.records import Check
from console.fields import fields_of
from console.text import format as fmt
from console.text.parse import Unit

if TYPE_CHECKING:
    from console.advisories.records import Advisory


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a `|` in a cell is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _bound(check: Check) -> str:
    """The thresholds that hold without a configuration: "80%, 95%", "below 95%"."""
    shown: Mapping[Unit, Callable[[float | None], str]] = {
        "": fmt.count, "%": fmt.percent, "s": fmt.duration, "ms": fmt.milliseconds, "B": fmt.size}
    given = [shown[check.unit](value) for value in (check.warning, check.critical) if value is not None]
    return ("below " if check.lower_is_worse and given else "") + ", ".join(given)


def _words_of(check: Check) -> tuple[str, str]:
    """What the check's own module says of it: in one sentence, and further."""
    words = sys.modules[check.evaluate.__module__].__doc__ or ""
    first, _, further = words.removeprefix(f"{check.name}: ").partition("\n\n")
    return " ".join(first.split()).rstrip("."), further.strip()


def checks(argument: str = "") -> str:
    """Every check with its thresholds and what it measures."""
    from console.check.registry import every_check

    return _table(("check", "warns, is critical", "what is measured"),
                  ((f"[{check.name}](checks/{check.name})", _bound(check), _words_of(check)[0])
                   for check in every_check()))


def rules(argument: str = "") -> str:
    """Every lint rule with its severity and what goes wrong without it."""
    from console.migrate.lint import RULES

    return _table(("rule", "severity", "what goes wrong"),
                  ((f"[{rule.name}](lint/{rule.name})", rule.severity + (", on request" if rule.is_opt_in else ""),
                    rule.reason) for rule in RULES.values()))


def settings(argument: str = "") -> str:
    """Every key of the configuration file, by table, with its default and what it is."""
    parts = []
    for kind, title in SETTINGS.items():
        words = _words_of_fields(kind)
        rows = [(f"`{name}`", _default(kind, name), sentence) for name, sentence in words.items()]
        parts += [f"### {title}", _first_paragraph(kind), _table(("key", "default", "what it is"), rows)]
    return "\n\n".join(parts)


SETTINGS: dict[type, str] = {
    config.Config: "At the top", config.TargetConfig: "[targets.NAME]", config.PoolConfig: "[targets.NAME.pool]",
    config.MachineConfig: "[targets.NAME.machine]", config.BackupConfig: "[targets.NAME.backup]",
    config.ServiceConfig: "[services.NAME]",
    config.CheckConfig: "[checks.NAME]", config.EmbedderConfig: "[embedders.NAME]",
    config.ConsoleConfig: "[console]", config.KeysConfig: "[keys]", config.AlertsConfig: "[alerts]",
    config.OtelConfig: "[otel]", config.ListenConfig: "[listen]", config.LogConfig: "[log]"}
"""The records of the configuration, each with the heading of its table."""


def _words_of_fields(kind: type) -> dict[str, str]:
    """What stands below each field in the source of a record."""
    (tree,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for field, words in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(words, ast.Expr) \
                and isinstance(words.value, ast.Constant):
            found[field.target.id] = " ".join(str(words.value.value).split())
    return found


def _default(kind: type, name: str) -> str:
    """A field's default, as the file would have it."""
    made: Any = next(field for field in fields_of(kind) if field.name == name).default
    value = made() if made is not None else None
    if isinstance(value, config.Duration):
        return f'`"{fmt.duration(value).replace(" ", "")}"`'
    return "" if value in (None, "", ()) else f"`{str(value).lower()}`"


def _first_paragraph(kind: type) -> str:
    return " ".join(inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].split())


def commands(argument: str = "") -> str:
    """Every command with what it does, what it takes from `--help`."""
    from console.commands.table import COMMANDS

    rows = [(f"`dbconsole {entry.name}{' ' if entry.usage else ''}{entry.usage}`", entry.help) for entry in COMMANDS]
    return _table(("command", "what it does"), [
        ("`dbconsole [TARGET]`", "the console"),
        ("`dbconsole --check [TARGET ...]`", "the checks, a report, an exit status: see [Checks for scripts](checks)"),
        *rows])


def keys(argument: str = "") -> str:
    """The keys of these scopes, or of each one: as they are without a configuration."""
    from console.ui.key_tables import key_table
    from console.ui.keys import SCOPES

    if argument:
        return key_table(*argument.split())
    return "\n\n".join(f"## {scope.title}\n\n{key_table(scope.name)}" for scope in SCOPES)


_PARTLY = {
    "flyway": "V, U, B and R files, placeholders; not callbacks",
    "sqitch": "yes, but for reworked changes; `new` is left to it",
    "prisma": "yes; there is no way down",
    "liquibase": "formatted SQL; not preconditions, runAlways and changesets in XML, YAML or JSON",
    "drizzle": "yes; there is no way down; `new` is left to it",
}
"""What of a layout isn't read, or has no counterpart."""


def tools(argument: str = "") -> str:
    """Every tool whose ledger is known: whether its files are read, how it is driven, whether it can be adopted."""
    from console.migrate.frameworks.specs import PRINTING, TITLES
    from console.migrate.mirror import WRITERS
    from console.services.recognise import LAYOUT_NAMES

    rows = []
    for name, title in sorted(TITLES.items(), key=lambda item: (item[0] not in LAYOUT_NAMES, item[1].lower())):
        is_read = name in LAYOUT_NAMES
        driven = "through Alembic itself, or `up =`, `down =`" if name == "alembic" else "`up =`, `down =`"
        rows.append((title, f"`{name}`", _PARTLY.get(name, "yes") if is_read else "no", "yes", driven,
                     ("yes, mirrored" if name in WRITERS else "yes") if is_read else
                     "by files of `--write-sql`" if name in PRINTING else "by files that say `adopts=`"))
    return _table(("tool", "called", "files read by dbconsole's engine", "ledger read", "driven by its own command",
                   "adopted"), rows)


def check_topics() -> Mapping[str, str]:
    """A topic for each check: what it measures, its thresholds, how to change them."""
    from console.check.registry import every_check

    found = {}
    for check in every_check():
        sentence, further = _words_of(check)
        bound = _bound(check) or "none by default"
        found[check.name] = (
            f"# checks/{check.name}: {check.title}\n\n{sentence[:1].upper()}{sentence[1:]}.\n\n"
            f"Warns, is critical: {bound}. More on the screen {check.screen}.\n\n"
            + (f"{further}\n\n" if further else "")
            + f"```toml\n[checks.{check.name}]\nenabled = false\n```\n")
    return found


def rule_topics() -> Mapping[str, str]:
    """A topic for each lint rule: what goes wrong, the safe recipe, how to accept one finding."""
    from console.migrate.lint import RULES
    from console.migrate.lint.examples import EXAMPLES

    on_request = ' It is looked for on request alone: `lint_also = ["{0}"]` in service.toml, or `--also {0}`.'
    return {rule.name: (
        f"# lint/{rule.name}\n\nSeverity: {rule.severity}."
        f"{on_request.format(rule.name) if rule.is_opt_in else ''}\n\nWhat goes wrong: {rule.reason}.\n\n"
        f"Found:\n\n```sql\n{EXAMPLES[rule.name].bad}\n```\n\n"
        f"Left alone:\n\n```sql\n{EXAMPLES[rule.name].good}\n```\n\n"
        f"How to do it safely: {rule.advice}.\n\n"
        f"Where it is meant so, the file says why:\n\n```sql\n-- dbconsole: ignore={rule.name}: the reason\n```\n")
        for rule in RULES.values()}


def advisories(argument: str = "") -> str:
    """Every known fault: where it is mended, what it does, and what is left to do after the upgrade."""
    from console.advisories.known import advisories

    def row(advisory: Advisory) -> tuple[str, ...]:
        kinds = [" ".join(filter(None, (which.method, which.opclass or which.type))) for which in advisory.rebuild]
        then = "; ".join(filter(None, (advisory.todo, f"REINDEX: {', '.join(kinds)}" if kinds else None)))
        where = f" (where {advisory.extension} is installed)" if advisory.extension else ""
        return f"{advisory.product} {' '.join(advisory.fixed)}", advisory.what + where, then

    return _table(("mended in", "what it does", "after the upgrade"), map(row, advisories()))


TABLES: dict[str, Callable[[str], str]] = {
    "advisories": advisories, "checks": checks, "rules": rules, "settings": settings, "commands": commands,
    "keys": keys, "tools": tools}
"""By the name in a page's `<!-- table: NAME -->`; each is given what stands behind the name there."""

ENTRIES: dict[str, Callable[[], Mapping[str, str]]] = {"checks": check_topics, "lint": rule_topics}
"""Topics of single things by the page that they stand below."""
