"""The programs that benchmarks compare with, where they are installed."""
