"""Plans as lines and rows."""
