"""code_quality: what analysis tools found in a company's repositories, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from console.demo.sample.draw import Draw
from console.demo.sample.people import HOSTS
from console.demo.sample.records import Range, SampleRows, rows

REPORTS, SUGGESTIONS = 420, 620
PROJECTS = {
    "event-api": "Python",
    "document-worker": "Python",
    "idea-lab-web": "TypeScript",
    "search-gateway": "Go",
    "billing": "Java",
    "report-builder": "Python",
    "screenshot-runner": "TypeScript",
    "ingest": "Rust",
    "notification-hub": "Go",
    "design-system": "TypeScript",
    "identity": "Java",
    "infra": "HCL",
    "memory-service": "Python",
    "legacy-portal": "PHP",
    "mobile-app": "Kotlin",
    "data-contracts": "Python",
}
ENDINGS = {
    "Python": "py",
    "TypeScript": "ts",
    "Go": "go",
    "Java": "java",
    "Rust": "rs",
    "HCL": "tf",
    "PHP": "php",
    "Kotlin": "kt",
}
TOOLS = {"ruff": "0.15.2", "sonarqube": "10.8", "semgrep": "1.99.0", "trivy": "0.61.1", "codeql": "2.21"}
FOLDERS = ("api", "core", "domain", "jobs", "models", "storage", "web", "auth")
STEMS = (
    "orders",
    "session",
    "queue",
    "client",
    "schema",
    "search",
    "export",
    "cache",
    "tokens",
    "scheduler",
    "mapper",
    "validation",
    "pricing",
    "webhook",
)
WEAKNESSES = (  # title, CWE, severity, CVSS, package or None for code of our own
    ("SQL injection through a concatenated ORDER BY", 89, "critical", "9.1", None),
    ("Server-side request forgery in the page fetcher", 918, "high", "8.2", None),
    ("Stored cross-site scripting in project titles", 79, "medium", "6.1", None),
    ("Path traversal when unpacking an archive", 22, "high", "7.5", "archive-tools"),
    ("Denial of service by a crafted regular expression", 1333, "medium", "5.3", "text-patterns"),
    ("Deserialisation of untrusted data", 502, "critical", "9.8", "fast-pickle"),
    ("Hard-coded password in a test fixture", 798, "low", "3.1", None),
    ("Certificate validation disabled in the client", 295, "high", "7.4", "http-simple"),
    ("Open redirect after sign-in", 601, "low", "3.4", None),
    ("Out-of-bounds read in the image decoder", 125, "medium", "6.5", "pixel-codec"),
    ("Session token in the log file", 532, "medium", "5.5", None),
    ("Prototype pollution in deep merge", 1321, "high", "7.3", "merge-deeply"),
    ("Missing authorisation on the export endpoint", 862, "high", "8.1", None),
    ("Weak random numbers for reset tokens", 338, "medium", "5.9", None),
    ("Verbose error page shows the stack trace", 209, "info", "0.0", None),
)
SUGGESTED = {
    "extract_function": "{function} does three things; the middle part is pure and can stand alone",
    "rename": "{function} neither loads nor returns what its name says",
    "inline": "{function} is called once and hides one line",
    "remove_dead_code": "{function} is never called",
    "split_module": "{file} has {lines} lines and two reasons to change",
    "simplify_condition": "Four nested conditions in {function} are one table",
    "remove_duplication": "The same {lines} lines stand in two more files",
}
VERBS = ("load", "parse", "render", "sync", "merge", "check", "build", "send")


def generate(now: datetime) -> Iterator[SampleRows]:
    draw = Draw("code_quality", now)
    names = list(PROJECTS)
    files = {name: [f"src/{draw.choice(FOLDERS)}/{stem}.{ENDINGS[PROJECTS[name]]}" for stem in STEMS] for name in names}
    yield rows(
        "code_quality.repositories",
        "id name clone_url default_branch languages is_archived created_at",
        (
            (
                number,
                f"example/{name}",
                f"https://git.{HOSTS[0]}/{name}.git",
                "main" if number % 7 else "master",
                {PROJECTS[name]: draw.randint(4_000, 90_000), "SQL": draw.randint(100, 3_000)},
                name == "legacy-portal",
                draw.ago(1500, at_least=400),
            )
            for number, name in enumerate(names, 1)
        ),
    )
    reports = [_report(draw, number, draw.popular(range(1, len(names) + 1))) for number in range(1, REPORTS + 1)]
    yield rows(
        "code_quality.analysis_reports",
        "id repository_id git_commit branch tool tool_version status grade files_analysed summary started_at "
        "finished_at",
        reports,
    )
    complete = [report for report in reports if report[6] == "complete"]
    yield rows(
        "code_quality.metrics",
        "report_id file_path metric value",
        (metric for report in complete for metric in _metrics(draw, report, files[names[report[1] - 1]])),
    )
    yield rows(
        "code_quality.vulnerabilities",
        "report_id cve cwe title description severity cvss package file_path line status fixed_in details found_at",
        (found for report in complete for found in _weaknesses(draw, report, files[names[report[1] - 1]])),
    )
    yield rows(
        "code_quality.refactoring_suggestions",
        "report_id kind file_path lines rationale patch effort_minutes benefit status created_at",
        (
            _suggestion(draw, report := draw.choice(complete), draw.choice(files[names[report[1] - 1]]))
            for _ in range(SUGGESTIONS)
        ),
    )


def _report(draw: Draw, number: int, repository: int) -> tuple[Any, ...]:
    tool, started_at = draw.choice(tuple(TOOLS)), draw.ago(180)
    running = draw.now - started_at < timedelta(minutes=30)
    status = "running" if running else draw.weighted({"complete": 0.95, "failed": 0.05})
    grade = draw.weighted({"A": 0.25, "B": 0.4, "C": 0.22, "D": 0.1, "E": 0.03}) if status == "complete" else None
    return (
        number,
        repository,
        draw.hexadecimal(40),
        "main" if draw.chance(0.8) else f"feature/{draw.choice(STEMS)}",
        tool,
        TOOLS[tool],
        status,
        grade,
        draw.randint(40, 900),
        {"warnings": draw.milliseconds(30, 1)},
        started_at,
        None if running else started_at + timedelta(milliseconds=draw.milliseconds(95_000)),
    )


def _metrics(draw: Draw, report: tuple[Any, ...], files: list[str]) -> Iterator[tuple[Any, ...]]:
    for file in dict.fromkeys(draw.some(files, 2, 4)):
        for metric, value in (
            ("lines", draw.milliseconds(240)),
            ("complexity", draw.milliseconds(9)),
            ("coverage", round(100 * draw.betavariate(7, 2), 1)),
            ("duplication", round(25 * draw.betavariate(1, 4), 1)),
            ("churn", draw.milliseconds(5)),
        ):
            yield report[0], file, metric, float(value)


def _weaknesses(draw: Draw, report: tuple[Any, ...], files: list[str]) -> Iterator[tuple[Any, ...]]:
    if report[4] not in ("semgrep", "trivy", "codeql"):
        return
    for title, cwe, severity, score, package in draw.some(WEAKNESSES, 0, 6):
        cve = f"CVE-{draw.randint(draw.now.year - 2, draw.now.year)}-{draw.randint(1000, 48000)}" if package else None
        file = None if package else draw.choice(files)
        where = f"the package {package}" if package else file
        yield (
            report[0],
            cve,
            cwe,
            title,
            f"{title}, in {where}. Found by {report[4]} {report[5]}.",
            severity,
            Decimal(score),
            package,
            file,
            None if package else draw.randint(1, 400),
            draw.weighted({"open": 0.6, "confirmed": 0.25, "ignored": 0.08, "false_positive": 0.07}),
            f"{draw.randint(1, 4)}.{draw.randint(0, 20)}.{draw.randint(0, 9)}" if package else None,
            {"rule": f"{report[4]}/{cwe}", "reachable": draw.chance(0.4)},
            report[11],
        )


def _suggestion(draw: Draw, report: tuple[Any, ...], file: str) -> tuple[Any, ...]:
    kind, first, length = draw.choice(tuple(SUGGESTED)), draw.randint(1, 300), draw.randint(4, 90)
    function = f"{draw.choice(VERBS)}_{draw.choice(STEMS)}"
    patch = (
        f"--- a/{file}\n+++ b/{file}\n@@ -{first},{length} +{first},{max(1, length // 2)} @@"
        if draw.chance(0.3)
        else None
    )
    return (
        report[0],
        kind,
        file,
        Range(first, first + length),
        SUGGESTED[kind].format(function=function, file=file, lines=length),
        patch,
        draw.choice((10, 20, 30, 60, 120, 240)),
        round(draw.betavariate(2, 2), 2),
        draw.weighted({"proposed": 0.6, "accepted": 0.15, "applied": 0.15, "rejected": 0.1}),
        report[11],
    )
