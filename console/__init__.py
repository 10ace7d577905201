"""dbconsole: the console for teams that run services on PostgreSQL and pgvector."""

__version__ = "0.1.0"
