"""Sentences and titles about the topics of topics.toml: what people write about their work."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any

from msgspec import Struct

from console.demo.sample.draw import Draw


class Theme(Struct, frozen=True):
    """What is said about a topic: plural nouns, nouns, infinitives without "to", and whole sentences."""

    name: str
    area: str
    things: tuple[str, ...]
    tools: tuple[str, ...]
    problems: tuple[str, ...]
    remedies: tuple[str, ...]
    gains: tuple[str, ...]
    facts: tuple[str, ...]

    @property
    def slug(self) -> str:
        return slug(self.name)


@cache
def topics() -> tuple[Theme, ...]:
    """All topics, those first that most is said about."""
    text = (resources.files("console.demo.sample") / "topics.toml").read_text("utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)["topic"]
    return tuple(Theme(**{key: _frozen(value) for key, value in entry.items()}) for entry in entries)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


SENTENCES = (
    "{Problem} is the usual reason why {things} end up on the agenda.",
    "Most teams meet {problem} sooner than they expect, and {things} are where it shows.",
    "The advice of those who have been there: {remedy}.",
    "With {tool} it took us an afternoon to {remedy}.",
    "What comes of it is {gain}.",
    "{tool} and {other_tool} take different routes to {gain}.",
    "{Things} rarely fail alone; look for {problem} first.",
    "Since we {remedy}, nobody talks about {problem} any more.",
    "{Things} and {other_things} have to be looked at together.",
    "Before you replace {tool}, {remedy}.",
    "{Gain}: not without attention to {things}.",
    "We measured it for a month: to {remedy} was worth more than any change of {tool}.",
    "{Problem} cost the team three days in {month}.",
    "A good first step is to {remedy}; the second is to look at {things}.",
    "{tool} shows {things} as they are, which is how we found {problem}.",
)
TITLES = (
    "{Things} in practice",
    "How we got rid of {problem}",
    "{tool} and {things}: a field report",
    "Why {things} fail, and what to do about it",
    "{Remedy}: lessons of a year",
    "Towards {gain}",
    "{Things} without tears",
    "From {problem} to {gain}",
    "A second look at {things}",
    "{tool} beyond the basics",
    "What nobody tells you about {things}",
    "{Things}, {other_things} and the rest of us",
    "The cost of {problem}",
)
QUESTIONS = (
    "how to {remedy}",
    "{tool} {things}",
    "why {problem}",
    "{tool} vs {other_tool}",
    "best way to {remedy} with {tool}",
    "{problem} fix",
    "{things} explained",
    "{things} best practices {year}",
    "how do others get {gain}",
)


@cache
def _places(template: str) -> tuple[str, ...]:
    """The names in the template's braces, each once."""
    return tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(template) if name))


MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


class TopicWriter:
    """Writes about topics, by a chance of its own."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw

    def fill(self, template: str, topic: Theme, **more: Any) -> str:
        """The template with words of the topic in its places; a capitalised place begins with a capital."""
        places = _places(template)
        words = {name.lower(): self._word(name.lower(), topic) for name in places if name.lower() not in more} | more
        if "other_things" in words:
            words["things"], words["other_things"] = self.draw.sample(topic.things, 2)
        if "other_tool" in words:
            words["tool"], words["other_tool"] = self.draw.sample(topic.tools, 2)
        return template.format(
            **{name: words[name] if name in words else capital(str(words[name.lower()])) for name in places}
        )

    def _word(self, name: str, topic: Theme) -> Any:
        match name:
            case "things" | "other_things":
                return self.draw.choice(topic.things)
            case "tool" | "other_tool":
                return self.draw.choice(topic.tools)
            case "problem":
                return self.draw.choice(topic.problems)
            case "remedy":
                return self.draw.choice(topic.remedies)
            case "gain":
                return self.draw.choice(topic.gains)
            case "topic":
                return topic.name
            case "month":
                return self.draw.choice(MONTHS)
            case "year":
                return self.draw.now.year
        raise KeyError(name)

    def title(self, topic: Theme) -> str:
        return self.fill(self.draw.choice(TITLES), topic)

    def question(self, topic: Theme) -> str:
        return self.fill(self.draw.choice(QUESTIONS), topic)

    def sentence(self, topic: Theme) -> str:
        if self.draw.chance(0.25):
            return self.draw.choice(topic.facts)
        return self.fill(self.draw.choice(SENTENCES), topic)

    def paragraph(self, topic: Theme, sentences: int) -> str:
        """So many different sentences."""
        found: dict[str, None] = {}
        while len(found) < sentences:
            found[self.sentence(topic)] = None
        return " ".join(found)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "đ": "d"})


def slug(text: str) -> str:
    """Lower-case ASCII words joined by hyphens."""
    return "-".join(re.findall(r"[a-z0-9]+", plain(text).lower()))


def plain(text: str) -> str:
    """Without diacritics."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
