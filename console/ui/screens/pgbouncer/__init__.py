"""Screen 7, PgBouncer: pools and who waits in them, who is behind a server connection, and the pooler's commands."""
