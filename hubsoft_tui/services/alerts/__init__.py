"""Alerts: what is worth telling a person before it hurts, told once when it begins and once when it is over."""
