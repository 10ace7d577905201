"""PgBouncer: its pools, who waits in them, who is behind a server connection, and its commands."""
