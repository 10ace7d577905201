"""The flight recorder: what the console read, sample by sample, kept in memory, in a file, and played again."""
