"""The reads about vacuum."""

from __future__ import annotations

from console.metrics.records.vacuum import Autovacuum, AutovacuumScore, RowTotals, VacuumTable
from console.server.query import load

AUTOVACUUM = load("console.metrics", "autovacuum", Autovacuum)
ROW_TOTALS = load("console.metrics", "row_totals", RowTotals)
AUTOVACUUM_SCORES = load("console.metrics", "autovacuum_scores", AutovacuumScore)
VACUUM_TABLES = load("console.metrics", "vacuum_tables", VacuumTable)
