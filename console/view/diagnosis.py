"""Findings as rows: a sentence each, wrapped and never cut, and where a key goes with its subject."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Callable, Sequence

from console.diagnosis.records import Finding, Severity, Subject
from console.sql.names import qualified_name
from console.text import format as fmt
from console.view.table import Cell, Column, Line, Row, Table, Tone

TONES: dict[Severity, Tone] = {"critical": "critical", "warning": "warning", "info": "accent"}

WHERE_CELLS = 12

COLUMNS = (
    Column("severity", "", fixed=True, sortable=False),
    Column("summary", "", flexible=True, minimum=20, maximum=400, sortable=False),
    Column("where", "", align="right", minimum=1, maximum=WHERE_CELLS, sortable=False),
)
AROUND = 7
"""Cells of a row that are neither the sentence's nor the last column's."""

FEWEST_CELLS, WIDE_CELLS = 30, 100


def table(findings: Sequence[Finding], cells: int, where: Callable[[Subject], str]) -> Table:
    """The findings in a table `cells` wide; `where` gives the key of what shows a subject and its title, which is left
    out where there is little room. A sentence that needs several lines has several rows, all of the same finding."""
    rows = []
    places = [where(finding.subject) for finding in findings]
    if cells < WIDE_CELLS:
        places = [place.partition(" ")[0] for place in places]
    room = max(FEWEST_CELLS, cells - AROUND - max(map(len, places), default=0))
    for number, finding in enumerate(findings):
        tone = TONES[finding.severity]
        for line, words in enumerate(textwrap.wrap(finding.summary, room, break_on_hyphens=False)):
            is_first = not line
            rows.append(Row(f"{number} {finding.kind} {line}", (
                Cell(finding.severity[0].upper() if is_first else "", tone),
                Cell(words, "strong" if finding.severity == "critical" else ""),
                Cell(places[number] if is_first else "", "dim")), record=finding))
    return Table(COLUMNS, tuple(rows))


def verdict(findings: Sequence[Finding], others: int) -> Line:
    """How many, how bad, and since when; `others` is the number of checks that are not well besides."""
    worst = findings[0]
    since = f", since {_time(worst.since)}" if worst.since is not None else ""
    besides = f" · {fmt.plural(others, 'more check')} not well" if others else ""
    return ((" ", ""), (fmt.plural(len(findings), "finding"), TONES[worst.severity]),
            (f" · the worst is {'information' if worst.severity == 'info' else worst.severity}{since}", ""),
            (besides, "dim"))


def in_hand(subject: Subject) -> object:
    """What the screen that shows a subject is given, see its `receive`; None: the screen as a whole shows it."""
    if subject.screen == "activity":
        return _of_activity(subject)
    if subject.relation is not None:
        return qualified_name(subject.relation)
    if subject.schema is not None:
        return qualified_name(subject.schema)
    return subject.pool if subject.pool is not None else subject.query_id


def _of_activity(subject: Subject) -> object:
    """A session's pid, or a view of Activity and the key of a row of it ("" for none)."""
    if subject.subscription is not None:
        return "replication", f"subscription {subject.subscription}"
    if subject.slot is not None:
        return "replication", f"slot {subject.slot}" if subject.pid is None else f"sender {subject.pid}"
    if subject.standby is not None:
        return "replication", f"sender {subject.pid}"
    if subject.gid is not None:
        return "blocking", f"prepared {subject.gid}"
    if subject.pid is not None:
        return subject.pid
    return (subject.page, "") if subject.page is not None else None


def detail(finding: Finding) -> list[tuple[str, Tone]]:
    """A finding in full, for its dialog."""
    words: list[tuple[str, Tone]] = [(finding.summary, TONES[finding.severity]), ("", "")]
    words.append(("since when: " + (_time(finding.since) if finding.since is not None else "unknown"), ""))
    if (hurts := finding.hurts) is not None:
        number = "" if hurts.count is None else f"{fmt.count(hurts.count)} "
        names = f": {', '.join(hurts.names)}" if hurts.names else ""
        words.append((f"whom it hurts: {number}{hurts.what}{names}", ""))
    words += [(f"{item.label}: {item.value}", "dim") for item in finding.evidence]
    return [*words, ("", ""), (finding.next, "")]


def _time(at: dt.datetime) -> str:
    return f"{at.astimezone():%H:%M:%S}"
