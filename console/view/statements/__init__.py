"""Statements: what pg_stat_statements says of them, their texts, and the slow ones that were seen."""
