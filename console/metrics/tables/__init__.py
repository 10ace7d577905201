"""Tables, their indexes and sequences: what the statistics say about them."""
