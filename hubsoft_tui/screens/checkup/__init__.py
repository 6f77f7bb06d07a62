"""The check-up: a list of members against their contracts."""
