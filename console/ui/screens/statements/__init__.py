"""Screen 5, Statements: pg_stat_statements as differences over time, and slow statements as they run."""
