"""The answer before the data: one line on top of a screen."""

from __future__ import annotations

from console.ui.widgets.painting import Lines


class StatusLine(Lines):
    """`show(line)` says it."""
