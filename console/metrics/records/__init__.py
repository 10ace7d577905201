"""Counters and measures as records, a module a subject; field names are those of the .sql file that fills them."""
