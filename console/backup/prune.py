"""Which backups are kept: of each of so many days, weeks, months and years the newest. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from console.backup.records import BackupEntry, Manifest

_SPANS = {"d": "%Y-%m-%d", "w": "%G-W%V", "m": "%Y-%m", "y": "%Y"}
"""How the day, week, month or year of a time is written: the same text, the same span."""


def kept(entries: Sequence[BackupEntry], wanted: Mapping[str, int]) -> dict[str, str]:
    """The names of the backups to keep, each with the reason.

    Logical and base backups are counted apart, so that none makes room for another kind. Days, weeks, months and years
    are those that have a backup, by UTC: a server that was away for a month doesn't lose its last ones. The newest of
    each kind is kept whatever is wanted, the newest that was proved too, and all that an incremental one stands on.
    """
    made = sorted((each.manifest for each in entries if each.manifest), key=lambda each: each.ended_at, reverse=True)
    proved = {each.manifest.name for each in entries if each.manifest and each.proved_at}
    found: dict[str, str] = {}
    for group in ([each for each in made if each.kind == "logical"], [each for each in made if each.kind != "logical"]):
        found |= _kept_of(group, wanted)
        if newest := next((each.name for each in group if each.name in proved), None):
            found.setdefault(newest, "the newest that was proved")
    by_name = {each.name: each for each in made}
    for name in list(found):
        parent = by_name[name].parent
        while parent is not None and parent in by_name:
            found.setdefault(parent, f"{name} stands on it")
            parent = by_name[parent].parent
    return found


def _kept_of(made: Sequence[Manifest], wanted: Mapping[str, int]) -> dict[str, str]:
    """Of one kind, the newest first."""
    found = {made[0].name: "the newest"} if made else {}
    for unit, count in wanted.items():
        spans: dict[str, str] = {}
        for manifest in made:
            spans.setdefault(f"{manifest.ended_at.astimezone(dt.UTC):{_SPANS[unit]}}", manifest.name)
        for span, name in list(spans.items())[:count]:
            found.setdefault(name, f"the newest of {span}")
    return found
