"""The style sheets of all widgets and screens, each parsed once for a theme."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class ParsedOnce(Stylesheet):
    """Textual 8.2 parses every style sheet anew for each screen that is opened, three times before the first paint.

    It does so for sheets that are being edited, and for variables that may have changed. Ours are shipped, and with
    the same variables a sheet's rules are the same.
    """

    def set_variables(self, variables: dict[str, str]) -> None:
        if variables != self._variables:
            super().set_variables(variables)

    def reparse(self) -> None:
        self.parse()  # what is unchanged comes from its cache
