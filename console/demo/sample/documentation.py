"""documentation: pages, API specifications with their endpoints, diagrams, and what models wrote for review."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from console.demo.sample.draw import Draw
from console.demo.sample.people import HOSTS
from console.demo.sample.prose import Theme, TopicWriter, capital, slug, topics
from console.demo.sample.records import SampleRows, rows

PAGES, GENERATED = 480, 320
PRODUCTS = (
    "Event API",
    "Document Worker",
    "Idea Lab",
    "Search Gateway",
    "Billing",
    "Report Builder",
    "Ingest",
    "Notification Hub",
    "Design System",
    "Identity",
    "Memory Service",
    "Data Contracts",
)
KINDS = {"guide": 0.3, "reference": 0.25, "tutorial": 0.15, "explanation": 0.15, "runbook": 0.1, "changelog": 0.05}
RESOURCES = (
    "events",
    "speakers",
    "documents",
    "projects",
    "invoices",
    "exports",
    "searches",
    "sessions",
    "memories",
    "webhooks",
    "reports",
    "users",
)
METHODS = (
    ("GET", "", "List {things}"),
    ("POST", "", "Create one of the {things}"),
    ("GET", "/{{id}}", "Read one of the {things}"),
    ("PATCH", "/{{id}}", "Change one of the {things}"),
    ("DELETE", "/{{id}}", "Delete one of the {things}"),
)
MODELS = ("medium-70b", "large", "code-32b")
TASKS = {
    "summary": "Summarise the page for a newcomer",
    "draft": "Draft a page that explains how to {remedy}",
    "translation": "Translate the page into German",
    "example": "Write an example that shows {things}",
    "release_notes": "Write release notes: {gain}",
}


def generate(now: datetime) -> Iterator[SampleRows]:
    draw = Draw("documentation", now)
    write = TopicWriter(draw)
    numbers = range(1, len(PRODUCTS) + 1)
    yield rows(
        "documentation.projects",
        "id slug name description repository_url languages settings created_at",
        (
            (
                number,
                slug(name),
                name,
                f"What users and operators of {name} need to know",
                f"https://git.{HOSTS[0]}/{slug(name)}",
                draw.some(("en", "de", "fr"), 1, 2),
                {"theme": draw.choice(("light", "dark")), "search": True},
                draw.ago(1200, at_least=500),
            )
            for number, name in enumerate(PRODUCTS, 1)
        ),
    )
    pages = _pages(draw, write)
    yield rows(
        "documentation.documents",
        "id project_id parent_id kind path title body language status word_count front_matter published_at created_at",
        (row for row, _ in pages),
    )
    specs = [(number, version) for number in numbers for version in range(1, draw.randint(1, 4) + 1)]
    newest = dict(specs)
    yield rows(
        "documentation.api_specs",
        "id project_id title version format specification is_current created_at",
        (
            (
                place,
                number,
                f"{PRODUCTS[number - 1]} HTTP API",
                f"{version}.{draw.randint(0, 9)}.0",
                "openapi",
                {
                    "openapi": "3.1.0",
                    "info": {"title": PRODUCTS[number - 1], "version": f"{version}"},
                    "servers": [{"url": f"https://api.{HOSTS[0]}/v{version}"}],
                },
                newest[number] == version,
                draw.ago(900 - 200 * version, at_least=800 - 200 * version),
            )
            for place, (number, version) in enumerate(specs, 1)
        ),
    )
    by_project = {number: [row[0] for row, _ in pages if row[1] == number] for number in numbers}
    yield rows(
        "documentation.api_endpoints",
        "api_spec_id document_id method path summary parameters is_deprecated",
        (
            endpoint
            for place, (number, version) in enumerate(specs, 1)
            for endpoint in _endpoints(draw, place, number, version, by_project[number])
        ),
    )
    yield rows(
        "documentation.diagrams",
        "project_id document_id name notation source rendered rendered_at created_at",
        (_diagram(draw, row, topic, place) for place, (row, topic) in enumerate(draw.sample(pages, 90), 1)),
    )
    yield rows(
        "documentation.generated_content",
        "project_id document_id kind model prompt content quality review metadata created_at",
        (_generated(draw, write, *draw.choice(pages)) for _ in range(GENERATED)),
    )


def _pages(draw: Draw, write: TopicWriter) -> list[tuple[tuple[Any, ...], Theme]]:
    found: list[tuple[tuple[Any, ...], Theme]] = []
    roots: dict[int, int] = {}
    for number in range(1, PAGES + 1):
        topic, project = draw.popular(topics()), draw.randint(1, len(PRODUCTS))
        kind, created_at = draw.weighted(KINDS), draw.ago(500)
        title = write.fill(
            {
                "runbook": "What to do about {problem}",
                "changelog": "Changes in {month} {year}",
                "reference": "{Things}: reference",
                "tutorial": "Tutorial: {remedy} with {tool}",
            }.get(kind, "{Things} and {other_things}"),
            topic,
        )
        parts = "\n\n".join(
            f"## {capital(heading)}\n\n{write.paragraph(topic, draw.randint(2, 4))}"
            for heading in draw.some(topic.things, 1, 3)
        )
        body = f"# {title}\n\n{write.paragraph(topic, 2)}\n\n{parts}\n"
        status = draw.weighted({"published": 0.75, "draft": 0.12, "review": 0.08, "outdated": 0.05})
        path = f"{kind}/{slug(title)[:48].strip('-')}-{number}"
        row = (
            number,
            project,
            roots.get(project),
            kind,
            path,
            title,
            body,
            "de" if draw.chance(0.05) else "en",
            status,
            len(body.split()),
            {"audience": draw.choice(("users", "operators", "developers")), "topic": topic.slug},
            draw.after(created_at, 24 * 20) if status in ("published", "outdated") else None,
            created_at,
        )
        roots.setdefault(project, number)
        found.append((row, topic))
    return found


def _endpoints(draw: Draw, spec: int, project: int, version: int, pages: list[int]) -> Iterator[tuple[Any, ...]]:
    for resource in RESOURCES[project % 6 : project % 6 + 2 + version]:
        for method, ending, summary in METHODS:
            parameters = (
                [{"name": "id", "in": "path", "required": True}] if ending else [{"name": "limit", "in": "query"}]
            )
            yield (
                spec,
                draw.choice(pages) if draw.chance(0.6) else None,
                method,
                f"/{resource}" + ending.format(),
                summary.format(things=resource),
                parameters,
                draw.chance(0.04),
            )


def _diagram(draw: Draw, page: tuple[Any, ...], topic: Theme, place: int) -> tuple[Any, ...]:
    first, second, third = draw.sample(topic.things, 3)
    notation = draw.weighted({"mermaid": 0.6, "plantuml": 0.2, "graphviz": 0.1, "d2": 0.1})
    source = {
        "mermaid": f"flowchart LR\n  a[{first}] --> b[{second}]\n  b --> c[{third}]",
        "plantuml": f"@startuml\n[{first}] -> [{second}]\n[{second}] -> [{third}]\n@enduml",
        "graphviz": f'digraph {{ "{first}" -> "{second}" -> "{third}" }}',
        "d2": f"{first} -> {second} -> {third}",
    }[notation]
    rendered_at = draw.after(page[12], 24) if draw.chance(0.8) else None
    rendered = f'<svg xmlns="http://www.w3.org/2000/svg"><title>{first}</title></svg>' if rendered_at else None
    return page[1], page[0], f"{topic.slug}-{place}", notation, source, rendered, rendered_at, page[12]


def _generated(draw: Draw, write: TopicWriter, page: tuple[Any, ...], topic: Theme) -> tuple[Any, ...]:
    kind, created_at = draw.choice(tuple(TASKS)), page[12] + timedelta(days=draw.randint(0, 20))
    quality = round(draw.betavariate(5, 2), 2)
    review = draw.weighted({"pending": 0.35, "accepted": 0.2 + quality / 2, "rejected": max(0.05, 0.6 - quality / 2)})
    return (
        page[1],
        page[0] if draw.chance(0.8) else None,
        kind,
        draw.choice(MODELS),
        write.fill(TASKS[kind], topic),
        write.paragraph(topic, draw.randint(2, 6)),
        quality,
        review,
        {"input_tokens": draw.milliseconds(1500), "seed": draw.getrandbits(16)},
        min(created_at, draw.now),
    )
