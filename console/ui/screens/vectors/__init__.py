"""Screen 6, Vectors: search, its SQL and plan, recall, indexes."""
