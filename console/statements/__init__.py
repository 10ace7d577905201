"""pg_stat_statements: what statements cost, as differences over time; and slow ones, as they run."""
