"""What the server counts and measures about itself, rates of it, and its history in memory."""
