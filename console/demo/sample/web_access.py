"""web_access: pages fetched, searches made, and the calls of the providers that were paid for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from console.demo.sample.draw import Draw
from console.demo.sample.people import HOSTS, companies
from console.demo.sample.prose import Theme, TopicWriter, slug, topics
from console.demo.sample.records import SampleRows, rows

PAGES, SEARCHES, SCREENSHOTS, CALLS = 620, 1000, 320, 5000
ENGINES = ("brightsearch", "northfind", "scholar-index")
PROVIDERS = (  # name, monthly quota, dollars per request, typical latency in ms
    ("brightsearch", 200_000, "0.0050", 320),
    ("northfind", 100_000, "0.0030", 450),
    ("scholar-index", None, "0", 900),
    ("page-reader", 50_000, "0.0010", 1400),
    ("translate-it", 80_000, "0.0002", 210),
    ("screenshot-farm", 20_000, "0.0100", 3800),
)
ENDPOINTS = {
    "brightsearch": "/v2/search",
    "northfind": "/search",
    "scholar-index": "/papers",
    "page-reader": "/read",
    "translate-it": "/translate",
    "screenshot-farm": "/shoot",
}
VIEWPORTS = ((1280, 800), (1920, 1080), (390, 844))


def generate(now: datetime) -> Iterator[SampleRows]:
    draw = Draw("web_access", now)
    write = TopicWriter(draw)
    sites = [f"https://{slug(name)}.{draw.choice(HOSTS)}" for name, _ in islice(companies(draw), 90)]
    pages = []
    for number in range(PAGES):
        topic = draw.popular(topics())
        title = write.title(topic)
        pages.append(
            (
                f"{draw.popular(sites)}/{draw.choice(('blog', 'docs', 'news', 'papers'))}/{slug(title)}-{number}",
                title,
                topic,
            )
        )
    yield rows(
        "web_access.cache_entries",
        "url_md5 url status_code content_type headers body etag hits fetched_at expires_at",
        (_cached(draw, write, *page) for page in pages),
    )
    yield rows(
        "web_access.search_history",
        "query engine language filters results clicked_url duration_ms searched_at",
        (_search(draw, write, pages) for _ in range(SEARCHES)),
    )
    yield rows(
        "web_access.screenshots",
        "url title viewport_width viewport_height full_page storage_path size_bytes metadata taken_at",
        (_screenshot(draw, number, *draw.choice(pages)) for number in range(1, SCREENSHOTS + 1)),
    )
    yield rows(
        "web_access.api_providers",
        "id name base_url monthly_quota price_per_request settings is_enabled created_at",
        (
            (
                number,
                name,
                f"https://api.{name}.{HOSTS[0]}",
                quota,
                Decimal(price),
                {"timeout_s": 10, "retries": 2},
                True,
                draw.ago(900, at_least=400),
            )
            for number, (name, quota, price, _) in enumerate(PROVIDERS, 1)
        ),
    )
    yield rows(
        "web_access.api_usage",
        "id used_at provider_id endpoint method status_code latency_ms request_bytes response_bytes cost details",
        (_call(draw, number, draw.popular(range(1, len(PROVIDERS) + 1))) for number in range(1, CALLS + 1)),
    )


def _cached(draw: Draw, write: TopicWriter, url: str, title: str, topic: Theme) -> tuple[Any, ...]:
    fetched_at = draw.ago(14)
    status = draw.weighted({200: 0.93, 404: 0.03, 301: 0.03, 503: 0.01})
    text = f"<!doctype html><title>{title}</title><article><h1>{title}</h1><p>{write.paragraph(topic, 4)}</p></article>"
    body = text.encode() if status == 200 else None
    digest = hashlib.md5(url.encode(), usedforsecurity=False).hexdigest()
    return (
        UUID(digest),
        url,
        status,
        "text/html; charset=utf-8",
        {"server": "nginx", "cache-control": "max-age=86400"},
        body,
        f'"{draw.hexadecimal(16)}"' if body else None,
        draw.milliseconds(8, 1.3),
        fetched_at,
        fetched_at + timedelta(hours=draw.choice((1, 24, 168, 720))),
    )


def _search(draw: Draw, write: TopicWriter, pages: list[tuple[str, str, Theme]]) -> tuple[Any, ...]:
    topic = draw.popular(topics())
    near = [page for page in draw.sample(pages, 60) if page[2] is topic][: draw.randint(0, 8)]
    results = [{"title": title, "url": url, "snippet": draw.choice(topic.facts)} for url, title, _ in near]
    engine = draw.popular(ENGINES)
    return (
        write.question(topic),
        engine,
        draw.weighted({"en": 0.85, "de": 0.1, "fr": 0.05}),
        {"safe": True, "freshness": draw.choice(("any", "month", "year"))},
        results,
        near[0][0] if near and draw.chance(0.5) else None,
        draw.milliseconds(380),
        draw.ago(120),
    )


def _screenshot(draw: Draw, number: int, url: str, title: str, topic: Theme) -> tuple[Any, ...]:
    width, height = draw.choice(VIEWPORTS)
    return (
        url,
        title,
        width,
        height,
        draw.chance(0.4),
        f"pages/{number // 100:03}/{number:06}.webp",
        draw.milliseconds(210_000),
        {"topic": topic.slug, "dark_mode": draw.chance(0.2)},
        draw.ago(60),
    )


def _call(draw: Draw, number: int, provider: int) -> tuple[Any, ...]:
    name, _, price, latency_ms = PROVIDERS[provider - 1]
    status = draw.weighted({200: 0.955, 429: 0.02, 500: 0.01, 504: 0.01, 400: 0.005})
    paid = Decimal(price) if status == 200 else Decimal(0)
    method = "POST" if name in ("translate-it", "screenshot-farm") else "GET"
    return (
        number,
        draw.ago(280),
        provider,
        ENDPOINTS[name],
        method,
        status,
        30_000 if status == 504 else draw.milliseconds(latency_ms),
        draw.milliseconds(600),
        draw.milliseconds(24_000) if status == 200 else 180,
        paid,
        {"client": draw.choice(("crawler", "assistant", "report"))} | ({"retry": True} if status >= 429 else {}),
    )
