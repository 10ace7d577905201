"""The diagnosis: every kind of finding is asked, and what they say is put in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from console import log
from console.diagnosis.case import Case
from console.diagnosis.kinds import (
    blocking,
    capacity,
    connections,
    replication,
    security,
    settings,
    statements,
    storage,
    vacuum,
)
from console.diagnosis.records import Finding, most_urgent_first

Kind = Callable[[Case], Iterable[Finding]]

KINDS: tuple[Kind, ...] = (
    *blocking.KINDS, *connections.KINDS, *vacuum.KINDS, *replication.KINDS, *statements.KINDS, *storage.KINDS,
    *capacity.KINDS, *settings.KINDS, *security.KINDS)
"""Each says what it can prove from the case, and nothing else."""


def diagnose(case: Case) -> list[Finding]:
    """What is wrong, most urgent first."""
    found = most_urgent_first([finding for kind in KINDS for finding in _asked(kind, case)])
    times = case.memory.with_times(found, case.at)
    return [finding if finding.since is not None else replace(finding, since=times[finding.identity])
            for finding in found]


def _asked(kind: Kind, case: Case) -> list[Finding]:
    try:
        return list(kind(case))
    except Exception as error:  # a mistake in one kind must not hide what the others found; a person is told of it
        log.failed(error)
        return []
