"""Entries of the outbox."""
