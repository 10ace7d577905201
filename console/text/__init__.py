"""Text for people: made harmless, and numbers, sizes and durations as they are read and written. Below everything."""
