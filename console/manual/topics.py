"""Which pages there are, their text, and where a word stands in them.

A page is `pages/NAME.md`; its first line is its title. A line `<!-- table: NAME -->` in it is replaced by a table of
`tables.TABLES`. Below some pages stand topics of single things, made from the registries too: `checks/connections`,
`lint/add-foreign-key`. Links between pages name the topic: `[Plans](plan)`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from msgspec import Struct

from console.errors import UsageError
from console.manual import tables

PAGES = Path(__file__).parent / "pages"

GROUPS: dict[str, tuple[str, ...]] = {
    "First steps": ("start", "connecting", "configuration", "demo"),
    "Screens": ("keys", "overview", "schemas", "migrations", "activity", "statements", "vectors", "pgbouncer", "query",
                "plan", "recorder"),
    "Command line": ("commands", "diagnose", "checks", "migrate", "lint", "search", "ddl", "advisories", "backup"),
    "What to rely on": ("promises", "versions", "resilience", "faults"),
}
"""The pages in the order in which they are listed."""

_LINK = re.compile(r"\[(?P<words>[^]\n]+)\]\((?P<topic>[a-z_/-]+)\)")
_TABLE = re.compile(r"^<!-- table: (?P<name>[a-z]+)(?: (?P<argument>[a-z_ ]+))? -->$", re.MULTILINE)


class Topic(Struct, frozen=True):
    """A page: the name by which it is asked for, its title, and the group in which it is listed."""

    name: str
    title: str
    group: str


class Passage(Struct, frozen=True):
    """A place where all words of a search stand: the topic, the nearest heading above it, and the line."""

    topic: str
    heading: str
    line: str


class Link(Struct, frozen=True):
    """A link to another topic, and the words that it stands under."""

    words: str
    topic: str


@cache
def topics() -> tuple[Topic, ...]:
    """All pages, by group."""
    return tuple(Topic(name, _title(_source(name)), group) for group, names in GROUPS.items() for name in names)


@cache
def text(name: str) -> str:
    """The Markdown of a topic, its tables filled in. Raises UsageError that names the nearest for an unknown one."""
    page, _, entry = name.strip().lower().removesuffix(".md").partition("/")
    if entry:
        made = tables.ENTRIES.get(page)
        known = made() if made is not None else {}
        if entry in known:
            return known[entry]
        raise UsageError(f"the manual has no topic {name!r}",
                         hint=_nearest(entry, known) if known else _nearest(page, tables.ENTRIES))
    if page not in {topic.name for topic in topics()}:
        raise UsageError(f"the manual has no topic {name!r}", hint=_nearest(page, [topic.name for topic in topics()]))
    return _TABLE.sub(lambda match: tables.TABLES[match["name"]](match["argument"] or ""), _source(page))


def contents() -> str:
    """The list of pages, as Markdown."""
    lines = ["# The manual"]
    for group, names in GROUPS.items():
        lines += ["", f"## {group}", ""]
        lines += [f"- [{name}]({name}): {_title(_source(name))}" for name in names]
    lines += ["", "Single checks and rules have topics of their own: `checks/connections`, `lint/add-foreign-key`."]
    return "\n".join(lines) + "\n"


def search(words: str) -> Iterator[Passage]:
    """Where all of `words` stand in one line, case aside: titles, then headings, then in the order of the pages."""
    wanted = words.lower().split()
    if not wanted:
        return
    headings: list[Passage] = []
    below: list[Passage] = []
    for topic in topics():
        heading = topic.title
        for line in text(topic.name).splitlines():
            is_heading = line.startswith("#")
            if is_heading:
                heading = line.lstrip("# ")
            if all(word in line.lower() for word in wanted):
                passage = Passage(topic.name, heading, heading if is_heading else line.strip())
                if is_heading and heading == topic.title:
                    yield passage
                else:
                    (headings if is_heading else below).append(passage)
    yield from headings
    yield from below


def links(source: str) -> tuple[Link, ...]:
    """The links of a page to other topics, in their order, each once."""
    found = {match["topic"]: Link(match["words"], match["topic"]) for match in _LINK.finditer(source)}
    return tuple(found.values())


@cache
def _source(name: str) -> str:
    return (PAGES / f"{name}.md").read_text("utf-8")


def _title(source: str) -> str:
    return source.partition("\n")[0].removeprefix("# ")


def _nearest(word: str, known: object) -> str:
    names = list(known)  # type: ignore[call-overload]
    close = difflib.get_close_matches(word, names, 1, 0.5)
    return f"did you mean {close[0]}?" if close else f"dbconsole help lists: {', '.join(names[:12])}"
