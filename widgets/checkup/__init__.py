"""A check-up: its head and its members."""
