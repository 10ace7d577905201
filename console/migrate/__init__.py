"""Migrations: files, ledger, lock and the engine that applies them; lint, plan, verify; other tools' layouts and ledgers."""
