"""Faults of PostgreSQL, pgvector and PgBouncer that their later versions mended: which of them this server has."""
