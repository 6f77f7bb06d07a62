"""What the engine reports: counts, the trace, the journal, events, snapshots."""
