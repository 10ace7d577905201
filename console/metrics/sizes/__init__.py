"""Sizes of databases and tablespaces, and how they grow."""
