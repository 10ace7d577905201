"""Vector searches, recall, indexes, and why one is not used."""
