"""The linter: what could go wrong with a migration, found in its text and, when connected, in the catalog."""

from console.migrate.lint.choice import EVERY_DAY, RuleChoice, rules_of
from console.migrate.lint.linter import Lintable, lint, lintables_of, own_schemas, relations_and_functions
from console.migrate.lint.rule import RULES, LintFinding, LintRule, Severity

__all__ = ["EVERY_DAY", "RULES", "LintFinding", "LintRule", "Lintable", "RuleChoice", "Severity", "lint",
           "lintables_of", "own_schemas", "relations_and_functions", "rules_of"]
