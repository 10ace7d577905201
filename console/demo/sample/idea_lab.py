"""idea_lab: people, their project ideas, every version of the documents, and the agents that worked on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from console.demo.sample.draw import Draw
from console.demo.sample.people import HOSTS, email, full_names
from console.demo.sample.prose import Theme, TopicWriter, capital, slug, topics
from console.demo.sample.records import SampleRows, rows

USERS, PROJECTS, VERSIONS, RUNS, EXPORTS = 240, 420, 1400, 2200, 300
LANGUAGES = {"en": 0.7, "de": 0.1, "fr": 0.07, "es": 0.06, "pt-BR": 0.04, "nl": 0.03}
IDEAS = (
    "A helper that lets teams {remedy}",
    "{Gain} for small teams",
    "An early warning for {problem}",
    "A game that teaches {things}",
    "{Things} as a service",
    "An assistant for {things}",
    "The end of {problem}",
)
TYPES = ("brief", "canvas", "requirements", "architecture", "roadmap", "pitch", "notes")
AGENTS = ("researcher", "writer", "critic", "architect", "estimator", "translator")
FAULTS = (
    "the model answered with invalid JSON",
    "token budget of 16000 exceeded",
    "tool search timed out after 30 s",
    "the document was changed by somebody else meanwhile",
)


def generate(now: datetime) -> Iterator[SampleRows]:
    draw = Draw("idea_lab", now)
    write = TopicWriter(draw)
    users = [
        (
            draw.uuid7(moment := draw.ago(600, at_least=30)),
            email(name, HOSTS[number % 3]),
            name,
            draw.weighted({"en": 0.3, "en-GB": 0.3, "de-DE": 0.2, "fr-FR": 0.1, "es-ES": 0.1}),
            {"theme": draw.choice(("dark", "light")), "digest": draw.choice(("daily", "weekly", "never"))},
            draw.chance(0.93),
            draw.after(moment, 24 * 300) if draw.chance(0.9) else None,
            moment,
        )
        for number, name in enumerate(islice(full_names(draw), USERS))
    ]
    yield rows("idea_lab.users", "id email display_name locale preferences is_active last_seen_at created_at", users)
    projects = [_project(draw, write, number, draw.popular(users)) for number in range(1, PROJECTS + 1)]
    yield rows(
        "idea_lab.projects",
        "id owner_id title summary language status tags settings archived_at created_at",
        (row for row, _ in projects),
    )
    versions = _versions(draw, write, projects)
    yield rows(
        "idea_lab.document_versions",
        "id project_id document_type version title content word_count author_id metadata created_at",
        versions,
    )
    yield rows(
        "idea_lab.agent_executions",
        "id project_id document_version_id correlation_id parent_id agent_name status input output error_message "
        "input_tokens output_tokens started_at finished_at created_at",
        _runs(draw, write, versions, projects),
    )
    yield rows(
        "idea_lab.exports",
        "id project_id requested_by format status manifest size_bytes expires_at created_at",
        (_export(draw, draw.choice(projects)[0]) for _ in range(EXPORTS)),
    )


def _project(draw: Draw, write: TopicWriter, number: int, owner: Any) -> tuple[tuple[Any, ...], Theme]:
    topic, moment = draw.popular(topics()), draw.after(owner[7], 24 * 200)
    title = f"{write.fill(draw.choice(IDEAS), topic)} #{number}"
    status = draw.weighted({"draft": 0.2, "active": 0.45, "on_hold": 0.1, "completed": 0.15, "archived": 0.1})
    row = (
        draw.uuid7(moment),
        owner[0],
        title,
        write.paragraph(topic, 2),
        draw.weighted(LANGUAGES),
        status,
        [topic.slug, *map(slug, draw.some(topic.tools, 0, 2))],
        {"visibility": draw.choice(("private", "link"))},
        draw.after(moment, 24 * 100) if status == "archived" else None,
        moment,
    )
    return row, topic


def _versions(draw: Draw, write: TopicWriter, projects: list[tuple[tuple[Any, ...], Theme]]) -> list[tuple[Any, ...]]:
    newest: Counter[tuple[int, str]] = Counter()
    found = []
    for _ in range(VERSIONS):
        number = int(len(projects) * draw.random() ** 1.4)
        (project, topic), kind = projects[number], draw.popular(TYPES)
        newest[number, kind] += 1
        moment = draw.after(project[9] + timedelta(hours=newest[number, kind]), 12)
        content = f"# {capital(kind)}: {project[2]}\n\n{write.paragraph(topic, draw.randint(3, 8))}"
        found.append(
            (
                draw.uuid7(moment),
                project[0],
                kind,
                newest[number, kind],
                f"{capital(kind)}: {project[2]}",
                content,
                len(content.split()),
                project[1] if draw.chance(0.8) else None,
                {"generated": draw.chance(0.5), "topic": topic.slug},
                moment,
            )
        )
    return found


def _runs(
    draw: Draw, write: TopicWriter, versions: list[tuple[Any, ...]], projects: list[tuple[tuple[Any, ...], Theme]]
) -> Iterator[tuple[Any, ...]]:
    """Chains of agents: each run after the first of a correlation id has the one before as its parent."""
    by_slug = {topic.slug: topic for _, topic in projects}
    made = 0
    while made < RUNS:
        version = draw.choice(versions)
        topic = by_slug[version[8]["topic"]]
        correlation, parent, moment = draw.uuid4(), None, draw.after(version[9], 24)
        for agent in draw.some(AGENTS, 1, 5):
            identity = draw.uuid7(moment)
            running = draw.now - moment < timedelta(hours=3)
            status = (
                draw.weighted({"running": 0.5, "queued": 0.5})
                if running
                else draw.weighted({"succeeded": 0.88, "failed": 0.08, "cancelled": 0.04})
            )
            finished_at = moment + timedelta(milliseconds=draw.milliseconds(9000, 0.9))
            started = status != "queued"
            yield (
                identity,
                version[1],
                version[0],
                correlation,
                parent,
                agent,
                status,
                {"task": write.fill(f"As {agent}: find out how to {{remedy}}", topic), "document": version[4]},
                {"summary": write.sentence(topic), "confidence": round(draw.uniform(0.4, 0.99), 2)}
                if status == "succeeded"
                else None,
                draw.choice(FAULTS) if status == "failed" else None,
                draw.milliseconds(1800) if started else 0,
                draw.milliseconds(420) if status == "succeeded" else 0,
                moment if started else None,
                finished_at if not running else None,
                moment,
            )
            made += 1
            parent, moment = identity, min(finished_at, draw.now)


def _export(draw: Draw, project: tuple[Any, ...]) -> tuple[Any, ...]:
    moment = draw.after(project[9], 24 * 150)
    kind = draw.weighted({"pdf": 0.4, "markdown": 0.25, "docx": 0.15, "html": 0.1, "zip": 0.1})
    old = draw.now - moment > timedelta(days=30)
    status = draw.weighted(
        {"expired": 0.95, "failed": 0.05} if old else {"ready": 0.85, "pending": 0.1, "failed": 0.05}
    )
    size = draw.milliseconds(180_000, 0.8) if status in ("ready", "expired") else None
    files = [{"name": f"{name}.{kind}", "bytes": draw.milliseconds(40_000)} for name in draw.some(TYPES, 1, 4)]
    return (
        draw.uuid7(moment),
        project[0],
        project[1],
        kind,
        status,
        {"files": files, "tool": "exporter 2.3"},
        size,
        moment + timedelta(days=30) if size else None,
        moment,
    )
