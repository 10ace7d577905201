"""What the server's sessions are doing: states, transactions, waits."""
