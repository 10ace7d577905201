"""Vectors in a plane: which directions tell them apart, and where a search lies among them."""
