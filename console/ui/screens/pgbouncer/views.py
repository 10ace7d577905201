"""The watch as tables, lines and charts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from console.check.records import CheckResult
from console.pooler.saturation import saturations
from console.sampler.pooler_watch import PoolerWatch
from console.server.info import ServerInfo
from console.server.target import Target
from console.text import format as fmt
from console.ui.keymap import key, letter
from console.ui.screens.pgbouncer.state import NEEDS, VIEWS, ViewName
from console.view.metrics.plots import Drawing, Plot, Threshold, drawing
from console.view.pooler import facts, tables
from console.view.table import Line, Table, Tone

TITLES: Mapping[ViewName, str] = {
    "pools": "Pools", "databases": "Databases", "clients": "Clients", "servers": "Servers", "stats": "Averages",
    "config": "Options", "lists": "Lists", "users": "Users", "peers": "Peers", "peer_pools": "Peer pools"}

CHARTS: Mapping[str, Plot] = {
    "waiting": Plot(title="clients waiting", series={"clients_waiting": ""}, text=fmt.count,
                    threshold=Threshold("pooler_client_wait")),
    "maxwait": Plot(title="longest wait", series={"maxwait_s": ""}, text=fmt.duration,
                    threshold=Threshold("pooler_maxwait"))}


def tabs() -> list[str]:
    """The views' keys and titles."""
    return [f"{letter(f'pgbouncer.{name}') if name != 'pools' else ''} {TITLES[name]}".strip() for name in VIEWS]


def verdict(watch: PoolerWatch, width: int) -> Line:
    sample = watch.sample
    if sample is None and watch.error is None:
        return ((f" asking {watch.target.label}'s PgBouncer", "dim"),)
    pools = saturations(sample.pools, sample.databases) if sample is not None else []
    stopped = (sample.stopped if sample is not None else None) or ("paused" if watch.is_paused_by_us else None)
    return facts.verdict(pools, watch.error, watch.breaker.seconds_to_retry, stopped, width)


def about(watch: PoolerWatch, width: int) -> Line:
    """Which PgBouncer it is; where that isn't known, what may help."""
    if watch.info is None and watch.error is not None and (watch.error.hint or watch.error.detail):
        return ((f" {watch.error.hint or watch.error.detail}", "dim"),)
    return facts.about(watch.info, watch.sample, width)


def pending(watch: PoolerWatch, now_s: float) -> Line | None:
    """The command that waits for its answer."""
    if watch.pending is None:
        return None
    return facts.pending(watch.pending.command, now_s - watch.pending.since_s, key)


def table(name: ViewName, watch: PoolerWatch) -> Table:
    """What the view shows of the last sample."""
    sample = watch.sample
    if name == "config":
        return tables.config_table(watch.info.settings if watch.info is not None else {})
    if sample is None:
        return Table((), (), "reading…" if watch.error is None else "nothing is known yet")
    match name:
        case "pools":
            return tables.pools_table(saturations(sample.pools, sample.databases), watch.rates,
                                      sample.unavailable.get("POOLS"))
        case "databases":
            return tables.databases_table(sample.databases, sample.unavailable.get("DATABASES"))
        case "clients":
            return tables.clients_table(sample)
        case "servers":
            return tables.servers_table(sample)
        case "stats":
            return tables.stats_table(sample, watch.rates)
    (shown,) = NEEDS[name]
    return tables.shown_table(sample.shown.get(shown), sample.unavailable.get(shown))


def chart(name: str, watch: PoolerWatch, pool: str | None, *, is_titled: bool, span_s: float, buckets: int,
          now_s: float, now: dt.datetime, results: Mapping[str, CheckResult]) -> Drawing:
    """One of CHARTS over the last `span_s` seconds, of one pool or (None) of all; the title says which if wanted."""
    plot = CHARTS[name]
    (series,) = plot.series
    course = watch.time_series(series, span_s, pool)
    width_s = span_s / buckets
    return drawing(
        replace(plot, title=f"{plot.title}, {pool or 'all pools'}") if is_titled else plot,
        {series: course.buckets(now_s, span_s, buckets)},
        {series: course.values[-1] if course.values else None}, results, span_s=span_s,
        edge=now.astimezone() + dt.timedelta(seconds=width_s - now_s % width_s))


def unconfigured(target: Target, label: str, info: ServerInfo | None, *, is_named: bool, config_path: Path | None
                 ) -> list[tuple[str, Tone]]:
    """What to do where no PgBouncer is configured; in a recording there is none."""
    if (error := target.without_server()) is not None:
        return [("PgBouncer is not in this recording.", "strong"), ("", ""), (error.hint or "", "")]
    through = f"{info.host}:{info.port}" if info is not None and info.is_pooled else None
    return facts.unconfigured(label, is_named, str(config_path) if config_path else None, through)
