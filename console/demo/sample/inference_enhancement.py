"""inference_enhancement: a knowledge graph about the topics, passages to enrich prompts with, and what was asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from console.demo.embedder import embed
from console.demo.sample.draw import Draw
from console.demo.sample.people import CITIES, companies, full_names
from console.demo.sample.prose import Theme, TopicWriter, capital, topics
from console.demo.sample.records import SampleRows, rows

PASSAGES, REQUESTS, PEOPLE, ORGANISATIONS = 2000, 1200, 180, 120
MODELS = (  # name, provider, purpose, dimensions, context, dollars per million tokens
    ("minilm-384", "local", "embedding", 384, 512, "0"),
    ("text-embedding-1536", "hosted", "embedding", 1536, 8191, "0.02"),
    ("multilingual-1024", "hosted", "embedding", 1024, 8192, "0.05"),
    ("small-8b", "local", "generation", None, 32768, "0"),
    ("medium-70b", "hosted", "generation", None, 131072, "0.6"),
    ("large", "hosted", "generation", None, 200000, "3"),
    ("code-32b", "hosted", "generation", None, 65536, "0.4"),
    ("rerank-base", "local", "reranking", None, 512, "0"),
)
TEMPLATES = {
    "answer_with_sources": "Answer {question} from these passages only, and cite them: {passages}",
    "summarise": "Summarise {document} in {sentences} sentences for {audience}.",
    "classify_ticket": "Which of {categories} does this ticket belong to? {ticket}",
    "extract_entities": "List the people, organisations and products in {text} as JSON.",
    "explain_plan": "Explain this query plan and what to change: {plan}",
    "draft_reply": "Draft a reply to {message} in the tone of {example}.",
}
FIXES = ("Be brief.", "Say so if you do not know.", "Answer in the language of the question.")
SOURCES = {"article": 0.3, "ticket": 0.25, "wiki": 0.25, "chat": 0.1, "manual": 0.1}


def generate(now: datetime) -> Iterator[SampleRows]:
    draw = Draw("inference_enhancement", now)
    write = TopicWriter(draw)
    nodes, numbers = _nodes(draw, write)
    yield rows(
        "inference_enhancement.knowledge_nodes",
        "id kind name description aliases properties confidence created_at embedding",
        nodes,
    )
    yield rows(
        "inference_enhancement.knowledge_edges",
        "source_id target_id relation weight evidence created_at",
        _edges(draw, write, nodes, numbers),
    )
    yield rows(
        "inference_enhancement.models",
        "id name provider purpose dimensions context_tokens price_per_token is_active created_at",
        (
            (number, *model[:5], Decimal(model[5]) / 1_000_000, model[0] != "multilingual-1024", draw.ago(500))
            for number, model in enumerate(MODELS, 1)
        ),
    )
    templates = [
        (name, version, text + "".join(f" {fix}" for fix in FIXES[: version - 1]))
        for name, text in TEMPLATES.items()
        for version in range(1, draw.randint(2, 4) + 1)
    ]
    newest = {name: version for name, version, _ in templates}
    yield rows(
        "inference_enhancement.prompt_templates",
        "id name version template variables is_current created_at",
        (
            (
                number,
                name,
                version,
                text,
                [part.split("}")[0] for part in text.split("{")[1:]],
                version == newest[name],
                draw.ago(400 - 60 * version, at_least=300 - 60 * version),
            )
            for number, (name, version, text) in enumerate(templates, 1)
        ),
    )
    requests = [_request(draw, write, len(templates)) for _ in range(REQUESTS)]
    yield rows(
        "inference_enhancement.inference_requests",
        "id model_id prompt_template_id prompt response status parameters input_tokens output_tokens latency_ms "
        "rating created_at",
        (row for row, _ in requests),
    )
    yield rows(
        "inference_enhancement.request_nodes", "request_id node_id rank distance", _used(draw, requests, numbers)
    )
    yield rows(
        "inference_enhancement.embeddings",
        "model_id source_type source_id content metadata embedding created_at",
        (_passage(draw, write, number) for number in range(1, PASSAGES + 1)),
    )


def _nodes(draw: Draw, write: TopicWriter) -> tuple[list[tuple[Any, ...]], dict[str, list[int]]]:
    """The nodes, and the numbers of those that belong to each topic."""
    found: dict[tuple[str, str], tuple[str, Theme]] = {}
    for topic in topics():
        for kind, names in (
            ("concept", (topic.name, *topic.things, *topic.problems, *topic.gains)),
            ("product", topic.tools),
        ):
            for name in names:
                said = f"A {kind} of {topic.name.lower()}. {write.sentence(topic)}"
                found.setdefault((kind, capital(name) if kind == "concept" else name), (said, topic))
    for name in islice(full_names(draw), PEOPLE):
        topic = draw.popular(topics())
        found["person", name] = (write.fill("Writes and speaks about {things} and {tool}.", topic), topic)
    for name, industry in islice(companies(draw), ORGANISATIONS):
        topic = draw.popular(topics())
        found["organisation", name] = (write.fill(f"A company in {industry} that builds {{things}}.", topic), topic)
    for city, *_ in CITIES:
        topic = draw.choice(topics())
        found["place", city] = (f"A city with a community around {topic.name.lower()}.", topic)
    nodes, numbers = [], {topic.name: list[int]() for topic in topics()}
    for number, ((kind, name), (said, topic)) in enumerate(found.items(), 1):
        numbers[topic.name].append(number)
        aliases = ["".join(word[0] for word in name.split()).upper()] if kind == "concept" and " " in name else []
        nodes.append(
            (
                number,
                kind,
                name,
                said,
                aliases,
                {"topic": topic.slug},
                round(min(1, draw.betavariate(6, 2)), 3),
                draw.ago(500),
                embed(f"{name}. {said}") if draw.chance(0.97) else None,
            )
        )
    return nodes, numbers


def _edges(
    draw: Draw, write: TopicWriter, nodes: Sequence[tuple[Any, ...]], numbers: dict[str, list[int]]
) -> Iterator[tuple[Any, ...]]:
    kinds = {node[0]: node[1] for node in nodes}
    relations = {
        ("concept", "concept"): ("causes", "related_to", "part_of", "solves"),
        ("product", "concept"): ("addresses", "implements"),
        ("person", "concept"): ("writes_about", "researches"),
        ("person", "product"): ("maintains", "uses"),
        ("person", "organisation"): ("works_for",),
        ("organisation", "product"): ("sponsors", "uses"),
        ("organisation", "place"): ("located_in",),
        ("person", "place"): ("lives_in",),
        ("concept", "product"): ("supported_by",),
    }
    seen = set()
    for topic in topics():
        mine = numbers[topic.name]
        for _ in range(len(mine) * 4):
            source, target = draw.choice(mine), draw.choice(mine if draw.chance(0.85) else range(1, len(nodes) + 1))
            relation = draw.choice(relations.get((kinds[source], kinds[target]), ("mentions",)))
            if source != target and (source, relation, target) not in seen:
                seen.add((source, relation, target))
                yield (
                    source,
                    target,
                    relation,
                    round(draw.uniform(0.05, 1), 3),
                    [{"text": write.sentence(topic), "source": draw.weighted(SOURCES)}] if draw.chance(0.6) else [],
                    draw.ago(400),
                )


def _request(draw: Draw, write: TopicWriter, templates: int) -> tuple[tuple[Any, ...], Theme]:
    topic, moment = draw.popular(topics()), draw.ago(90)
    model = draw.weighted({4: 0.35, 5: 0.35, 6: 0.15, 7: 0.15})
    recent = (draw.now - moment).total_seconds() < 3600
    status = draw.weighted({"pending": 0.4, "streaming": 0.6} if recent else {"done": 0.96, "failed": 0.04})
    prompt = capital(write.question(topic)) + "?"
    response = write.paragraph(topic, draw.randint(2, 5)) if status == "done" else None
    row = (
        draw.uuid7(moment),
        model,
        draw.randint(1, templates) if draw.chance(0.8) else None,
        prompt,
        response,
        status,
        {"temperature": draw.choice((0, 0.2, 0.7)), "max_tokens": draw.choice((256, 512, 1024))},
        draw.milliseconds(900),
        len(response) // 4 if response else 0,
        draw.milliseconds({4: 700, 5: 1600, 6: 3200, 7: 1200}[model]) if status == "done" else None,
        draw.weighted({5: 0.4, 4: 0.35, 3: 0.15, 2: 0.06, 1: 0.04}) if status == "done" and draw.chance(0.3) else None,
        moment,
    )
    return row, topic


def _used(
    draw: Draw, requests: Sequence[tuple[tuple[Any, ...], Theme]], numbers: dict[str, list[int]]
) -> Iterator[tuple[Any, ...]]:
    for row, topic in requests:
        distance = draw.uniform(0.1, 0.3)
        for rank, node in enumerate(draw.some(numbers[topic.name], 2, 5), 1):
            yield row[0], node, rank, round(distance, 4)
            distance += draw.uniform(0.01, 0.08)


def _passage(draw: Draw, write: TopicWriter, number: int) -> tuple[Any, ...]:
    topic, kind = draw.popular(topics()), draw.weighted(SOURCES)
    content = write.paragraph(topic, draw.randint(2, 4))
    return (
        1,
        kind,
        f"{kind}-{number:05}",
        content,
        {"topic": topic.slug, "title": write.title(topic)},
        embed(content),
        draw.ago(365),
    )
