"""The style sheets of all widgets and screens, each parsed once for a theme."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet


@lru_cache(maxsize=4)  # the theme in use, and those that are looked at to choose another
def _parsed(variables: frozenset[tuple[str, str]]) -> dict[tuple[Any, ...], list[RuleSet]]:
    """The rules of each sheet that has been parsed with these variables in this process."""
    return {}


class ParsedOnce(Stylesheet):
    """Textual 8.2 parses every style sheet anew for each screen that is opened, three times before the first paint.

    It does so for sheets that are being edited, and for variables that may have changed. Ours are shipped, and with
    the same variables a sheet's rules are the same.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._rules_of = _parsed(frozenset(self._variables.items()))

    def set_variables(self, variables: dict[str, str]) -> None:
        if variables != self._variables:
            super().set_variables(variables)
            self._rules_of = _parsed(frozenset(variables.items()))

    def reparse(self) -> None:
        self.parse()  # what is unchanged has been parsed

    def _parse_rules(self, *sheet: Any, **words: Any) -> list[RuleSet]:
        key = (*sheet, *words.items())
        if key not in self._rules_of:
            self._rules_of[key] = super()._parse_rules(*sheet, **words)
        return self._rules_of[key]
