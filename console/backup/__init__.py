"""Backups: they are made with a record of what was in them, and proved by restoring them and comparing."""
