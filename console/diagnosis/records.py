"""What a diagnosis is made of."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import Struct

Severity = Literal["critical", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")
"""The most urgent first."""


class Evidence(Struct, frozen=True):
    """One thing that was read and proves the finding, in words and with its unit."""

    label: str
    value: str


class Hurt(Struct, frozen=True):
    """Whom it hurts: how many (None: nobody can tell), what they are, and the first of their names."""

    count: int | None
    what: str
    names: tuple[str, ...] = ()


class Subject(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What the finding is about, as a program needs it, and the screen that shows it."""

    screen: str
    pid: int | None = None
    gid: str | None = None
    """A prepared transaction's."""
    database: str | None = None
    relation: str | None = None
    """Schema and name as SQL writes them: shop."Order lines"."""
    schema: str | None = None
    query_id: int | None = None
    slot: str | None = None
    standby: str | None = None
    subscription: str | None = None
    pool: str | None = None
    setting: str | None = None
    role: str | None = None
    page: str | None = None
    """The page of the Overview, or the view of Activity."""


class Finding(Struct, frozen=True, kw_only=True):
    """A cause. `summary` is one sentence, which is wrapped where there is little room and never cut.

    `weight` orders findings of one severity, the heaviest first: seconds that sessions have lost, or what compares with
    them. `since` is by the server's clock, None where nobody knows. `checks` are the checks that say the same thing by
    its threshold.
    """

    kind: str
    severity: Severity
    summary: str
    subject: Subject
    next: str
    weight: float = 0.0
    since: dt.datetime | None = None
    hurts: Hurt | None = None
    evidence: tuple[Evidence, ...] = ()
    checks: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, Subject]:
        """What stays the same from one sample to the next."""
        return self.kind, self.subject


def most_urgent_first(findings: list[Finding]) -> list[Finding]:
    """By severity, then by weight."""
    return sorted(findings, key=lambda finding: (SEVERITIES.index(finding.severity), -finding.weight))
