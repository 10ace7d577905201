"""The linter: what could go wrong with a migration, found in its text and, when connected, in the catalog."""

from console.migrate.lint.linter import Lintable, lint, own_schemas, relations_and_functions
from console.migrate.lint.rule import RULES, LintFinding, LintRule, Severity

__all__ = ["RULES", "LintFinding", "LintRule", "Lintable", "Severity", "lint", "own_schemas", "relations_and_functions"]
