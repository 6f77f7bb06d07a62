"""The followed tickets, live."""
