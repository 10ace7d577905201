"""One module per headless command: parsed arguments to an answer on stdout and an exit status."""
