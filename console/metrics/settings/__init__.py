"""The server's settings (pg_settings), and what to think of them."""
