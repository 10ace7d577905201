"""Services and their migrations, plans, and runs as they stand."""
