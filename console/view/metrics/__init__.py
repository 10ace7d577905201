"""Measurements over time, and tables, indexes, settings, vacuum and sizes as rows."""
