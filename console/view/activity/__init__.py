"""Sessions, what blocks them, what they wait for, and who replicates from whom."""
