"""What users ask for: customers, and whether the connection works."""
