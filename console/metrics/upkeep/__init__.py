"""What the server needs to go on well: its archive, its checkpoints, the age of its statistics."""
