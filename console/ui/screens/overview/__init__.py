"""Screen 1: the target's health at a glance."""
