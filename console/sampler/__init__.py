"""One observer per target that asks the same reads as the checks, tick by tick, and keeps their history."""
