"""Screen 4, Activity: sessions, who blocks whom, progress, waits, replication."""
