"""Vector columns and indexes: search, recall, sweeps, and why an index is not used."""
