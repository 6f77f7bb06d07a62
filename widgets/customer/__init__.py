"""One customer, and lists of customers."""
