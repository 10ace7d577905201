"""Tests of backups that need no server."""
