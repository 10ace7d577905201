"""Migrations: every service's state, what a run would do, the run itself, and its history."""
