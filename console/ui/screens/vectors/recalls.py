"""The recalls measured while the console is open, and which of them holds for a search. Knows no widget."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from msgspec import Struct, field

from console.errors import UsageError
from console.ui.screens.vectors.search_params import SearchParams
from console.vectors.filters import condition
from console.vectors.measure import Measurement
from console.vectors.metrics import Metric
from console.vectors.records import Point, SearchSetting
from console.vectors.representations import Representation
from console.vectors.search import SearchableColumn, SearchOptions, default_metric, way
from console.view.vectors import recall as view


class Recalled(Struct, frozen=True):
    """A measurement and when it was through."""

    done: Measurement
    at: dt.datetime


Key = tuple[int, str, Metric, int, str | None, str | None]


class Recalls(Struct):
    """The latest measurement of each column, metric, k, condition and search by one of its indexes."""

    kept: dict[Key, Recalled] = field(default_factory=dict)

    def add(self, done: Measurement, at: dt.datetime) -> None:
        plan = done.plan
        column = plan.subject.column
        self.kept[column.relation_oid, column.name, plan.metric, plan.k, plan.where,
                  _name(way(plan.subject, plan.metric, SearchOptions(by=plan.by)))] = Recalled(done, at)

    def of(self, about: SearchableColumn, setup: SearchParams) -> Recalled | None:
        """What was measured for searches like this one, at whatever settings."""
        metric = setup.metric or default_metric(about)
        try:
            by = way(about, metric, setup.options)
        except UsageError:
            return None
        return self.kept.get((about.column.relation_oid, about.column.name, metric, setup.k, where_of(about, setup),
                              _name(by)))

    def words(self, about: SearchableColumn, setup: SearchParams, server: Mapping[str, SearchSetting],
              now: dt.datetime) -> str:
        """The recall at the search's own settings, in words; "" where it wasn't measured."""
        found = self.of(about, setup)
        if found is None or setup.options.exact or setup.offset:
            return ""
        point = next((point for point in found.done.points if _holds(point, found.done, setup, server)), None)
        return "" if point is None or point.is_exact else view.fact(point, setup.k, found.at, now)


def _name(by: Representation | None) -> str | None:
    return by.name if by is not None else None


def _holds(point: Point, done: Measurement, setup: SearchParams, server: Mapping[str, SearchSetting]) -> bool:
    """Whether a point was measured at the setup's settings."""
    method = done.index.method if done.index else ""
    options = setup.options
    parameter = {"hnsw": "hnsw.ef_search", "ivfflat": "ivfflat.probes"}.get(method)
    if parameter is None:
        return True
    by = done.by
    if by is not None and by.can_rerank:
        usual = by.oversampling
        if (options.oversampling or usual) != (point.oversampling or usual):
            return False
        if by.is_coarse and options.ef_search is None and point.setting is None:
            return options.iterative_scan == point.mode and options.max_scan_tuples is None

    def of_server(name: str) -> str | None:
        return server[name].setting if name in server else None

    mine = options.ef_search if method == "hnsw" else options.probes
    wanted = of_server(parameter) if mine is None else str(mine)
    measured = of_server(parameter) if point.setting is None else str(point.setting)
    mode = f"{method}.iterative_scan"
    return wanted == measured and (options.iterative_scan or of_server(mode)) == (point.mode or of_server(mode)) \
        and options.max_scan_tuples is None


def where_of(about: SearchableColumn, setup: SearchParams) -> str | None:
    """The search's whole condition as SQL."""
    return condition(setup.where, setup.filters, {column.name: column for column in about.shown}, first=None)[0]
