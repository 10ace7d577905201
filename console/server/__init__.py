"""The only package that talks to PostgreSQL: connections, sessions, queries, and what goes wrong with them."""
