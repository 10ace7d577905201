"""Who receives this server's WAL, whose WAL it receives, and what is kept for whom."""
