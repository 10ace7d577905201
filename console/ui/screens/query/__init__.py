"""Query: a person's own SQL."""
