"""The headless checks: each a small file in `checks/`, found by being there."""
