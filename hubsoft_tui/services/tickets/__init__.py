"""Tickets: a local mirror of those that are followed, and the passes that keep it true for few requests."""
