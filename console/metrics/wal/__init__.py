"""WAL, checkpoints, the background writer and archiving."""
