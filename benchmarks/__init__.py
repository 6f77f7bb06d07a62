"""Our figures beside those of others, measured in one run: `python -m benchmarks`."""
