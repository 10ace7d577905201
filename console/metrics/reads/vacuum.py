"""The reads about vacuum."""

from __future__ import annotations

from console.metrics.records.vacuum import Autovacuum, AutovacuumScore, VacuumDue, VacuumTable
from console.server.query import load

AUTOVACUUM = load("console.metrics", "autovacuum", Autovacuum)
VACUUM_DUE = load("console.metrics", "vacuum_due", VacuumDue)
AUTOVACUUM_SCORES = load("console.metrics", "autovacuum_scores", AutovacuumScore)
VACUUM_TABLES = load("console.metrics", "vacuum_tables", VacuumTable)
