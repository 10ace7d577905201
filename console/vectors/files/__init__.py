"""Vectors in files: CSV, JSON lines, NumPy's .npy, and Parquet where pyarrow is installed."""
