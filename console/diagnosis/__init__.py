"""What is wrong, in sentences: causes found in what the console reads anyway, most urgent first. Pure."""
