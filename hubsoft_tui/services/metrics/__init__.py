"""Metrics: what other systems may know of a home, read from what its programs share."""
