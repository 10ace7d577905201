"""A Grafana dashboard of what `--check --listen` serves, as the JSON that Grafana imports and provisions."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

WIDTH, HEIGHT, COLUMNS = 8, 7, 3
"""Of a panel, in Grafana's grid of 24 columns, and how many stand side by side."""


class Panel(Struct, frozen=True):
    """A chart of some expressions: (PromQL, legend). `unit` is Grafana's."""

    title: str
    unit: str
    series: tuple[tuple[str, str], ...]
    kind: str = "timeseries"


def _rate(metric: str) -> str:
    return f'rate({metric}{{target=~"$target"}}[$__rate_interval])'


def _now(metric: str) -> str:
    return f'{metric}{{target=~"$target"}}'


PANELS = (
    Panel("Targets", "none", ((_now("dbconsole_target_status"), "{{target}}"),), "stat"),
    Panel("Checks that are not OK", "none", ((f"{_now('dbconsole_check_status')} > 0", "{{target}} {{check}}"),),
          "table"),
    Panel("Server answers", "none", ((_now("pg_up"), "{{target}}"),), "stat"),
    Panel("Transactions", "ops", ((_rate("pg_stat_database_xact_commit"), "{{target}} commits"),
                                  (_rate("pg_stat_database_xact_rollback"), "{{target}} rollbacks"))),
    Panel("Connections", "short", ((_now("dbconsole_connections"), "{{target}} {{state}}"),
                                   (_now("pg_settings_max_connections"), "{{target}} max_connections"))),
    Panel("Rows written", "ops", ((_rate("pg_stat_database_tup_inserted"), "{{target}} inserted"),
                                  (_rate("pg_stat_database_tup_updated"), "{{target}} updated"),
                                  (_rate("pg_stat_database_tup_deleted"), "{{target}} deleted"))),
    Panel("Blocks from cache", "percentunit", ((
        f"{_rate('pg_stat_database_blks_hit')} / ({_rate('pg_stat_database_blks_hit')} + "
        f"{_rate('pg_stat_database_blks_read')})", "{{target}}"),)),
    Panel("WAL", "Bps", ((_rate("dbconsole_wal_bytes_total"), "{{target}}"),)),
    Panel("Temporary files", "Bps", ((_rate("pg_stat_database_temp_bytes"), "{{target}}"),)),
    Panel("Statements by time", "percentunit", ((
        f"topk(10, {_rate('pg_stat_statements_seconds_total')})", "{{target}} {{datname}} {{user}} {{queryid}}"),)),
    Panel("Statements by calls", "ops", ((
        f"topk(10, {_rate('pg_stat_statements_calls_total')})", "{{target}} {{datname}} {{user}} {{queryid}}"),)),
    Panel("Reads and writes", "Bps", (
        (f"sum by (target) ({_rate('dbconsole_io_read_bytes_total')})", "{{target}} read"),
        (f"sum by (target) ({_rate('dbconsole_io_write_bytes_total')})", "{{target}} written"))),
    Panel("Replication lag", "bytes", ((_now("pg_stat_replication_pg_wal_lsn_diff"), "{{target}} {{application_name}}"),
                                       (_now("dbconsole_replay_lag_bytes"), "{{target}} as a standby"))),
    Panel("WAL kept for slots", "bytes", ((_now("pg_replication_slots_pg_wal_lsn_diff"), "{{target}} {{slot_name}}"),)),
    Panel("Database size", "bytes", ((_now("pg_database_size_bytes"), "{{target}} {{datname}}"),)),
    Panel("PgBouncer: clients that wait", "short", ((
        _now("pgbouncer_pools_client_waiting_connections"), "{{target}} {{database}}/{{user}}"),)),
    Panel("PgBouncer: longest wait", "s", ((
        _now("pgbouncer_pools_client_maxwait_seconds"), "{{target}} {{database}}/{{user}}"),)),
    Panel("PgBouncer: queries", "ops", ((
        _rate("pgbouncer_stats_totals_queries_pooled_total"), "{{target}} {{database}}"),)),
)


def dashboard() -> dict[str, Any]:
    """Grafana's document; it asks for the Prometheus data source and has a variable of the targets."""
    source = {"type": "prometheus", "uid": "${datasource}"}
    return {
        "title": "PostgreSQL by dbconsole", "uid": "dbconsole", "tags": ["postgresql", "dbconsole"],
        "schemaVersion": 39, "editable": True, "refresh": "30s", "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [
            {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
            {"name": "target", "type": "query", "label": "Target", "datasource": source, "multi": True,
             "includeAll": True, "refresh": 2, "query": "label_values(dbconsole_target_status, target)"}]},
        "panels": [_panel(panel, place, source) for place, panel in enumerate(PANELS)]}


def _panel(panel: Panel, place: int, source: dict[str, str]) -> dict[str, Any]:
    row, column = divmod(place, COLUMNS)
    found: dict[str, Any] = {
        "id": place + 1, "title": panel.title, "type": panel.kind, "datasource": source,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": [{"refId": chr(ord("A") + number), "expr": expression, "legendFormat": legend, "datasource": source,
                     **({"instant": True, "format": "table"} if panel.kind == "table" else {})}
                    for number, (expression, legend) in enumerate(panel.series)]}
    if panel.title == "Targets":
        found["fieldConfig"]["defaults"]["mappings"] = [{"type": "value", "options": {
            str(number): {"text": text, "color": color} for number, (text, color) in enumerate(
                (("OK", "green"), ("WARNING", "orange"), ("CRITICAL", "red"), ("UNKNOWN", "purple")))}}]
    return found
