"""analytics: datasets of a retail and energy company, charts, patterns, and predictions with what came true."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from console.demo.sample.draw import Draw
from console.demo.sample.people import CITIES
from console.demo.sample.prose import capital
from console.demo.sample.records import Range, SampleRows, rows

PREDICTIONS, PATTERNS, REGIONS = 4000, 320, ("north", "south", "east", "west")
COLUMNS = {  # of every dataset of a kind: name, type, unit
    "sales": (
        ("sold_at", "timestamp", None),
        ("shop", "category", None),
        ("product", "category", None),
        ("quantity", "integer", "pieces"),
        ("revenue", "number", "EUR"),
        ("is_promotion", "boolean", None),
    ),
    "energy": (
        ("measured_at", "timestamp", None),
        ("site", "category", None),
        ("power", "number", "kW"),
        ("temperature", "number", "°C"),
        ("irradiance", "number", "W/m²"),
    ),
    "web_traffic": (
        ("requested_at", "timestamp", None),
        ("page", "category", None),
        ("country", "category", None),
        ("duration", "number", "ms"),
        ("visitors", "integer", "people"),
        ("referrer", "text", None),
    ),
    "support": (
        ("opened_at", "timestamp", None),
        ("queue", "category", None),
        ("first_reply", "number", "h"),
        ("rating", "integer", None),
        ("language", "category", None),
    ),
    "logistics": (
        ("departed_on", "date", None),
        ("route", "category", None),
        ("distance", "number", "km"),
        ("delay", "number", "min"),
        ("parcels", "integer", "pieces"),
    ),
    "sensors": (
        ("sampled_at", "timestamp", None),
        ("machine", "category", None),
        ("vibration", "number", "mm/s"),
        ("bearing_temperature", "number", "°C"),
        ("has_failed", "boolean", None),
    ),
}
PERIODS = ("daily", "hourly", "weekly")
CHARTS = {
    "line": "{value} over time",
    "bar": "{value} by {category}",
    "histogram": "Distribution of {value}",
    "scatter": "{value} against {other}",
    "heatmap": "{value} by weekday and hour",
    "map": "{value} by region",
}
FINDINGS = {
    "trend": "{value} rises by {share} percent a month in the {region}",
    "seasonality": "{value} repeats every {days} days, strongest in the {region}",
    "anomaly": "{value} was {share} percent above what was expected in the {region}",
    "cluster": "Four groups of {category} differ in {value}",
    "correlation": "{value} follows {other} with a lag of {days} days",
    "change_point": "The level of {value} changed by {share} percent and stayed there",
}
ALGORITHMS = ("linear", "gradient_boosting", "random_forest", "arima", "neural")
UNITS = {
    "sales": "shop",
    "energy": "site",
    "web_traffic": "page",
    "support": "queue",
    "logistics": "route",
    "sensors": "machine",
}


def generate(now: datetime) -> Iterator[SampleRows]:
    draw = Draw("analytics", now)
    datasets = [
        (number, kind, period, region)
        for number, (kind, period, region) in enumerate(
            ((kind, period, region) for kind in COLUMNS for period in PERIODS for region in REGIONS[:3]), 1
        )
    ]
    yield rows(
        "analytics.datasets",
        "id name title description source format row_count size_bytes statistics refreshed_at created_at",
        (_dataset(draw, *dataset) for dataset in datasets),
    )
    yield rows(
        "analytics.dataset_columns",
        "dataset_id position name data_type unit is_nullable description",
        (
            (number, position, name, kind, unit, position > 3, f"{capital(name.replace('_', ' '))}, as recorded")
            for number, group, *_ in datasets
            for position, (name, kind, unit) in enumerate(COLUMNS[group], 1)
        ),
    )
    yield rows(
        "analytics.visualisations",
        "dataset_id title chart_type definition is_public views created_at",
        (chart for dataset in datasets for chart in _charts(draw, *dataset)),
    )
    yield rows(
        "analytics.patterns",
        "dataset_id kind description column_names confidence support valid_during parameters found_at",
        (_pattern(draw, *draw.popular(datasets)) for _ in range(PATTERNS)),
    )
    models = [
        (next(numbers), version, *dataset)
        for numbers in [count(1)]
        for dataset in datasets[::2]
        for version in range(1, draw.randint(2, 4) + 1)
    ]
    yield rows(
        "analytics.prediction_models",
        "id dataset_id name version algorithm target parameters metrics trained_at created_at",
        (_model(draw, *model) for model in models),
    )
    yield rows(
        "analytics.predictions",
        "id predicted_at model_id subject target_at predicted lower_bound upper_bound actual features",
        (_prediction(draw, number, draw.choice(models)) for number in range(1, PREDICTIONS + 1)),
    )


def _numbers(group: str) -> list[str]:
    return [name for name, kind, _ in COLUMNS[group] if kind in ("number", "integer")]


def _dataset(draw: Draw, number: int, group: str, period: str, region: str) -> tuple[Any, ...]:
    refreshed_at, size = draw.ago(3), draw.milliseconds(90_000, 1.2)
    title = f"{capital(group.replace('_', ' '))}, {period}, {region}"
    statistics = {
        name: {"mean": round(draw.lognormvariate(3, 1), 2), "null_share": round(draw.random() ** 6, 4)}
        for name in _numbers(group)
    }
    return (
        number,
        f"{group}_{period}_{region}",
        title,
        f"{capital(period)} figures of {group.replace('_', ' ')} in the {region}, one row per {UNITS[group]}",
        draw.choice(("upload", "api", "database", "stream")),
        draw.choice(("csv", "parquet", "json", "table")),
        size,
        size * draw.randint(24, 120),
        statistics,
        refreshed_at,
        draw.ago(700, at_least=300),
    )


def _charts(draw: Draw, number: int, group: str, period: str, region: str) -> Iterator[tuple[Any, ...]]:
    for kind in draw.some(tuple(CHARTS), 2, 5):
        value, other = draw.sample(_numbers(group), 2)
        title = CHARTS[kind].format(value=capital(value), category=UNITS[group], other=other)
        encoding = {
            "x": {"field": COLUMNS[group][0][0], "type": "temporal"},
            "y": {"field": value, "aggregate": "mean"},
        }
        yield (
            number,
            f"{title} ({region})",
            kind,
            {"encoding": encoding, "mark": kind},
            draw.chance(0.3),
            draw.milliseconds(60, 1.5),
            draw.ago(300),
        )


def _pattern(draw: Draw, number: int, group: str, period: str, region: str) -> tuple[Any, ...]:
    kind, (value, other) = draw.choice(tuple(FINDINGS)), draw.sample(_numbers(group), 2)
    words = {
        "value": capital(value),
        "other": other,
        "category": UNITS[group] + "s",
        "region": region,
        "share": draw.randint(2, 60),
        "days": draw.choice((1, 7, 14, 30, 365)),
    }
    found_at = draw.ago(200)
    valid = Range(found_at - timedelta(days=draw.randint(20, 120)), found_at if draw.chance(0.7) else None)
    return (
        number,
        kind,
        FINDINGS[kind].format(**words),
        [value, other] if "{other}" in FINDINGS[kind] else [value],
        round(draw.betavariate(6, 2), 3),
        draw.milliseconds(400, 1),
        valid,
        {"window_days": words["days"], "method": draw.choice(("stl", "prophet", "cusum", "pearson"))},
        found_at,
    )


def _model(
    draw: Draw, number: int, version: int, dataset: int, group: str, period: str, region: str
) -> tuple[Any, ...]:
    trained_at = draw.ago(300 - 60 * version, at_least=240 - 60 * version)
    target = _numbers(group)[0]
    error = round(12 / (version + 1) * draw.uniform(0.8, 1.2), 3)
    return (
        number,
        dataset,
        f"{group}_{target}_{period}_{region}",
        version,
        draw.choice(ALGORITHMS),
        target,
        {"horizon_days": 7, "depth": draw.randint(3, 9)},
        {"mape": error, "r2": round(1 - error / 25, 3)},
        trained_at,
        trained_at,
    )


def _prediction(draw: Draw, number: int, model: tuple[int, int, int, str, str, str]) -> tuple[Any, ...]:
    identity, version, _, group, _, region = model
    predicted_at = draw.ago(250)
    target_at = (predicted_at + timedelta(days=draw.randint(1, 7))).replace(minute=0, second=0, microsecond=0)
    season = 1 + 0.3 * math.sin(target_at.timetuple().tm_yday / 365 * 2 * math.pi)
    predicted = 400 * season * draw.lognormvariate(0, 0.3)
    width = predicted * 0.25 / version
    actual = draw.gauss(predicted, width / 1.6) if target_at < draw.now else None
    subject = f"{UNITS[group]}-{draw.choice(CITIES)[0].lower().replace(' ', '-')}-{draw.randint(1, 9)}"
    return (
        number,
        predicted_at,
        identity,
        subject,
        target_at,
        round(predicted, 3),
        round(predicted - width, 3),
        round(predicted + width, 3),
        None if actual is None else round(actual, 3),
        {"weekday": target_at.weekday(), "region": region, "holiday": draw.chance(0.04)},
    )
