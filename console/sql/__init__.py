"""SQL text: the one place that reads, writes and judges it. Everything else asks here."""
