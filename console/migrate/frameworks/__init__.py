"""The other frameworks that migrate services: their ledgers, their files, their runs and their commands."""
