"""Incidents and healthy loads on real servers, and what the diagnosis says of them: `python -m tests.incidents`."""
