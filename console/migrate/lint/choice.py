"""Which rules are looked for: what a person asks for, and what a service's own configuration says."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from msgspec import Struct

from console.errors import ConfigError, UsageError
from console.migrate.lint.rule import RULES, LintFinding, LintRule, Severity
from console.services import Service

SEVERITIES: Sequence[Severity] = ("info", "warning", "error")
"""From the least to the worst."""


class RuleChoice(Struct, frozen=True):
    """`only` these rules; where it is None, all but those that are opt-in and not in `also`. Never those `ignored`."""

    only: frozenset[str] | None = None
    also: frozenset[str] = frozenset()
    ignored: frozenset[str] = frozenset()

    def holds(self, rule: LintRule) -> bool:
        if rule.name in self.ignored:
            return False
        return rule.name in self.only if self.only is not None else not rule.is_opt_in or rule.name in self.also


EVERY_DAY = RuleChoice()


def asked(only: Iterable[str] = (), also: Iterable[str] = (), ignored: Iterable[str] = ()) -> RuleChoice:
    """What a person asks for. Raises UsageError for a rule that there isn't."""
    chosen = frozenset(only)
    for name in (*chosen, *(also := tuple(also)), *(ignored := tuple(ignored))):
        known(name)
    return RuleChoice(chosen or None, frozenset(also), frozenset(ignored))


def rules_of(service: Service, choice: RuleChoice = EVERY_DAY) -> RuleChoice:
    """`choice` with what the service says of itself, which holds unless certain rules are asked for.

    Raises ConfigError for a rule that there isn't.
    """
    for key in ("lint_also", "lint_ignore"):
        for name in getattr(service, key):
            if name not in RULES:
                raise ConfigError(f"service {service.name}: {key}: there is no rule {name!r}", hint=_hint(name))
    if choice.only is not None:
        return choice
    return RuleChoice(None, choice.also | {*service.lint_also} - choice.ignored,
                      choice.ignored | ({*service.lint_ignore} - choice.also))


def known(name: str) -> LintRule:
    """The rule of that name. Raises UsageError."""
    if name not in RULES:
        raise UsageError(f"there is no lint rule {name!r}", hint=_hint(name))
    return RULES[name]


def _hint(name: str) -> str:
    close = difflib.get_close_matches(name, RULES, 1, 0.5)
    return f"did you mean {close[0]}?" if close else "dbconsole help lint lists them"


def at_least(findings: Iterable[LintFinding], severity: Severity) -> list[LintFinding]:
    """The findings of that severity and of worse ones."""
    return [finding for finding in findings if SEVERITIES.index(finding.severity) >= SEVERITIES.index(severity)]

