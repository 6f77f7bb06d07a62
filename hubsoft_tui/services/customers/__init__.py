"""Customers: recognised, looked up, and what is asked about one."""
