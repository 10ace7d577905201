"""The demo target: an embedded PostgreSQL with pgvector, sample data and a small live workload."""
