"""The followed tickets: table, counts, feed, one in full."""
