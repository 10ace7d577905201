"""PostgreSQL servers of our own: the demo's, those that live for one command, and the tests'."""
