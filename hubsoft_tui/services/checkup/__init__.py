"""Check-ups: who of a list of members still has a contract, for as few requests as possible."""
