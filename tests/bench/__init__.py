"""Benchmarks: `python -m tests.bench [NAME ...]` prints each figure as a ratio to a floor or a peer of the same run."""
