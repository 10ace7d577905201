"""The reads of the server's counters and measures, a module a subject; asked by `Session.fetch` or `refresh`."""
