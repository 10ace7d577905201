"""What the checks read of all sessions: small, as the console begins with it."""
