"""What is in a vector column: how many of its vectors can be found, compared and trusted."""
