"""The demo's made-up data: the same on every machine, consistent, and about something."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from console.demo import sample
from console.demo.embedder import embed
from console.demo.sample.draw import Draw
from console.demo.sample.prose import SENTENCES, TITLES, TopicWriter, slug, topics

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
Table = list[dict[str, Any]]


@cache
def everything() -> dict[str, Table]:
    return {table.table: [dict(zip(table.columns, row, strict=True)) for row in table.rows]
            for table in sample.tables(NOW)}


def table(name: str) -> Table:
    return everything()[name]


def cosine(sequence: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(sequence, other, strict=True))


def digest(service: Any, now: datetime) -> str:
    found = hashlib.sha256()
    for item in service.generate(now):
        for row in item.rows:
            found.update(repr(row).encode())
    return found.hexdigest()


@pytest.mark.parametrize("service", [sample.code_quality, sample.web_access])
def test_the_same_moment_gives_the_same_rows(service: Any) -> None:
    assert digest(service, NOW) == digest(service, NOW)
    assert digest(service, NOW) != digest(service, NOW + timedelta(days=1))


def test_there_is_enough_of_everything() -> None:
    counts = {name: len(rows) for name, rows in everything().items()}
    assert 40_000 < sum(counts.values()) < 90_000
    assert len(counts) > 50
    assert {name.partition(".")[0] for name in counts} == {
        service.__name__.rpartition(".")[2] for service in sample.SERVICES
    }
    assert min(counts.values()) > 5
    assert not [name for name, count in counts.items() if count > 8_000]


def test_only_what_is_planned_lies_in_the_future() -> None:
    planned = {"starts_at", "ends_at", "target_at", "expires_at"}
    for name, rows in everything().items():
        for row in rows:
            late = {key for key, value in row.items() if isinstance(value, datetime) and value > NOW}
            assert late <= planned, name
    upcoming = [row for row in table("event_data.events") if row["starts_at"] > NOW]
    assert 200 < len(upcoming) < 500
    assert all(row["status"] != "finished" for row in upcoming)


def test_every_vector_stands_for_its_text() -> None:
    vectors = 0
    for rows in everything().values():
        for row in rows:
            if row.get("embedding") is not None:
                vectors += 1
                assert math.isclose(cosine(row["embedding"], row["embedding"]), 1, rel_tol=1e-9)
    assert vectors > 6_000
    event = table("event_data.events")[0]
    assert event["embedding"] == embed(f"{event['name']}. {event['description']}")
    assert {len(row["embedding"]) for row in table("document_store.embeddings")} == {1536}


def test_the_nearest_neighbours_are_about_the_same() -> None:
    passages = table("inference_enhancement.embeddings")[:600]
    hits = 0
    for passage in passages[:30]:
        near = sorted(passages, key=lambda other: -cosine(other["embedding"], passage["embedding"]))[1:6]
        hits += sum(other["metadata"]["topic"] == passage["metadata"]["topic"] for other in near)
    share_by_chance = max(Counter(document["metadata"]["topic"] for document in passages).values()) / len(passages)
    assert hits / 150 > 0.9 > 2 * share_by_chance


@pytest.mark.parametrize(("question", "topic"), [
    ("why is my SQL so slow, is it the planner or a lock", "PostgreSQL Performance"),
    ("contrast and keyboard for people who use a screen reader", "Accessibility"),
    ("wind, sun and carbon", "Renewable Energy"),
])  # fmt: skip
def test_a_question_finds_its_topic(question: str, topic: str) -> None:
    asked = embed(question)
    write = TopicWriter(Draw("question", NOW))
    near = {topic.name: max(cosine(asked, embed(write.paragraph(topic, 3))) for _ in range(5)) for topic in topics()}
    assert max(near, key=lambda name: near[name]) == topic


def test_two_words_of_one_concept_are_near_without_a_word_in_common() -> None:
    assert cosine(embed("postgres"), embed("sql")) > 0.5
    assert abs(cosine(embed("postgres"), embed("sourdough"))) < 0.2


def test_every_template_reads_as_a_sentence() -> None:
    write = TopicWriter(Draw("templates", NOW))
    for template in (*SENTENCES, *TITLES):
        for topic in topics():
            text = write.fill(template, topic)
            assert not set(text) & set("{}"), text
            assert "  " not in text


def test_places_in_braces_that_nobody_knows_are_an_error() -> None:
    with pytest.raises(KeyError):
        TopicWriter(Draw("unknown", NOW)).fill("{nonsense}", topics()[0])


def test_slugs_are_ascii() -> None:
    assert slug("Łódź, Straße & Søren's Ünïcode") == "lodz-strasse-soren-s-unicode"


def test_uuids_sort_by_time() -> None:
    draw = Draw("uuid", NOW)
    early, late = draw.uuid7(NOW - timedelta(seconds=1)), draw.uuid7(NOW)
    assert early < late
    assert (late.version, late.variant) == (7, "specified in RFC 4122")
