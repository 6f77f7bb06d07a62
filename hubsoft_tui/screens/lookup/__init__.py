"""The lookup: one customer while they are on the phone."""
