"""Reads and writes by kind of backend, and the SLRU caches."""
