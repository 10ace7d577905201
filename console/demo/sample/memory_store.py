"""memory_store: what a few agents remember for good about people and their work, and when it was of use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from console.demo.embedder import embed
from console.demo.sample.draw import Draw
from console.demo.sample.people import CITIES, full_names
from console.demo.sample.prose import MONTHS, TopicWriter, capital, topics
from console.demo.sample.records import SampleRows, rows

MEMORIES, LINKS, ACCESSES, PEOPLE = 2000, 1500, 1800, 160
AGENTS = {
    "concierge": "Books travel and restaurants",
    "code-companion": "Pairs with developers",
    "research-librarian": "Finds and keeps sources",
    "support-desk": "Answers customers",
    "meeting-scribe": "Writes minutes and reminds of decisions",
    "health-coach": "Asks about sleep and sport",
    "ops-watcher": "Looks after servers at night",
    "tutor": "Explains mathematics patiently",
    "kitchen-helper": "Plans meals",
    "travel-guide": "Knows cities and trains",
}
PERSONAL = (
    ("preference", "{name} likes {drink} and dislikes {other_drink}."),
    ("preference", "{name} prefers the train to a flight, even to {city}."),
    ("preference", "{name} wants a hotel close to the station in {city}."),
    ("preference", "{name} does not eat {food}, and has a favourite restaurant in {city}."),
    ("preference", "{name} listens to {music} while working."),
    ("fact", "{name}'s birthday is in {month}."),
    ("fact", "{name} lives in {city} with {family}."),
    ("fact", "{name} plays {instrument} in an orchestra on weekends."),
    ("fact", "{name} learns to bake bread; the last recipe was for {bread}."),
    ("event", "{name} spent a holiday in {city} and came back with a recipe for {food}."),
    ("event", "{name} heard {music} at a concert in {city}."),
    ("event", "{name} moved from {city} to {other_city}."),
    ("procedure", "To book for {name}: ask for a window seat, then for {drink}, then confirm by message."),
    ("reflection", "{name} answers faster in the morning; keep questions about {food} for the evening."),
)
WORK = (
    ("fact", "{name} maintains {things} and uses {tool} for it."),
    ("fact", "{name}'s team suffers from {problem}."),
    ("preference", "{name} prefers {tool} to {other_tool}."),
    ("preference", "{name} wants answers about {things} with an example."),
    ("event", "In {month} {name} found the cause of {problem}."),
    ("event", "{name} presented {things} to the team; the goal was {gain}."),
    ("procedure", "When {name} reports {problem}: {remedy}, then look at {things}."),
    ("reflection", "Advice to {name} worked best as: {remedy}."),
    ("reflection", "{fact}"),
)
WORDS = {
    "drink": ("strong coffee", "green tea", "oat milk", "sparkling water", "hot chocolate", "mint tea"),
    "food": (
        "peanuts",
        "mushroom risotto",
        "spicy curry",
        "fish soup",
        "roasted vegetables",
        "goat cheese",
        "dumplings",
    ),
    "music": ("piano sonatas", "a jazz guitar trio", "an early album of Nina Simone", "a string quartet", "fado songs"),
    "instrument": ("the cello", "the oboe", "the viola", "percussion"),
    "family": ("two cats", "three children", "a friend from school", "a large dog", "grandparents next door"),
    "bread": ("rye", "focaccia", "sourdough", "brioche"),
}
QUESTIONS = (
    "what does {name} like to drink",
    "where does {name} live",
    "which {tool} setup does {name} have",
    "has {name} seen {problem} before",
    "how should I explain {things} to {name}",
    "when is {name}'s birthday",
)


def generate(now: datetime) -> Iterator[SampleRows]:
    draw = Draw("memory_store", now)
    agents = [
        (draw.uuid7(moment := draw.ago(700, at_least=450)), name, description, moment)
        for name, description in AGENTS.items()
    ]
    yield rows("memory_store.agents", "id name description created_at", agents)
    people = list(islice(full_names(draw), PEOPLE))
    memories = _memories(draw, TopicWriter(draw), agents, people)
    yield rows(
        "memory_store.memories",
        "id agent_id kind content importance source metadata superseded_by expires_at created_at embedding",
        memories,
    )
    yield rows("memory_store.memory_links", "source_id target_id relation strength created_at", _links(draw, memories))
    # The trigger counts each access on its memory.
    yield rows(
        "memory_store.memory_accesses",
        "memory_id query distance was_useful accessed_at",
        (_access(draw, TopicWriter(draw), draw.popular(memories), people) for _ in range(ACCESSES)),
    )


def _memories(draw: Draw, write: TopicWriter, agents: list[Any], people: list[str]) -> list[tuple[Any, ...]]:
    """In the order of their making, latest first: a memory is superseded by one that stands before it."""
    latest: dict[tuple[str, str], UUID] = {}
    found = []
    for moment in sorted((draw.ago(420) for _ in range(MEMORIES)), reverse=True):
        name, topic = draw.choice(people), draw.popular(topics())
        kind, template = draw.choice(PERSONAL if draw.chance(0.45) else WORK)
        cities = [place[0] for place in draw.sample(CITIES, 2)]
        drinks = draw.sample(WORDS["drink"], 2)
        words = {key: draw.choice(choices) for key, choices in WORDS.items()} | {
            "name": name,
            "city": cities[0],
            "other_city": cities[1],
            "drink": drinks[0],
            "other_drink": drinks[1],
            "month": draw.choice(MONTHS),
            "fact": draw.choice(topic.facts),
        }
        content = write.fill(template, topic, **words)
        identity = draw.uuid7(moment)
        found.append(
            (
                identity,
                draw.choice(agents)[0],
                kind,
                content,
                round(draw.betavariate(2.5, 2), 3),
                draw.weighted({"conversation": 0.6, "document": 0.15, "inference": 0.15, "tool": 0.06, "import": 0.04}),
                {"person": name, "confidence": round(draw.uniform(0.5, 1), 2)},
                latest.get((name, template)),
                moment + timedelta(days=400) if kind == "event" and draw.chance(0.4) else None,
                moment,
                embed(content) if draw.chance(0.985) else None,
            )
        )
        latest[name, template] = identity
    return found


def _links(draw: Draw, memories: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    by_person: dict[str, list[tuple[Any, ...]]] = {}
    for memory in memories:
        by_person.setdefault(memory[6]["person"], []).append(memory)
    groups = [group for group in by_person.values() if len(group) > 3]
    seen: set[tuple[UUID, UUID]] = set()
    while len(seen) < LINKS:
        source, target = draw.sample(draw.choice(groups), 2)
        relation = draw.weighted(
            {"similar": 0.4, "supports": 0.25, "follows": 0.2, "explains": 0.1, "contradicts": 0.05}
        )
        if (source[0], target[0]) not in seen:
            seen.add((source[0], target[0]))
            yield source[0], target[0], relation, round(draw.uniform(0.2, 1), 2), max(source[9], target[9])


def _access(draw: Draw, write: TopicWriter, memory: tuple[Any, ...], people: list[str]) -> tuple[Any, ...]:
    question = write.fill(draw.choice(QUESTIONS), draw.popular(topics()), name=memory[6]["person"])
    return (
        memory[0],
        capital(question) + "?",
        round(draw.betavariate(2, 5), 4),
        draw.chance(0.7) if draw.chance(0.8) else None,
        draw.after(memory[9], 24 * 60),
    )
