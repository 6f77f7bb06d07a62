"""The Monitor's panels and the timeline of requests."""
