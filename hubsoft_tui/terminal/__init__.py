"""The terminal: every byte that comes from it and goes to it, and how it is left."""
