"""Settings as rows, and what another value would do."""
