"""What autovacuum does and has still to do."""
