"""Migrations: files, ledger, lock and engine; lint, plan and verify; other tools' layouts and ledgers."""
