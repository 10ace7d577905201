"""memory_management: what assistants keep in mind per task, details below what sums them up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from console.demo.embedder import embed
from console.demo.sample.draw import Draw
from console.demo.sample.people import GIVEN
from console.demo.sample.prose import Theme, TopicWriter, slug, topics
from console.demo.sample.records import SampleRows, rows

CONTEXTS, RELATIONS, RUNS = 160, 900, 260
TITLES = (
    "Help {name} to {remedy}",
    "{Things}: what {name} wants to know",
    "Find the cause of {problem}",
    "Plan: {gain}",
    "Compare {tool} and {other_tool} for {name}",
    "Support case about {things}",
)
DETAILS = (
    "{name} asked how to {remedy}.",
    "{name} runs {tool} in production and is content with it.",
    "The logs show {problem}.",
    "Tried to {remedy}: it did not help with {problem}.",
    "The goal is {gain}.",
    "{name} prefers {tool} over {other_tool}.",
    "Decision: {remedy} before the release.",
    "The budget allows no replacement of {tool} this year.",
    "{name} will report back on {things} on Monday.",
)
RELATION_KINDS = {"mentions": 0.4, "refines": 0.2, "precedes": 0.2, "causes": 0.12, "contradicts": 0.08}
LEVELS = {"working": 0.3, "episodic": 0.45, "semantic": 0.25}


def generate(now: datetime) -> Iterator[SampleRows]:
    draw = Draw("memory_management", now)
    write = TopicWriter(draw)
    contexts = [_context(draw, write, number) for number in range(1, CONTEXTS + 1)]
    yield rows(
        "memory_management.contexts",
        "id session_key title purpose status token_budget tokens_used state last_used_at created_at",
        (row for row, *_ in contexts),
    )
    nodes = _nodes(draw, write, contexts)
    # The trigger sets each node's path from its parent's, which comes before it; COPY wants some value.
    yield rows(
        "memory_management.memory_nodes",
        "id context_id parent_id path level title content token_count importance half_life attributes recalled_at "
        "created_at",
        nodes,
    )
    yield rows(
        "memory_management.memory_relations", "source_id target_id relation weight created_at", _relations(draw, nodes)
    )
    yield rows(
        "memory_management.consolidation_runs",
        "context_id strategy nodes_before nodes_after tokens_saved report started_at finished_at",
        (_run(draw, draw.popular(contexts)[0]) for _ in range(RUNS)),
    )
    yield rows(
        "memory_management.embeddings",
        "memory_node_id model embedding created_at",
        ((node[0], "minilm-384", embed(f"{node[5]}. {node[6]}"), node[12]) for node in nodes),
    )


def _context(draw: Draw, write: TopicWriter, number: int) -> tuple[tuple[Any, ...], Theme, str]:
    topic, name, moment = draw.popular(topics()), draw.choice(GIVEN), draw.ago(120)
    budget = draw.choice((8000, 16000, 32000, 128000))
    last_used_at = draw.after(moment, 24 * 10)
    old = draw.now - last_used_at > timedelta(days=14)
    status = draw.weighted({"closed": 0.8, "paused": 0.2} if old else {"open": 0.7, "paused": 0.2, "closed": 0.1})
    row = (
        draw.uuid7(moment),
        f"{slug(name)}-{number:04}",
        write.fill(draw.choice(TITLES), topic, name=name),
        draw.weighted({"chat": 0.3, "coding": 0.3, "research": 0.2, "planning": 0.1, "support": 0.1}),
        status,
        budget,
        round(budget * draw.betavariate(2, 3)),
        {"user": name, "topic": topic.slug, "turn": draw.randint(1, 60)},
        last_used_at,
        moment,
    )
    return row, topic, name


def _nodes(draw: Draw, write: TopicWriter, contexts: list[tuple[tuple[Any, ...], Theme, str]]) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for row, topic, name in contexts:
        mine: list[int] = []
        for _ in range(draw.randint(3, 13)):
            number, parent = len(found) + 1, draw.choice(mine[:5]) if mine else None
            content = write.fill(draw.choice(DETAILS), topic, name=name) if mine else write.paragraph(topic, 2)
            title = write.fill("{name} and {things}", topic, name=name) if mine else row[2]
            level = draw.weighted(LEVELS) if mine else draw.choice(("semantic", "core"))
            half_life = timedelta(days={"working": 1, "episodic": 14, "semantic": 90, "core": 3650}[level])
            moment = draw.after(row[9], 24 * 5)
            found.append(
                (
                    number,
                    row[0],
                    parent,
                    [number],
                    level,
                    title,
                    content,
                    len(content) // 4 + 1,
                    round(draw.betavariate(3, 3), 3),
                    half_life,
                    {"topic": topic.slug, "turn": len(mine) + 1},
                    draw.after(moment, 200) if draw.chance(0.6) else None,
                    moment,
                )
            )
            mine.append(number)
    return found


def _relations(draw: Draw, nodes: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    seen: set[tuple[int, int, str]] = set()
    while len(seen) < RELATIONS:
        source = draw.randint(1, len(nodes))
        # Mostly within the neighbourhood: that is the same context or one of the same days.
        target = min(len(nodes), max(1, source + draw.randint(-12, 12)))
        relation = draw.weighted(RELATION_KINDS)
        if source != target and (source, target, relation) not in seen:
            seen.add((source, target, relation))
            yield source, target, relation, round(draw.uniform(0.1, 1), 2), nodes[max(source, target) - 1][12]


def _run(draw: Draw, context: tuple[Any, ...]) -> tuple[Any, ...]:
    before, started_at = draw.randint(6, 60), draw.after(context[9], 24 * 30)
    after = round(before * draw.uniform(0.4, 0.95))
    finished_at = started_at + timedelta(milliseconds=draw.milliseconds(2500))
    saved = (before - after) * draw.randint(20, 90)
    return (
        context[0],
        draw.weighted({"summarise": 0.5, "merge": 0.25, "promote": 0.15, "forget": 0.1}),
        before,
        after,
        saved,
        {"removed": before - after, "model": "small-8b"},
        started_at,
        finished_at if finished_at <= draw.now else None,
    )
