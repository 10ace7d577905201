"""Plans: EXPLAIN of a statement or of a file, as a tree with times that add up, and what there is to say about it."""
