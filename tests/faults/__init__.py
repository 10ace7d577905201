"""What production does to a console, done to the real one: real servers, poolers, networks, disks and terminals.

`python -m tests.faults [NAME...]` tries each fault and prints the table; `--write` also puts it into the manual's page.
A fault is a generator in one of the modules here: what stands before its `yield` breaks something, what stands behind
mends it. `fault.py` drives a console and a headless check through it and measures; tests/live/test_faults.py tries the
quick ones.
"""
