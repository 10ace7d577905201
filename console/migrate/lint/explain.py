"""What a rule is about: why, an example of the bad and of the good, and how to do it safely."""

from __future__ import annotations

from typing import Any

from console.migrate.lint.examples import EXAMPLES
from console.migrate.lint.rule import LintRule


def explained(rule: LintRule) -> list[str]:
    """The rule for people, line by line: it has the four parts that `explanation` has."""
    example = EXAMPLES[rule.name]
    manner = f"{rule.severity}; looked for on request alone: lint_also = [\"{rule.name}\"] in service.toml, or " \
             f"--also {rule.name}" if rule.is_opt_in else rule.severity
    return [f"{rule.name} ({manner})", "", f"What goes wrong: {rule.reason}.", "", "Found:", *_indented(example.bad),
            "", "Left alone:", *_indented(example.good), "", f"How to do it safely: {rule.advice}.", "",
            "Where it is meant so, the file says why:", f"    -- dbconsole: ignore={rule.name}: the reason"]


def explanation(rule: LintRule) -> dict[str, Any]:
    """The rule as a JSON document."""
    example = EXAMPLES[rule.name]
    return {"rule": rule.name, "severity": rule.severity, "opt_in": rule.is_opt_in, "reason": rule.reason,
            "bad": example.bad, "good": example.good, "advice": rule.advice}


def _indented(text: str) -> list[str]:
    return [f"    {line}" for line in text.splitlines()]
