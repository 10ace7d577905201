"""document_store: documents of four tenants, cut into chunks with embeddings of 1536 dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from console.demo.embedder import embed
from console.demo.sample.draw import Draw
from console.demo.sample.people import HOSTS
from console.demo.sample.prose import Theme, TopicWriter, slug, topics
from console.demo.sample.records import SampleRows, rows

DOCUMENTS, CHUNKS = 640, 1500
MODEL = "text-embedding-1536"
TENANTS = {
    "acorn-research": ("Engineering handbook", "Post-mortems", "Architecture decisions", "Literature"),
    "harbour-bank": ("Policies", "Audit evidence", "Product sheets", "Training"),
    "north-clinic": ("Guidelines", "Trials", "Procurement"),
    "public-library": ("Guides", "Lectures", "Newsletters"),
}
KINDS = ("text/markdown", "text/plain", "application/pdf", "text/html")
FAULTS = (
    "the PDF is encrypted",
    "no text layer: optical character recognition is needed",
    "not UTF-8 after byte 20480",
    "the embedding service answered 429 three times",
)


def generate(now: datetime) -> Iterator[SampleRows]:
    draw = Draw("document_store", now)
    write = TopicWriter(draw)
    projects = [
        (
            draw.uuid7(moment := draw.ago(700, at_least=400)),
            tenant,
            name,
            f"{name} of {tenant}",
            {"chunk_tokens": draw.choice((256, 300, 512)), "overlap": 32},
            moment,
        )
        for tenant, names in TENANTS.items()
        for name in names
    ]
    yield rows("document_store.projects", "id tenant name description settings created_at", projects)
    documents = [_document(draw, write, number, projects) for number in range(DOCUMENTS)]
    yield rows(
        "document_store.documents",
        "id project_id title source_uri mime_type language content status metadata published_at created_at",
        (row for row, _ in documents),
    )
    yield rows(
        "document_store.document_tags",
        "document_id tag",
        (
            (row[0], tag)
            for row, topic in documents
            for tag in {topic.slug, slug(topic.area), *map(slug, draw.some(topic.tools, 0, 2))}
        ),
    )
    yield rows(
        "document_store.ingestion_jobs",
        "document_id step status attempts worker error_message next_attempt_at finished_at created_at",
        _jobs(draw, documents),
    )
    yield rows(
        "document_store.embeddings",
        "document_id chunk_index chunk_text token_count model embedding metadata created_at",
        _chunks(draw, documents),
    )


def _document(draw: Draw, write: TopicWriter, number: int, projects: list[Any]) -> tuple[tuple[Any, ...], Theme]:
    topic, project = draw.popular(topics()), draw.choice(projects)
    title, created_at = write.title(topic), draw.ago(380)
    content = "\n\n".join(write.paragraph(topic, draw.randint(3, 4)) for _ in range(draw.randint(1, 4)))
    # The trigger makes a parse job for each one that is received.
    status = draw.weighted({"embedded": 0.84, "parsed": 0.06, "received": 0.06, "failed": 0.04})
    metadata = {"pages": draw.randint(1, 40), "topic": topic.slug, "confidential": draw.chance(0.1)}
    row = (
        draw.uuid7(created_at),
        project[0],
        title,
        f"https://files.{HOSTS[0]}/{project[1]}/{number:05}",
        draw.choice(KINDS),
        draw.weighted({"en": 0.9, "de": 0.06, "fr": 0.04}),
        f"{title}\n\n{content}",
        status,
        metadata,
        draw.after(created_at, 48) if draw.chance(0.7) else None,
        created_at,
    )
    return row, topic


def _jobs(draw: Draw, documents: list[tuple[tuple[Any, ...], Theme]]) -> Iterator[tuple[Any, ...]]:
    steps = {
        "received": (),
        "parsed": ("parse", "chunk"),
        "embedded": ("parse", "chunk", "embed"),
        "failed": ("parse",),
    }
    for row, _ in documents:
        created_at = row[10]
        for step in steps[row[7]]:
            finished_at = draw.after(created_at, 0.5)
            worker = f"worker-{draw.randint(1, 4)}"
            if row[7] == "failed":
                yield row[0], step, "failed", 10, worker, draw.choice(FAULTS), finished_at, finished_at, created_at
            else:
                yield row[0], step, "done", 1 + draw.chance(0.1), worker, None, created_at, finished_at, created_at
        if row[7] == "parsed":
            yield row[0], "embed", "waiting", 0, None, None, draw.now, None, created_at


def _chunks(draw: Draw, documents: list[tuple[tuple[Any, ...], Theme]]) -> Iterator[tuple[Any, ...]]:
    left = CHUNKS
    for row, topic in documents:
        if row[7] != "embedded":
            continue
        for number, chunk in enumerate(row[6].split("\n\n")[1:]):
            if left == 0:
                return
            left -= 1
            text = f"{row[2]}. {chunk}"
            yield (
                row[0],
                number,
                chunk,
                len(text) // 4,
                MODEL,
                embed(text, 1536),
                {"heading": row[2], "page": number + 1, "topic": topic.slug},
                draw.after(row[10], 1),
            )
