"""What keeps the demo alive while a console looks at it: four programs that read, write, search, and get in each
other's way.

Some tens of transactions a second, now and then a slow report, a session idle in a transaction that others wait for, a
deadlock and a rollback. Rows are changed in place, and what is inserted is deleted again. One console runs it for all:
its first connection holds an advisory lock, which the demo can afford because no pooler is in between.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

from console.demo.embedder import embed
from console.demo.sample.draw import Draw
from console.demo.sample.prose import TopicWriter, topics
from console.errors import ConsoleError, ServerError
from console.server.application import Application, application
from console.server.target import Target

WORKLOAD_KEY = int.from_bytes(b"dbcworkl", "big")
NAMES = ("event-api", "document-worker", "memory-service", "report")
TAKE_OVER_S = 10.0
RETRY_S = (1.0, 30.0)
LOCK_EVERY_S, LOCK_HELD_S, WAITER_LATER_S = 60.0, (10.0, 20.0), 2.0
DEADLOCK_EVERY_S, BETWEEN_UPDATES_S = 90.0, 0.5

Action = Callable[[Application], Awaitable[None]]


async def run_workload(target: Target) -> None:
    """Runs until it is cancelled, through whatever happens to the server."""
    await Workload(target).run()


class Workload:
    """The four programs. `speed` above 1 makes all pauses shorter, for tests."""

    def __init__(self, target: Target, *, speed: float = 1.0) -> None:
        self._target = target
        self._speed = speed
        self._chance = random.Random()
        self._rounds: dict[str, int] = {}
        self._documents: list[Any] = []
        self._agents: list[Any] = []

    async def run(self) -> None:
        """Works, waits for its turn, or for the server to come back. Ends by being cancelled."""
        delay_s = RETRY_S[0]
        while True:
            started = time.monotonic()
            try:
                await self.work()
                delay_s = TAKE_OVER_S
            except* ConsoleError:
                quick = time.monotonic() - started < RETRY_S[1]
                delay_s = min(RETRY_S[1], delay_s * 2) if quick else RETRY_S[0]
            await asyncio.sleep(delay_s * self._chance.uniform(0.5, 1))

    async def work(self) -> None:
        """One life of the four connections; returns at once where another console's workload runs.

        Raises an ExceptionGroup of the ConsoleErrors that ended it.
        """
        async with AsyncExitStack() as stack:
            events, documents, memories, reports = [
                await stack.enter_async_context(application(self._target, name)) for name in NAMES
            ]
            if not (await events.execute(f"SELECT pg_catalog.pg_try_advisory_lock({WORKLOAD_KEY})"))[0][0]:
                return
            self._documents = await documents.execute("SELECT id FROM document_store.documents ORDER BY id LIMIT 200")
            self._agents = await memories.execute("SELECT id FROM memory_store.agents ORDER BY id")
            if not (self._documents and self._agents):
                return
            async with asyncio.TaskGroup() as group:
                group.create_task(self._loop(events, 0.07, self._event_api))
                group.create_task(self._loop(documents, 0.12, self._document_worker))
                group.create_task(self._loop(memories, 0.2, self._memory_service))
                group.create_task(self._loop(reports, 4.0, self._report))

    async def _loop(self, program: Application, pause_s: float, action: Action) -> None:
        """Again and again; a statement that fails is a program's daily life, a lost connection its end."""
        while True:
            try:
                await action(program)
            except ServerError as error:
                if not (error.sqlstate or "").startswith(("40", "22", "23", "55", "57014", "42", "53")):
                    raise
            await asyncio.sleep(self._chance.expovariate(1 / pause_s) / self._speed)

    def _due(self, name: str, every_s: float, later_s: float = 0.0) -> bool:
        """True once in each round of `every_s` seconds, by one clock for all programs."""
        round_number = int((time.monotonic() * self._speed - later_s) // every_s)
        before = self._rounds.setdefault(name, round_number)
        self._rounds[name] = round_number
        return round_number != before

    def _write(self) -> tuple[TopicWriter, Any]:
        writer = TopicWriter(Draw(str(self._chance.random()), datetime.now(UTC)))
        return writer, self._chance.choice(topics())

    def _row(self, rows: Sequence[Sequence[Any]]) -> Any:
        return self._chance.choice(rows)[0]

    async def _event_api(self, program: Application) -> None:
        number = self._chance.randint(1, 900)
        if self._due("deadlock first", DEADLOCK_EVERY_S):
            await self._two_topics(program, 1, 2)
            return
        match self._chance.choices(("read", "calendar", "search", "like", "edit", "refused"), (40, 15, 12, 8, 22, 1))[
            0
        ]:
            case "read":
                await program.execute(
                    "SELECT e.*, v.name AS venue, v.city FROM event_data.events AS e "
                    "LEFT JOIN event_data.venues AS v ON v.id = e.venue_id WHERE e.id = %(id)s",
                    {"id": number},
                )
                await program.execute(
                    "SELECT s.full_name, p.role, p.talk_title FROM event_data.event_speakers AS p "
                    "JOIN event_data.speakers AS s ON s.id = p.speaker_id WHERE p.event_id = %(id)s "
                    "ORDER BY p.starts_at",
                    {"id": number},
                )
            case "calendar":
                await program.execute(
                    "SELECT id, name, city, starts_at, topics FROM event_data.upcoming_events "
                    "ORDER BY starts_at LIMIT 20 OFFSET %(offset)s",
                    {"offset": number % 100},
                )
            case "search":
                writer, topic = self._write()
                await program.execute(
                    "SELECT * FROM event_data.search_events(%(words)s)",
                    {"words": writer.fill("{things} {tool}", topic)},
                )
            case "like":
                writer, topic = self._write()
                await program.execute(
                    "SELECT id, name, embedding <=> %(like)s::vector AS distance FROM event_data.events "
                    "WHERE status IN ('announced', 'confirmed') ORDER BY embedding <=> %(like)s::vector LIMIT 10",
                    {"like": _vector(writer.title(topic))},
                )
            case "edit":
                async with program.transaction():
                    await program.execute(
                        "UPDATE event_data.events SET attributes = jsonb_set(attributes, '{views}', "
                        "to_jsonb(coalesce((attributes ->> 'views')::integer, 0) + 1)) WHERE id = %(id)s",
                        {"id": number},
                    )
                    if self._chance.random() < 0.05:
                        raise _Undone("the visitor went away")
            case "refused":
                await program.execute(
                    "INSERT INTO event_data.event_topics (event_id, topic_id) "
                    "SELECT event_id, topic_id FROM event_data.event_topics WHERE event_id = %(id)s",
                    {"id": number},
                )

    async def _document_worker(self, program: Application) -> None:
        document = self._row(self._documents)
        if self._due("wait for lock", LOCK_EVERY_S, WAITER_LATER_S):
            await program.execute(
                "UPDATE document_store.projects SET settings = settings || '{\"seen\": true}' "
                "WHERE id = (SELECT id FROM document_store.projects ORDER BY id LIMIT 1)"
            )
            return
        match self._chance.choices(("claim", "read", "search", "touch"), (20, 40, 15, 25))[0]:
            case "claim":
                # Claimed and given back, so that the queue never runs dry.
                async with program.transaction():
                    (job,) = await program.execute("SELECT id FROM document_store.claim_job('document-worker')")
                    await program.execute(
                        "UPDATE document_store.ingestion_jobs SET status = 'waiting', worker = NULL, attempts = 0 "
                        "WHERE id = %(id)s",
                        {"id": job[0]},
                    )
            case "read":
                await program.execute(
                    "SELECT title, content, metadata FROM document_store.documents WHERE id = %(id)s", {"id": document}
                )
                await program.execute(
                    "SELECT chunk_index, chunk_text FROM document_store.embeddings "
                    "WHERE document_id = %(id)s ORDER BY chunk_index",
                    {"id": document},
                )
            case "search":
                writer, topic = self._write()
                await program.execute(
                    "SELECT e.chunk_text, d.title, e.embedding <=> %(like)s::vector AS distance "
                    "FROM document_store.embeddings AS e JOIN document_store.documents AS d ON d.id = e.document_id "
                    "ORDER BY e.embedding <=> %(like)s::vector LIMIT 5",
                    {"like": _vector(writer.question(topic), 1536)},
                )
            case "touch":
                await program.execute(
                    "UPDATE document_store.documents SET metadata = metadata || jsonb_build_object('opened', now()) "
                    "WHERE id = %(id)s",
                    {"id": document},
                )

    async def _memory_service(self, program: Application) -> None:
        agent = self._row(self._agents)
        writer, topic = self._write()
        question = writer.question(topic)
        if self._due("deadlock second", DEADLOCK_EVERY_S):
            await self._two_topics(program, 2, 1)
            return
        match self._chance.choices(("recall", "passages", "nodes", "usage", "ask"), (30, 20, 15, 25, 20))[0]:
            case "recall":
                found = await program.execute(
                    "SELECT id, content, embedding <=> %(like)s::vector AS distance FROM memory_store.memories "
                    "WHERE agent_id = %(agent)s ORDER BY embedding <=> %(like)s::vector LIMIT 5",
                    {"agent": agent, "like": _vector(question)},
                )
                for memory, _, distance in found[:1]:
                    async with program.transaction():
                        await program.execute(
                            "INSERT INTO memory_store.memory_accesses (memory_id, query, distance) "
                            "VALUES (%(memory)s, %(query)s, %(distance)s)",
                            {"memory": memory, "query": f"live: {question}", "distance": distance},
                        )
                        await program.execute(
                            "DELETE FROM memory_store.memory_accesses WHERE query LIKE 'live: %%' "
                            "AND accessed_at < now() - interval '1 minute'"
                        )
            case "passages":
                await program.execute(
                    "SELECT source_id, content FROM inference_enhancement.embeddings "
                    "ORDER BY embedding <#> %(like)s::vector LIMIT 8",
                    {"like": _vector(question)},
                )
            case "nodes":
                await program.execute(
                    "SELECT n.name, h.hops FROM (SELECT id FROM inference_enhancement.knowledge_nodes "
                    "WHERE confidence >= 0.5 ORDER BY embedding <=> %(like)s::halfvec(384) LIMIT 1) AS start, "
                    "inference_enhancement.neighbourhood(start.id, 1) AS h "
                    "JOIN inference_enhancement.knowledge_nodes AS n ON n.id = h.node_id",
                    {"like": _vector(question)},
                )
            case "usage":
                await program.execute(
                    "INSERT INTO web_access.api_usage (provider_id, endpoint, status_code, latency_ms, details) "
                    "VALUES (1, '/v2/search', 200, %(latency)s, '{\"client\": \"live\"}')",
                    {"latency": round(self._chance.lognormvariate(5.7, 0.5))},
                )
                await program.execute(
                    "DELETE FROM web_access.api_usage WHERE used_at BETWEEN now() - interval '2 days' "
                    "AND now() - interval '1 minute' AND details @> '{\"client\": \"live\"}'"
                )
            case "ask":
                await self._ask(program, question)

    async def _ask(self, program: Application, question: str) -> None:
        """A request from pending to done, and gone."""
        asked = asyncio.ensure_future(program.execute(
            "INSERT INTO inference_enhancement.inference_requests (model_id, prompt) "
            "VALUES (4, %(prompt)s) RETURNING id",
            {"prompt": question},
        ))
        try:
            ((request,),) = await asyncio.shield(asked)  # cancelled meanwhile, it is there and has to go
            await asyncio.sleep(0.3 / self._speed)
            await program.execute(
                "UPDATE inference_enhancement.inference_requests "
                "SET status = 'done', response = 'Done.', latency_ms = 300 WHERE id = %(id)s",
                {"id": request},
            )
        finally:
            ((request,),) = await asked
            await program.execute(
                "DELETE FROM inference_enhancement.inference_requests WHERE id = %(id)s", {"id": request}
            )

    async def _report(self, program: Application) -> None:
        if self._due("hold lock", LOCK_EVERY_S):
            async with program.transaction():
                await program.execute(
                    "UPDATE document_store.projects SET settings = settings || '{\"closing\": true}' "
                    "WHERE id = (SELECT id FROM document_store.projects ORDER BY id LIMIT 1)"
                )
                await asyncio.sleep(self._chance.uniform(*LOCK_HELD_S) / self._speed)
            return
        pause = {"pause": self._chance.uniform(1, 5) / self._speed}
        match self._chance.randrange(4):
            case 0:
                await program.execute(
                    "SELECT date_trunc('day', u.used_at) AS day, u.provider_id, count(*), sum(u.cost), "
                    "percentile_cont(0.95) WITHIN GROUP (ORDER BY u.latency_ms) AS p95_ms "
                    "FROM web_access.api_usage AS u, pg_sleep(%(pause)s) "
                    "WHERE u.used_at > now() - interval '90 days' GROUP BY day, u.provider_id",
                    pause,
                )
            case 1:
                await program.execute(
                    "SELECT r.name, v.severity, count(*), avg(v.cvss) FROM code_quality.open_vulnerabilities AS v "
                    "JOIN code_quality.repositories AS r ON r.name = v.repository, pg_sleep(%(pause)s) "
                    "GROUP BY r.name, v.severity ORDER BY count(*) DESC",
                    pause,
                )
            case 2:
                await program.execute(
                    "SELECT s.suite, s.browser, sum(s.failed), sum(s.passed) FROM ui_testing.run_summary AS s, "
                    "pg_sleep(%(pause)s) GROUP BY s.suite, s.browser ORDER BY sum(s.failed) DESC",
                    pause,
                )
            case 3:
                await program.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY event_data.topic_popularity")
                await program.execute(
                    "SELECT pg_sleep(%(pause)s), * FROM event_data.topic_popularity ORDER BY weight DESC LIMIT 1", pause
                )

    async def _two_topics(self, program: Application, first: int, second: int) -> None:
        """With another program that takes them in the other order: a deadlock, and the loser tries again."""
        for _ in range(2):
            try:
                async with program.transaction():
                    for number in (first, second):
                        await program.execute(
                            "UPDATE event_data.topics SET description = description WHERE id = %(id)s", {"id": number}
                        )
                        await asyncio.sleep(BETWEEN_UPDATES_S)
                return
            except ServerError as error:
                if error.sqlstate != "40P01":
                    raise


class _Undone(ServerError):
    """A program changes its mind: its transaction is rolled back."""

    def __init__(self, summary: str) -> None:
        super().__init__(summary, sqlstate="40000")


def _vector(text: str, dimensions: int = 384) -> str:
    return "[" + ",".join(f"{value:.6f}" for value in embed(text, dimensions)) + "]"
