"""ui_testing: runs of browser tests, their screenshots against baselines, and accessibility reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from console.demo.sample.draw import Draw
from console.demo.sample.people import HOSTS
from console.demo.sample.records import SampleRows, rows

RUNS = 180
SUITES = (
    "event-calendar",
    "checkout",
    "idea-lab",
    "document-viewer",
    "admin-console",
    "help-centre",
    "sign-in",
    "mobile-web",
)
PAGES = (
    "/",
    "/search",
    "/events",
    "/events/42",
    "/projects",
    "/projects/new",
    "/settings",
    "/sign-in",
    "/help",
    "/exports",
    "/profile",
    "/billing",
)
ACTIONS = (
    "opens",
    "shows the title",
    "filters the list",
    "saves the form",
    "rejects an empty form",
    "works with the keyboard",
    "survives a reload",
    "announces errors",
    "keeps the scroll position",
    "loads below two seconds",
)
FAULTS = (
    "Timeout 5000 ms exceeded: waiting for button 'Save' to be enabled",
    "expected 'Saved' to be visible, it was hidden behind the cookie banner",
    "strict mode violation: the locator resolved to 2 elements",
    "expected 20 rows, found 19",
    "net::ERR_CONNECTION_RESET at the search endpoint",
    "element was detached from the page while clicking",
)
RULES = {
    "color-contrast": ("serious", "Text has a contrast of {ratio}:1, 4.5:1 is needed"),
    "label": ("critical", "The form field has no label"),
    "image-alt": ("critical", "The image has no text alternative"),
    "heading-order": ("moderate", "The heading level jumps from 2 to 4"),
    "link-name": ("serious", "The link has no discernible text"),
    "region": ("moderate", "Content is outside of any landmark"),
    "focus-order-semantics": ("minor", "The element takes the focus, but has no role"),
    "target-size": ("serious", "The target is {ratio} px wide, 24 px are needed"),
}
SELECTORS = (
    "main > form button.primary",
    "nav li:nth-child(3) a",
    "#search input",
    ".card:nth-of-type(2) h4",
    "footer .muted",
    "dialog [data-close]",
    "table td.price",
    "aside img",
)


def generate(now: datetime) -> Iterator[SampleRows]:
    draw = Draw("ui_testing", now)
    yield rows(
        "ui_testing.test_suites",
        "id name base_url description settings created_at",
        (
            (
                number,
                name,
                f"https://{name}.{HOSTS[0]}",
                f"What people do with {name.replace('-', ' ')}",
                {"retries": draw.choice((1, 2)), "workers": draw.choice((2, 4, 8))},
                draw.ago(900, at_least=300),
            )
            for number, name in enumerate(SUITES, 1)
        ),
    )
    runs = [_run(draw, number, moment) for number, moment in enumerate(sorted(draw.ago(60) for _ in range(RUNS)), 1)]
    yield rows(
        "ui_testing.test_runs",
        "id run_number suite_id browser platform git_commit branch status environment started_at finished_at",
        runs,
    )
    yield rows(
        "ui_testing.test_results",
        "run_id test_name outcome attempt duration_ms error_message steps created_at",
        (result for run in runs for result in _results(draw, run)),
    )
    pictures = [picture for run in runs for picture in _screenshots(draw, run)]
    numbered = list(enumerate(pictures, 1))
    yield rows(
        "ui_testing.screenshots",
        "id run_id page state width height pixel_ratio storage_path size_bytes is_baseline taken_at",
        ((number, *picture) for number, picture in numbered),
    )
    yield rows(
        "ui_testing.visual_comparisons",
        "baseline_id screenshot_id algorithm difference regions review reviewed_at created_at",
        _comparisons(draw, numbered),
    )
    reports = [(run, page) for run in runs if run[7] == "finished" for page in draw.some(PAGES, 1, 4)]
    yield rows(
        "ui_testing.accessibility_reports",
        "id run_id page standard score passes report created_at",
        (
            (
                number,
                run[0],
                page,
                "WCAG22AA",
                Decimal(round(1000 * draw.betavariate(9, 1.5))) / 10,
                draw.randint(25, 60),
                {"engine": "axe 4.11", "elements": draw.randint(80, 900)},
                run[10],
            )
            for number, (run, page) in enumerate(reports, 1)
        ),
    )
    # The trigger counts these on their reports.
    yield rows(
        "ui_testing.accessibility_violations",
        "report_id rule impact selector message created_at",
        (violation for number, (run, _) in enumerate(reports, 1) for violation in _violations(draw, number, run[10])),
    )


def _run(draw: Draw, number: int, started_at: datetime) -> tuple[Any, ...]:
    running = draw.now - started_at < timedelta(minutes=20)
    status = "running" if running else draw.weighted({"finished": 0.94, "aborted": 0.06})
    browser = draw.weighted({"chromium": 0.5, "firefox": 0.3, "webkit": 0.2})
    platform = draw.choice(
        {"chromium": ("linux", "windows", "android"), "firefox": ("linux", "windows"), "webkit": ("macos", "ios")}[
            browser
        ]
    )
    return (
        number,
        number,
        draw.popular(range(1, len(SUITES) + 1)),
        browser,
        platform,
        draw.hexadecimal(40),
        "main" if draw.chance(0.7) else f"change-{draw.randint(100, 999)}",
        status,
        {"ci": "pipeline", "node": f"runner-{draw.randint(1, 6)}"},
        started_at,
        None if running else started_at + timedelta(milliseconds=draw.milliseconds(240_000, 0.4)),
    )


def _results(draw: Draw, run: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    suite = Draw(f"suite {run[2]}", draw.now)  # a suite's tests are the same in every run
    for name in [f"{page} {action}" for page in suite.some(PAGES, 4, 6) for action in suite.some(ACTIONS, 3, 5)]:
        flaky = "reload" in name or "two seconds" in name
        for attempt in (1, 2):
            outcome = draw.weighted(
                {"passed": 0.75, "failed": 0.25}
                if flaky
                else {"passed": 0.95, "failed": 0.025, "skipped": 0.02, "error": 0.005}
            )
            failed = outcome in ("failed", "error")
            duration_ms = draw.milliseconds(900) if outcome != "skipped" else 0
            steps = [{"step": "goto", "ms": duration_ms // 3}, {"step": "expect", "ms": duration_ms // 5}]
            yield (
                run[0],
                name,
                outcome,
                attempt,
                duration_ms,
                draw.choice(FAULTS) if failed else None,
                steps,
                draw.after(run[9], 0.05),
            )
            if not failed:
                break


def _screenshots(draw: Draw, run: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    width, height = draw.choice(((1440, 900), (1024, 768), (390, 844)))
    for page in draw.some(PAGES, 2, 7):
        path = f"screenshots/{run[0]:05}/{page.strip('/').replace('/', '-') or 'home'}-{width}.png"
        yield (
            run[0],
            page,
            "default",
            width,
            height,
            Decimal(2 if width < 500 else 1),
            path,
            draw.milliseconds(140_000),
            run[0] <= 20,
            draw.after(run[9], 0.05),
        )


def _comparisons(draw: Draw, pictures: list[tuple[int, tuple[Any, ...]]]) -> Iterator[tuple[Any, ...]]:
    baselines: dict[tuple[str, int], int] = {}
    for number, picture in pictures:
        place = (picture[1], picture[3])
        if picture[8]:
            baselines[place] = number
        elif place in baselines:
            difference = round(draw.betavariate(1, 60) if draw.chance(0.85) else draw.betavariate(2, 12), 5)
            reviewed = difference > 0.05 and draw.chance(0.6)
            regions = [{"x": draw.randint(0, 300), "y": draw.randint(0, 700), "width": 120, "height": 40}]
            yield (
                baselines[place],
                number,
                draw.weighted({"pixelmatch": 0.8, "ssim": 0.2}),
                difference,
                regions if difference > 0.01 else [],
                draw.choice(("accepted", "rejected")) if reviewed else None,
                draw.after(picture[9], 20) if reviewed else None,
                picture[9],
            )


def _violations(draw: Draw, report: int, moment: datetime) -> Iterator[tuple[Any, ...]]:
    for _ in range(min(9, draw.milliseconds(2.6, 0.8))):
        rule = draw.popular(tuple(RULES))
        impact, message = RULES[rule]
        yield (
            report,
            rule,
            impact,
            draw.choice(SELECTORS),
            message.format(ratio=round(draw.uniform(1.6, 4.3), 1)),
            moment,
        )
