"""Which statement has the largest part in something: in WAL, in temporary files, in the time of the processors."""

from __future__ import annotations

from msgspec import Struct

from console.diagnosis import words
from console.diagnosis.case import Case
from console.statements import counters
from console.statements.records import Key, Usage

WITHIN_S = 60.0
LEAST_PART = 0.4
"""Who has less of it is not named."""


class Part(Struct, frozen=True):
    """A statement whose `part`, from 0 to 1, of all statements' is the largest. `text` is None where it wasn't read."""

    key: Key
    usage: Usage
    part: float
    text: str | None

    @property
    def named(self) -> str:
        """`INSERT of log (query 4711)`."""
        whose = f"{words.command(self.text)}{words.relation(self.text)}" if self.text else "a statement"
        return f"{whose} (query {self.key.query_id})"

    @property
    def statement(self) -> str:
        return words.statement(self.text) if self.text else f"query {self.key.query_id}"


def largest(case: Case, name: str, least: float = 0.0) -> Part | None:
    """The statement that has most of that counter in the last minute; None where nobody knows, and where its part is
    below `least`."""
    window = case.statements_window(WITHIN_S)
    if window is None:
        return None
    usages = {key: counters.usage(grown) for key, grown in window.added.items()}
    amounts = {key: float(getattr(usage, name)) for key, usage in usages.items()}
    total = sum(amounts.values())
    key = max((key for key in amounts if key.query_id is not None), key=lambda item: amounts[item], default=None)
    if key is None or not amounts[key] or amounts[key] < least * total:
        return None
    return Part(key, usages[key], amounts[key] / total, case.statement_text(key))
